// Proves that chunks and ticks give back the same bits in every value form, that damaged bytes are
// an error and never more than that, and that the forms are as small as they claim.
#include "store/series_chunk.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace honeyguide::store {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Case {
  const char* name;
  std::vector<ChunkPoint> points;
  std::size_t bytes_max;
};

std::vector<ChunkPoint> every_bucket(std::size_t count, double (*value)(std::size_t)) {
  std::vector<ChunkPoint> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back({static_cast<std::uint32_t>(i), value(i)});
  return out;
}

const Case kCases[] = {
    {"no point", {}, 1},
    {"one point", {{7, 1.5}}, 11},
    {"a constant costs its length once", every_bucket(360, [](std::size_t) { return 0.25; }), 16},
    {"small integers cost a byte a point",
     every_bucket(360, [](std::size_t i) { return static_cast<double>(i * 3 % 50); }), 370},
    {"gaps", {{0, 1}, {5, 2}, {10, 3}, {11, -0.0}, {359, 1e300}}, 64},
    {"not a number", {{0, kNaN}, {1, 2.5}, {2, kNaN}}, 40},
    {"infinities",
     {{0, std::numeric_limits<double>::infinity()}, {3, -std::numeric_limits<double>::infinity()}},
     40},
    {"fractions", every_bucket(360, [](std::size_t i) { return 0.1 * static_cast<double>(i); }),
     360 * 9},
    {"a whole day of minutes",
     every_bucket(1440, [](std::size_t i) { return static_cast<double>(i); }), 1500},
};

TEST(SeriesChunkTest, EveryFormGivesTheSameBitsBack) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const std::string bytes = encode_chunk(c.points);
    EXPECT_LE(bytes.size(), c.bytes_max);
    const auto back = decode_chunk(bytes);
    ASSERT_TRUE(back);
    ASSERT_EQ(back->size(), c.points.size());
    for (std::size_t i = 0; i < c.points.size(); ++i) {
      EXPECT_EQ((*back)[i].bucket, c.points[i].bucket);
      EXPECT_EQ(std::bit_cast<std::uint64_t>((*back)[i].value),
                std::bit_cast<std::uint64_t>(c.points[i].value));
    }
  }
}

TEST(SeriesChunkTest, EveryPrefixOfAChunkIsDataLoss) {
  for (const Case& c : kCases) {
    if (c.points.empty()) continue;
    SCOPED_TRACE(c.name);
    const std::string bytes = encode_chunk(c.points);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto back = decode_chunk(std::string_view(bytes).substr(0, size));
      ASSERT_FALSE(back);
      EXPECT_EQ(back.error().code, base::ErrorCode::kDataLoss);
    }
  }
}

TEST(SeriesChunkTest, DamagedBytesAreAnErrorOrOtherPointsButNeverMore) {
  std::mt19937_64 random(7);
  for (const Case& c : kCases) {
    const std::string bytes = encode_chunk(c.points);
    for (int round = 0; round < 300; ++round) {
      std::string damaged = bytes;
      damaged[random() % damaged.size()] = static_cast<char>(random());
      const auto back = decode_chunk(damaged);
      if (back) {
        EXPECT_LE(back->size(), 1440u);
      }
    }
  }
}

TEST(SeriesChunkTest, RandomWalksComeBack) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> step;
  for (int round = 0; round < 50; ++round) {
    std::vector<ChunkPoint> points;
    std::uint32_t bucket = 0;
    double value = 100;
    while (points.size() < 300) {
      bucket += 1 + (random() % 8 == 0 ? static_cast<std::uint32_t>(random() % 3) : 0);
      value += step(random);
      points.push_back({bucket, value});
    }
    const auto back = decode_chunk(encode_chunk(points));
    ASSERT_TRUE(back);
    for (std::size_t i = 0; i < points.size(); ++i) {
      ASSERT_EQ((*back)[i].bucket, points[i].bucket);
      ASSERT_EQ((*back)[i].value, points[i].value);
    }
  }
}

TEST(SeriesChunkTest, TicksComeBackAndTheirPrefixesDoNot) {
  const std::int64_t ten = resolution_ns(Resolution::k10s);
  const std::vector<SeriesPoint> points = {
      {~0ull, {175'000'000 * ten, 1}}, {3, {175'000'000 * ten, 2.5}}, {9, {174'999'990 * ten, 0}}};
  const std::string bytes = encode_tick(42, points);
  const auto back = decode_tick(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->tenant, 42u);
  ASSERT_EQ(back->points.size(), points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(back->points[i].series, points[i].series);
    EXPECT_EQ(back->points[i].point, points[i].point);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_tick(std::string_view(bytes).substr(0, size)));
  }
}

TEST(SeriesChunkTest, PeriodsAreHalfOpen) {
  const std::int64_t hour = base::kNanosPerHour;
  EXPECT_EQ(period_of(0, Resolution::k10s), 0u);
  EXPECT_EQ(period_of(hour - 1, Resolution::k10s), 0u);
  EXPECT_EQ(period_of(hour, Resolution::k10s), 1u);
  EXPECT_EQ(period_of(-5, Resolution::k10s), 0u);
  EXPECT_EQ(period_start(3, Resolution::k1m), 3 * base::kNanosPerDay);
}

}  // namespace
}  // namespace honeyguide::store
