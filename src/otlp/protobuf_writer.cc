#include "otlp/protobuf_writer.h"

namespace honeyguide::otlp {
namespace {

using telemetry::Value;
using telemetry::ValueType;

// Bytes of the AnyValue message.
std::size_t any_value_size(const Value& value) {
  switch (value.type()) {
    case ValueType::kEmpty:
      return 0;
    case ValueType::kBool:
      return 2;
    case ValueType::kInt:
      return 1 + varint_size(static_cast<std::uint64_t>(value.as_int()));
    case ValueType::kDouble:
      return 9;
    default:
      return 1 + varint_size(value.text().size()) + value.text().size();
  }
}

}  // namespace

void put_attributes(std::string& out, std::uint32_t number, const telemetry::SpanBatch& batch,
                    telemetry::Range attributes) {
  for (const telemetry::Attribute& attribute : batch.attributes(attributes)) {
    const std::string_view key = batch.key(attribute);
    const std::size_t value_size = any_value_size(attribute.value);
    const std::size_t key_field = key.empty() ? 0 : 1 + varint_size(key.size()) + key.size();
    base::put_varint(out, wire_tag(number, kWireBytes));
    base::put_varint(out, key_field + 1 + varint_size(value_size) + value_size);
    put_wire_bytes(out, 1, key);
    base::put_varint(out, wire_tag(2, kWireBytes));
    base::put_varint(out, value_size);
    append_any_value(out, attribute.value);
  }
}

void put_resource(std::string& out, const telemetry::SpanBatch& batch,
                  const telemetry::Resource& resource) {
  if (resource.attributes.empty() && resource.dropped_attributes_count == 0) return;
  const OpenField field(out, 1);
  put_attributes(out, 1, batch, resource.attributes);
  put_wire_varint(out, 2, resource.dropped_attributes_count);
}

void put_scope(std::string& out, const telemetry::SpanBatch& batch, const telemetry::Scope& scope) {
  if (scope.name.empty() && scope.version.empty() && scope.attributes.empty() &&
      scope.dropped_attributes_count == 0) {
    return;
  }
  const OpenField field(out, 1);
  put_wire_bytes(out, 1, scope.name);
  put_wire_bytes(out, 2, scope.version);
  put_attributes(out, 3, batch, scope.attributes);
  put_wire_varint(out, 4, scope.dropped_attributes_count);
}

}  // namespace honeyguide::otlp
