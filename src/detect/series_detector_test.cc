// Proves what the detector of one series promises: it judges before it learns, stays silent while
// cold, on constant series, over gaps and daily jobs, finds planted anomalies, explains them, obeys
// feedback until it expires, and continues from its saved state to the last bit.
#include "detect/series_detector.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "detect/labelled_score.h"
#include "detect/synthetic.h"

namespace honeyguide::detect {
namespace {

constexpr double kStart = 1.7e9;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double noisy(std::mt19937_64& random, double mean, double spread) {
  return mean + spread * std::normal_distribution<double>()(random);
}

// A detector that has seen `points` minutes of noise around 100 with standard deviation 5.
SeriesDetector trained(int points, std::mt19937_64& random) {
  SeriesDetector detector;
  for (int i = 0; i < points; ++i) detector.observe(kStart + 60.0 * i, noisy(random, 100, 5));
  return detector;
}

struct ShapeCase {
  const char* name;
  double value;
  Feature feature;
};

TEST(SeriesDetectorTest, FindsASpikeAndADropAndSaysWhy) {
  for (const auto& [name, value, feature] :
       {ShapeCase{"spike", 160, Feature::kAbove}, ShapeCase{"drop", 40, Feature::kBelow}}) {
    std::mt19937_64 random(1);
    SeriesDetector detector = trained(3000, random);
    const Judgement judgement = detector.observe(kStart + 60.0 * 3000, value);
    EXPECT_TRUE(judgement.opened) << name;
    EXPECT_LT(judgement.p, 1e-3) << name;
    EXPECT_GT(judgement.surprise[static_cast<int>(feature)], 3) << name;
    EXPECT_NEAR(judgement.expected, 100, 8) << name;
    EXPECT_GT(judgement.expected_low, 60) << name;
    EXPECT_LT(judgement.expected_low, 90) << name;
    EXPECT_GT(judgement.expected_high, 110) << name;
    EXPECT_LT(judgement.expected_high, 140) << name;
    EXPECT_EQ(judgement.value, value) << name;
  }
}

TEST(SeriesDetectorTest, JudgesBeforeItLearns) {
  std::mt19937_64 random(2);
  const SeriesDetector detector = trained(3000, random);
  SeriesDetector a = detector;
  SeriesDetector b = detector;
  const double p_first = a.observe(kStart + 60.0 * 3000, 170).p;
  EXPECT_EQ(p_first, b.observe(kStart + 60.0 * 3000, 170).p);
  EXPECT_GT(b.observe(kStart + 60.0 * 3001, 170).p, 0);
}

TEST(SeriesDetectorTest, IsSilentBeforeTwoHundredPoints) {
  std::mt19937_64 random(3);
  SeriesDetector detector;
  for (std::uint32_t i = 0; i < SeriesDetector::kColdPoints; ++i) {
    const Judgement judgement =
        detector.observe(kStart + 60.0 * i, i % 50 == 49 ? 1e6 : noisy(random, 10, 1));
    EXPECT_FALSE(judgement.judged) << i;
    EXPECT_EQ(judgement.p, 1) << i;
    EXPECT_FALSE(judgement.anomaly) << i;
  }
}

TEST(SeriesDetectorTest, AConstantSeriesIsSilentUntilItChanges) {
  SeriesDetector detector;
  int anomalies = 0;
  for (int i = 0; i < 5000; ++i) {
    anomalies += detector.observe(kStart + 60.0 * i, 42).anomaly ? 1 : 0;
  }
  EXPECT_EQ(anomalies, 0);
  EXPECT_TRUE(detector.observe(kStart + 60.0 * 5000, 60).opened);
}

TEST(SeriesDetectorTest, AMissingSampleIsNeitherJudgedNorLearned) {
  std::mt19937_64 random(4);
  SeriesDetector a = trained(1000, random);
  SeriesDetector b = a;
  for (const double value : {kNan, std::numeric_limits<double>::infinity()}) {
    const Judgement judgement = a.observe(kStart + 60.0 * 1000, value);
    EXPECT_FALSE(judgement.judged);
    EXPECT_FALSE(judgement.anomaly);
    EXPECT_EQ(judgement.p, 1);
  }
  EXPECT_EQ(a.observe(kStart + 60.0 * 1001, 120).p, b.observe(kStart + 60.0 * 1001, 120).p);
}

TEST(SeriesDetectorTest, AGapIsToldAndLowersConfidence) {
  std::mt19937_64 random(5);
  SeriesDetector a = trained(3000, random);
  SeriesDetector b = a;
  const Judgement after_gap = a.observe(kStart + 60.0 * 3100, 128);
  const Judgement in_time = b.observe(kStart + 60.0 * 3000, 128);
  EXPECT_TRUE(after_gap.after_gap);
  EXPECT_FALSE(in_time.after_gap);
  EXPECT_GT(after_gap.p, in_time.p);
}

TEST(SeriesDetectorTest, ADailyJobStopsAlarmingOnceItIsKnown) {
  std::mt19937_64 random(6);
  SeriesDetector detector;
  std::vector<int> alarms(10, 0);
  for (int i = 0; i < 10 * 1440; ++i) {
    const bool job = i % 1440 >= 300 && i % 1440 < 330;
    const Judgement judgement =
        detector.observe(kStart + 60.0 * i, noisy(random, job ? 60 : 30, 2));
    alarms[i / 1440] += judgement.opened && i % 1440 >= 290 && i % 1440 < 345 ? 1 : 0;
  }
  EXPECT_GT(alarms[0], 0);
  EXPECT_EQ(alarms[7] + alarms[8] + alarms[9], 0);
}

TEST(SeriesDetectorTest, AMissingDailyPeakIsFound) {
  std::mt19937_64 random(7);
  SeriesDetector detector;
  bool found = false;
  for (int i = 0; i < 8 * 1440; ++i) {
    const double day = std::sin(2 * M_PI * (i % 1440) / 1440.0);
    const bool broken = i >= 7 * 1440 + 240 && i < 7 * 1440 + 480;
    const double mean = 200 + 100 * (broken ? std::sin(2 * M_PI * 240 / 1440.0) - 0.9 : day);
    found = found || (detector.observe(kStart + 60.0 * i, noisy(random, mean, 5)).opened && broken);
  }
  EXPECT_TRUE(found);
}

TEST(SeriesDetectorTest, AStuckSensorIsFound) {
  std::mt19937_64 random(8);
  SeriesDetector detector = trained(3000, random);
  bool found = false;
  for (int i = 0; i < 10; ++i) {
    const Judgement judgement = detector.observe(kStart + 60.0 * (3000 + i), 101.5);
    found = found || (judgement.opened && judgement.feature == Feature::kStuck);
  }
  EXPECT_TRUE(found);
}

TEST(SeriesDetectorTest, ANewLevelIsAcceptedInTheEnd) {
  std::mt19937_64 random(9);
  SeriesDetector detector = trained(3000, random);
  int late = 0;
  for (int i = 0; i < 2000; ++i) {
    const bool anomaly =
        detector.observe(kStart + 60.0 * (3000 + i), noisy(random, 180, 5)).anomaly;
    late += anomaly && i >= 1000 ? 1 : 0;
  }
  EXPECT_LE(late, 24);
}

TEST(SeriesDetectorTest, FeedbackRaisesTheBarUntilItExpires) {
  std::mt19937_64 random(10);
  const SeriesDetector detector = trained(4000, random);
  const double now = kStart + 60.0 * 4000;
  SeriesDetector plain = detector;
  double value = 115;
  while (plain.observe(now, value).p > 6e-4) {
    plain = detector;
    value += 0.5;
  }
  SeriesDetector quieter = detector;
  for (int i = 0; i < 6; ++i) quieter.feedback(Verdict::kThumbsDown, now + 3600);
  SeriesDetector expired = detector;
  for (int i = 0; i < 6; ++i) expired.feedback(Verdict::kThumbsDown, now - 1);
  EXPECT_FALSE(quieter.observe(now, value).opened);
  EXPECT_TRUE(expired.observe(now, value).opened);
}

TEST(SeriesDetectorTest, ContinuesFromItsSavedState) {
  std::mt19937_64 random(11);
  SeriesDetector a = trained(3000, random);
  auto loaded = SeriesDetector::load(a.save());
  ASSERT_TRUE(loaded.has_value());
  SeriesDetector b = *loaded;
  for (int i = 0; i < 2000; ++i) {
    const double value = i == 700 ? 200 : noisy(random, 100, 5);
    const Judgement from_a = a.observe(kStart + 60.0 * (3000 + i), value);
    const Judgement from_b = b.observe(kStart + 60.0 * (3000 + i), value);
    ASSERT_EQ(from_a.p, from_b.p) << i;
    ASSERT_EQ(from_a.anomaly, from_b.anomaly) << i;
  }
}

TEST(SeriesDetectorTest, RefusesADamagedState) {
  const std::string good = SeriesDetector().save();
  std::string flipped = good;
  flipped[100] = static_cast<char>(flipped[100] ^ 1);
  std::string old = good;
  old[0] = 0;
  for (const std::string& bytes : {flipped, old, good.substr(1), std::string()}) {
    const auto loaded = SeriesDetector::load(bytes);
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().code, base::ErrorCode::kDataLoss);
  }
}

TEST(SeriesDetectorTest, StateFitsInTwoKilobytes) {
  EXPECT_LE(sizeof(SeriesDetector), 2048U);
}

TEST(SeriesDetectorTest, LearningHistoryOpensNothing) {
  std::mt19937_64 random(12);
  SeriesDetector detector = trained(3000, random);
  detector.learn(kStart + 60.0 * 3000, 500);
  EXPECT_FALSE(detector.observe(kStart + 60.0 * 3001, 100).anomaly);
}

// The promise behind every threshold: on clean series of every family a p-value is a rate.
TEST(SeriesDetectorTest, PValuesAreCalibratedOnCleanSeries) {
  double points = 0;
  double below[3] = {};
  constexpr double kLevels[] = {0.5, 0.1, 0.01};
  for (int family = 0; family < kSyntheticFamilyCount; ++family) {
    SyntheticOptions options;
    options.family = static_cast<SyntheticFamily>(family);
    options.anomalies_per_day = 0;
    options.days = 8;
    options.seed = 900;
    const SyntheticSeries series = make_synthetic(options);
    SeriesDetector detector;
    for (std::size_t i = 0; i < series.value.size(); ++i) {
      const Judgement judgement =
          detector.observe(static_cast<double>(series.time_s[i]), series.value[i]);
      if (i < 4000 || !judgement.judged) continue;
      points += 1;
      for (int k = 0; k < 3; ++k) below[k] += judgement.p <= kLevels[k] ? 1 : 0;
    }
  }
  for (int k = 0; k < 3; ++k) {
    EXPECT_GT(below[k] / points, 0.7 * kLevels[k]) << kLevels[k];
    EXPECT_LT(below[k] / points, 1.8 * kLevels[k]) << kLevels[k];
  }
}

// What nobody would label (deployments, lone spikes, daily jobs) counts as normal: p stays a rate
// where it matters, far out.
TEST(SeriesDetectorTest, PValuesStayRatesFarOutAmongNuisances) {
  double points = 0;
  double below[2] = {};
  constexpr double kLevels[] = {0.001, 0.0001};
  for (int run = 0; run < 3 * kSyntheticFamilyCount; ++run) {
    SyntheticOptions options;
    options.family = static_cast<SyntheticFamily>(run % kSyntheticFamilyCount);
    options.seed = 700 + static_cast<std::uint64_t>(run);
    const SyntheticSeries series = make_synthetic(options);
    SeriesDetector detector;
    for (std::size_t i = 0; i < series.value.size(); ++i) {
      const Judgement judgement =
          detector.observe(static_cast<double>(series.time_s[i]), series.value[i]);
      if (i < series.value.size() / 2 || !judgement.judged || series.label[i] != 0) continue;
      points += 1;
      for (int k = 0; k < 2; ++k) below[k] += judgement.p <= kLevels[k] ? 1 : 0;
    }
  }
  EXPECT_GT(below[0] / points, 0.5 * kLevels[0]);
  EXPECT_LT(below[0] / points, 2 * kLevels[0]);
  EXPECT_LT(below[1] / points, 5 * kLevels[1]);
}

TEST(SeriesDetectorTest, OneOutageDoesNotHideTheNext) {
  std::mt19937_64 random(21);
  SeriesDetector detector = trained(1500, random);
  for (int i = 0; i < 10; ++i) detector.observe(kStart + 60.0 * (1500 + i), 1000);
  for (int i = 0; i < 800; ++i) {
    detector.observe(kStart + 60.0 * (1510 + i), noisy(random, 100, 5));
  }
  EXPECT_LT(detector.observe(kStart + 60.0 * 2310, 300).p, 1e-5);
}

// A floor under quality, far below what the bench measures, so that a mistake cannot hide.
TEST(SeriesDetectorTest, FindsPlantedAnomaliesInTrafficSeries) {
  Counts counts;
  for (int seed = 1; seed <= 4; ++seed) {
    SyntheticOptions options;
    options.seed = 40 + seed;
    const SyntheticSeries series = make_synthetic(options);
    SeriesDetector detector;
    std::vector<double> flagged;
    for (std::size_t i = 0; i < series.value.size(); ++i) {
      flagged.push_back(
          detector.observe(static_cast<double>(series.time_s[i]), series.value[i]).anomaly);
    }
    counts += delay_counts(flagged, series.label, 0.5, 7);
  }
  EXPECT_GT(counts.precision(), 0.5);
  EXPECT_GT(counts.recall(), 0.35);
}

}  // namespace
}  // namespace honeyguide::detect
