// What traces, logs and metrics share when written as protobuf. Private to this module.
#pragma once

#include <string>

#include "otlp/any_value.h"
#include "otlp/item_runs.h"
#include "otlp/wire_writer.h"
#include "telemetry/span_batch.h"

namespace honeyguide::otlp {

// KeyValue messages as field `number`.
void put_attributes(std::string& out, std::uint32_t number, const telemetry::SpanBatch& batch,
                    telemetry::Range attributes);
// The Resource as field 1; none if it says nothing.
void put_resource(std::string& out, const telemetry::SpanBatch& batch,
                  const telemetry::Resource& resource);
// The InstrumentationScope as field 1; none if it says nothing.
void put_scope(std::string& out, const telemetry::SpanBatch& batch, const telemetry::Scope& scope);

// ResourceX messages as field 1, ScopeX as field 2 within, as runs of equal indices. `owner(row)`
// gives an object with `resource` and `scope`; items(run) writes what belongs into ScopeX.
template <typename Owner, typename Items>
void put_groups(std::string& out, const telemetry::SpanBatch& batch,
                std::span<const std::uint32_t> rows, Owner owner, Items items) {
  const auto same_resource = [&](std::uint32_t a, std::uint32_t b) {
    return owner(a).resource == owner(b).resource;
  };
  const auto same_scope = [&](std::uint32_t a, std::uint32_t b) {
    return owner(a).scope == owner(b).scope;
  };
  each_run(rows, {0, rows.size()}, same_resource, [&](RowRun of_resource) {
    const OpenField resource_field(out, 1);
    const telemetry::Resource& resource =
        batch.resources()[owner(rows[of_resource.begin]).resource];
    put_resource(out, batch, resource);
    each_run(rows, of_resource, same_scope, [&](RowRun of_scope) {
      const OpenField scope_field(out, 2);
      const telemetry::Scope& scope = batch.scopes()[owner(rows[of_scope.begin]).scope];
      put_scope(out, batch, scope);
      items(of_scope);
      put_wire_bytes(out, 3, scope.schema_url);
    });
    put_wire_bytes(out, 3, resource.schema_url);
  });
}

}  // namespace honeyguide::otlp
