// Proves that breaches are predicted with times that count from now, that each forecast is scored
// by what came, and that nothing of it is lost over a restart.
#include "watch/breach_watch.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace honeyguide::watch {
namespace {

constexpr base::UnixNanos kStart = 1'750'032'000 * base::kNanosPerSecond;  // midnight UTC
constexpr store::TenantId kTenant = 2;
const telemetry::SeriesKey kDisk{"honeyguide_system_disk_percent", {}};

void feed(BreachWatch& watch, const telemetry::SeriesKey& key, int minute, double value) {
  const detect::Judgement none;
  watch.take({kTenant, key, telemetry::SeriesKind::kGauge, kStart + minute * base::kNanosPerMinute,
              base::kNanosPerMinute, value, none, false});
}

// A disk that fills by one percent an hour, with noise.
double disk(int minute) {
  std::mt19937 random(static_cast<unsigned>(minute));
  return 40 + minute / 60.0 + std::normal_distribution<double>(0, 0.05)(random);
}

TEST(BreachWatch, ADiskThatFillsIsPredictedFromNowHoursAhead) {
  BreachWatch watch(default_targets());
  int told = -1;
  for (int minute = 0; minute < 58 * 60 && told < 0; ++minute) {
    feed(watch, kDisk, minute, disk(minute));
    if (!watch.predictions(kTenant).empty()) told = minute;
  }
  ASSERT_GE(told, 0);
  const Prediction prediction = watch.predictions(kTenant).front();
  const double truth_s = (58.0 * 60 - told) * 60;
  EXPECT_GT(truth_s, 3600);
  EXPECT_LE(prediction.forecast.eta_q10_s, prediction.forecast.eta_q50_s);
  EXPECT_LE(prediction.forecast.eta_q50_s, prediction.forecast.eta_q90_s);
  EXPECT_EQ(prediction.target.metric_class, "resource");
  EXPECT_EQ(prediction.at, kStart + (told + 1) * base::kNanosPerMinute);
  EXPECT_TRUE(watch.predictions(kTenant + 1).empty());
}

TEST(BreachWatch, ForecastsAreScoredByWhatCame) {
  BreachWatch watch(default_targets());
  for (int minute = 0; minute < 60 * 60; ++minute) feed(watch, kDisk, minute, disk(minute));
  const auto accuracy = watch.accuracy(kTenant);
  ASSERT_EQ(accuracy.size(), 1u);
  EXPECT_EQ(accuracy[0].metric_class, "resource");
  EXPECT_EQ(accuracy[0].accuracy.breaches, 1u);
  EXPECT_EQ(accuracy[0].accuracy.caught, 1u);
  EXPECT_GT(accuracy[0].accuracy.lead_median_s(), 3600);
  EXPECT_GT(accuracy[0].accuracy.scored, 100u);
}

TEST(BreachWatch, AStateThatIsLoadedGoesOnAsIfNothingHappened) {
  BreachWatch whole(default_targets());
  BreachWatch before(default_targets());
  const int kill = 50 * 60;
  for (int minute = 0; minute < 60 * 60; ++minute) {
    feed(whole, kDisk, minute, disk(minute));
    if (minute < kill) feed(before, kDisk, minute, disk(minute));
  }
  std::vector<store::StateChange> stored;
  before.collect_changes(0, 1, stored);
  ASSERT_EQ(stored.size(), 1u);
  BreachWatch after(default_targets());
  ASSERT_TRUE(after.load(*stored.front().value));
  // Points that it has seen already come again, as after a crash.
  for (int minute = kill - 30; minute < 60 * 60; ++minute) {
    feed(after, kDisk, minute, disk(minute));
  }
  const auto x = whole.accuracy(kTenant).front();
  const auto y = after.accuracy(kTenant).front();
  EXPECT_EQ(x.accuracy.scored, y.accuracy.scored);
  EXPECT_EQ(x.accuracy.caught, y.accuracy.caught);
  EXPECT_EQ(x.accuracy.brier_sum, y.accuracy.brier_sum);
  EXPECT_EQ(x.accuracy.lead_s, y.accuracy.lead_s);
  EXPECT_EQ(x.pending, y.pending);
  std::string damaged = *stored.front().value;
  damaged[damaged.size() / 2] ^= 1;
  EXPECT_FALSE(after.load(damaged));
}

TEST(BreachWatch, SeriesBeyondTheLimitAreRefusedAndCounted) {
  BreachWatch watch(default_targets());
  for (std::size_t i = 0; i < kForecastersMax + 3; ++i) {
    feed(watch, {"honeyguide_agent_call_error_ratio", {{"agent", std::to_string(i)}}}, 0, 0.01);
  }
  EXPECT_EQ(watch.size(), kForecastersMax);
  EXPECT_EQ(watch.refused(), 3u);
}

TEST(BreachWatch, SeriesWithoutATargetAreNotForecast) {
  BreachWatch watch(default_targets());
  feed(watch, {"queue.depth", {}}, 0, 1);
  EXPECT_EQ(watch.size(), 0u);
}

}  // namespace
}  // namespace honeyguide::watch
