// Jaeger's v1 JSON model, from spans: what Grafana's data source and older Jaeger UIs read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "telemetry/span_batch.h"

namespace honeyguide::server {

// Writes one trace: {"traceID","spans","processes","warnings"}. `rows` index batch.spans(), all of
// one trace. Times become microseconds (floor); a process is a distinct resource; scope, kind,
// status and trace state become tags as Jaeger's own translator does.
void write_jaeger_trace(base::JsonWriter& json, const telemetry::SpanBatch& batch,
                        std::span<const std::uint32_t> rows);

// The envelope {"data":[…],"total":0,"limit":0,"offset":0,"errors":null} around what `write_data`
// appends within the array.
template <typename WriteData>
std::string jaeger_envelope(std::uint64_t total, WriteData write_data) {
  base::JsonWriter json;
  json.begin_object().key("data").begin_array();
  write_data(json);
  json.end_array();
  json.field("total", total).field("limit", 0).field("offset", 0).key("errors").null();
  json.end_object();
  return json.take();
}

// The envelope of an error: {"data":null,…,"errors":[{"code","msg","traceID"?}]}.
std::string jaeger_error(int code, std::string_view message, std::string_view trace_id = {});

}  // namespace honeyguide::server
