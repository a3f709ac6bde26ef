// Reads the body of a block, a column at a time and only on demand. Malformed bytes never crash:
// they make damaged() true for good and give empty values. Not thread-safe (columns are parsed at
// their first use).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/segment/block_format.h"
#include "store/segment/int_column.h"
#include "store/segment/string_column.h"
#include "telemetry/log_batch.h"
#include "telemetry/span_batch.h"

namespace honeyguide::store::segment {

// Where a body lies: in memory, or in a file of which only the needed columns are read.
class BlockBytes {
 public:
  // `buffer` has kSlackBytes readable bytes behind the body.
  BlockBytes(std::shared_ptr<const std::string> buffer, std::size_t offset, std::size_t size);
  BlockBytes(std::shared_ptr<const base::ReadableFile> file, std::uint64_t offset,
             std::uint64_t size);

  std::uint64_t size() const { return size_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  // The bytes, kept alive by `buffers`, with slack behind them; nothing if they cannot be read.
  std::optional<std::string_view> fetch(std::uint64_t offset, std::uint64_t size, Buffers& buffers);

 private:
  std::shared_ptr<const std::string> buffer_;
  std::shared_ptr<const base::ReadableFile> file_;
  std::uint64_t offset_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t bytes_read_ = 0;
};

class BlockReader;

// One attribute column: numbers or strings, one entry for each row that has it.
struct AttributeColumn {
  ColumnEntry entry;
  std::uint32_t count = 0;
  bool parsed = false;
  IntColumn numbers;
  StringColumn strings;

  telemetry::ValueType type() const {
    return static_cast<telemetry::ValueType>(entry.type & ~kLargeBit);
  }
  bool is_large() const { return (entry.type & kLargeBit) != 0; }
  // Not for large values.
  telemetry::Value value(std::size_t rank) const;
};

// The attributes of one table: which columns each row has, in which order.
class AttributeTable {
 public:
  static constexpr std::uint32_t kOverflow = 0xffffffff;

  std::size_t rows() const { return rows_; }
  bool empty() const { return shapes_.empty(); }
  std::span<const std::uint32_t> columns_of(std::size_t row) const {
    return shapes_[one_shape_ ? 0 : row_shapes_[row]];
  }
  // Index into the column of the value at `position` of columns_of(row).
  std::uint32_t rank(std::size_t row, std::size_t position) const {
    return one_shape_ ? static_cast<std::uint32_t>(row) : ranks_[rank_begin_[row] + position];
  }
  bool one_shape() const { return one_shape_; }
  const std::vector<std::vector<std::uint32_t>>& shapes() const { return shapes_; }
  const std::vector<std::uint32_t>& row_shapes() const { return row_shapes_; }
  std::vector<AttributeColumn>& columns() { return columns_; }
  bool has_overflow() const { return has_overflow_; }

 private:
  friend class BlockReader;
  bool load(BlockReader& reader, Table table, std::size_t rows);
  void build_ranks();

  std::size_t rows_ = 0;
  bool one_shape_ = true;
  bool has_overflow_ = false;
  bool ranks_built_ = false;
  std::vector<std::uint32_t> row_shapes_;
  std::vector<std::vector<std::uint32_t>> shapes_;
  std::vector<AttributeColumn> columns_;
  std::vector<std::uint32_t> rank_begin_;
  std::vector<std::uint32_t> ranks_;
  StringColumn overflow_;
};

class BlockReader {
  struct OutMaps;

 public:
  // `values` is the values file of a settled block, null if it has none.
  static base::Result<std::unique_ptr<BlockReader>> open(
      BlockBytes bytes, std::shared_ptr<const base::ReadableFile> values);

  std::uint32_t rows() const { return directory_.rows; }
  bool settled() const { return (directory_.flags & kFlagSettled) != 0; }
  bool damaged() const { return damaged_; }
  std::uint64_t bytes_read() const { return bytes_.bytes_read(); }

  std::size_t trace_count();
  base::TraceId trace_id(std::size_t trace);
  base::TraceId row_trace_id(std::size_t row);
  // Appends the rows of the trace, ascending.
  void rows_of_trace(const base::TraceId& id, std::vector<std::uint32_t>& out);
  base::SpanId span_id(std::size_t row);
  base::SpanId parent_id(std::size_t row);
  base::UnixNanos start(std::size_t row);
  base::UnixNanos end(std::size_t row);
  // All start times, decoded once.
  const std::vector<std::int64_t>& starts();
  const std::vector<std::uint32_t>& row_traces();

