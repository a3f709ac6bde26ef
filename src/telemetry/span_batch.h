// SpanBatch: a set of spans as flat vectors that share one arena; the only form in which spans
// travel. Decoders fill it, stores encode and return it, recognisers and APIs read it.
//
// All text is borrowed from the batch's own arena or from buffers it has adopted, so it lives
// exactly as long as the batch. A filled batch is handed on as std::shared_ptr<const SpanBatch>:
// many threads may read it then. Filling is single-threaded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/clock.h"
#include "base/ids.h"
#include "telemetry/key_index.h"
#include "telemetry/value.h"

namespace honeyguide::telemetry {

enum class SpanKind : std::uint8_t {
  kUnspecified = 0,
  kInternal = 1,
  kServer = 2,
  kClient = 3,
  kProducer = 4,
  kConsumer = 5,
};
// "unspecified", "internal", ...
std::string_view span_kind_name(SpanKind kind);

enum class StatusCode : std::uint8_t { kUnset = 0, kOk = 1, kError = 2 };
// "unset", "ok", "error".
std::string_view status_code_name(StatusCode code);

struct Resource {
  Range attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::string_view schema_url;
};

struct Scope {
  std::string_view name;
  std::string_view version;
  Range attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::string_view schema_url;
};

struct Event {
  base::UnixNanos time = 0;
  std::string_view name;
  Range attributes;
  std::uint32_t dropped_attributes_count = 0;
};

struct Link {
  base::TraceId trace_id;
  base::SpanId span_id;
  std::string_view trace_state;
  Range attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t flags = 0;
};

struct Span {
  base::TraceId trace_id;
  base::SpanId span_id;
  base::SpanId parent_span_id;  // all-zero: a root
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;  // 0: not ended yet, or the sender gave none
  std::string_view name;
  std::string_view trace_state;
  std::string_view status_message;
  Range attributes;
  Range events;
  Range links;
  std::uint32_t resource = 0;  // index into resources()
  std::uint32_t scope = 0;     // index into scopes()
  std::uint32_t flags = 0;
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t dropped_events_count = 0;
  std::uint32_t dropped_links_count = 0;
  SpanKind kind = SpanKind::kUnspecified;
  StatusCode status = StatusCode::kUnset;

  // end - start, never below 0.
  std::int64_t duration_ns() const { return end > start ? end - start : 0; }
};

class SpanBatch {
 public:
  SpanBatch() = default;
  SpanBatch(SpanBatch&&) noexcept = default;
  SpanBatch& operator=(SpanBatch&&) noexcept = default;

  // --- Reading ---
  std::span<const Span> spans() const { return spans_; }
  std::span<const Resource> resources() const { return resources_; }
  std::span<const Scope> scopes() const { return scopes_; }
  std::span<const Event> events(Range range) const { return slice(events_, range); }
  std::span<const Link> links(Range range) const { return slice(links_, range); }
  std::span<const Attribute> attributes(Range range) const { return slice(attributes_, range); }
  std::span<const std::string_view> keys() const { return keys_; }
  std::string_view key(const Attribute& attribute) const { return keys_[attribute.key]; }
  bool empty() const { return spans_.empty(); }
  std::size_t size() const { return spans_.size(); }

  // Index of `key` in keys(), nothing if no attribute of the batch has it.
  std::optional<std::uint32_t> find_key(std::string_view key) const;
  // The first attribute of the range with that key, nullptr if none.
  const Value* find(Range range, std::string_view key) const;
  // "service.name" of the span's resource, empty if absent or not a string.
  std::string_view service_name(const Span& span) const;

  // Bytes of memory held: vectors, arena and adopted buffers.
  std::size_t size_bytes() const;

  // --- Filling ---
  // Copies text into the batch.
  std::string_view own(std::string_view text) { return arena_.copy(text); }
  // Keeps a buffer alive as long as the batch and gives a view of it.
  std::string_view adopt(std::shared_ptr<const std::string> buffer);
  // Index of `key`, which is copied on first sight.
  std::uint32_t intern_key(std::string_view key);

  std::uint32_t add_resource(const Resource& resource);
  std::uint32_t add_scope(const Scope& scope);
  void add_span(const Span& span) { spans_.push_back(span); }
  // The vectors that ranges point into: append, then make a Range of the old and new sizes.
  std::vector<Attribute>& mutable_attributes() { return attributes_; }
  std::vector<Event>& mutable_events() { return events_; }
  std::vector<Link>& mutable_links() { return links_; }
  std::vector<Span>& mutable_spans() { return spans_; }
  std::vector<Resource>& mutable_resources() { return resources_; }
  std::vector<Scope>& mutable_scopes() { return scopes_; }
  void add_attribute(std::string_view key, const Value& value) {
    attributes_.push_back({value, intern_key(key)});
  }

  // Appends a deep copy of spans of another batch (their resources, scopes, events, links and all
  // text), each resource and scope once a call. `rows` index other.spans().
  void append_copy(const SpanBatch& other, std::span<const std::uint32_t> rows);
  // Deep copies of a run of attributes, of a resource and of a scope of another batch.
  Range copy_attributes(const SpanBatch& other, Range range);
  std::uint32_t copy_resource(const SpanBatch& other, std::uint32_t resource);
  std::uint32_t copy_scope(const SpanBatch& other, std::uint32_t scope);

 private:
  template <typename T>
  static std::span<const T> slice(const std::vector<T>& all, Range range) {
    return std::span<const T>(all).subspan(range.begin, range.size());
  }

  base::Arena arena_;
  std::vector<std::shared_ptr<const std::string>> adopted_;
  std::vector<std::string_view> keys_;
  KeyIndex key_index_;
  std::vector<Resource> resources_;
  std::vector<Scope> scopes_;
  std::vector<Span> spans_;
  std::vector<Attribute> attributes_;
  std::vector<Event> events_;
  std::vector<Link> links_;
};

using SpanBatchPtr = std::shared_ptr<const SpanBatch>;

// A 128-bit hash of everything the span says, independent of the batch it lies in (text and key
// order as sent). Equal spans sent twice have equal hashes.
struct SpanHash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  auto operator<=>(const SpanHash&) const = default;
};
SpanHash span_content_hash(const SpanBatch& batch, const Span& span);

// Total order on the versions of one span (same trace id and span id), a function of content alone:
// ended before open, then later end, more attributes, greater hash. True if `a` is to be preferred.
bool is_better_version(const SpanBatch& batch_a, const Span& a, const SpanBatch& batch_b,
                       const Span& b);

}  // namespace honeyguide::telemetry
