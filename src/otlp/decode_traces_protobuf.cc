#include <algorithm>
#include <vector>

#include "otlp/decode.h"
#include "otlp/protobuf_common.h"

namespace honeyguide::otlp {
namespace {

using telemetry::Event;
using telemetry::Link;
using telemetry::Span;

class TracesDecoder {
 public:
  TracesDecoder(DecodedTraces& out, const DecodeLimits& limits)
      : out_(out), filler_(out.batch, limits, "span"), common_(filler_) {}

  base::Result<void> run(std::string_view body) {
    body_bytes_ = body.size();
    make_room(out_.batch.mutable_attributes(), std::min<std::size_t>(body_bytes_ / 16, 256));
    common_.walk(
        body, [&](std::uint32_t count) { begin_scope(count); },
        [&](std::string_view message, std::uint32_t resource, std::uint32_t scope) {
          span(message, resource, scope);
        },
        [&] { return out_.batch.size(); });
    if (common_.state().failed()) return common_.malformed(body, "ExportTraceServiceRequest");
    out_.rejected_spans = filler_.rejected_count();
    out_.error_message = filler_.error_message();
    return {};
  }

 private:
  // Makes room for `count` spans at once; after the first of them for the attributes of all, which
  // will be like it. Bounded by what so many bytes can hold in earnest, for a hostile first span
  // must not reserve what is never sent.
  void begin_scope(std::uint32_t count) {
    spans_to_come_ = std::min(count, filler_.limits().items_per_request_max);
    make_room(out_.batch.mutable_spans(), spans_to_come_);
  }
  void expect_attributes(std::uint32_t of_first_span) {
    const std::size_t expected = std::size_t{spans_to_come_} * of_first_span;
    make_room(out_.batch.mutable_attributes(), std::min(expected, body_bytes_ / 8));
    spans_to_come_ = 0;
  }

  void span(std::string_view message, std::uint32_t resource, std::uint32_t scope);
  bool span_part(WireReader& in, Span& span);
  void set_ids(Span& span);
  void status(std::string_view message, Span& span);
  void add_events(Span& span);
  void event(std::string_view message);
  void add_links(Span& span);
  void link(std::string_view message);

  DecodedTraces& out_;
  Filler filler_;
  ProtobufCommon common_;
  KeyGuess span_keys_;
  KeyGuess event_keys_;
  KeyGuess link_keys_;
  std::size_t body_bytes_ = 0;
  std::uint32_t spans_to_come_ = 0;

