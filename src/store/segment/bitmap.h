// Sets of rows of one block.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace honeyguide::store::segment {

class Bitmap {
 public:
  explicit Bitmap(std::size_t size = 0, bool all = false)
      : words_((size + 63) / 64, all ? ~std::uint64_t{0} : 0), size_(size) {
    trim();
  }

  std::size_t size() const { return size_; }
  bool get(std::size_t i) const { return (words_[i / 64] >> (i % 64) & 1) != 0; }
  void set(std::size_t i) { words_[i / 64] |= std::uint64_t{1} << (i % 64); }
  // The 64 rows from 64 * `word` on.
  std::uint64_t& word(std::size_t word) { return words_[word]; }
  std::size_t words() const { return words_.size(); }

  void set_all() {
    words_.assign(words_.size(), ~std::uint64_t{0});
    trim();
  }
  bool any() const {
    for (const std::uint64_t word : words_) {
      if (word != 0) return true;
    }
    return false;
  }
  void unite(const Bitmap& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  }
  void intersect(const Bitmap& other) {
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  }
  void complement() {
    for (std::uint64_t& word : words_) word = ~word;
    trim();
  }
  // Calls visit(row) for each row of the set, ascending.
  template <typename Visit>
  void each(Visit visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        visit(i * 64 + static_cast<std::size_t>(std::countr_zero(word)));
      }
    }
  }

 private:
  void trim() {
    if (size_ % 64 != 0) words_.back() &= (std::uint64_t{1} << (size_ % 64)) - 1;
  }

  std::vector<std::uint64_t> words_;
  std::size_t size_ = 0;
};

}  // namespace honeyguide::store::segment
