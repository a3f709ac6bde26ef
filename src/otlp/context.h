// W3C Trace Context (traceparent, tracestate) and W3C Baggage: parse and format. Pure functions.
// https://www.w3.org/TR/trace-context/ (level 1 and the random flag of level 2),
// https://www.w3.org/TR/baggage/
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"

namespace honeyguide::otlp {

struct TraceParent {
  base::TraceId trace_id;
  base::SpanId span_id;
  std::uint8_t flags = 0;  // bit 0: sampled, bit 1: random trace id

  bool sampled() const { return (flags & 1) != 0; }
  bool operator==(const TraceParent&) const = default;
};

// "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01". Nothing, and the trace starts anew, if
// malformed: upper-case digits, version ff, all-zero ids, version 00 with anything after the flags.
// A higher version is read like version 00 if it starts with these 55 characters and ends there or
// goes on with '-'. Surrounding spaces and tabs are ignored.
std::optional<TraceParent> parse_traceparent(std::string_view header);
// Version 00; flags beyond the two known ones are cleared.
std::string format_traceparent(const TraceParent& parent);

// List members in order, newest first.
using TraceState = std::vector<std::pair<std::string, std::string>>;
inline constexpr std::size_t kTraceStateMembersMax = 32;

// "vendor=value,tenant@system=value". Several header lines are joined by ',' before. Empty members
// are skipped. Nothing, and the state is dropped as a whole, if a member is malformed, a key comes
// twice or there are more than 32.
std::optional<TraceState> parse_tracestate(std::string_view header);
std::string format_tracestate(const TraceState& state);
// Puts `key` first with `value`, removes its older entry, drops the last members beyond 32.
// False, and nothing changes, if key or value is malformed.
bool update_tracestate(TraceState& state, std::string_view key, std::string_view value);

struct BaggageEntry {
  std::string key;
  std::string value;     // percent-decoded; malformed UTF-8 becomes U+FFFD
  std::string metadata;  // properties as sent, "a;b=c", empty if none

  bool operator==(const BaggageEntry&) const = default;
};
inline constexpr std::size_t kBaggageEntriesMax = 180;
inline constexpr std::size_t kBaggageBytesMax = 8192;

// "k1=v1;prop,k2=v%202". Malformed members and those beyond the limits are left out, the rest is
// kept; of equal keys the last one counts.
std::vector<BaggageEntry> parse_baggage(std::string_view header);
// Entries with a key that is no token are left out, as is what would pass the limits.
std::string format_baggage(const std::vector<BaggageEntry>& entries);

}  // namespace honeyguide::otlp
