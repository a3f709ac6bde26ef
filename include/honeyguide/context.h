// Context: which span is current, and the baggage that travels with it.
//
// A copy is a value: take Context::current() on one thread or before a co_await, and put it in
// force elsewhere with a ContextScope. W3C Trace Context and W3C Baggage carry it between
// processes.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace honeyguide {

struct SpanContext {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  bool sampled = false;

  // False for all-zero ids: no span.
  bool valid() const;
  std::string trace_id_hex() const;  // 32 digits
  std::string span_id_hex() const;   // 16 digits
  bool operator==(const SpanContext&) const = default;
};

using Baggage = std::vector<std::pair<std::string, std::string>>;
using Headers = std::map<std::string, std::string>;

class Context {
 public:
  // Empty: no current span, no baggage.
  Context() = default;
  explicit Context(const SpanContext& span) : span_(span) {}

  // Of this thread; empty if nothing is in force.
  static Context current();

  // Reads traceparent, tracestate and baggage, names in any case. Empty where they are missing or
  // malformed: the trace then starts anew.
  static Context from_headers(const Headers& headers);
  // The headers to send: traceparent, and tracestate and baggage if there are any. None without a
  // span.
  Headers to_headers() const;

  const SpanContext& span() const { return span_; }
  const std::string& trace_state() const;
  const Baggage& baggage() const;
  // This context with one more, or another, baggage entry.
  Context with_baggage(std::string_view key, std::string_view value) const;
  // This context with another current span.
  Context with_span(const SpanContext& span) const;

 private:
  struct Travelling {
    std::string trace_state;
    Baggage baggage;
  };

  SpanContext span_;
  std::shared_ptr<const Travelling> travelling_;  // shared by all copies, immutable
};

// Puts a context in force on this thread until it is destroyed; then the one before is in force
// again. Destroy scopes in reverse order, on the thread that made them.
class [[nodiscard]] ContextScope {
 public:
  explicit ContextScope(const Context& context);
  ~ContextScope();
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  Context before_;
};

}  // namespace honeyguide
