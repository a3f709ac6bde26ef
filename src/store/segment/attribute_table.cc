// AttributeTable: shapes, presence and ranks of one table of a block.
#include <bit>

#include "base/bytes.h"
#include "store/segment/block_reader.h"

namespace honeyguide::store::segment {

telemetry::Value AttributeColumn::value(std::size_t rank) const {
  using telemetry::Value;
  using telemetry::ValueType;
  switch (type()) {
    case ValueType::kEmpty:
      return {};
    case ValueType::kBool:
      return Value::boolean(numbers.get(rank) != 0);
    case ValueType::kInt:
      return Value::integer(numbers.get(rank));
    case ValueType::kDouble:
      return Value::real(std::bit_cast<double>(numbers.get(rank)));
    default:
      return Value::of_text(type(), strings.get(rank));
  }
}

bool AttributeTable::load(BlockReader& reader, Table table, std::size_t rows) {
  rows_ = rows;
  const ColumnEntry* shape_entry = reader.directory_.find(Field::kRowShape, table);
  const ColumnEntry* list_entry = reader.directory_.find(Field::kShapes, table);
  if (shape_entry == nullptr && list_entry == nullptr) return true;
  if (shape_entry == nullptr || list_entry == nullptr) return false;
  for (const ColumnEntry& entry : reader.directory_.entries) {
    if (entry.field != Field::kAttribute || entry.table != table) continue;
    AttributeColumn column;
    column.entry = entry;
    if (column.type() > telemetry::ValueType::kKvlist) return false;
    columns_.push_back(std::move(column));
  }
  has_overflow_ = reader.directory_.find(Field::kOverflow, table) != nullptr;

  const auto list_bytes = reader.column(*list_entry);
  std::string_view list;
  if (!list_bytes || !read_text(*list_bytes, reader.heap(), reader.buffers_, list)) return false;
  base::ByteReader in(list);
  const std::uint64_t shape_count = in.varint();
  if (shape_count == 0 || shape_count > list.size()) return false;
  for (std::uint64_t i = 0; i < shape_count; ++i) {
    const std::uint64_t size = in.varint();
    if (size > in.remaining()) return false;
    std::vector<std::uint32_t> shape;
    shape.reserve(static_cast<std::size_t>(size));
    for (std::uint64_t j = 0; j < size; ++j) {
      const std::uint64_t number = in.varint();
      if (number > columns_.size() || (number == 0 && !has_overflow_)) return false;
      shape.push_back(number == 0 ? kOverflow : static_cast<std::uint32_t>(number - 1));
    }
    shapes_.push_back(std::move(shape));
  }
  if (!in.ok()) return false;

  const auto shape_bytes = reader.column(*shape_entry);
  IntColumn row_shapes;
  if (!shape_bytes || !IntColumn::parse(*shape_bytes, rows, row_shapes)) return false;
  one_shape_ = shape_count == 1;
  std::vector<std::uint64_t> uses(shapes_.size(), 0);
  if (one_shape_) {
    uses[0] = rows;
  } else {
    row_shapes_.resize(rows);
    row_shapes.decode32(row_shapes_.data());
    for (const std::uint32_t shape : row_shapes_) {
      if (shape >= shapes_.size()) return false;
      ++uses[shape];
    }
  }
  std::vector<std::uint64_t> counts(columns_.size(), 0);
  for (std::size_t i = 0; i < shapes_.size(); ++i) {
    std::vector<bool> seen(columns_.size(), false);
    for (const std::uint32_t column : shapes_[i]) {
      if (column == kOverflow) continue;
      if (seen[column]) return false;  // ranks count on one value a row and column
      seen[column] = true;
      counts[column] += uses[i];
    }
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].count = static_cast<std::uint32_t>(counts[i]);
  }
  return true;
}

void AttributeTable::build_ranks() {
  if (ranks_built_ || one_shape_) return;
  ranks_built_ = true;
  std::vector<std::uint32_t> next(columns_.size(), 0);
  rank_begin_.reserve(rows_);
  for (const std::uint32_t shape : row_shapes_) {
    rank_begin_.push_back(static_cast<std::uint32_t>(ranks_.size()));
    for (const std::uint32_t column : shapes_[shape]) {
      ranks_.push_back(column == kOverflow ? 0 : next[column]++);
    }
  }
}

}  // namespace honeyguide::store::segment
