#include "telemetry/log_batch.h"

#include <vector>

namespace honeyguide::telemetry {

void append_copy(LogBatch& out, const LogBatch& other, std::span<const std::uint32_t> rows) {
  constexpr std::uint32_t kUnmapped = 0xffffffff;
  std::vector<std::uint32_t> resources(other.context.resources().size(), kUnmapped);
  std::vector<std::uint32_t> scopes(other.context.scopes().size(), kUnmapped);
  for (const std::uint32_t row : rows) {
    LogRecord record = other.records[row];
    std::uint32_t& resource = resources[record.resource];
    if (resource == kUnmapped) resource = out.context.copy_resource(other.context, record.resource);
    std::uint32_t& scope = scopes[record.scope];
    if (scope == kUnmapped) scope = out.context.copy_scope(other.context, record.scope);
    record.resource = resource;
    record.scope = scope;
    record.severity_text = out.context.own(record.severity_text);
    record.event_name = out.context.own(record.event_name);
    if (record.body.has_text()) {
      record.body = Value::of_text(record.body.type(), out.context.own(record.body.text()));
    }
    record.attributes = out.context.copy_attributes(other.context, record.attributes);
    out.records.push_back(record);
  }
}

}  // namespace honeyguide::telemetry
