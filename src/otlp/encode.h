// Encoding OTLP: batches back into protobuf and JSON. Decoding what is written here gives equal
// content (equal span_content_hash), in both encodings.
//
// Items are grouped under their resource and scope: one ResourceSpans per run of equal resource
// index and one ScopeSpans per run of equal scope index, so item order is kept. JSON is OTLP JSON:
// lowerCamelCase keys, lower-case hex ids, 64-bit integers as strings, enums as integers, bytes as
// base64, no white space; fields with default values are left out. Text that is not UTF-8 gets
// U+FFFD in JSON.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/json_writer.h"
#include "telemetry/log_batch.h"
#include "telemetry/metric_batch.h"
#include "telemetry/span_batch.h"

namespace honeyguide::otlp {

// `rows` index batch.spans() (records, points), in the order wanted; the overloads without take
// all.
std::string encode_traces_protobuf(const telemetry::SpanBatch& batch,
                                   std::span<const std::uint32_t> rows);
std::string encode_traces_protobuf(const telemetry::SpanBatch& batch);
// {"resourceSpans":[...]}
std::string encode_traces_json(const telemetry::SpanBatch& batch,
                               std::span<const std::uint32_t> rows);
std::string encode_traces_json(const telemetry::SpanBatch& batch);

std::string encode_logs_protobuf(const telemetry::LogBatch& batch,
                                 std::span<const std::uint32_t> rows);
std::string encode_logs_protobuf(const telemetry::LogBatch& batch);
// {"resourceLogs":[...]}
std::string encode_logs_json(const telemetry::LogBatch& batch, std::span<const std::uint32_t> rows);
std::string encode_logs_json(const telemetry::LogBatch& batch);

// Consecutive points of one metric share one Metric message.
std::string encode_metrics_protobuf(const telemetry::MetricBatch& batch,
                                    std::span<const std::uint32_t> rows);
std::string encode_metrics_protobuf(const telemetry::MetricBatch& batch);
// {"resourceMetrics":[...]}
std::string encode_metrics_json(const telemetry::MetricBatch& batch,
                                std::span<const std::uint32_t> rows);
std::string encode_metrics_json(const telemetry::MetricBatch& batch);

// One value as OTLP JSON writes it: {"stringValue":"x"}, {} for an empty one.
void write_any_value(base::JsonWriter& json, const telemetry::Value& value);
// [{"key":"k","value":{...}},...]
void write_attributes(base::JsonWriter& json, const telemetry::SpanBatch& batch,
                      telemetry::Range attributes);
// One span object, as it stands within "spans".
void write_span(base::JsonWriter& json, const telemetry::SpanBatch& batch,
                const telemetry::Span& span);

}  // namespace honeyguide::otlp
