// SpanRecord: a span as bytes, from the recording thread to the batch. Layout, host-endian and only
// within this process: RecordHead | name | trace state | status message | items. An item is
// a tag byte ('a' attribute, 'e' event, 'l' link) and what follows it; attributes after an event or
// a link belong to it until the next item of another kind, and 's' returns to the span.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "honeyguide/attributes.h"
#include "telemetry/span_batch.h"

namespace honeyguide::sdk {

struct RecordHead {
  base::TraceId trace_id;
  base::SpanId span_id;
  base::SpanId parent_id;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;
  std::uint32_t size_bytes = 0;  // of the whole record
  std::uint32_t name_bytes = 0;
  std::uint32_t trace_state_bytes = 0;
  std::uint32_t status_message_bytes = 0;
  std::uint32_t dropped_attributes = 0;
  std::uint32_t dropped_events = 0;
  std::uint32_t dropped_links = 0;
  std::uint8_t kind = 1;
  std::uint8_t status = 0;
  std::uint8_t flags = 0;
};

// Bytes kept of one text value, key or name; the rest is cut off.
inline constexpr std::size_t kTextBytesMax = 1u << 20;
inline constexpr std::size_t kKeyBytesMax = 256;

void append_attribute_item(std::string& items, std::string_view key, const AttributeValue& value);
void append_event_item(std::string& items, base::UnixNanos time, std::string_view name);
void append_link_item(std::string& items, const base::TraceId& trace_id,
                      const base::SpanId& span_id, bool sampled);
// Attributes that follow are the span's own again.
void append_span_item(std::string& items);

// Adds the spans of `records`, which hold whole records one after the other, to the batch, under
// resource 0 and scope 0.
void add_records(telemetry::SpanBatch& batch, std::string_view records);

}  // namespace honeyguide::sdk
