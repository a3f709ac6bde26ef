// Attribute lists as columns: one column for each (key, type), and for each row its *shape*, the
// ordered list of the columns it has a value in. So order and repeated keys come back as sent, and
// a column holds only rows that have it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "store/segment/block_format.h"
#include "store/segment/string_column.h"
#include "telemetry/span_batch.h"

namespace honeyguide::store::segment {

// Where text of kLargeValueBytes and more goes.
class LargeValueSink {
 public:
  virtual ~LargeValueSink() = default;
  virtual LargeRef store(std::string_view raw) = 0;
};

// The hash that filters and searches agree on: of a key and the canonical text of a value, of
// whatever scope and type.
std::uint64_t filter_hash(std::string_view key, std::string_view canonical_text);
// The hash of the key alone: a filter tells its presence.
std::uint64_t filter_key_hash(std::string_view key);
// Under this key filters hold span names; it cannot be an attribute's, whose keys are valid UTF-8.
inline constexpr std::string_view kNameFilterKey = "\xffname";

// The keys of one block, and in which scopes (store::Scopes bits) they occur.
class BlockKeys {
 public:
  void reset();
  std::uint32_t intern(std::string_view key);
  // Maps a batch's key numbers to the block's; valid until the next call.
  const std::uint32_t* map(const telemetry::SpanBatch& batch);
  void mark(std::uint32_t key, std::uint8_t scope) { scopes_[key] |= scope; }

  const std::vector<std::string_view>& keys() const { return interner_.values(); }
  const std::vector<std::uint8_t>& scopes() const { return scopes_; }

 private:
  StringInterner interner_;
  std::vector<std::uint8_t> scopes_;
  std::vector<std::uint32_t> map_;
};

// One value in row form: type u8, then its bytes. Used where columns would not pay.
void put_row_value(std::string& out, const telemetry::Value& value);
// count, then (key, value) each; keys numbered by `map`.
void put_row_attributes(std::string& out, const telemetry::SpanBatch& batch, telemetry::Range range,
                        const std::uint32_t* map);

// Encodes the attribute lists of one table. Reused from block to block to keep its memory.
class AttributeTableWriter {
 public:
  AttributeTableWriter(Table table, std::uint8_t scope) : table_(table), scope_(scope) {}

  // `columns_left` is shared by the tables of a block; `large` outlives finish().
  void reset(BlockKeys& keys, LargeValueSink& large, std::uint32_t& columns_left);
  void add_row(std::span<const telemetry::Attribute> attributes, const std::uint32_t* key_map);
  // `hashes`, if not null, gets the filter hash of each distinct value.
  void finish(BodyWriter& body, TextWriter& text, std::vector<std::uint64_t>* hashes);

 private:
  // A shape's entry for an attribute that lies in the overflow column.
  static constexpr std::uint32_t kOverflowColumn = 0xffffffff;

  struct Column {
    std::uint32_t key = 0;
    std::uint32_t occurrence = 0;
    std::uint8_t type = 0;
    StringInterner strings;
    std::vector<std::uint32_t> index;
    std::vector<std::int64_t> numbers;
    std::vector<std::uint64_t> large_hashes;
  };
  struct Shape {
    std::vector<std::uint32_t> columns;
  };

  bool fits(const Shape& shape, std::span<const telemetry::Attribute> attributes,
            const std::uint32_t* key_map) const;
  std::uint32_t find_shape(std::span<const telemetry::Attribute> attributes,
                           const std::uint32_t* key_map);
  std::uint32_t find_column(std::uint32_t key, std::uint8_t type, std::uint32_t occurrence);
  void push(Column& column, const telemetry::Value& value);
  void push_large(Column& column, const telemetry::Value& value);
  void add_hashes(const Column& column, std::vector<std::uint64_t>& hashes) const;

  Table table_;
  std::uint8_t scope_;
  BlockKeys* keys_ = nullptr;
  LargeValueSink* large_ = nullptr;
  std::uint32_t* columns_left_ = nullptr;
  std::vector<std::unique_ptr<Column>> columns_;  // the first column_count_ are in use
  std::uint32_t column_count_ = 0;
  std::map<std::uint64_t, std::vector<std::uint32_t>> columns_by_key_;
  std::vector<Shape> shapes_;
  std::map<std::vector<std::uint32_t>, std::uint32_t> shape_index_;
  std::vector<std::int64_t> row_shapes_;
  std::uint32_t last_shape_ = 0;
  StringInterner overflow_;
  std::vector<std::uint32_t> overflow_index_;
  std::vector<std::uint64_t> overflow_hashes_;
  std::vector<std::uint32_t> scratch_;
  base::Arena arena_;
};

}  // namespace honeyguide::store::segment
