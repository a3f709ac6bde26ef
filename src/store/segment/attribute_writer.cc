#include "store/segment/attribute_writer.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/strings.h"

namespace honeyguide::store::segment {
namespace {

using telemetry::Attribute;
using telemetry::Value;
using telemetry::ValueType;

std::uint8_t wire_type(const Value& value) {
  const auto type = static_cast<std::uint8_t>(value.type());
  const bool large = value.has_text() && value.text().size() >= kLargeValueBytes;
  return large ? type | kLargeBit : type;
}

std::int64_t number_of(const Value& value) {
  switch (value.type()) {
    case ValueType::kBool:
      return value.as_bool() ? 1 : 0;
    case ValueType::kInt:
      return value.as_int();
    case ValueType::kDouble:
      return std::bit_cast<std::int64_t>(value.as_double());
    default:
      return 0;
  }
}

Value value_of(ValueType type, std::int64_t number) {
  if (type == ValueType::kBool) return Value::boolean(number != 0);
  if (type == ValueType::kDouble) return Value::real(std::bit_cast<double>(number));
  return Value::integer(number);
}

}  // namespace

std::uint64_t filter_hash(std::string_view key, std::string_view canonical_text) {
  return base::hash64(canonical_text, base::hash64(key));
}

std::uint64_t filter_key_hash(std::string_view key) {
  return base::hash64(key, 0x6b6579);
}

void BlockKeys::reset() {
  interner_.reset();
  scopes_.clear();
}

std::uint32_t BlockKeys::intern(std::string_view key) {
  const std::uint32_t index = interner_.intern(key);
  if (index == scopes_.size()) scopes_.push_back(0);
  return index;
}

const std::uint32_t* BlockKeys::map(const telemetry::SpanBatch& batch) {
  map_.clear();
  for (const std::string_view key : batch.keys()) map_.push_back(intern(key));
  return map_.data();
}

void put_row_value(std::string& out, const Value& value) {
  out.push_back(static_cast<char>(value.type()));
  switch (value.type()) {
    case ValueType::kEmpty:
      break;
    case ValueType::kBool:
      out.push_back(value.as_bool() ? 1 : 0);
      break;
    case ValueType::kInt:
      base::put_varint(out, base::zigzag(value.as_int()));
      break;
    case ValueType::kDouble:
      base::put_fixed(out, value.as_double());
      break;
    default:
      base::put_bytes(out, value.text());
  }
}

void put_row_attributes(std::string& out, const telemetry::SpanBatch& batch, telemetry::Range range,
                        const std::uint32_t* map) {
  base::put_varint(out, range.size());
  for (const Attribute& attribute : batch.attributes(range)) {
    base::put_varint(out, map[attribute.key]);
    put_row_value(out, attribute.value);
  }
}

void AttributeTableWriter::reset(BlockKeys& keys, LargeValueSink& large,
                                 std::uint32_t& columns_left) {
  keys_ = &keys;
  large_ = &large;
  columns_left_ = &columns_left;
  column_count_ = 0;
  columns_by_key_.clear();
  shapes_.clear();
  shape_index_.clear();
  row_shapes_.clear();
  last_shape_ = 0;
  overflow_.reset();
  overflow_index_.clear();
  overflow_hashes_.clear();
  arena_ = base::Arena();
}

bool AttributeTableWriter::fits(const Shape& shape, std::span<const Attribute> attributes,
                                const std::uint32_t* key_map) const {
  if (shape.columns.size() != attributes.size()) return false;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const std::uint32_t number = shape.columns[i];
    if (number == kOverflowColumn) return false;
    const Column& column = *columns_[number];
    if (column.key != key_map[attributes[i].key]) return false;
    if (column.type != wire_type(attributes[i].value)) return false;
  }
  return true;
}

void AttributeTableWriter::add_row(std::span<const Attribute> attributes,
                                   const std::uint32_t* key_map) {
  // Rows of one sender look like the row before.
  if (shapes_.empty() || !fits(shapes_[last_shape_], attributes, key_map)) {
    last_shape_ = find_shape(attributes, key_map);
  }
  row_shapes_.push_back(last_shape_);
  const Shape& shape = shapes_[last_shape_];
  std::string overflow;
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (shape.columns[i] != kOverflowColumn) {
      push(*columns_[shape.columns[i]], attributes[i].value);
      continue;
    }
    const std::uint32_t key = key_map[attributes[i].key];
    base::put_varint(overflow, key);
    put_row_value(overflow, attributes[i].value);
    overflow_hashes_.push_back(
        filter_hash(keys_->keys()[key], telemetry::canonical_text(attributes[i].value)));
  }
  if (overflow.empty() && overflow_index_.empty()) return;
  // The first row that overflows makes the column; the rows before it have nothing there.
  if (overflow_index_.empty()) {
    overflow_index_.assign(row_shapes_.size() - 1, overflow_.intern(std::string_view()));
  }
  overflow_index_.push_back(overflow_.intern(arena_.copy(overflow)));
}

