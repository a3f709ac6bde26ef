// LogBatch: OTLP log records, held like SpanBatch holds spans (same ownership and thread rules).
// Attributes, resources, scopes and text live in a SpanBatch without spans.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "telemetry/span_batch.h"

namespace honeyguide::telemetry {

struct LogRecord {
  base::UnixNanos time = 0;  // 0: the sender gave none
  base::UnixNanos observed_time = 0;
  base::TraceId trace_id;  // all-zero: belongs to no trace
  base::SpanId span_id;
  std::string_view severity_text;
  std::string_view event_name;
  Value body;
  Range attributes;  // in context
  std::uint32_t resource = 0;
  std::uint32_t scope = 0;
  std::uint32_t flags = 0;
  std::uint32_t dropped_attributes_count = 0;
  std::uint8_t severity_number = 0;  // 0 to 24

  // `time`, else `observed_time`.
  base::UnixNanos effective_time() const { return time != 0 ? time : observed_time; }
};

struct LogBatch {
  SpanBatch context;  // resources(), scopes(), attributes(), keys(), own()
  std::vector<LogRecord> records;
};

// Appends a deep copy of records of another batch, each resource and scope once a call. `rows`
// index other.records.
void append_copy(LogBatch& out, const LogBatch& other, std::span<const std::uint32_t> rows);

using LogBatchPtr = std::shared_ptr<const LogBatch>;

}  // namespace honeyguide::telemetry
