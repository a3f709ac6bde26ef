// Proves that p-values mean what they say: on samples of very different distributions the share of
// points under p comes out near p, and order is kept. Seeded random samples, wide tolerances.
#include "detect/tail_model.h"

#include <cmath>
#include <functional>
#include <random>

#include <gtest/gtest.h>

namespace honeyguide::detect {
namespace {

struct Case {
  const char* name;
  std::function<double(std::mt19937_64&)> draw;
};

const Case kCases[] = {
    {"half normal",
     [](std::mt19937_64& r) { return std::abs(std::normal_distribution<double>()(r)); }},
    {"exponential", [](std::mt19937_64& r) { return std::exponential_distribution<double>(3)(r); }},
    {"log normal", [](std::mt19937_64& r) { return std::lognormal_distribution<double>(0, 1)(r); }},
};

TEST(ScoreCalibratorTest, ShareOfPointsUnderAPValueIsNearIt) {
  for (const Case& c : kCases) {
    std::mt19937_64 random(7);
    ScoreCalibrator calibrator;
    int below[3] = {};
    constexpr double kLevels[] = {0.5, 0.05, 0.002};
    constexpr int kCount = 60000;
    for (int i = 0; i < kCount; ++i) {
      const double value = c.draw(random);
      const double p = calibrator.p_value(value);
      for (int k = 0; k < 3; ++k) below[k] += i >= 5000 && p <= kLevels[k] ? 1 : 0;
      calibrator.learn(value, 1, static_cast<std::uint32_t>(i));
    }
    for (int k = 0; k < 3; ++k) {
      const double share = below[k] / double{kCount - 5000};
      EXPECT_GT(share, kLevels[k] * 0.5) << c.name << " at " << kLevels[k];
      EXPECT_LT(share, kLevels[k] * 2.0) << c.name << " at " << kLevels[k];
    }
  }
}

TEST(ScoreCalibratorTest, AHigherScoreIsNeverMoreLikely) {
  std::mt19937_64 random(3);
  ScoreCalibrator calibrator;
  std::exponential_distribution<double> draw(1);
  for (std::uint32_t i = 0; i < 5000; ++i) calibrator.learn(draw(random), 1, i);
  double last = 1;
  for (double score = 0; score < 60; score += 0.05) {
    const double p = calibrator.p_value(score);
    EXPECT_LE(p, last) << score;
    EXPECT_GT(p, 0) << score;
    last = p;
  }
}

TEST(ScoreCalibratorTest, SaysNothingBeforeTwentyPoints) {
  ScoreCalibrator calibrator;
  for (std::uint32_t i = 0; i < 19; ++i) calibrator.learn(1, 1, i);
  EXPECT_EQ(calibrator.p_value(1000), 1);
}

TEST(TailModelTest, ValueAtIsTheInverseOfSurprise) {
  std::mt19937_64 random(5);
  TailModel tail;
  std::lognormal_distribution<double> draw(0, 0.7);
  for (std::uint32_t i = 0; i < 20000; ++i) tail.learn(draw(random), 1, i);
  for (const double decades : {2.0, 3.0, 5.0}) {
    EXPECT_NEAR(tail.surprise(tail.value_at(decades)), decades, 1e-6);
  }
}

TEST(TailModelTest, OneWildValueDoesNotBlindTheTail) {
  std::mt19937_64 random(5);
  TailModel tail;
  std::exponential_distribution<double> draw(1);
  for (std::uint32_t i = 0; i < 20000; ++i) tail.learn(draw(random), 1, i);
  const double before = tail.surprise(15);
  tail.learn(1e9, 1, 20000);
  EXPECT_GT(tail.surprise(15), 0.6 * before);
}

}  // namespace
}  // namespace honeyguide::detect