std::uint32_t AttributeTableWriter::find_shape(std::span<const Attribute> attributes,
                                               const std::uint32_t* key_map) {
  std::vector<std::uint32_t>& wanted = scratch_;
  wanted.clear();
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const std::uint32_t key = key_map[attributes[i].key];
    const std::uint8_t type = wire_type(attributes[i].value);
    std::uint32_t occurrence = 0;
    for (const std::uint32_t earlier : wanted) {
      if (earlier == kOverflowColumn) continue;
      const Column& column = *columns_[earlier];
      occurrence += column.key == key && column.type == type;
    }
    keys_->mark(key, scope_);
    wanted.push_back(find_column(key, type, occurrence));
  }
  const auto [found, is_new] =
      shape_index_.emplace(wanted, static_cast<std::uint32_t>(shapes_.size()));
  if (is_new) shapes_.push_back({wanted});
  return found->second;
}

std::uint32_t AttributeTableWriter::find_column(std::uint32_t key, std::uint8_t type,
                                                std::uint32_t occurrence) {
  std::vector<std::uint32_t>& numbers =
      columns_by_key_[std::uint64_t{key} << 8 | std::uint64_t{type}];
  if (occurrence < numbers.size()) return numbers[occurrence];
  if (*columns_left_ == 0) return kOverflowColumn;
  --*columns_left_;
  if (column_count_ == columns_.size()) columns_.push_back(std::make_unique<Column>());
  Column& column = *columns_[column_count_];
  column.key = key;
  column.type = type;
  column.occurrence = occurrence;
  column.strings.reset();
  column.index.clear();
  column.numbers.clear();
  column.large_hashes.clear();
  numbers.push_back(column_count_);
  return column_count_++;
}

void AttributeTableWriter::push(Column& column, const Value& value) {
  if ((column.type & kLargeBit) != 0) {
    push_large(column, value);
  } else if (value.has_text()) {
    column.index.push_back(column.strings.intern(value.text()));
  } else if (value.type() != ValueType::kEmpty) {
    column.numbers.push_back(number_of(value));
  }
}

void AttributeTableWriter::push_large(Column& column, const Value& value) {
  const std::string_view raw = value.text();
  const LargeRef ref = large_->store(raw);
  std::string bytes;
  base::put_fixed(bytes, ref);
  bytes += raw.substr(0, kPreviewBytes);
  column.index.push_back(column.strings.intern(arena_.copy(bytes)));
  column.large_hashes.push_back(
      filter_hash(keys_->keys()[column.key], telemetry::canonical_text(value)));
}

void AttributeTableWriter::add_hashes(const Column& column,
                                      std::vector<std::uint64_t>& hashes) const {
  const std::string_view key = keys_->keys()[column.key];
  const auto type = static_cast<ValueType>(column.type & ~kLargeBit);
  if ((column.type & kLargeBit) != 0) {
    hashes.insert(hashes.end(), column.large_hashes.begin(), column.large_hashes.end());
  } else if (type == ValueType::kString) {
    for (const std::string_view text : column.strings.values()) {
      hashes.push_back(filter_hash(key, text));
    }
  } else if (type > ValueType::kString) {
    for (const std::string_view text : column.strings.values()) {
      hashes.push_back(filter_hash(key, telemetry::canonical_text(Value::of_text(type, text))));
    }
  } else if (type == ValueType::kEmpty) {
    hashes.push_back(filter_hash(key, ""));
  } else {
    std::vector<std::int64_t> distinct = column.numbers;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    for (const std::int64_t number : distinct) {
      hashes.push_back(filter_hash(key, telemetry::canonical_text(value_of(type, number))));
    }
  }
}

void AttributeTableWriter::finish(BodyWriter& body, TextWriter& text,
                                  std::vector<std::uint64_t>* hashes) {
  if (shapes_.empty() || (shapes_.size() == 1 && shapes_[0].columns.empty())) return;
  std::string bytes;
  put_int_column(bytes, row_shapes_);
  body.add(Field::kRowShape, table_, std::move(bytes));
  std::string shapes;
  base::put_varint(shapes, shapes_.size());
  for (const Shape& shape : shapes_) {
    base::put_varint(shapes, shape.columns.size());
    for (const std::uint32_t column : shape.columns) {
      base::put_varint(shapes, column == kOverflowColumn ? 0 : column + 1);
    }
  }
  bytes.clear();
  text.put(bytes, shapes);
  body.add(Field::kShapes, table_, std::move(bytes));
  for (std::uint32_t i = 0; i < column_count_; ++i) {
    const Column& column = *columns_[i];
    ColumnEntry entry{Field::kAttribute, table_, column.type, column.occurrence, column.key};
    bytes.clear();
    if (static_cast<ValueType>(column.type & ~kLargeBit) >= ValueType::kString) {
      put_string_column(bytes, text, column.strings, column.index);
    } else {
      put_int_column(bytes, column.numbers);
    }
    body.add(entry, std::move(bytes));
    if (hashes != nullptr) add_hashes(column, *hashes);
  }
  if (hashes != nullptr) {
    hashes->insert(hashes->end(), overflow_hashes_.begin(), overflow_hashes_.end());
  }
  if (overflow_index_.empty()) return;
  bytes.clear();
  put_string_column(bytes, text, overflow_, overflow_index_);
  body.add(Field::kOverflow, table_, std::move(bytes));
}

}  // namespace honeyguide::store::segment
