#include "telemetry/span_batch.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::telemetry {
namespace {

constexpr std::uint32_t kUnmapped = 0xffffffff;

void put_attributes(std::string& out, const SpanBatch& batch, Range range) {
  base::put_varint(out, range.size());
  for (const Attribute& attribute : batch.attributes(range)) {
    base::put_bytes(out, batch.key(attribute));
    base::put_fixed(out, attribute.value.type());
    if (attribute.value.has_text()) {
      base::put_bytes(out, attribute.value.text());
    } else {
      append_text(out, attribute.value, false);
      out.push_back('\0');
    }
  }
}

void put_events_and_links(std::string& out, const SpanBatch& batch, const Span& span) {
  for (const Event& event : batch.events(span.events)) {
    base::put_fixed(out, event.time);
    base::put_bytes(out, event.name);
    base::put_fixed(out, event.dropped_attributes_count);
    put_attributes(out, batch, event.attributes);
  }
  for (const Link& link : batch.links(span.links)) {
    base::put_fixed(out, link.trace_id.bytes);
    base::put_fixed(out, link.span_id.bytes);
    base::put_bytes(out, link.trace_state);
    base::put_fixed(out, link.flags);
    base::put_fixed(out, link.dropped_attributes_count);
    put_attributes(out, batch, link.attributes);
  }
}

}  // namespace

std::string_view span_kind_name(SpanKind kind) {
  static constexpr std::string_view kNames[] = {"unspecified", "internal", "server",
                                                "client",      "producer", "consumer"};
  const auto index = static_cast<std::size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : kNames[0];
}

std::string_view status_code_name(StatusCode code) {
  static constexpr std::string_view kNames[] = {"unset", "ok", "error"};
  const auto index = static_cast<std::size_t>(code);
  return index < std::size(kNames) ? kNames[index] : kNames[0];
}

std::optional<std::uint32_t> SpanBatch::find_key(std::string_view key) const {
  return key_index_.find(keys_, key);
}

const Value* SpanBatch::find(Range range, std::string_view key) const {
  if (range.empty()) return nullptr;
  const auto index = find_key(key);
  if (!index) return nullptr;
  for (const Attribute& attribute : attributes(range)) {
    if (attribute.key == *index) return &attribute.value;
  }
  return nullptr;
}

std::string_view SpanBatch::service_name(const Span& span) const {
  const Value* value = find(resources_[span.resource].attributes, "service.name");
  if (value == nullptr || value->type() != ValueType::kString) return {};
  return value->text();
}

std::size_t SpanBatch::size_bytes() const {
  std::size_t bytes = arena_.size_bytes();
  for (const auto& buffer : adopted_) bytes += buffer->capacity();
  bytes += spans_.capacity() * sizeof(Span) + attributes_.capacity() * sizeof(Attribute);
  bytes += events_.capacity() * sizeof(Event) + links_.capacity() * sizeof(Link);
  bytes += resources_.capacity() * sizeof(Resource) + scopes_.capacity() * sizeof(Scope);
  return bytes + keys_.capacity() * sizeof(std::string_view) + key_index_.size_bytes();
}

std::string_view SpanBatch::adopt(std::shared_ptr<const std::string> buffer) {
  adopted_.push_back(std::move(buffer));
  return *adopted_.back();
}

std::uint32_t SpanBatch::intern_key(std::string_view key) {
  if (const auto found = key_index_.find(keys_, key)) return *found;
  keys_.push_back(own(key));
  key_index_.add(keys_);
  return static_cast<std::uint32_t>(keys_.size() - 1);
}

std::uint32_t SpanBatch::add_resource(const Resource& resource) {
  resources_.push_back(resource);
  return static_cast<std::uint32_t>(resources_.size() - 1);
}

std::uint32_t SpanBatch::add_scope(const Scope& scope) {
  scopes_.push_back(scope);
  return static_cast<std::uint32_t>(scopes_.size() - 1);
}

Range SpanBatch::copy_attributes(const SpanBatch& other, Range range) {
  const auto begin = static_cast<std::uint32_t>(attributes_.size());
  for (const Attribute& attribute : other.attributes(range)) {
    Value value = attribute.value;
    if (value.has_text()) value = Value::of_text(value.type(), own(value.text()));
    attributes_.push_back({value, intern_key(other.key(attribute))});
  }
  return {begin, static_cast<std::uint32_t>(attributes_.size())};
}

