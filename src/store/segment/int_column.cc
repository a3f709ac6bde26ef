#include "store/segment/int_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"

namespace honeyguide::store::segment {
namespace {

constexpr std::uint8_t kConstantCode = 0;
constexpr std::uint8_t kPackedCode = 1;
constexpr std::uint8_t kRunsCode = 2;
constexpr std::uint8_t kDictionaryCode = 3;
// Values of fewer bits gain nothing from a dictionary.
constexpr unsigned kDictionaryWidthMin = 20;
constexpr std::size_t kDictionaryCountMin = 32;
constexpr std::size_t kDictionaryMax = 256;

std::uint64_t distance(std::int64_t from, std::int64_t to) {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

// Bits of `range`; 57 to 63 become 64 so that one eight-byte fetch always holds a value.
unsigned width_of(std::uint64_t range) {
  const auto width = static_cast<unsigned>(std::bit_width(range));
  return width > 56 ? 64 : width;
}

std::size_t packed_bytes(std::size_t count, unsigned width) {
  return (count * width + 7) / 8;
}

void put_packed(std::string& out, std::span<const std::int64_t> values, std::int64_t min,
                unsigned width) {
  out.push_back(static_cast<char>(kPackedCode));
  base::put_varint(out, base::zigzag(min));
  out.push_back(static_cast<char>(width));
  const std::size_t before = out.size();
  const std::size_t bytes = packed_bytes(values.size(), width);
  out.resize(before + bytes + 8);
  char* next = out.data() + before;
  std::uint64_t word = 0;
  unsigned filled = 0;
  for (const std::int64_t value : values) {
    const std::uint64_t bits = distance(min, value);
    word |= bits << filled;
    if (filled + width < 64) {
      filled += width;
      continue;
    }
    std::memcpy(next, &word, 8);
    next += 8;
    word = filled == 0 ? 0 : bits >> (64 - filled);
    filled = filled + width - 64;
  }
  std::memcpy(next, &word, 8);
  out.resize(before + bytes);
}

void put_runs(std::string& out, std::span<const std::int64_t> values, std::size_t runs) {
  std::vector<std::int64_t> run_values;
  std::vector<std::int64_t> lengths;
  run_values.reserve(runs);
  lengths.reserve(runs);
  for (std::size_t i = 0; i < values.size();) {
    std::size_t end = i + 1;
    while (end < values.size() && values[end] == values[i]) ++end;
    run_values.push_back(values[i]);
    lengths.push_back(static_cast<std::int64_t>(end - i));
    i = end;
  }
  const auto put_plain = [](std::string& to, const std::vector<std::int64_t>& column) {
    const auto [low, high] = std::minmax_element(column.begin(), column.end());
    if (*low == *high) {
      to.push_back(static_cast<char>(kConstantCode));
      base::put_varint(to, base::zigzag(*low));
    } else {
      put_packed(to, column, *low, width_of(distance(*low, *high)));
    }
  };
  out.push_back(static_cast<char>(kRunsCode));
  base::put_varint(out, run_values.size());
  std::string nested;
  put_plain(nested, run_values);
  base::put_bytes(out, nested);
  nested.clear();
  put_plain(nested, lengths);
  base::put_bytes(out, nested);
}

// True, and written, if a dictionary beats `width` bits a value.
bool put_dictionary(std::string& out, std::span<const std::int64_t> values, unsigned width) {
  if (width < kDictionaryWidthMin || values.size() < kDictionaryCountMin) return false;
  const std::size_t distinct_max = std::min(kDictionaryMax, values.size() / 4);
  std::unordered_map<std::int64_t, std::int64_t> index;
  std::vector<std::int64_t> dictionary;
  std::vector<std::int64_t> indices;
  for (const std::int64_t value : values) {
    const auto [found, is_new] = index.emplace(value, static_cast<std::int64_t>(dictionary.size()));
    if (is_new) {
      if (dictionary.size() == distinct_max) return false;
      dictionary.push_back(value);
    }
    indices.push_back(found->second);
  }
  const unsigned index_width = width_of(dictionary.size() - 1);
  const std::size_t size = dictionary.size() * 8 + packed_bytes(values.size(), index_width);
  if (size >= packed_bytes(values.size(), width)) return false;
  out.push_back(static_cast<char>(kDictionaryCode));
  base::put_varint(out, dictionary.size());
  for (const std::int64_t value : dictionary) base::put_fixed(out, value);
  put_packed(out, indices, 0, index_width);
  return true;
}

// Eight values take exactly `Width` bytes, so each step starts on a byte and all shifts are
// constants.
template <unsigned Width>
void unpack32(const char* data, std::size_t count, std::uint32_t* out) {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << Width) - 1;
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8, data += Width) {
    for (unsigned j = 0; j < 8; ++j) {
      std::uint64_t word;
      std::memcpy(&word, data + j * Width / 8, 8);
      out[i + j] = static_cast<std::uint32_t>(word >> (j * Width % 8) & kMask);
    }
  }
  for (unsigned j = 0; i < count; ++i, ++j) {
    std::uint64_t word;
    std::memcpy(&word, data + j * Width / 8, 8);
    out[i] = static_cast<std::uint32_t>(word >> (j * Width % 8) & kMask);
  }
}

using Unpack = void (*)(const char*, std::size_t, std::uint32_t*);
template <std::size_t... Widths>
constexpr auto unpack_table(std::index_sequence<Widths...>) {
  return std::array<Unpack, sizeof...(Widths)>{&unpack32<static_cast<unsigned>(Widths)>...};
}
constexpr auto kUnpack = unpack_table(std::make_index_sequence<33>{});

}  // namespace

