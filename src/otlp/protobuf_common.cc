#include "otlp/protobuf_common.h"

namespace honeyguide::otlp {
namespace {

using telemetry::Value;

// The shape that nearly every attribute has: key, then a value of one string, each shorter than 128
// bytes, and nothing else. False if it is any other; then nothing was read.
bool read_short_string(std::string_view message, std::string_view& key, std::string_view& text) {
  const char* at = message.data();
  const std::size_t size = message.size();
  if (size < 6 || at[0] != 0x0a) return false;
  const auto key_size = static_cast<std::uint8_t>(at[1]);
  if (key_size >= 0x80 || size < key_size + 6u) return false;
  const char* value = at + 2 + key_size;
  const std::size_t text_size = size - key_size - 6;
  if (text_size > 0x7d || value[0] != 0x12 ||
      static_cast<std::uint8_t>(value[1]) != text_size + 2 || value[2] != 0x0a ||
      static_cast<std::uint8_t>(value[3]) != text_size) {
    return false;
  }
  key = {at + 2, key_size};
  text = {value + 4, text_size};
  return true;
}

}  // namespace

void ProtobufCommon::attribute(std::string_view message, KeyGuess& guess,
                               std::uint32_t list_begin) {
  std::string_view key;
  std::string_view text;
  if (read_short_string(message, key, text)) [[likely]] {
    filler_.attribute(guess, list_begin, key, Filler::string_value(text));
    return;
  }
  Value value;
  bool canonical = true;
  WireReader in(message, state_);
  while (in.next()) {
    if (in.tag() == wire_tag(1, kWireBytes)) {
      key = in.bytes();
    } else if (in.tag() == wire_tag(2, kWireBytes)) {
      merge_any_value(in.bytes(), value, canonical, filler_, state_);
    } else {
      in.skip();
    }
  }
  if (!canonical) value = canonical_value(value, filler_, state_);
  filler_.attribute(guess, list_begin, key, value);
}

ProtobufCommon::Group ProtobufCommon::read_group(std::string_view message) {
  Group group;
  bool has_head = false;
  WireReader in(message, state_);
  while (in.next()) {
    if (in.tag() == kChild) {
      in.skip();
      ++group.child_count;
    } else if (in.tag() == wire_tag(1, kWireBytes)) {
      const std::string_view head = in.bytes();
      group.head = has_head ? filler_.batch().own(std::string(group.head).append(head)) : head;
      has_head = true;
    } else if (in.tag() == wire_tag(3, kWireBytes)) {
      group.schema_url = filler_.text(in.bytes());
    } else {
      in.skip();
    }
  }
  return group;
}

telemetry::Resource ProtobufCommon::read_resource(Group& group) {
  telemetry::Resource resource;
  resource.schema_url = group.schema_url;
  const std::uint32_t begin = filler_.attributes_size();
  filler_.begin_group();
  WireReader in(group.head, state_);
  while (in.next()) {
    if (in.tag() == wire_tag(1, kWireBytes)) {
      attribute(in.bytes(), resource_keys_, begin);
    } else if (in.tag() == wire_tag(2, kWireVarint)) {
      resource.dropped_attributes_count = static_cast<std::uint32_t>(in.varint());
    } else {
      in.skip();
    }
  }
  resource.attributes = filler_.attributes_since(begin);
  group.problem = filler_.take_group_problem();
  if (!group.problem.empty()) group.problem.insert(0, "its resource: ");
  return resource;
}

telemetry::Scope ProtobufCommon::read_scope(Group& group) {
  telemetry::Scope scope;
  scope.schema_url = group.schema_url;
  const std::uint32_t begin = filler_.attributes_size();
  filler_.begin_group();
  WireReader in(group.head, state_);
  while (in.next()) {
    switch (in.tag()) {
      case wire_tag(1, kWireBytes):
        scope.name = filler_.text(in.bytes());
        break;
      case wire_tag(2, kWireBytes):
        scope.version = filler_.text(in.bytes());
        break;
      case wire_tag(3, kWireBytes):
        attribute(in.bytes(), scope_keys_, begin);
        break;
      case wire_tag(4, kWireVarint):
        scope.dropped_attributes_count = static_cast<std::uint32_t>(in.varint());
        break;
      default:
        in.skip();
    }
  }
  scope.attributes = filler_.attributes_since(begin);
  group.problem = filler_.take_group_problem();
  if (!group.problem.empty()) group.problem.insert(0, "its scope: ");
  return scope;
}

ProtobufCommon::Mark ProtobufCommon::mark() const {
  telemetry::SpanBatch& batch = filler_.batch();
  return {batch.resources().size(), batch.scopes().size(), batch.mutable_attributes().size()};
}

void ProtobufCommon::roll_back(const Mark& mark) {
  telemetry::SpanBatch& batch = filler_.batch();
  batch.mutable_resources().resize(mark.resources);
  batch.mutable_scopes().resize(mark.scopes);
  batch.mutable_attributes().resize(mark.attributes);
}

base::Error ProtobufCommon::malformed(std::string_view body, std::string_view message_name) const {
  const std::ptrdiff_t offset = state_.at != nullptr ? state_.at - body.data() : 0;
  const bool inside = offset >= 0 && offset <= static_cast<std::ptrdiff_t>(body.size());
  return {
      base::ErrorCode::kInvalidArgument,
      std::string("not a protobuf ") + std::string(message_name) + ": " + state_.what +
          (inside ? " at byte " + std::to_string(offset) : std::string(" in a merged message"))};
}

}  // namespace honeyguide::otlp
