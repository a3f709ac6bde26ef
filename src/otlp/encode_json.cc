#include <cmath>

#include "base/strings.h"
#include "otlp/encode.h"
#include "otlp/item_runs.h"
#include "otlp/point_rules.h"
#include "otlp/text.h"
#include "otlp/wire.h"

namespace honeyguide::otlp {
namespace {

using base::JsonWriter;
using telemetry::LogBatch;
using telemetry::LogRecord;
using telemetry::MetricBatch;
using telemetry::MetricKind;
using telemetry::MetricPoint;
using telemetry::Span;
using telemetry::SpanBatch;
using telemetry::Value;
using telemetry::ValueType;

// Nested values deeper than this are cut to an empty value; decoders refuse them long before.
constexpr int kWriteDepthMax = 128;
constexpr double kExactIntegerMax = 9007199254740992.0;  // 2^53

void write_text(JsonWriter& json, std::string_view name, std::string_view text) {
  if (!text.empty()) json.field(name, text);
}
void write_count(JsonWriter& json, std::string_view name, std::uint32_t count) {
  if (count != 0) json.field(name, count);
}
void write_nanos(JsonWriter& json, std::string_view name, base::UnixNanos time) {
  if (time != 0) json.key(name).value_as_string(time);
}
void write_uint64(JsonWriter& json, std::string_view name, std::uint64_t number) {
  if (number != 0) json.field(name, std::to_string(number));
}
template <std::size_t N>
void write_id(JsonWriter& json, std::string_view name, const base::HexId<N>& id) {
  if (id.valid()) json.field(name, id.to_hex());
}
void write_double(JsonWriter& json, double number) {
  if (std::isnan(number)) {
    json.value("NaN");
  } else if (std::isinf(number)) {
    json.value(number > 0 ? "Infinity" : "-Infinity");
  } else {
    // Negative zero and what an integer may not hold must not look like an integer.
    std::string text = base::format_double(number);
    const bool integral = text.find_first_of(".e") == std::string::npos;
    if (integral && (text == "-0" || std::fabs(number) >= kExactIntegerMax)) text += ".0";
    json.raw(text);
  }
}
void write_attribute_field(JsonWriter& json, const SpanBatch& batch, telemetry::Range attributes) {
  if (attributes.empty()) return;
  json.key("attributes");
  write_attributes(json, batch, attributes);
}

void write_nested(JsonWriter& json, std::string_view message, int depth);

void write_value(JsonWriter& json, const Value& value, int depth) {
  json.begin_object();
  switch (value.type()) {
    case ValueType::kEmpty:
      break;
    case ValueType::kBool:
      json.field("boolValue", value.as_bool());
      break;
    case ValueType::kInt:
      json.key("intValue").value_as_string(value.as_int());
      break;
    case ValueType::kDouble:
      json.key("doubleValue");
      write_double(json, value.as_double());
      break;
    case ValueType::kString:
      json.field("stringValue", value.text());
      break;
    case ValueType::kBytes: {
      std::string base64;
      append_base64(base64, value.text());
      json.field("bytesValue", base64);
      break;
    }
    case ValueType::kArray:
    case ValueType::kKvlist: {
      const bool pairs = value.type() == ValueType::kKvlist;
      json.key(pairs ? "kvlistValue" : "arrayValue").begin_object().key("values").begin_array();
      WireState state;
      WireReader list(value.text(), state);
      while (depth < kWriteDepthMax && list.next()) {
        if (list.tag() != wire_tag(1, kWireBytes)) {
          list.skip();
        } else if (!pairs) {
          write_nested(json, list.bytes(), depth + 1);
        } else {
          std::string_view key;
          std::string_view inner;
          WireReader pair(list.bytes(), state);
          while (pair.next()) {
            if (pair.tag() == wire_tag(1, kWireBytes)) {
              key = pair.bytes();
            } else if (pair.tag() == wire_tag(2, kWireBytes)) {
              inner = pair.bytes();
            } else {
              pair.skip();
            }
          }
          json.begin_object().field("key", key).key("value");
          write_nested(json, inner, depth + 1);
          json.end_object();
        }
      }
      json.end_array().end_object();
      break;
    }
  }
  json.end_object();
}

// An AnyValue message.
void write_nested(JsonWriter& json, std::string_view message, int depth) {
  Value value;
  WireState state;
  WireReader in(message, state);
  while (in.next()) {
    switch (in.tag()) {
      case wire_tag(1, kWireBytes):
        value = Value::string(in.bytes());
        break;
      case wire_tag(2, kWireVarint):
        value = Value::boolean(in.varint() != 0);
        break;
      case wire_tag(3, kWireVarint):
        value = Value::integer(static_cast<std::int64_t>(in.varint()));
        break;
      case wire_tag(4, kWireFixed64):
        value = Value::real(in.real());
        break;
      case wire_tag(5, kWireBytes):
        value = Value::of_text(ValueType::kArray, in.bytes());
        break;
      case wire_tag(6, kWireBytes):
        value = Value::of_text(ValueType::kKvlist, in.bytes());
        break;
      case wire_tag(7, kWireBytes):
        value = Value::of_text(ValueType::kBytes, in.bytes());
        break;
      default:
        in.skip();
    }
  }
  write_value(json, value, depth);
}

void write_resource(JsonWriter& json, const SpanBatch& batch, const telemetry::Resource& resource) {
  json.key("resource").begin_object();
  write_attribute_field(json, batch, resource.attributes);
  write_count(json, "droppedAttributesCount", resource.dropped_attributes_count);
  json.end_object();
}

void write_scope(JsonWriter& json, const SpanBatch& batch, const telemetry::Scope& scope) {
  json.key("scope").begin_object();
  write_text(json, "name", scope.name);
  write_text(json, "version", scope.version);
  write_attribute_field(json, batch, scope.attributes);
  write_count(json, "droppedAttributesCount", scope.dropped_attributes_count);
  json.end_object();
}

// The nesting around items; see put_groups of the protobuf writer.
template <typename Owner, typename Items>
std::string write_groups(const SpanBatch& batch, std::span<const std::uint32_t> rows,
                         std::string_view resources_name, std::string_view scopes_name,
                         std::string_view items_name, Owner owner, Items items) {
  JsonWriter json;
  json.begin_object().key(resources_name).begin_array();
  const auto same_resource = [&](std::uint32_t a, std::uint32_t b) {
    return owner(a).resource == owner(b).resource;
  };
  const auto same_scope = [&](std::uint32_t a, std::uint32_t b) {
    return owner(a).scope == owner(b).scope;
  };
  each_run(rows, {0, rows.size()}, same_resource, [&](RowRun of_resource) {
    const telemetry::Resource& resource =
        batch.resources()[owner(rows[of_resource.begin]).resource];
    json.begin_object();
    write_resource(json, batch, resource);
    json.key(scopes_name).begin_array();
    each_run(rows, of_resource, same_scope, [&](RowRun of_scope) {
      const telemetry::Scope& scope = batch.scopes()[owner(rows[of_scope.begin]).scope];
      json.begin_object();
      write_scope(json, batch, scope);
      json.key(items_name).begin_array();
      items(json, of_scope);
      json.end_array();
      write_text(json, "schemaUrl", scope.schema_url);
      json.end_object();
    });
    json.end_array();
    write_text(json, "schemaUrl", resource.schema_url);
    json.end_object();
  });
  json.end_array().end_object();
  return json.take();
}

void write_events(JsonWriter& json, const SpanBatch& batch, telemetry::Range events) {
  if (events.empty()) return;
  json.key("events").begin_array();
  for (const telemetry::Event& event : batch.events(events)) {
    json.begin_object();
    write_nanos(json, "timeUnixNano", event.time);
    write_text(json, "name", event.name);
    write_attribute_field(json, batch, event.attributes);
    write_count(json, "droppedAttributesCount", event.dropped_attributes_count);
    json.end_object();
  }
  json.end_array();
}

void write_links(JsonWriter& json, const SpanBatch& batch, telemetry::Range links) {
  if (links.empty()) return;
  json.key("links").begin_array();
  for (const telemetry::Link& link : batch.links(links)) {
    json.begin_object();
    write_id(json, "traceId", link.trace_id);
    write_id(json, "spanId", link.span_id);
    write_text(json, "traceState", link.trace_state);
    write_attribute_field(json, batch, link.attributes);
    write_count(json, "droppedAttributesCount", link.dropped_attributes_count);
    write_count(json, "flags", link.flags);
    json.end_object();
  }
  json.end_array();
}

void write_record(JsonWriter& json, const SpanBatch& context, const LogRecord& record) {
  json.begin_object();
  write_nanos(json, "timeUnixNano", record.time);
  write_nanos(json, "observedTimeUnixNano", record.observed_time);
  write_count(json, "severityNumber", record.severity_number);
  write_text(json, "severityText", record.severity_text);
  write_text(json, "eventName", record.event_name);
  if (record.body.type() != ValueType::kEmpty) {
    json.key("body");
    write_any_value(json, record.body);
  }
  write_attribute_field(json, context, record.attributes);
  write_count(json, "droppedAttributesCount", record.dropped_attributes_count);
  write_count(json, "flags", record.flags);
  write_id(json, "traceId", record.trace_id);
  write_id(json, "spanId", record.span_id);
  json.end_object();
}

void write_optional(JsonWriter& json, std::string_view name, bool has, double number) {
  if (!has) return;
  json.key(name);
  write_double(json, number);
}

void write_buckets(JsonWriter& json, const MetricBatch& batch, telemetry::Range buckets) {
  if (buckets.empty()) return;
  json.key("bucketCounts").begin_array();
  for (std::uint32_t i = buckets.begin; i < buckets.end; ++i) {
    json.value(std::to_string(batch.buckets[i]));
  }
  json.end_array();
}

void write_exponential_buckets(JsonWriter& json, std::string_view name, const MetricBatch& batch,
                               std::int32_t offset, telemetry::Range buckets) {
  if (offset == 0 && buckets.empty()) return;
  json.key(name).begin_object();
  if (offset != 0) json.field("offset", offset);
  write_buckets(json, batch, buckets);
  json.end_object();
}

void write_number(JsonWriter& json, const MetricPoint& point) {
  if (point.is_int) {
    json.key("asInt").value_as_string(point.int_value);
  } else if ((point.flags & kNoRecordedValue) == 0 || !std::isnan(point.value)) {
    json.key("asDouble");
    write_double(json, point.value);
  }
}

void write_distribution(JsonWriter& json, const MetricBatch& batch, MetricKind kind,
                        const MetricPoint& point) {
  write_uint64(json, "count", point.count);
  write_optional(json, "sum", point.has_sum, point.sum);
  write_optional(json, "min", point.has_min, point.min);
  write_optional(json, "max", point.has_max, point.max);
  if (kind == MetricKind::kHistogram) {
    write_buckets(json, batch, point.buckets);
    if (point.bounds.empty()) return;
    json.key("explicitBounds").begin_array();
    for (std::uint32_t i = point.bounds.begin; i < point.bounds.end; ++i) {
      write_double(json, batch.bounds[i]);
    }
    json.end_array();
  } else if (kind == MetricKind::kExponentialHistogram) {
    if (point.scale != 0) json.field("scale", point.scale);
    write_uint64(json, "zeroCount", point.zero_count);
    write_exponential_buckets(json, "positive", batch, point.positive_offset, point.buckets);
    write_exponential_buckets(json, "negative", batch, point.negative_offset,
                              point.negative_buckets);
    write_optional(json, "zeroThreshold", point.zero_threshold != 0, point.zero_threshold);
  } else if (!point.bounds.empty()) {
    json.key("quantileValues").begin_array();
    for (std::uint32_t i = point.bounds.begin; i + 1 < point.bounds.end; i += 2) {
      json.begin_object().key("quantile");
      write_double(json, batch.bounds[i]);
      json.key("value");
      write_double(json, batch.bounds[i + 1]);
      json.end_object();
    }
    json.end_array();
  }
}

void write_point(JsonWriter& json, const MetricBatch& batch, MetricKind kind,
                 const MetricPoint& point) {
  json.begin_object();
  write_attribute_field(json, batch.context, point.attributes);
  write_nanos(json, "startTimeUnixNano", point.start);
  write_nanos(json, "timeUnixNano", point.time);
  if (kind == MetricKind::kGauge || kind == MetricKind::kSum) {
    write_number(json, point);
  } else {
    write_distribution(json, batch, kind, point);
  }
  write_count(json, "flags", point.flags);
  json.end_object();
}

void write_metric(JsonWriter& json, const MetricBatch& batch, std::span<const std::uint32_t> rows) {
  static constexpr std::string_view kDataNames[] = {"gauge", "sum", "histogram",
                                                    "exponentialHistogram", "summary"};
  const telemetry::Metric& metric = batch.metrics[batch.points[rows[0]].metric];
  json.begin_object();
  write_text(json, "name", metric.name);
  write_text(json, "description", metric.description);
  write_text(json, "unit", metric.unit);
  json.key(kDataNames[static_cast<std::size_t>(metric.kind)]).begin_object();
  json.key("dataPoints").begin_array();
  for (const std::uint32_t row : rows) write_point(json, batch, metric.kind, batch.points[row]);
  json.end_array();
  write_count(json, "aggregationTemporality", static_cast<std::uint32_t>(metric.temporality));
  if (metric.monotonic) json.field("isMonotonic", true);
  json.end_object().end_object();
}

}  // namespace

void write_any_value(JsonWriter& json, const Value& value) {
  write_value(json, value, 0);
}

void write_attributes(JsonWriter& json, const SpanBatch& batch, telemetry::Range attributes) {
  json.begin_array();
  for (const telemetry::Attribute& attribute : batch.attributes(attributes)) {
    json.begin_object().field("key", batch.key(attribute)).key("value");
    write_any_value(json, attribute.value);
    json.end_object();
  }
  json.end_array();
}

void write_span(JsonWriter& json, const SpanBatch& batch, const Span& span) {
  json.begin_object();
  write_id(json, "traceId", span.trace_id);
  write_id(json, "spanId", span.span_id);
  write_text(json, "traceState", span.trace_state);
  write_id(json, "parentSpanId", span.parent_span_id);
  write_count(json, "flags", span.flags);
  write_text(json, "name", span.name);
  write_count(json, "kind", static_cast<std::uint32_t>(span.kind));
  write_nanos(json, "startTimeUnixNano", span.start);
  write_nanos(json, "endTimeUnixNano", span.end);
  write_attribute_field(json, batch, span.attributes);
  write_count(json, "droppedAttributesCount", span.dropped_attributes_count);
  write_events(json, batch, span.events);
  write_count(json, "droppedEventsCount", span.dropped_events_count);
  write_links(json, batch, span.links);
  write_count(json, "droppedLinksCount", span.dropped_links_count);
  json.key("status").begin_object();
  write_text(json, "message", span.status_message);
  write_count(json, "code", static_cast<std::uint32_t>(span.status));
  json.end_object().end_object();
}

std::string encode_traces_json(const SpanBatch& batch, std::span<const std::uint32_t> rows) {
  return write_groups(
      batch, rows, "resourceSpans", "scopeSpans", "spans",
      [&](std::uint32_t row) -> const Span& { return batch.spans()[row]; },
      [&](JsonWriter& json, RowRun run) {
        for (std::size_t i = run.begin; i < run.end; ++i) {
          write_span(json, batch, batch.spans()[rows[i]]);
        }
      });
}

std::string encode_traces_json(const SpanBatch& batch) {
  return encode_traces_json(batch, all_rows(batch.size()));
}

std::string encode_logs_json(const LogBatch& batch, std::span<const std::uint32_t> rows) {
  return write_groups(
      batch.context, rows, "resourceLogs", "scopeLogs", "logRecords",
      [&](std::uint32_t row) -> const LogRecord& { return batch.records[row]; },
      [&](JsonWriter& json, RowRun run) {
        for (std::size_t i = run.begin; i < run.end; ++i) {
          write_record(json, batch.context, batch.records[rows[i]]);
        }
      });
}

std::string encode_logs_json(const LogBatch& batch) {
  return encode_logs_json(batch, all_rows(batch.records.size()));
}

std::string encode_metrics_json(const MetricBatch& batch, std::span<const std::uint32_t> rows) {
  return write_groups(
      batch.context, rows, "resourceMetrics", "scopeMetrics", "metrics",
      [&](std::uint32_t row) -> const telemetry::Metric& {
        return batch.metrics[batch.points[row].metric];
      },
      [&](JsonWriter& json, RowRun of_scope) {
        each_run(
            rows, of_scope,
            [&](std::uint32_t a, std::uint32_t b) {
              return batch.points[a].metric == batch.points[b].metric;
            },
            [&](RowRun run) {
              write_metric(json, batch, rows.subspan(run.begin, run.end - run.begin));
            });
      });
}

std::string encode_metrics_json(const MetricBatch& batch) {
  return encode_metrics_json(batch, all_rows(batch.points.size()));
}

}  // namespace honeyguide::otlp
