// String columns: a dictionary with an integer index, or the strings one after the other when most
// differ. Settled blocks sort and front-code their dictionaries; young records put all text into
// one heap that is compressed once (docs/formats/block.md).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/segment/int_column.h"

namespace honeyguide::store::segment {

// Gives equal strings equal small numbers. Borrows the strings until reset(). Its hash is seeded
// per process, so that senders cannot choose colliding values.
class StringInterner {
 public:
  void reset();
  std::uint32_t intern(std::string_view text);
  const std::vector<std::string_view>& values() const { return values_; }

 private:
  void grow();

  std::vector<std::uint64_t> slots_;  // hash tag << 32 | index + 1
  std::vector<std::string_view> values_;
};

// Where the text of a block goes.
class TextWriter {
 public:
  // With `shared_heap` all text of the block is collected in heap(); otherwise each piece is
  // written in place, compressed if that saves at least an eighth.
  explicit TextWriter(bool shared_heap) : shared_heap_(shared_heap) {}

  void put(std::string& out, std::string_view text);
  const std::string& heap() const { return heap_; }
  bool shared_heap() const { return shared_heap_; }

 private:
  bool shared_heap_;
  std::string heap_;
};

// Reads what TextWriter::put wrote; nothing on malformed bytes. Inflated text is kept by `buffers`.
using Buffers = std::vector<std::shared_ptr<const std::string>>;
bool read_text(std::string_view bytes, std::string_view heap, Buffers& buffers,
               std::string_view& out);

// `index[i]` numbers the string of row i in `interner`.
void put_string_column(std::string& out, TextWriter& text, const StringInterner& interner,
                       const std::vector<std::uint32_t>& index);

// Borrows its bytes and the buffers.
class StringColumn {
 public:
  // A column of empty strings.
  explicit StringColumn(std::size_t count = 0) : index_(count), values_(1), distinct_(1) {}

  static bool parse(std::string_view bytes, std::size_t count, std::string_view heap,
                    Buffers& buffers, StringColumn& out);

  std::size_t size() const { return index_.size(); }
  std::string_view get(std::size_t row) const { return values_[value_of(row)]; }

  // Distinct values if is_dictionary(), else one a row.
  std::span<const std::string_view> values() const { return {values_.data(), distinct_}; }
  bool is_dictionary() const { return dictionary_; }
  // Only for a dictionary: the number in values() of each row.
  const IntColumn& index() const { return index_; }

 private:
  std::size_t value_of(std::size_t row) const {
    return dictionary_ ? static_cast<std::size_t>(index_.get(row)) : row;
  }

  IntColumn index_;
  std::vector<std::string_view> values_;  // padded so that no packed index can pass its end
  std::size_t distinct_ = 0;
  bool dictionary_ = true;
};

}  // namespace honeyguide::store::segment
