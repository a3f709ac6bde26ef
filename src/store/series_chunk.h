// Series chunks: the points of one series within one period, as few bytes as their shape allows.
//
// A chunk is: points as varint | times as runs of equal steps | values in the cheapest of three
// forms (one constant; integer differences; XOR of neighbouring doubles, leading and trailing zero
// bits left out). Decoding gives the same bits back, NaN included.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/series_store.h"

namespace honeyguide::store {

// A point of a period: index of its bucket counted from the start of the period.
struct ChunkPoint {
  std::uint32_t bucket = 0;
  double value = 0;
};

// `points` ascending by bucket, each bucket once (HG_CHECK).
std::string encode_chunk(const std::vector<ChunkPoint>& points);
// kDataLoss if malformed or longer than the longest period.
base::Result<std::vector<ChunkPoint>> decode_chunk(std::string_view bytes);

// Values alone, `count` of them, in the same three forms.
void append_values(std::string& out, const std::vector<double>& values);
// False if malformed. Takes what it read off the front of `bytes`.
bool take_values(std::string_view& bytes, std::size_t count, std::vector<double>& out);

// What one chunk covers: 1 h of 10 s points, 1 day of minutes, 30 days of hours.
std::int64_t period_ns(Resolution resolution);
// Number of the period that holds `time`, counted from 1970; periods before it have none and are
// treated as period 0.
std::uint32_t period_of(base::UnixNanos time, Resolution resolution);
base::UnixNanos period_start(std::uint32_t period, Resolution resolution);

// Where a chunk belongs. Ordered by resolution and period first, so that retention drops one range.
struct ChunkKey {
  Resolution resolution = Resolution::k10s;
  std::uint32_t period = 0;
  TenantId tenant = 0;
  std::uint64_t series = 0;
  auto operator<=>(const ChunkKey&) const = default;
};

// One write() as bytes, and back; kDataLoss if malformed.
std::string encode_tick(TenantId tenant, const std::vector<SeriesPoint>& points);
struct Tick {
  TenantId tenant = 0;
  std::vector<SeriesPoint> points;
};
base::Result<Tick> decode_tick(std::string_view bytes);

}  // namespace honeyguide::store
