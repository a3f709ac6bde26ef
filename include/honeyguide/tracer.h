// Tracer and Span: recording spans without ever blocking the caller.
//
// A span is recorded in memory of its thread and handed on in batches by one background thread.
// When the queue is full, spans are dropped and counted, never waited for. Thread-safe; a Span
// itself belongs to one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "honeyguide/attributes.h"
#include "honeyguide/config.h"
#include "honeyguide/context.h"
#include "honeyguide/result.h"

namespace honeyguide {

namespace sdk {
class TracerCore;
struct ActiveSpan;
}  // namespace sdk

enum class SpanKind : std::uint8_t { kInternal = 1, kServer, kClient, kProducer, kConsumer };

// Nanoseconds since 1970, UTC.
using UnixNanos = std::int64_t;

// Ends when it is destroyed. A default-made one, one that the sampler left out, and one that has
// ended ignore every call.
class Span {
 public:
  Span() = default;
  ~Span() { end(); }
  Span(Span&& other) noexcept;
  Span& operator=(Span&& other) noexcept;

  // The last value of a key wins when it is read; at most kAttributesMax, further ones are counted
  // as dropped.
  void set_attribute(std::string_view key, const AttributeValue& value);
  void add_event(std::string_view name, Attributes attributes = {});
  void add_event_at(UnixNanos time, std::string_view name, Attributes attributes = {});
  void add_link(const SpanContext& to, Attributes attributes = {});
  void set_ok();
  void set_error(std::string_view message);
  // Now, or at a time of your own. Once.
  void end();
  void end_at(UnixNanos time);

  bool recording() const { return active_ != nullptr; }
  // Also valid when the span is not recorded, so that its trace stays whole.
  const SpanContext& context() const { return context_; }

  static constexpr int kAttributesMax = 128;
  static constexpr int kEventsMax = 128;
  static constexpr int kLinksMax = 128;

 private:
  friend class Tracer;
  SpanContext context_;
  sdk::ActiveSpan* active_ = nullptr;
};

struct SpanOptions {
  SpanKind kind = SpanKind::kInternal;
  // Nothing: Context::current(). An empty context makes a root.
  std::optional<Context> parent;
  std::optional<UnixNanos> start;  // nothing: now
  // The span's own ids, for spans that somebody else began: bridges from other SDKs. `sampled` is
  // obeyed; the sampler is not asked. Nothing, or an invalid one: new ids.
  std::optional<SpanContext> context;
};

struct TracerStats {
  std::uint64_t started = 0;
  std::uint64_t sampled_out = 0;
  std::uint64_t ended = 0;
  std::uint64_t dropped = 0;  // the queue was full
  std::uint64_t exported = 0;
  std::uint64_t export_failures = 0;  // batches that were given up; their spans are lost
  std::uint64_t queued_bytes = 0;     // waiting in memory
};

class Tracer {
 public:
  // Starts the background thread and the exporters that `config` asks for.
  static Result<std::unique_ptr<Tracer>> create(const Config& config);
  // Flushes for at most a second, then stops.
  ~Tracer();
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  Span start_span(std::string_view name, Attributes attributes = {},
                  const SpanOptions& options = {});

  // Hands everything that has ended to the exporters and waits for them. kDeadlineExceeded if they
  // take longer.
  Result<void> flush(std::chrono::milliseconds deadline = std::chrono::seconds(5));
  // Flushes and stops; spans that end later are counted as dropped. Idempotent.
  Result<void> shutdown(std::chrono::milliseconds deadline = std::chrono::seconds(5));

  TracerStats stats() const;

 private:
  explicit Tracer(std::shared_ptr<sdk::TracerCore> core);
  std::shared_ptr<sdk::TracerCore> core_;
};

}  // namespace honeyguide