void put_int_column(std::string& out, std::span<const std::int64_t> values) {
  if (values.empty()) {
    out.push_back(static_cast<char>(kConstantCode));
    base::put_varint(out, 0);
    return;
  }
  std::int64_t low = values[0];
  std::int64_t high = values[0];
  std::size_t runs = 1;
  for (std::size_t i = 1; i < values.size(); ++i) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
    runs += values[i] != values[i - 1];
  }
  if (low == high) {
    out.push_back(static_cast<char>(kConstantCode));
    base::put_varint(out, base::zigzag(low));
    return;
  }
  const unsigned width = width_of(distance(low, high));
  const std::size_t runs_size =
      runs * (width + static_cast<unsigned>(std::bit_width(values.size() / runs)) + 2) / 8 + 16;
  if (runs_size < packed_bytes(values.size(), width)) {
    put_runs(out, values, runs);
  } else if (!put_dictionary(out, values, width)) {
    put_packed(out, values, low, width);
  }
}

bool IntColumn::parse(std::string_view bytes, std::size_t count, IntColumn& out) {
  out = IntColumn(count);
  if (bytes.empty() || count > kColumnValuesMax) return false;
  const auto code = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  base::ByteReader in(bytes);
  switch (code) {
    case kConstantCode:
      out.min_ = in.signed_varint();
      return in.ok();
    case kPackedCode:
      return parse_packed(bytes, count, out);
    case kRunsCode:
      return parse_runs(bytes, count, out);
    case kDictionaryCode: {
      const std::uint64_t size = in.varint();
      if (size == 0 || size > kDictionaryMax) return false;
      std::vector<std::int64_t> dictionary;
      for (std::uint64_t i = 0; i < size; ++i) dictionary.push_back(in.fixed<std::int64_t>());
      if (in.fixed<std::uint8_t>() != kPackedCode || !in.ok()) return false;
      if (!parse_packed(bytes.substr(bytes.size() - in.remaining()), count, out)) return false;
      if (out.min_ != 0 || out.width_ > 8) return false;
      // Indices past the end would be damage; padding the table makes them harmless instead of
      // checking each.
      dictionary.resize(kDictionaryMax, 0);
      out.dictionary_ = std::move(dictionary);
      out.kind_ = Kind::kDictionary;
      return true;
    }
    default:
      return false;
  }
}

