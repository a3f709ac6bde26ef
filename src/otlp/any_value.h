// AnyValue in protobuf: read, checked against the limits, and brought to its canonical encoding
// (see decode.h). Private to this module.
#pragma once

#include <string>
#include <string_view>

#include "otlp/filler.h"
#include "otlp/wire.h"
#include "otlp/wire_writer.h"
#include "telemetry/value.h"

namespace honeyguide::otlp {

// The fields of AnyValue, whose numbers are the order of telemetry::ValueType but for bytes.
inline constexpr std::uint32_t kAnyString = wire_tag(1, kWireBytes);
inline constexpr std::uint32_t kAnyBool = wire_tag(2, kWireVarint);
inline constexpr std::uint32_t kAnyInt = wire_tag(3, kWireVarint);
inline constexpr std::uint32_t kAnyDouble = wire_tag(4, kWireFixed64);
inline constexpr std::uint32_t kAnyArray = wire_tag(5, kWireBytes);
inline constexpr std::uint32_t kAnyKvlist = wire_tag(6, kWireBytes);
inline constexpr std::uint32_t kAnyBytes = wire_tag(7, kWireBytes);

// Merges the AnyValue `message` into `value` as protobuf does (the last field of the oneof counts,
// two arrays become one). Text is borrowed. Rejects the item if nested values break a limit. Sets
// `canonical` to false if a nested value is not canonical: then canonical_value() has the last
// word.
void merge_any_value(std::string_view message, telemetry::Value& value, bool& canonical,
                     Filler& filler, WireState& state);

// The same array or kvlist in canonical encoding, owned by the batch; other types as they are.
telemetry::Value canonical_value(const telemetry::Value& value, Filler& filler, WireState& state);

// Appends the canonical AnyValue message of `value` (arrays and kvlists must be canonical).
void append_any_value(std::string& out, const telemetry::Value& value);

}  // namespace honeyguide::otlp
