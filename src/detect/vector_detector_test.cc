// Proves that an odd combination is found though each value alone is usual, that the odd metric is
// named, and that missing metrics do no harm. Correlated random vectors with planted breaks.
#include "detect/vector_detector.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace honeyguide::detect {
namespace {

constexpr double kStart = 1.7e9;

// Throughput and tokens move together; errors are their own.
std::vector<double> usual(std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  const double load = normal(random);
  return {100 + 20 * load + normal(random), 5000 + 1000 * load + 50 * normal(random),
          5 + normal(random)};
}

VectorDetector trained(std::mt19937_64& random) {
  VectorDetector detector(3);
  for (int i = 0; i < 4000; ++i) detector.observe(kStart + 60.0 * i, usual(random));
  return detector;
}

struct Case {
  const char* name;
  std::vector<double> values;
  int oddest_a;
  int oddest_b;  // two metrics of a broken pair are equally odd
};

TEST(VectorDetectorTest, FindsAnOddCombinationAndNamesIt) {
  for (const Case& c :
       {Case{"pair parts", {125, 3700, 5}, 0, 1}, Case{"errors", {100, 5000, 14}, 2, 2}}) {
    std::mt19937_64 random(1);
    VectorDetector detector = trained(random);
    const VectorJudgement judgement = detector.observe(kStart + 60.0 * 4000, c.values);
    EXPECT_LT(judgement.p, 1e-3) << c.name;
    EXPECT_TRUE(judgement.opened) << c.name;
    EXPECT_TRUE(judgement.oddest == c.oddest_a || judgement.oddest == c.oddest_b) << c.name;
    float sum = 0;
    for (const float share : judgement.share) sum += share;
    EXPECT_NEAR(sum, 1, 1e-4) << c.name;
  }
}

TEST(VectorDetectorTest, TheSameLoadOnBothIsUsual) {
  std::mt19937_64 random(2);
  VectorDetector detector = trained(random);
  EXPECT_GT(detector.observe(kStart + 60.0 * 4000, std::vector<double>{125, 6250, 5}).p, 0.01);
}

TEST(VectorDetectorTest, AMissingMetricIsLeftOut) {
  std::mt19937_64 random(3);
  VectorDetector detector = trained(random);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_GT(detector.observe(kStart + 60.0 * 4000, std::vector<double>{nan, 5000, 5}).p, 0.01);
  EXPECT_FALSE(detector.observe(kStart + 60.0 * 4001, std::vector<double>{nan, nan, nan}).judged);
}

TEST(VectorDetectorTest, ContinuesFromItsSavedState) {
  std::mt19937_64 random(4);
  VectorDetector a = trained(random);
  std::string bytes = a.save();
  auto b = VectorDetector::load(bytes);
  ASSERT_TRUE(b.has_value());
  for (int i = 0; i < 100; ++i) {
    const auto values = usual(random);
    ASSERT_EQ(a.observe(kStart + 60.0 * (4000 + i), values).p,
              b->observe(kStart + 60.0 * (4000 + i), values).p);
  }
  bytes[20] = static_cast<char>(bytes[20] ^ 1);
  EXPECT_FALSE(VectorDetector::load(bytes).has_value());
}

TEST(VectorDetectorTest, StateFitsInOneKilobyte) {
  EXPECT_LE(sizeof(VectorDetector), 1024U);
}

}  // namespace
}  // namespace honeyguide::detect
