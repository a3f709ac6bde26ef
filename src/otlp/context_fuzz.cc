// Trace contexts and baggage from any header: what is kept is well-formed and reads back equal.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "otlp/context.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace honeyguide;
  const std::string_view header(reinterpret_cast<const char*>(data), size);
  if (const auto parent = otlp::parse_traceparent(header)) {
    HG_CHECK(otlp::parse_traceparent(otlp::format_traceparent(*parent)).has_value());
  }
  if (const auto state = otlp::parse_tracestate(header)) {
    HG_CHECK(otlp::parse_tracestate(otlp::format_tracestate(*state)) == state);
  }
  const auto entries = otlp::parse_baggage(header);
  HG_CHECK(entries.size() <= otlp::kBaggageEntriesMax);
  HG_CHECK(otlp::format_baggage(entries).size() <= otlp::kBaggageBytesMax);
  return 0;
}