std::uint32_t SpanBatch::copy_resource(const SpanBatch& other, std::uint32_t index) {
  Resource resource = other.resources_[index];
  resource.attributes = copy_attributes(other, resource.attributes);
  resource.schema_url = own(resource.schema_url);
  return add_resource(resource);
}

std::uint32_t SpanBatch::copy_scope(const SpanBatch& other, std::uint32_t index) {
  Scope scope = other.scopes_[index];
  scope.name = own(scope.name);
  scope.version = own(scope.version);
  scope.attributes = copy_attributes(other, scope.attributes);
  scope.schema_url = own(scope.schema_url);
  return add_scope(scope);
}

void SpanBatch::append_copy(const SpanBatch& other, std::span<const std::uint32_t> rows) {
  std::vector<std::uint32_t> resources(other.resources_.size(), kUnmapped);
  std::vector<std::uint32_t> scopes(other.scopes_.size(), kUnmapped);
  for (const std::uint32_t row : rows) {
    Span span = other.spans_[row];
    if (resources[span.resource] == kUnmapped) {
      resources[span.resource] = copy_resource(other, span.resource);
    }
    if (scopes[span.scope] == kUnmapped) scopes[span.scope] = copy_scope(other, span.scope);
    span.resource = resources[span.resource];
    span.scope = scopes[span.scope];
    span.name = own(span.name);
    span.trace_state = own(span.trace_state);
    span.status_message = own(span.status_message);
    span.attributes = copy_attributes(other, span.attributes);
    const auto event_begin = static_cast<std::uint32_t>(events_.size());
    for (Event event : other.events(span.events)) {
      event.name = own(event.name);
      event.attributes = copy_attributes(other, event.attributes);
      events_.push_back(event);
    }
    span.events = {event_begin, static_cast<std::uint32_t>(events_.size())};
    const auto link_begin = static_cast<std::uint32_t>(links_.size());
    for (Link link : other.links(span.links)) {
      link.trace_state = own(link.trace_state);
      link.attributes = copy_attributes(other, link.attributes);
      links_.push_back(link);
    }
    span.links = {link_begin, static_cast<std::uint32_t>(links_.size())};
    spans_.push_back(span);
  }
}

SpanHash span_content_hash(const SpanBatch& batch, const Span& span) {
  std::string bytes;
  bytes.reserve(512);
  base::put_fixed(bytes, span.trace_id.bytes);
  base::put_fixed(bytes, span.span_id.bytes);
  base::put_fixed(bytes, span.parent_span_id.bytes);
  base::put_fixed(bytes, span.start);
  base::put_fixed(bytes, span.end);
  base::put_fixed(bytes, span.flags);
  base::put_fixed(bytes, span.kind);
  base::put_fixed(bytes, span.status);
  base::put_bytes(bytes, span.name);
  base::put_bytes(bytes, span.trace_state);
  base::put_bytes(bytes, span.status_message);
  base::put_fixed(bytes, span.dropped_attributes_count);
  base::put_fixed(bytes, span.dropped_events_count);
  base::put_fixed(bytes, span.dropped_links_count);
  put_attributes(bytes, batch, span.attributes);
  base::put_varint(bytes, span.events.size());
  base::put_varint(bytes, span.links.size());
  put_events_and_links(bytes, batch, span);
  const Scope& scope = batch.scopes()[span.scope];
  base::put_bytes(bytes, scope.name);
  base::put_bytes(bytes, scope.version);
  put_attributes(bytes, batch, scope.attributes);
  put_attributes(bytes, batch, batch.resources()[span.resource].attributes);
  const base::Hash128 hash = base::hash128(bytes);
  return {hash.low, hash.high};
}

bool is_better_version(const SpanBatch& batch_a, const Span& a, const SpanBatch& batch_b,
                       const Span& b) {
  if ((a.end != 0) != (b.end != 0)) return a.end != 0;
  if (a.end != b.end) return a.end > b.end;
  if (a.attributes.size() != b.attributes.size()) return a.attributes.size() > b.attributes.size();
  return span_content_hash(batch_a, a) > span_content_hash(batch_b, b);
}

}  // namespace honeyguide::telemetry
