#include "otlp/decode.h"
#include "otlp/json_common.h"

namespace honeyguide::otlp {
namespace {

using telemetry::Event;
using telemetry::Link;
using telemetry::Span;
using MaybeElement = std::optional<JsonElement>;

constexpr std::string_view kKinds[] = {"UNSPECIFIED", "INTERNAL", "SERVER",
                                       "CLIENT",      "PRODUCER", "CONSUMER"};
constexpr std::string_view kCodes[] = {"UNSET", "OK", "ERROR"};

class TracesDecoder {
 public:
  TracesDecoder(DecodedTraces& out, const DecodeLimits& limits)
      : out_(out), filler_(out.batch, limits, "span"), json_(filler_) {}

  base::Result<void> run(const JsonObject& root) {
    HG_RETURN_IF_ERROR(json_.walk(
        root, {"resourceSpans", "scopeSpans", "spans"},
        [&](const JsonElement& element, std::uint32_t resource, std::uint32_t scope) {
          filler_.begin_item();
          Span span;
          span.resource = resource;
          span.scope = scope;
          if (const auto members = json_.object(element, "a span")) read(*members, span);
          if (filler_.end_item()) out_.batch.add_span(span);
        },
        [&] { return out_.batch.size(); }));
    out_.rejected_spans = filler_.rejected_count();
    out_.error_message = filler_.error_message();
    return {};
  }

 private:
  // The parts of a span that are read after its other members, each once.
  struct Later {
    MaybeElement trace_id, span_id, parent_span_id, attributes, events, links;
  };

  void read(const JsonObject& members, Span& span);
  void read_member(std::string_view name, const JsonElement& member, Span& span, Later& later);
  void status(const JsonElement& element, Span& span);
  void event(const JsonElement& element);
  void link(const JsonElement& element);

  DecodedTraces& out_;
  Filler filler_;
  JsonCommon json_;
  KeyGuess span_keys_;
  KeyGuess event_keys_;
  KeyGuess link_keys_;
};

void TracesDecoder::read(const JsonObject& members, Span& span) {
  Later later;
  each_member(members, [&](std::string_view name, const JsonElement& member) {
    read_member(name, member, span, later);
  });
  span.trace_id = json_.id<16>(later.trace_id, "traceId", IdRule::kRequired);
  span.span_id = json_.id<8>(later.span_id, "spanId", IdRule::kRequired);
  span.parent_span_id = json_.id<8>(later.parent_span_id, "parentSpanId", IdRule::kOptional);
  span.attributes = json_.attributes(later.attributes, span_keys_);
  const auto& events = out_.batch.mutable_events();
  span.events.begin = static_cast<std::uint32_t>(events.size());
  if (const auto list = later.events ? json_.array(*later.events, "events") : std::nullopt) {
    for (const JsonElement& element : *list) {
      if (filler_.room_for_event(span.events.begin)) event(element);
    }
  }
  span.events.end = static_cast<std::uint32_t>(events.size());
  const auto& links = out_.batch.mutable_links();
  span.links.begin = static_cast<std::uint32_t>(links.size());
  if (const auto list = later.links ? json_.array(*later.links, "links") : std::nullopt) {
    for (const JsonElement& element : *list) {
      if (filler_.room_for_link(span.links.begin)) link(element);
    }
  }
  span.links.end = static_cast<std::uint32_t>(links.size());
}

void TracesDecoder::read_member(std::string_view name, const JsonElement& member, Span& span,
                                Later& later) {
  if (name == "traceId") {
    later.trace_id = member;
  } else if (name == "spanId") {
    later.span_id = member;
  } else if (name == "parentSpanId") {
    later.parent_span_id = member;
  } else if (name == "name") {
    span.name = json_.text(member, "name");
  } else if (name == "attributes") {
    later.attributes = member;
  } else if (name == "startTimeUnixNano") {
    span.start = json_.time(member, "startTimeUnixNano");
  } else if (name == "endTimeUnixNano") {
    span.end = json_.time(member, "endTimeUnixNano");
  } else if (name == "kind") {
    span.kind = span_kind_of(json_.enumeration(member, "SPAN_KIND_", kKinds, "kind"));
  } else if (name == "status") {
    status(member, span);
  } else if (name == "events") {
    later.events = member;
  } else if (name == "links") {
    later.links = member;
  } else if (name == "traceState") {
    span.trace_state = json_.text(member, "traceState");
  } else if (name == "flags") {
    span.flags = json_.uint32(member, "flags");
  } else if (name == "droppedAttributesCount") {
    span.dropped_attributes_count = json_.uint32(member, "droppedAttributesCount");
  } else if (name == "droppedEventsCount") {
    span.dropped_events_count = json_.uint32(member, "droppedEventsCount");
  } else if (name == "droppedLinksCount") {
    span.dropped_links_count = json_.uint32(member, "droppedLinksCount");
  }
}

void TracesDecoder::status(const JsonElement& element, Span& span) {
  const auto members = json_.object(element, "status");
  if (!members) return;
  each_member(*members, [&](std::string_view name, const JsonElement& member) {
    if (name == "message") span.status_message = json_.text(member, "status message");
    if (name == "code") {
      span.status = status_code_of(json_.enumeration(member, "STATUS_CODE_", kCodes, "code"));
    }
  });
}

void TracesDecoder::event(const JsonElement& element) {
  const auto members = json_.object(element, "an event");
  if (!members) return;
  Event event;
  MaybeElement attributes;
  each_member(*members, [&](std::string_view name, const JsonElement& member) {
    if (name == "timeUnixNano") event.time = json_.time(member, "timeUnixNano");
    if (name == "name") event.name = json_.text(member, "event name");
    if (name == "attributes") attributes = member;
    if (name == "droppedAttributesCount") {
      event.dropped_attributes_count = json_.uint32(member, "droppedAttributesCount");
    }
  });
  event.attributes = json_.attributes(attributes, event_keys_);
  out_.batch.mutable_events().push_back(event);
}

void TracesDecoder::link(const JsonElement& element) {
  const auto members = json_.object(element, "a link");
  if (!members) return;
  Link link;
  MaybeElement trace_id;
  MaybeElement span_id;
  MaybeElement attributes;
  each_member(*members, [&](std::string_view name, const JsonElement& member) {
    if (name == "traceId") trace_id = member;
    if (name == "spanId") span_id = member;
    if (name == "traceState") link.trace_state = json_.text(member, "traceState");
    if (name == "attributes") attributes = member;
    if (name == "flags") link.flags = json_.uint32(member, "flags");
    if (name == "droppedAttributesCount") {
      link.dropped_attributes_count = json_.uint32(member, "droppedAttributesCount");
    }
  });
  link.trace_id = json_.id<16>(trace_id, "link traceId", IdRule::kOptional);
  link.span_id = json_.id<8>(span_id, "link spanId", IdRule::kOptional);
  link.attributes = json_.attributes(attributes, link_keys_);
  out_.batch.mutable_links().push_back(link);
}

}  // namespace

base::Result<DecodedTraces> decode_traces_json(std::shared_ptr<const std::string> body,
                                               const DecodeLimits& limits) {
  HG_RETURN_IF_ERROR(check_body_size(*body, limits));
  JsonDocument document;
  HG_RETURN_IF_ERROR(document.parse(*body, limits.json_depth_max));
  DecodedTraces out;
  HG_RETURN_IF_ERROR(TracesDecoder(out, limits).run(document.root()));
  return out;
}

}  // namespace honeyguide::otlp
