// Integer columns: constant, bit-packed over a minimum, run lengths, or a small dictionary;
// whichever is smallest. Bytes are described in docs/formats/block.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace honeyguide::store::segment {

// Readable bytes a parsed column's buffer must have behind its end: packed values are fetched eight
// bytes at a time.
inline constexpr std::size_t kSlackBytes = 8;
// More values a column never holds; a claim of more is damage.
inline constexpr std::size_t kColumnValuesMax = 1u << 26;

// Appends a column of `values`; their number is not stored and must be known to the reader.
void put_int_column(std::string& out, std::span<const std::int64_t> values);

// A parsed column that borrows its bytes. Any number of threads may read it.
class IntColumn {
 public:
  // A column of zeros.
  explicit IntColumn(std::size_t count = 0) : count_(count) {}

  // False on malformed bytes.
  static bool parse(std::string_view bytes, std::size_t count, IntColumn& out);

  std::size_t size() const { return count_; }
  bool is_constant() const { return kind_ == Kind::kConstant; }

  // False if a value may lie outside [0, limit): a check of the encoding, not of each value.
  bool surely_below(std::uint64_t limit) const { return upper_bound() < limit; }
  // No value, taken as unsigned, is greater.
  std::uint64_t upper_bound() const;

  // `index` < size().
  std::int64_t get(std::size_t index) const {
    switch (kind_) {
      case Kind::kConstant:
        return min_;
      case Kind::kPacked:
        return packed(index);
      case Kind::kDictionary:
        return dictionary_[static_cast<std::size_t>(packed(index))];
      case Kind::kRuns:
        return run_value(index);
    }
    return 0;
  }

  // All values into `out`, which has room for size().
  void decode(std::int64_t* out) const;
  // The same for values known to fit: dictionary indices.
  void decode32(std::uint32_t* out) const;

 private:
  enum class Kind : std::uint8_t { kConstant = 0, kPacked = 1, kRuns = 2, kDictionary = 3 };

  static bool parse_packed(std::string_view bytes, std::size_t count, IntColumn& out);
  static bool parse_runs(std::string_view bytes, std::size_t count, IntColumn& out);
  std::int64_t run_value(std::size_t index) const;

  std::int64_t packed(std::size_t index) const {
    std::uint64_t word;
    if (width_ == 64) {
      __builtin_memcpy(&word, data_ + index * 8, 8);
    } else {
      const std::size_t bit = index * width_;
      __builtin_memcpy(&word, data_ + bit / 8, 8);
      word = word >> (bit % 8) & mask_;
    }
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(min_) + word);
  }

  std::size_t count_ = 0;
  std::int64_t min_ = 0;
  std::uint64_t mask_ = 0;
  const char* data_ = nullptr;
  unsigned width_ = 0;
  Kind kind_ = Kind::kConstant;
  std::vector<std::int64_t> dictionary_;  // also the values of runs
  std::vector<std::uint32_t> run_ends_;
};

}  // namespace honeyguide::store::segment
