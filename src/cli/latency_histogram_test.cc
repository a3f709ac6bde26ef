// Proves the error bound that the header states, against sorted values.
#include "cli/latency_histogram.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace honeyguide::cli {
namespace {

TEST(LatencyHistogramTest, QuantilesAreAtMost1Point6PercentAboveTheTrueValue) {
  LatencyHistogram histogram;
  std::vector<std::int64_t> values;
  std::uint64_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    values.push_back(static_cast<std::int64_t>(state >> (20 + i % 40)));
    histogram.add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double q : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const auto truth = values[static_cast<std::size_t>(q * 20'000) - 1];
    const auto got = histogram.quantile_ns(q);
    EXPECT_GE(got, truth) << q;
    EXPECT_LE(static_cast<double>(got), static_cast<double>(truth) * 1.016 + 1) << q;
  }
  EXPECT_EQ(histogram.quantile_ns(1), values.back());
  EXPECT_EQ(histogram.max_ns(), values.back());
}

TEST(LatencyHistogramTest, EdgesOfTheRange) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile_ns(0.5), 0);
  histogram.add(-5);
  EXPECT_EQ(histogram.quantile_ns(1), 0);
  histogram.add(INT64_MAX);
  EXPECT_EQ(histogram.quantile_ns(1), INT64_MAX);
  EXPECT_EQ(histogram.count(), 2u);
}

}  // namespace
}  // namespace honeyguide::cli
