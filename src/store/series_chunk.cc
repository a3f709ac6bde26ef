#include "store/series_chunk.h"

#include <bit>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "base/check.h"

namespace honeyguide::store {
namespace {

using base::Error;
using base::ErrorCode;

enum ValueForm : std::uint8_t { kConstant = 0, kIntegers = 1, kXor = 2 };

constexpr std::size_t kChunkPointsMax = 1440;
constexpr double kExactIntegerMax = 9007199254740992.0;  // 2^53

std::uint64_t bits_of(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}

  void put(std::uint64_t bits, int count) {
    for (int i = count - 1; i >= 0; --i) {
      current_ = static_cast<std::uint8_t>(current_ << 1 | ((bits >> i) & 1));
      if (++used_ == 8) flush_byte();
    }
  }
  void finish() {
    if (used_ == 0) return;
    current_ = static_cast<std::uint8_t>(current_ << (8 - used_));
    flush_byte();
  }

 private:
  void flush_byte() {
    out_.push_back(static_cast<char>(current_));
    current_ = 0;
    used_ = 0;
  }
  std::string& out_;
  std::uint8_t current_ = 0;
  int used_ = 0;
};

class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t take(int count) {
    std::uint64_t out = 0;
    for (int i = 0; i < count; ++i) {
      const std::size_t byte = at_ / 8;
      if (byte >= bytes_.size()) {
        ok_ = false;
        return 0;
      }
      out = out << 1 | ((static_cast<std::uint8_t>(bytes_[byte]) >> (7 - at_ % 8)) & 1);
      ++at_;
    }
    return out;
  }
  bool ok() const { return ok_; }
  std::size_t bytes_used() const { return (at_ + 7) / 8; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

bool all_same(const std::vector<double>& values) {
  for (const double value : values) {
    if (bits_of(value) != bits_of(values.front())) return false;
  }
  return true;
}

bool all_integers(const std::vector<double>& values) {
  for (const double value : values) {
    if (!(std::abs(value) < kExactIntegerMax) || value != std::trunc(value)) return false;
    if (value == 0 && std::signbit(value)) return false;
  }
  return true;
}

// Gorilla's value form: 0 = same as before; 10 = meaningful bits within the former window;
// 11 = 5 bits leading zeros (at most 31), 6 bits length - 1, then the bits.
void append_xor(std::string& out, const std::vector<double>& values) {
  BitWriter writer(out);
  std::uint64_t previous = bits_of(values.front());
  writer.put(previous, 64);
  int leading = -1;
  int trailing = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::uint64_t now = bits_of(values[i]);
    const std::uint64_t x = now ^ previous;
    previous = now;
    if (x == 0) {
      writer.put(0, 1);
      continue;
    }
    const int new_leading = std::min(std::countl_zero(x), 31);
    const int new_trailing = std::countr_zero(x);
    if (leading >= 0 && new_leading >= leading && new_trailing >= trailing) {
      writer.put(0b10, 2);
      writer.put(x >> trailing, 64 - leading - trailing);
      continue;
    }
    leading = new_leading;
    trailing = new_trailing;
    const int length = 64 - leading - trailing;
    writer.put(0b11, 2);
    writer.put(static_cast<std::uint64_t>(leading), 5);
    writer.put(static_cast<std::uint64_t>(length - 1), 6);
    writer.put(x >> trailing, length);
  }
  writer.finish();
}

bool take_xor(std::string_view& bytes, std::size_t count, std::vector<double>& out) {
  BitReader reader(bytes);
  std::uint64_t value = reader.take(64);
  out.push_back(std::bit_cast<double>(value));
  int leading = 0;
  int trailing = 0;
  for (std::size_t i = 1; i < count && reader.ok(); ++i) {
    if (reader.take(1) == 1) {
      if (reader.take(1) == 1) {
        leading = static_cast<int>(reader.take(5));
        const int length = static_cast<int>(reader.take(6)) + 1;
        trailing = 64 - leading - length;
        if (trailing < 0) return false;
      }
      value ^= reader.take(64 - leading - trailing) << trailing;
    }
    out.push_back(std::bit_cast<double>(value));
  }
  if (!reader.ok()) return false;
  bytes.remove_prefix(reader.bytes_used());
  return true;
}

bool take_integers(std::string_view& bytes, std::size_t count, std::vector<double>& out) {
  base::ByteReader reader(bytes);
  std::int64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    // Unsigned, because damaged bytes may say anything and signed overflow is undefined.
    value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) +
                                      static_cast<std::uint64_t>(reader.signed_varint()));
    out.push_back(static_cast<double>(value));
  }
  if (!reader.ok()) return false;
  bytes.remove_prefix(bytes.size() - reader.remaining());
  return true;
}

}  // namespace

void append_values(std::string& out, const std::vector<double>& values) {
  if (values.empty()) return;
  if (all_same(values)) {
    out.push_back(kConstant);
    base::put_fixed(out, bits_of(values.front()));
    return;
  }
  std::string xored;
  append_xor(xored, values);
  if (all_integers(values)) {
    std::string integers;
    std::int64_t previous = 0;
    for (const double value : values) {
      const auto now = static_cast<std::int64_t>(value);
      base::put_varint(integers, base::zigzag(now - previous));
      previous = now;
    }
    if (integers.size() <= xored.size()) {
      out.push_back(kIntegers);
      out += integers;
      return;
    }
  }
  out.push_back(kXor);
  out += xored;
}

