#include "store/segment/string_column.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/bytes.h"
#include "base/hash.h"
#include "store/segment/zstd_text.h"

namespace honeyguide::store::segment {
namespace {

constexpr std::uint8_t kPlain = 0;
constexpr std::uint8_t kDictionary = 1;
constexpr std::uint8_t kSortedDictionary = 2;
constexpr std::uint8_t kTextRaw = 0;
constexpr std::uint8_t kTextZstd = 1;
constexpr std::uint8_t kTextHeap = 2;
// Shorter text is not worth a zstd frame.
constexpr std::size_t kZstdBytesMin = 128;
constexpr std::size_t kSlotsMin = 64;
// Dictionaries are padded up to this size; larger ones have each index checked.
constexpr std::uint64_t kPaddedValuesMax = 1u << 16;
// A text longer than this is damage.
constexpr std::uint64_t kTextBytesMax = 1ull << 30;

__extension__ typedef unsigned __int128 Product;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const Product product = static_cast<Product>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load(const char* data, std::size_t size) {
  std::uint64_t out = 0;
  std::memcpy(&out, data, size);
  return out;
}

// Short strings are the rule: two overlapping loads and one multiplication; xxh3 for the rest.
std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  const std::size_t size = text.size();
  if (size > 16) return base::hash64(text, seed);
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (size >= 8) {
    a = load(text.data(), 8);
    b = load(text.data() + size - 8, 8);
  } else if (size >= 4) {
    a = load(text.data(), 4) | load(text.data() + size - 4, 4) << 32;
  } else if (size > 0) {
    a = static_cast<std::uint8_t>(text[0]) |
        static_cast<std::uint64_t>(static_cast<std::uint8_t>(text[size / 2])) << 8 |
        static_cast<std::uint64_t>(static_cast<std::uint8_t>(text[size - 1])) << 16;
  }
  return mix(a ^ seed, b ^ (seed * 0x9e3779b97f4a7c15u) ^ size);
}

std::uint64_t process_seed() {
  static const std::uint64_t seed = base::random_seed() | 1;
  return seed;
}

void put_front_coded(std::string& out, const std::vector<std::string_view>& sorted) {
  std::string_view previous;
  for (const std::string_view value : sorted) {
    std::size_t shared = 0;
    const std::size_t limit = std::min(previous.size(), value.size());
    while (shared < limit && previous[shared] == value[shared]) ++shared;
    base::put_varint(out, shared);
    base::put_bytes(out, value.substr(shared));
    previous = value;
  }
}

void put_nested(std::string& out, std::span<const std::int64_t> values) {
  std::string nested;
  put_int_column(nested, values);
  base::put_bytes(out, nested);
}

void put_lengths(std::string& out, const std::vector<std::string_view>& values) {
  std::vector<std::int64_t> lengths;
  lengths.reserve(values.size());
  for (const std::string_view value : values) {
    lengths.push_back(static_cast<std::int64_t>(value.size()));
  }
  put_nested(out, lengths);
}

std::string concatenate(const std::vector<std::string_view>& values) {
  std::string out;
  for (const std::string_view value : values) out += value;
  return out;
}

void put_dictionary(std::string& out, TextWriter& text, const StringInterner& interner,
                    const std::vector<std::uint32_t>& index) {
  const auto& values = interner.values();
  std::vector<std::int64_t> rows(index.begin(), index.end());
  if (text.shared_heap()) {
    out.push_back(static_cast<char>(kDictionary));
    base::put_varint(out, values.size());
    put_nested(out, rows);
    put_lengths(out, values);
    text.put(out, concatenate(values));
    return;
  }
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
  std::vector<std::int64_t> place(values.size());
  std::vector<std::string_view> sorted(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    place[order[i]] = static_cast<std::int64_t>(i);
    sorted[i] = values[order[i]];
  }
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = place[index[i]];
  out.push_back(static_cast<char>(kSortedDictionary));
  base::put_varint(out, values.size());
  put_nested(out, rows);
  std::string coded;
  put_front_coded(coded, sorted);
  text.put(out, coded);
}

bool parse_front_coded(std::string_view coded, std::size_t count, Buffers& buffers,
                       std::vector<std::string_view>& values) {
  // Two passes: lengths first, so that the decoded text lies in one buffer whose views stay valid.
  base::ByteReader sizes(coded);
  std::uint64_t total = 0;
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t shared = sizes.varint();
    const std::uint64_t rest = sizes.bytes().size();
    if (!sizes.ok() || shared > previous) return false;
    previous = shared + rest;
    total += previous;
    if (total > kTextBytesMax) return false;
  }
  auto text = std::make_shared<std::string>();
  text->resize(static_cast<std::size_t>(total));
  base::ByteReader in(coded);
  char* next = text->data();
  const char* last = next;
  values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto shared = static_cast<std::size_t>(in.varint());
    const std::string_view rest = in.bytes();
    std::memmove(next, last, shared);
    std::memcpy(next + shared, rest.data(), rest.size());
    values.emplace_back(next, shared + rest.size());
    last = next;
    next += shared + rest.size();
  }
  buffers.push_back(std::move(text));
  return true;
}

