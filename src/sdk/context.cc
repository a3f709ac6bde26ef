#include "honeyguide/context.h"

#include <algorithm>

#include "base/ids.h"
#include "base/strings.h"
#include "honeyguide/result.h"
#include "otlp/context.h"
#include "sdk/random_ids.h"

namespace honeyguide {
namespace {

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (base::equals_ignore_case(key, name)) return value;
  }
  return {};
}

const std::string kNoText;
const Baggage kNoBaggage;

}  // namespace

bool SpanContext::valid() const {
  return trace_id != std::array<std::uint8_t, 16>{} && span_id != std::array<std::uint8_t, 8>{};
}

std::string SpanContext::trace_id_hex() const {
  return base::TraceId{trace_id}.to_hex();
}

std::string SpanContext::span_id_hex() const {
  return base::SpanId{span_id}.to_hex();
}

Context Context::current() {
  return sdk::current_context();
}

const std::string& Context::trace_state() const {
  return travelling_ ? travelling_->trace_state : kNoText;
}

const Baggage& Context::baggage() const {
  return travelling_ ? travelling_->baggage : kNoBaggage;
}

Context Context::from_headers(const Headers& headers) {
  Context out;
  auto travelling = std::make_shared<Travelling>();
  if (const auto parent = otlp::parse_traceparent(find_header(headers, "traceparent"))) {
    out.span_.trace_id = parent->trace_id.bytes;
    out.span_.span_id = parent->span_id.bytes;
    out.span_.sampled = parent->sampled();
    // Without a valid traceparent the state belongs to nothing.
    if (const auto state = otlp::parse_tracestate(find_header(headers, "tracestate"))) {
      travelling->trace_state = otlp::format_tracestate(*state);
    }
  }
  for (otlp::BaggageEntry& entry : otlp::parse_baggage(find_header(headers, "baggage"))) {
    travelling->baggage.emplace_back(std::move(entry.key), std::move(entry.value));
  }
  if (!travelling->trace_state.empty() || !travelling->baggage.empty()) {
    out.travelling_ = std::move(travelling);
  }
  return out;
}

Headers Context::to_headers() const {
  Headers out;
  if (span_.valid()) {
    otlp::TraceParent parent;
    parent.trace_id.bytes = span_.trace_id;
    parent.span_id.bytes = span_.span_id;
    parent.flags = span_.sampled ? 1 : 0;
    out["traceparent"] = otlp::format_traceparent(parent);
    if (!trace_state().empty()) out["tracestate"] = trace_state();
  }
  if (!baggage().empty()) {
    std::vector<otlp::BaggageEntry> entries;
    for (const auto& [key, value] : baggage()) entries.push_back({key, value, ""});
    std::string text = otlp::format_baggage(entries);
    if (!text.empty()) out["baggage"] = std::move(text);
  }
  return out;
}

Context Context::with_baggage(std::string_view key, std::string_view value) const {
  Context out = *this;
  auto travelling =
      travelling_ ? std::make_shared<Travelling>(*travelling_) : std::make_shared<Travelling>();
  std::erase_if(travelling->baggage, [&](const auto& entry) { return entry.first == key; });
  travelling->baggage.emplace_back(key, value);
  out.travelling_ = std::move(travelling);
  return out;
}

Context Context::with_span(const SpanContext& span) const {
  Context out = *this;
  out.span_ = span;
  return out;
}

ContextScope::ContextScope(const Context& context) : before_(context) {
  std::swap(before_, sdk::current_context());
}

ContextScope::~ContextScope() {
  std::swap(before_, sdk::current_context());
}

}  // namespace honeyguide