bool take_values(std::string_view& bytes, std::size_t count, std::vector<double>& out) {
  if (count == 0) return true;
  if (bytes.empty()) return false;
  const auto form = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  switch (form) {
    case kConstant: {
      base::ByteReader reader(bytes);
      const auto bits = reader.fixed<std::uint64_t>();
      if (!reader.ok()) return false;
      out.insert(out.end(), count, std::bit_cast<double>(bits));
      bytes.remove_prefix(sizeof(bits));
      return true;
    }
    case kIntegers:
      return take_integers(bytes, count, out);
    case kXor:
      return take_xor(bytes, count, out);
    default:
      return false;
  }
}

std::string encode_chunk(const std::vector<ChunkPoint>& points) {
  std::string out;
  base::put_varint(out, points.size());
  if (points.empty()) return out;
  base::put_varint(out, points.front().bucket);
  std::vector<double> values{points.front().value};
  for (std::size_t i = 1; i < points.size();) {
    HG_CHECK(points[i].bucket > points[i - 1].bucket);
    const std::uint32_t step = points[i].bucket - points[i - 1].bucket;
    std::size_t run = 0;
    while (i + run < points.size() && points[i + run].bucket - points[i + run - 1].bucket == step) {
      values.push_back(points[i + run].value);
      ++run;
    }
    base::put_varint(out, step);
    base::put_varint(out, run);
    i += run;
  }
  append_values(out, values);
  return out;
}

base::Result<std::vector<ChunkPoint>> decode_chunk(std::string_view bytes) {
  const Error damaged{ErrorCode::kDataLoss, "a stored series chunk is damaged"};
  base::ByteReader reader(bytes);
  const std::uint64_t count = reader.varint();
  if (!reader.ok() || count > kChunkPointsMax) return damaged;
  std::vector<ChunkPoint> points;
  if (count == 0) return points;
  std::uint64_t bucket = reader.varint();
  points.push_back({static_cast<std::uint32_t>(bucket), 0});
  while (points.size() < count) {
    const std::uint64_t step = reader.varint();
    const std::uint64_t run = reader.varint();
    if (!reader.ok() || step == 0 || run == 0 || run > count - points.size()) return damaged;
    for (std::uint64_t i = 0; i < run; ++i) {
      bucket += step;
      if (bucket >= kChunkPointsMax) return damaged;
      points.push_back({static_cast<std::uint32_t>(bucket), 0});
    }
  }
  std::string_view rest = bytes.substr(bytes.size() - reader.remaining());
  std::vector<double> values;
  if (!reader.ok() || !take_values(rest, count, values) || !rest.empty()) return damaged;
  for (std::size_t i = 0; i < points.size(); ++i) points[i].value = values[i];
  return points;
}

std::int64_t period_ns(Resolution resolution) {
  switch (resolution) {
    case Resolution::k10s:
      return base::kNanosPerHour;
    case Resolution::k1m:
      return base::kNanosPerDay;
    case Resolution::k1h:
      return 30 * base::kNanosPerDay;
  }
  return base::kNanosPerDay;
}

std::uint32_t period_of(base::UnixNanos time, Resolution resolution) {
  return time <= 0 ? 0 : static_cast<std::uint32_t>(time / period_ns(resolution));
}

base::UnixNanos period_start(std::uint32_t period, Resolution resolution) {
  return period_ns(resolution) * period;
}

std::string encode_tick(TenantId tenant, const std::vector<SeriesPoint>& points) {
  std::string out;
  base::put_varint(out, tenant);
  base::put_varint(out, points.size());
  std::int64_t previous = 0;
  std::vector<double> values;
  for (const SeriesPoint& point : points) {
    const std::int64_t bucket = point.point.time / resolution_ns(Resolution::k10s);
    base::put_varint(out, base::zigzag(bucket - previous));
    previous = bucket;
    values.push_back(point.point.value);
  }
  for (const SeriesPoint& point : points) base::put_fixed(out, point.series);
  append_values(out, values);
  return out;
}

base::Result<Tick> decode_tick(std::string_view bytes) {
  base::ByteReader reader(bytes);
  Tick tick;
  tick.tenant = static_cast<TenantId>(reader.varint());
  const std::uint64_t count = reader.varint();
  const Error damaged{ErrorCode::kDataLoss, "a stored batch of points is damaged"};
  if (!reader.ok() || count > reader.remaining() / 9 + 1) return damaged;
  tick.points.resize(count);
  std::int64_t bucket = 0;
  for (SeriesPoint& point : tick.points) {
    bucket = static_cast<std::int64_t>(static_cast<std::uint64_t>(bucket) +
                                       static_cast<std::uint64_t>(reader.signed_varint()));
    if (bucket < 0 ||
        bucket > std::numeric_limits<std::int64_t>::max() / resolution_ns(Resolution::k10s)) {
      return damaged;
    }
    point.point.time = bucket * resolution_ns(Resolution::k10s);
  }
  for (SeriesPoint& point : tick.points) point.series = reader.fixed<std::uint64_t>();
  std::string_view rest = bytes.substr(bytes.size() - reader.remaining());
  std::vector<double> values;
  if (!reader.ok() || !take_values(rest, count, values) || !rest.empty()) return damaged;
  for (std::size_t i = 0; i < count; ++i) tick.points[i].point.value = values[i];
  return tick;
}

}  // namespace honeyguide::store