  // Columns of zeros or empty strings if the block has none.
  const IntColumn& ints(Field field);
  const StringColumn& strings(Field field);
  // Resources and scopes of the block; no spans.
  const telemetry::SpanBatch& context();
  const std::vector<std::string_view>& keys();
  AttributeTable& table(Table table);
  // With ranks, for random access to values.
  AttributeTable& ranked_table(Table table);
  AttributeColumn& parsed(AttributeTable& table, std::size_t column);
  // First event (link) of each row, and one past the last row's.
  const std::vector<std::uint32_t>& child_begins(Table table);
  std::size_t table_rows(Table table);
  base::UnixNanos log_time(std::size_t row);       // LogRecord::time
  base::UnixNanos log_effective(std::size_t row);  // LogRecord::effective_time()
  base::TraceId log_trace_id(std::size_t row);

  // Appends the rows, in the given order, to `out`, whose text borrows from this reader: either it
  // outlives `out`, or keep_alive(out) follows. False if the block is damaged; `out` then holds
  // what could be read.
  bool materialize(std::span<const std::uint32_t> rows, telemetry::SpanBatch& out);
  bool materialize_logs(std::span<const std::uint32_t> rows, telemetry::LogBatch& out);
  // Lets `out` own a share of this block's buffers.
  void keep_alive(telemetry::SpanBatch& out) const;

  // Copies single rows into one batch: for merges that draw from many blocks in turn. Text is
  // borrowed from the block, large values from the copier.
  class RowCopier {
   public:
    RowCopier(BlockReader& from, telemetry::SpanBatch& out);
    ~RowCopier();
    void copy(std::uint32_t row);
    std::uint64_t large_bytes() const;
    // Lets the batch own a share of what it borrows; call once, at the end.
    void keep_alive();

   private:
    BlockReader& from_;
    telemetry::SpanBatch& out_;
    std::unique_ptr<OutMaps> maps_;
  };

 private:
  friend class AttributeTable;
  static constexpr std::size_t kFields = 64;

  explicit BlockReader(BlockBytes bytes) : bytes_(std::move(bytes)) {}

  std::optional<std::string_view> column(const ColumnEntry& entry);
  std::optional<std::string_view> text(Field field);
  std::string_view raw(Field field, std::size_t width, std::size_t count);
  std::string_view heap();
  void fail() { damaged_ = true; }
  void load_context();
  bool load_row_list(Field field, bool scopes);
  telemetry::Value large_value(std::string_view reference, telemetry::ValueType type,
                               OutMaps& maps);
  std::size_t field_rows(Field field);
  telemetry::Range copy_attributes(Table table, std::size_t row, telemetry::SpanBatch& out,
                                   OutMaps& maps);
  void append_overflow(AttributeTable& table, std::size_t row, std::size_t nth,
                       telemetry::SpanBatch& out, OutMaps& maps);
  void append_children(std::size_t row, telemetry::Span& span, telemetry::SpanBatch& out,
                       OutMaps& maps);
  telemetry::Span fixed_part(std::size_t row, telemetry::SpanBatch& out, OutMaps& maps);
  void load_parents();
  void load_tables();

  BlockBytes bytes_;
  BodyDirectory directory_;
  std::shared_ptr<const base::ReadableFile> values_;
  Buffers buffers_;
  bool damaged_ = false;
  std::array<std::unique_ptr<IntColumn>, kFields> ints_;
  std::array<std::unique_ptr<StringColumn>, kFields> strings_;
  std::array<std::unique_ptr<std::string_view>, kFields> raw_;
  std::array<std::unique_ptr<AttributeTable>, kTableCount> tables_;
  std::array<std::vector<std::uint32_t>, kTableCount> child_begins_;
  std::optional<std::string_view> heap_;
  std::vector<std::string_view> keys_;
  bool keys_loaded_ = false;
  telemetry::SpanBatch context_;
  bool context_loaded_ = false;
  std::vector<std::int64_t> starts_;
  std::vector<std::uint32_t> row_traces_;
  std::vector<std::pair<std::uint32_t, base::UnixNanos>> odd_ends_;  // by row
  bool odd_loaded_ = false;
  std::vector<std::uint32_t> foreign_before_;  // foreign parents in the rows before
  std::vector<std::uint32_t> first_rows_;      // of each trace
  bool parents_loaded_ = false;
  bool tables_loaded_ = false;
};

}  // namespace honeyguide::store::segment