bool IntColumn::parse_packed(std::string_view bytes, std::size_t count, IntColumn& out) {
  base::ByteReader in(bytes);
  out.min_ = in.signed_varint();
  out.width_ = in.fixed<std::uint8_t>();
  if (!in.ok() || out.width_ == 0 || (out.width_ > 56 && out.width_ != 64)) return false;
  if (in.remaining() < packed_bytes(count, out.width_)) return false;
  out.data_ = bytes.data() + (bytes.size() - in.remaining());
  out.mask_ = out.width_ == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << out.width_) - 1;
  out.kind_ = Kind::kPacked;
  return true;
}

bool IntColumn::parse_runs(std::string_view bytes, std::size_t count, IntColumn& out) {
  base::ByteReader in(bytes);
  const std::uint64_t runs = in.varint();
  const std::string_view value_bytes = in.bytes();
  const std::string_view length_bytes = in.bytes();
  if (!in.ok() || runs == 0 || runs > count) return false;
  IntColumn values;
  IntColumn lengths;
  const auto plain = [](std::string_view b) {
    return !b.empty() && (b.front() == kConstantCode || b.front() == kPackedCode);
  };
  if (!plain(value_bytes) || !plain(length_bytes)) return false;
  if (!parse(value_bytes, runs, values) || !parse(length_bytes, runs, lengths)) return false;
  std::uint64_t end = 0;
  out.dictionary_.reserve(runs);
  out.run_ends_.reserve(runs);
  for (std::size_t i = 0; i < runs; ++i) {
    const std::int64_t length = lengths.get(i);
    if (length <= 0 || static_cast<std::uint64_t>(length) > count - end) return false;
    end += static_cast<std::uint64_t>(length);
    out.dictionary_.push_back(values.get(i));
    out.run_ends_.push_back(static_cast<std::uint32_t>(end));
  }
  out.kind_ = Kind::kRuns;
  return end == count;
}

std::uint64_t IntColumn::upper_bound() const {
  if (kind_ == Kind::kConstant) return static_cast<std::uint64_t>(min_);
  if (kind_ == Kind::kPacked) {
    // A sum that wraps past the end is as good as no bound.
    const std::uint64_t low = static_cast<std::uint64_t>(min_);
    return min_ < 0 || low + mask_ < low ? ~std::uint64_t{0} : low + mask_;
  }
  std::uint64_t high = 0;
  for (const std::int64_t value : dictionary_) {
    high = std::max(high, static_cast<std::uint64_t>(value));
  }
  return high;
}

std::int64_t IntColumn::run_value(std::size_t index) const {
  const auto run = std::upper_bound(run_ends_.begin(), run_ends_.end(), index);
  return dictionary_[static_cast<std::size_t>(run - run_ends_.begin())];
}

void IntColumn::decode(std::int64_t* out) const {
  if (kind_ == Kind::kConstant) {
    std::fill_n(out, count_, min_);
  } else if (kind_ == Kind::kRuns) {
    std::size_t from = 0;
    for (std::size_t run = 0; run < run_ends_.size(); ++run) {
      std::fill(out + from, out + run_ends_[run], dictionary_[run]);
      from = run_ends_[run];
    }
  } else {
    for (std::size_t i = 0; i < count_; ++i) out[i] = get(i);
  }
}

void IntColumn::decode32(std::uint32_t* out) const {
  if (kind_ == Kind::kPacked && width_ <= 32) {
    kUnpack[width_](data_, count_, out);
    if (min_ != 0) {
      for (std::size_t i = 0; i < count_; ++i) out[i] += static_cast<std::uint32_t>(min_);
    }
  } else if (kind_ == Kind::kConstant) {
    std::fill_n(out, count_, static_cast<std::uint32_t>(min_));
  } else if (kind_ == Kind::kRuns) {
    std::size_t from = 0;
    for (std::size_t run = 0; run < run_ends_.size(); ++run) {
      std::fill(out + from, out + run_ends_[run], static_cast<std::uint32_t>(dictionary_[run]));
      from = run_ends_[run];
    }
  } else {
    for (std::size_t i = 0; i < count_; ++i) out[i] = static_cast<std::uint32_t>(get(i));
  }
}

}  // namespace honeyguide::store::segment
