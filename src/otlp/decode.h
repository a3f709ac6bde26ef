// Decoding OTLP: the bodies of /v1/traces, /v1/logs and /v1/metrics (and of the gRPC Export calls)
// in protobuf and JSON, opentelemetry-proto 1.11. Nothing is stored or interpreted here.
//
// Two kinds of bad input:
// - The body as a whole is malformed (broken wire format or JSON anywhere, wrong JSON type outside
//   of an item, larger than body_bytes_max): an Error, and nothing is taken. It says where.
// - One item (span, log record, metric point) breaks a rule: it is rejected, counted, and the rest
//   is taken. The rules:
//   - ids: trace id 16 bytes, span id 8 bytes, not all-zero (of a log record: or absent); a parent
//     or link id is empty or of full length; in JSON hex of either case;
//   - times fit int64 nanoseconds (end before start, or no end, is fine: kept as sent);
//   - a limit of DecodeLimits is kept;
//   - a JSON field has a type that can be read; base64 is base64;
//   - a metric has a name, a number point has a value (or the no-recorded-value flag, then it reads
//     as NaN), a histogram has one bucket more than bounds, or neither, and bounds ascend.
//   A bad resource or scope rejects every item under it.
//
// What is tolerated: unknown fields (wire and JSON), groups, fields in any order, repeated singular
// fields (as protobuf merges them), missing resource and scope, unknown enum numbers (read as
// unspecified or unset), enum names in JSON, 64-bit integers as JSON strings or numbers, JSON null
// (absent). A JSON key twice in one object: the last one counts.
//
// Text that is not UTF-8: a string value becomes a bytes value of the same bytes (nothing is lost
// and the type tells); in names, keys and other text each malformed byte becomes U+FFFD. In JSON
// malformed UTF-8 is a malformed body; the escape of a lone surrogate reads as U+FFFD.
//
// Array and kvlist values are held as their canonical protobuf encoding, whatever they came as: in
// field order, minimal varints, no unknown fields, every value present. So equal content has equal
// bytes, and equal span_content_hash, from either encoding. Exemplars, metric metadata and entity
// references are not kept.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "telemetry/log_batch.h"
#include "telemetry/metric_batch.h"
#include "telemetry/span_batch.h"

namespace honeyguide::otlp {

// Item limits reject the item, request limits reject every item beyond them, body_bytes_max refuses
// the body. Raise one when partial-success messages name it; lower one to bound memory further.
struct DecodeLimits {
  // Bytes of one uncompressed body. Servers refuse earlier (413); this guards everybody else.
  std::size_t body_bytes_max = std::size_t{1} << 30;
  // Nesting of array and kvlist values: [1] is 1 deep, [[1]] is 2.
  std::uint32_t value_depth_max = 32;
  // Nesting of the JSON text itself. Beyond it the body is malformed. An OTLP request without
  // nested values takes 11 levels, each level of value nesting 4 or 5 more.
  std::uint32_t json_depth_max = 192;
  // Bytes of one attribute key, of span, event, link, resource, scope, record or point; also
  // within kvlists.
  std::uint32_t key_bytes_max = 256;
  // Attributes of one span, event, link, resource, scope, record or point.
  std::uint32_t attributes_per_item_max = 4096;
  std::uint32_t events_per_span_max = 65536;
  std::uint32_t links_per_span_max = 65536;
  // Bounds plus buckets of one histogram point, quantiles of one summary point.
  std::uint32_t buckets_per_point_max = 10000;
  // Spans, records or points of one request.
  std::uint32_t items_per_request_max = 1000000;
  // Attributes of one request; as many events, as many links, as many bounds and buckets. Bounds
  // the memory that a body of tiny elements can take, at 24, 40, 56 and 8 bytes an element.
  std::uint32_t elements_per_request_max = 2500000;
};

// `error_message` is empty if nothing was rejected, else the first reason and how many more.
struct DecodedTraces {
  telemetry::SpanBatch batch;
  std::uint64_t rejected_spans = 0;
  std::string error_message;
};
struct DecodedLogs {
  telemetry::LogBatch batch;
  std::uint64_t rejected_records = 0;
  std::string error_message;
};
struct DecodedMetrics {
  telemetry::MetricBatch batch;
  std::uint64_t rejected_points = 0;
  std::string error_message;
};

// The body is an ExportTraceServiceRequest or, which is the same on the wire, a TracesData; logs
// and metrics alike. An empty protobuf body is an empty request; empty JSON text is malformed.
// Protobuf: text borrows from the body, which the batch adopts, so the body must not change any
// more. JSON: text is copied, the body may go. Each is a pure function; threads share nothing.
// Errors: kInvalidArgument (malformed; protobuf with the byte offset), kResourceExhausted
// (body_bytes_max).
base::Result<DecodedTraces> decode_traces_protobuf(std::shared_ptr<const std::string> body,
                                                   const DecodeLimits& limits = {});
base::Result<DecodedTraces> decode_traces_json(std::shared_ptr<const std::string> body,
                                               const DecodeLimits& limits = {});
base::Result<DecodedLogs> decode_logs_protobuf(std::shared_ptr<const std::string> body,
                                               const DecodeLimits& limits = {});
base::Result<DecodedLogs> decode_logs_json(std::shared_ptr<const std::string> body,
                                           const DecodeLimits& limits = {});
base::Result<DecodedMetrics> decode_metrics_protobuf(std::shared_ptr<const std::string> body,
                                                     const DecodeLimits& limits = {});
base::Result<DecodedMetrics> decode_metrics_json(std::shared_ptr<const std::string> body,
                                                 const DecodeLimits& limits = {});

}  // namespace honeyguide::otlp
