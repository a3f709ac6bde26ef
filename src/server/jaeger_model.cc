#include "server/jaeger_model.h"

#include <map>

namespace honeyguide::server {
namespace {

using base::JsonWriter;
using telemetry::Span;
using telemetry::SpanBatch;
using telemetry::Value;
using telemetry::ValueType;

constexpr std::string_view kServiceName = "service.name";
// Jaeger's name where a resource has no service.name.
constexpr std::string_view kNoServiceName = "OTLPResourceNoServiceName";

void write_tag(JsonWriter& json, std::string_view key, std::string_view value) {
  json.begin_object().field("key", key).field("type", "string").field("value", value).end_object();
}

void write_tag(JsonWriter& json, std::string_view key, const Value& value) {
  json.begin_object().field("key", key);
  switch (value.type()) {
    case ValueType::kBool:
      json.field("type", "bool").field("value", value.as_bool());
      break;
    case ValueType::kInt:
      json.field("type", "int64").field("value", value.as_int());
      break;
    case ValueType::kDouble:
      json.field("type", "float64").field("value", value.as_double());
      break;
    case ValueType::kBytes:
      json.field("type", "binary").field("value", telemetry::canonical_text(value));
      break;
    default:
      json.field("type", "string").field("value", telemetry::canonical_text(value));
      break;
  }
  json.end_object();
}

void write_attributes(JsonWriter& json, const SpanBatch& batch, telemetry::Range range,
                      std::string_view leave_out = {}) {
  for (const auto& attribute : batch.attributes(range)) {
    const std::string_view key = batch.key(attribute);
    if (key != leave_out) write_tag(json, key, attribute.value);
  }
}

void write_reference(JsonWriter& json, std::string_view type, const base::TraceId& trace_id,
                     const base::SpanId& span_id) {
  json.begin_object().field("refType", type).field("traceID", trace_id.to_hex());
  json.field("spanID", span_id.to_hex()).end_object();
}

void write_references(JsonWriter& json, const SpanBatch& batch, const Span& span) {
  json.key("references").begin_array();
  if (span.parent_span_id.valid()) {
    write_reference(json, "CHILD_OF", span.trace_id, span.parent_span_id);
  }
  for (const auto& link : batch.links(span.links)) {
    // A link to the parent again is the parent, as Jaeger reads it.
    const bool is_parent = link.span_id == span.parent_span_id && link.trace_id == span.trace_id;
    if (!is_parent) write_reference(json, "FOLLOWS_FROM", link.trace_id, link.span_id);
  }
  json.end_array();
}

void write_tags(JsonWriter& json, const SpanBatch& batch, const Span& span) {
  const auto& scope = batch.scopes()[span.scope];
  json.key("tags").begin_array();
  if (!scope.name.empty()) write_tag(json, "otel.scope.name", scope.name);
  if (!scope.version.empty()) write_tag(json, "otel.scope.version", scope.version);
  write_attributes(json, batch, scope.attributes);
  write_attributes(json, batch, span.attributes);
  if (span.kind != telemetry::SpanKind::kUnspecified) {
    write_tag(json, "span.kind", telemetry::span_kind_name(span.kind));
  }
  if (span.status == telemetry::StatusCode::kError) {
    write_tag(json, "otel.status_code", "ERROR");
    write_tag(json, "error", Value::boolean(true));
  } else if (span.status == telemetry::StatusCode::kOk) {
    write_tag(json, "otel.status_code", "OK");
  }
  if (!span.status_message.empty()) {
    write_tag(json, "otel.status_description", span.status_message);
  }
  if (!span.trace_state.empty()) write_tag(json, "w3c.tracestate", span.trace_state);
  json.end_array();
}

void write_logs(JsonWriter& json, const SpanBatch& batch, const Span& span) {
  json.key("logs").begin_array();
  for (const auto& event : batch.events(span.events)) {
    json.begin_object().field("timestamp", event.time / 1000).key("fields").begin_array();
    if (!event.name.empty()) write_tag(json, "event", event.name);
    write_attributes(json, batch, event.attributes, event.name.empty() ? "" : "event");
    json.end_array().end_object();
  }
  json.end_array();
}

void write_span(JsonWriter& json, const SpanBatch& batch, const Span& span,
                const std::string& process) {
  json.begin_object().field("traceID", span.trace_id.to_hex());
  json.field("spanID", span.span_id.to_hex()).field("operationName", span.name);
  write_references(json, batch, span);
  json.field("startTime", span.start / 1000).field("duration", span.duration_ns() / 1000);
  write_tags(json, batch, span);
  write_logs(json, batch, span);
  json.field("processID", process).key("warnings").null().end_object();
}

// Resources that say the same become one process; text of the attributes is the key.
std::string resource_text(const SpanBatch& batch, std::uint32_t resource) {
  std::string out;
  for (const auto& attribute : batch.attributes(batch.resources()[resource].attributes)) {
    out.append(batch.key(attribute)).push_back('\0');
    out += static_cast<char>('0' + static_cast<int>(attribute.value.type()));
    telemetry::append_text(out, attribute.value, true);
    out.push_back('\0');
  }
  return out;
}

}  // namespace

void write_jaeger_trace(JsonWriter& json, const SpanBatch& batch,
                        std::span<const std::uint32_t> rows) {
  std::map<std::string, std::string> process_by_text;
  std::vector<std::pair<std::string, std::uint32_t>> processes;
  std::vector<std::string> process_of_resource(batch.resources().size());
  json.begin_object();
  json.field("traceID", rows.empty() ? "" : batch.spans()[rows.front()].trace_id.to_hex());
  json.key("spans").begin_array();
  for (const std::uint32_t row : rows) {
    const Span& span = batch.spans()[row];
    std::string& process = process_of_resource[span.resource];
    if (process.empty()) {
      auto [entry, fresh] = process_by_text.try_emplace(resource_text(batch, span.resource), "");
      if (fresh) {
        entry->second = "p" + std::to_string(processes.size() + 1);
        processes.emplace_back(entry->second, span.resource);
      }
      process = entry->second;
    }
    write_span(json, batch, span, process);
  }
  json.end_array().key("processes").begin_object();
  for (const auto& [name, resource] : processes) {
    const auto range = batch.resources()[resource].attributes;
    const Value* service = batch.find(range, kServiceName);
    json.key(name).begin_object();
    json.field("serviceName", service != nullptr ? telemetry::canonical_text(*service)
                                                 : std::string(kNoServiceName));
    json.key("tags").begin_array();
    write_attributes(json, batch, range, kServiceName);
    json.end_array().end_object();
  }
  json.end_object().key("warnings").null().end_object();
}

std::string jaeger_error(int code, std::string_view message, std::string_view trace_id) {
  JsonWriter json;
  json.begin_object().key("data").null();
  json.field("total", 0).field("limit", 0).field("offset", 0);
  json.key("errors").begin_array().begin_object().field("code", code).field("msg", message);
  if (!trace_id.empty()) json.field("traceID", trace_id);
  json.end_object().end_array().end_object();
  return json.take();
}

}  // namespace honeyguide::server
