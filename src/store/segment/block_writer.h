// Encodes spans and log records into the bodies of blocks. One encoder is used by one thread and
// keeps its memory from block to block.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "store/segment/attribute_writer.h"
#include "store/segment/block_format.h"
#include "telemetry/log_batch.h"
#include "telemetry/span_batch.h"

namespace honeyguide::store::segment {

// Rows [begin, end) of a batch, which outlives the encoding.
struct SpanSlice {
  const telemetry::SpanBatch* batch = nullptr;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};
struct LogSlice {
  const telemetry::LogBatch* batch = nullptr;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

// (service, operation, kind) of a block; views live as long as the encoder's next call.
struct OperationSeen {
  std::string_view service;
  std::string_view name;
  telemetry::SpanKind kind = telemetry::SpanKind::kUnspecified;
};

// A body and what the indexes need to know of it.
struct EncodedBlock {
  std::string body;
  std::uint32_t rows = 0;
  base::UnixNanos start_min = 0;  // of spans; of logs: effective time
  base::UnixNanos start_max = 0;
  std::int64_t duration_max = 0;
  std::uint32_t error_rows = 0;
  std::vector<base::TraceId> traces;         // distinct; a settled block's are ascending
  std::vector<std::uint64_t> filter_hashes;  // of spans, and of settled logs; may repeat
  std::vector<OperationSeen> operations;     // distinct
  std::vector<std::string_view> keys;        // live as long as the encoder's next call
  std::vector<std::uint8_t> key_scopes;
};

class BlockWriter {
 public:
  BlockWriter();
  ~BlockWriter();

  // At most kBlockRowsMax rows in all. A null `values` makes a young record: text in one heap,
  // large values in the block itself. Otherwise a settled block, whose rows must be sorted by trace
  // id and whose large values go to `values`.
  EncodedBlock encode_spans(std::span<const SpanSlice> slices, LargeValueSink* values);
  EncodedBlock encode_logs(std::span<const LogSlice> slices, LargeValueSink* values);

 private:
  class InBlockValues;
  struct SpanColumns;
  struct LogColumns;

  void begin(LargeValueSink* values);
  void add_span_fixed(const telemetry::SpanBatch& batch, const telemetry::Span& span,
                      const std::uint32_t* keys);
  void add_children(const telemetry::SpanBatch& batch, const telemetry::Span& span,
                    const std::uint32_t* keys);
  std::uint32_t trace_row(const base::TraceId& id);
  std::uint32_t resource_row(const telemetry::SpanBatch& batch, std::uint32_t resource,
                             const std::uint32_t* keys);
  std::uint32_t scope_row(const telemetry::SpanBatch& batch, std::uint32_t scope,
                          const std::uint32_t* keys);
  void note_attributes(const telemetry::SpanBatch& batch, telemetry::Range range,
                       std::uint8_t scope, const std::uint32_t* keys);
  void put_ids_and_times(BodyWriter& body, EncodedBlock& out);
  std::uint8_t put_parents(BodyWriter& body);
  void put_fixed(BodyWriter& body, TextWriter& text);
  void put_children(BodyWriter& body, TextWriter& text);
  void finish_block(BodyWriter& body, TextWriter& text, EncodedBlock& out, std::uint8_t flags);

  bool settled_ = false;
  bool hashed_ = false;  // filter hashes are wanted
  LargeValueSink* large_ = nullptr;
  std::unique_ptr<InBlockValues> in_block_;
  BlockKeys keys_;
  std::uint32_t columns_left_ = 0;
  AttributeTableWriter row_attributes_;
  AttributeTableWriter event_attributes_;
  AttributeTableWriter link_attributes_;
  StringInterner resources_;
  StringInterner scopes_;
  base::Arena arena_;
  std::vector<std::uint32_t> resource_map_;
  std::vector<std::uint32_t> scope_map_;
  std::vector<std::string_view> resource_services_;
  std::vector<std::uint64_t> hashes_;
  std::unordered_map<base::TraceId, std::uint32_t, base::HexIdHash> trace_index_;
  std::unique_ptr<SpanColumns> spans_;
  std::unique_ptr<LogColumns> logs_;
};

}  // namespace honeyguide::store::segment