  // Of the span at hand. Events and links are read after its attributes, so that these lie
  // together whatever the field order.
  std::string_view trace_id_;
  std::string_view span_id_;
  std::string_view parent_span_id_;
  std::vector<std::string_view> events_;
  std::vector<std::string_view> links_;
};

void TracesDecoder::span(std::string_view message, std::uint32_t resource, std::uint32_t scope) {
  filler_.begin_item();
  Span& span = out_.batch.mutable_spans().emplace_back();
  span.resource = resource;
  span.scope = scope;
  trace_id_ = span_id_ = parent_span_id_ = {};
  events_.clear();
  links_.clear();
  const std::uint32_t begin = filler_.attributes_size();
  WireReader in(message, common_.state());
  while (in.next()) {
    if (in.tag() == wire_tag(9, kWireBytes)) {
      common_.attribute(in.bytes(), span_keys_, begin);
    } else if (!span_part(in, span)) {
      in.skip();
    }
  }
  span.attributes = filler_.attributes_since(begin);
  set_ids(span);
  add_events(span);
  add_links(span);
  if (spans_to_come_ != 0) expect_attributes(span.attributes.size());
  if (!filler_.end_item()) out_.batch.mutable_spans().pop_back();
}

// Reads one field that is no attribute; false if it is unknown.
bool TracesDecoder::span_part(WireReader& in, Span& span) {
  switch (in.tag()) {
    case wire_tag(1, kWireBytes):
      trace_id_ = in.bytes();
      return true;
    case wire_tag(2, kWireBytes):
      span_id_ = in.bytes();
      return true;
    case wire_tag(3, kWireBytes):
      span.trace_state = filler_.text(in.bytes());
      return true;
    case wire_tag(4, kWireBytes):
      parent_span_id_ = in.bytes();
      return true;
    case wire_tag(5, kWireBytes):
      span.name = filler_.text(in.bytes());
      return true;
    case wire_tag(6, kWireVarint):
      span.kind = span_kind_of(in.varint());
      return true;
    case wire_tag(7, kWireFixed64):
      span.start = filler_.time(in.fixed64(), "start time");
      return true;
    case wire_tag(8, kWireFixed64):
      span.end = filler_.time(in.fixed64(), "end time");
      return true;
    case wire_tag(10, kWireVarint):
      span.dropped_attributes_count = static_cast<std::uint32_t>(in.varint());
      return true;
    case wire_tag(11, kWireBytes):
      events_.push_back(in.bytes());
      return true;
    case wire_tag(12, kWireVarint):
      span.dropped_events_count = static_cast<std::uint32_t>(in.varint());
      return true;
    case wire_tag(13, kWireBytes):
      links_.push_back(in.bytes());
      return true;
    case wire_tag(14, kWireVarint):
      span.dropped_links_count = static_cast<std::uint32_t>(in.varint());
      return true;
    case wire_tag(15, kWireBytes):
      status(in.bytes(), span);
      return true;
    case wire_tag(16, kWireFixed32):
      span.flags = in.fixed32();
      return true;
    default:
      return false;
  }
}

void TracesDecoder::set_ids(Span& span) {
  span.trace_id = filler_.id<16>(trace_id_, "trace id", IdRule::kRequired);
  span.span_id = filler_.id<8>(span_id_, "span id", IdRule::kRequired);
  span.parent_span_id = filler_.id<8>(parent_span_id_, "parent span id", IdRule::kOptional);
}

void TracesDecoder::status(std::string_view message, Span& span) {
  WireReader in(message, common_.state());
  while (in.next()) {
    if (in.tag() == wire_tag(2, kWireBytes)) {
      span.status_message = filler_.text(in.bytes());
    } else if (in.tag() == wire_tag(3, kWireVarint)) {
      span.status = status_code_of(in.varint());
    } else {
      in.skip();
    }
  }
}

void TracesDecoder::add_events(Span& span) {
  const auto begin = static_cast<std::uint32_t>(out_.batch.mutable_events().size());
  span.events = {begin, begin};
  for (const std::string_view message : events_) {
    if (filler_.room_for_event(begin)) event(message);
  }
  span.events.end = static_cast<std::uint32_t>(out_.batch.mutable_events().size());
}

void TracesDecoder::event(std::string_view message) {
  Event event;
  const std::uint32_t begin = filler_.attributes_size();
  WireReader in(message, common_.state());
  while (in.next()) {
    switch (in.tag()) {
      case wire_tag(1, kWireFixed64):
        event.time = filler_.time(in.fixed64(), "event time");
        break;
      case wire_tag(2, kWireBytes):
        event.name = filler_.text(in.bytes());
        break;
      case wire_tag(3, kWireBytes):
        common_.attribute(in.bytes(), event_keys_, begin);
        break;
      case wire_tag(4, kWireVarint):
        event.dropped_attributes_count = static_cast<std::uint32_t>(in.varint());
        break;
      default:
        in.skip();
    }
  }
  event.attributes = filler_.attributes_since(begin);
  out_.batch.mutable_events().push_back(event);
}

void TracesDecoder::add_links(Span& span) {
  const auto begin = static_cast<std::uint32_t>(out_.batch.mutable_links().size());
  span.links = {begin, begin};
  for (const std::string_view message : links_) {
    if (filler_.room_for_link(begin)) link(message);
  }
  span.links.end = static_cast<std::uint32_t>(out_.batch.mutable_links().size());
}

void TracesDecoder::link(std::string_view message) {
  Link link;
  const std::uint32_t begin = filler_.attributes_size();
  std::string_view trace_id;
  std::string_view span_id;
  WireReader in(message, common_.state());
  while (in.next()) {
    switch (in.tag()) {
      case wire_tag(1, kWireBytes):
        trace_id = in.bytes();
        break;
      case wire_tag(2, kWireBytes):
        span_id = in.bytes();
        break;
      case wire_tag(3, kWireBytes):
        link.trace_state = filler_.text(in.bytes());
        break;
      case wire_tag(4, kWireBytes):
        common_.attribute(in.bytes(), link_keys_, begin);
        break;
      case wire_tag(5, kWireVarint):
        link.dropped_attributes_count = static_cast<std::uint32_t>(in.varint());
        break;
      case wire_tag(6, kWireFixed32):
        link.flags = in.fixed32();
        break;
      default:
        in.skip();
    }
  }
  link.trace_id = filler_.id<16>(trace_id, "link trace id", IdRule::kOptional);
  link.span_id = filler_.id<8>(span_id, "link span id", IdRule::kOptional);
  link.attributes = filler_.attributes_since(begin);
  out_.batch.mutable_links().push_back(link);
}

}  // namespace

base::Result<DecodedTraces> decode_traces_protobuf(std::shared_ptr<const std::string> body,
                                                   const DecodeLimits& limits) {
  HG_RETURN_IF_ERROR(check_body_size(*body, limits));
  DecodedTraces out;
  const std::string_view bytes = out.batch.adopt(std::move(body));
  HG_RETURN_IF_ERROR(TracesDecoder(out, limits).run(bytes));
  return out;
}

}  // namespace honeyguide::otlp