bool parse_lengths(std::string_view length_bytes, std::string_view text, std::size_t count,
                   std::vector<std::string_view>& values) {
  IntColumn lengths;
  if (!IntColumn::parse(length_bytes, count, lengths)) return false;
  values.reserve(count);
  std::size_t offset = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t length = lengths.get(i);
    if (length < 0 || static_cast<std::uint64_t>(length) > text.size() - offset) return false;
    values.push_back(text.substr(offset, static_cast<std::size_t>(length)));
    offset += static_cast<std::size_t>(length);
  }
  return true;
}

}  // namespace

void StringInterner::reset() {
  slots_.assign(kSlotsMin, 0);
  values_.clear();
}

std::uint32_t StringInterner::intern(std::string_view text) {
  if (values_.size() * 2 >= slots_.size()) grow();
  const std::uint64_t hash = hash_text(text, process_seed());
  const std::uint64_t tag = hash & 0xffffffff00000000u;
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != 0) {
    const auto index = static_cast<std::uint32_t>(slots_[at]) - 1;
    if ((slots_[at] & 0xffffffff00000000u) == tag && values_[index] == text) return index;
    at = (at + 1) & mask;
  }
  values_.push_back(text);
  slots_[at] = tag | values_.size();
  return static_cast<std::uint32_t>(values_.size() - 1);
}

void StringInterner::grow() {
  slots_.assign(std::max(kSlotsMin, slots_.size() * 2), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const std::uint64_t hash = hash_text(values_[i], process_seed());
    std::size_t at = hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = (hash & 0xffffffff00000000u) | (i + 1);
  }
}

void TextWriter::put(std::string& out, std::string_view text) {
  if (shared_heap_) {
    out.push_back(static_cast<char>(kTextHeap));
    base::put_varint(out, heap_.size());
    base::put_varint(out, text.size());
    heap_ += text;
    return;
  }
  if (text.size() >= kZstdBytesMin) {
    std::string frame;
    zstd_append(frame, text);
    if (frame.size() + 8 < text.size() - text.size() / 8) {
      out.push_back(static_cast<char>(kTextZstd));
      base::put_varint(out, text.size());
      out += frame;
      return;
    }
  }
  out.push_back(static_cast<char>(kTextRaw));
  out += text;
}

bool read_text(std::string_view bytes, std::string_view heap, Buffers& buffers,
               std::string_view& out) {
  if (bytes.empty()) return false;
  const auto code = static_cast<std::uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  if (code == kTextRaw) {
    out = bytes;
    return true;
  }
  base::ByteReader in(bytes);
  if (code == kTextHeap) {
    const std::uint64_t offset = in.varint();
    const std::uint64_t size = in.varint();
    if (!in.ok() || offset > heap.size() || size > heap.size() - offset) return false;
    out = heap.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
    return true;
  }
  if (code != kTextZstd) return false;
  const std::uint64_t size = in.varint();
  // zstd reaches about 1:30,000 at most on real frames; more is an attempt to exhaust memory.
  if (!in.ok() || size > kTextBytesMax || size / 32'768 > in.remaining()) return false;
  auto text = std::make_shared<std::string>();
  if (!zstd_inflate(in.take(in.remaining()), static_cast<std::size_t>(size), *text)) return false;
  out = *text;
  buffers.push_back(std::move(text));
  return true;
}

void put_string_column(std::string& out, TextWriter& text, const StringInterner& interner,
                       const std::vector<std::uint32_t>& index) {
  const auto& values = interner.values();
  if (values.size() * 2 <= index.size() || index.empty()) {
    put_dictionary(out, text, interner, index);
    return;
  }
  std::vector<std::string_view> rows;
  rows.reserve(index.size());
  for (const std::uint32_t value : index) rows.push_back(values[value]);
  out.push_back(static_cast<char>(kPlain));
  put_lengths(out, rows);
  text.put(out, concatenate(rows));
}

bool StringColumn::parse(std::string_view bytes, std::size_t count, std::string_view heap,
                         Buffers& buffers, StringColumn& out) {
  out = StringColumn(count);
  out.values_.clear();
  base::ByteReader in(bytes);
  const auto code = in.fixed<std::uint8_t>();
  std::string_view text;
  if (code == kPlain) {
    const std::string_view lengths = in.bytes();
    if (!in.ok() || !read_text(in.take(in.remaining()), heap, buffers, text)) return false;
    out.dictionary_ = false;
    out.distinct_ = count;
    return parse_lengths(lengths, text, count, out.values_);
  }
  if (code != kDictionary && code != kSortedDictionary) return false;
  const std::uint64_t distinct = in.varint();
  const std::string_view index = in.bytes();
  if (!in.ok() || distinct > count || !IntColumn::parse(index, count, out.index_)) return false;
  const std::string_view lengths = code == kDictionary ? in.bytes() : std::string_view();
  if (!in.ok() || !read_text(in.take(in.remaining()), heap, buffers, text)) return false;
  const auto size = static_cast<std::size_t>(distinct);
  const bool good = code == kDictionary ? parse_lengths(lengths, text, size, out.values_)
                                        : parse_front_coded(text, size, buffers, out.values_);
  if (!good) return false;
  out.distinct_ = size;
  if (out.index_.surely_below(distinct)) return true;
  if (out.index_.surely_below(kPaddedValuesMax)) {
    out.values_.resize(static_cast<std::size_t>(out.index_.upper_bound()) + 1);
    return true;
  }
  for (std::size_t row = 0; row < count; ++row) {
    if (static_cast<std::uint64_t>(out.index_.get(row)) >= distinct) return false;
  }
  return true;
}

}  // namespace honeyguide::store::segment
