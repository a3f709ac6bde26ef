#include "sdk/span_record.h"

#include <cstring>
#include <type_traits>
#include <variant>

#include "base/bytes.h"
#include "base/check.h"

namespace honeyguide::sdk {
namespace {

enum ValueTag : std::uint8_t { kBool = 0, kInt = 1, kDouble = 2, kText = 3 };

void put_text(std::string& out, std::string_view text, std::size_t bytes_max) {
  text = text.substr(0, bytes_max);
  base::put_fixed(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

std::string_view take_text(base::ByteReader& reader) {
  return reader.take(reader.fixed<std::uint32_t>());
}

telemetry::Value take_value(telemetry::SpanBatch& batch, base::ByteReader& reader) {
  switch (reader.fixed<std::uint8_t>()) {
    case kBool:
      return telemetry::Value::boolean(reader.fixed<std::uint8_t>() != 0);
    case kInt:
      return telemetry::Value::integer(reader.fixed<std::int64_t>());
    case kDouble:
      return telemetry::Value::real(reader.fixed<double>());
    default:
      return telemetry::Value::string(batch.own(take_text(reader)));
  }
}

// Where attributes go while items are read: OTLP keeps those of the span in one run, so they are
// gathered first and those of events and links afterwards.
struct Gathered {
  std::vector<telemetry::Attribute> own;
  std::vector<telemetry::Event> events;
  std::vector<telemetry::Link> links;
};

void read_items(telemetry::SpanBatch& batch, base::ByteReader& reader, Gathered& to) {
  telemetry::Range* owner = nullptr;
  auto& attributes = batch.mutable_attributes();
  while (!reader.at_end() && reader.ok()) {
    const auto here = static_cast<std::uint32_t>(attributes.size());
    switch (reader.fixed<char>()) {
      case 'a': {
        const std::uint32_t key = batch.intern_key(take_text(reader));
        const telemetry::Attribute attribute{take_value(batch, reader), key};
        if (owner == nullptr) {
          to.own.push_back(attribute);
        } else {
          attributes.push_back(attribute);
          owner->end = here + 1;
        }
        break;
      }
      case 'e': {
        telemetry::Event event;
        event.time = reader.fixed<std::int64_t>();
        event.name = batch.own(take_text(reader));
        event.attributes = {here, here};
        to.events.push_back(event);
        owner = &to.events.back().attributes;
        break;
      }
      case 'l': {
        telemetry::Link link;
        link.trace_id = reader.fixed<base::TraceId>();
        link.span_id = reader.fixed<base::SpanId>();
        link.flags = reader.fixed<std::uint8_t>();
        link.attributes = {here, here};
        to.links.push_back(link);
        owner = &to.links.back().attributes;
        break;
      }
      default:  // 's'
        owner = nullptr;
    }
  }
  HG_CHECK(reader.ok());
}

template <typename T>
telemetry::Range append_all(std::vector<T>& to, const std::vector<T>& from) {
  const auto begin = static_cast<std::uint32_t>(to.size());
  to.insert(to.end(), from.begin(), from.end());
  return {begin, static_cast<std::uint32_t>(to.size())};
}

}  // namespace

void append_attribute_item(std::string& items, std::string_view key, const AttributeValue& value) {
  items.push_back('a');
  put_text(items, key, kKeyBytesMax);
  std::visit(
      [&](const auto& content) {
        using T = std::decay_t<decltype(content)>;
        if constexpr (std::is_same_v<T, bool>) {
          items.push_back(kBool);
          items.push_back(content ? 1 : 0);
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          items.push_back(kInt);
          base::put_fixed(items, content);
        } else if constexpr (std::is_same_v<T, double>) {
          items.push_back(kDouble);
          base::put_fixed(items, content);
        } else {
          items.push_back(kText);
          put_text(items, content, kTextBytesMax);
        }
      },
      value.get());
}

void append_event_item(std::string& items, base::UnixNanos time, std::string_view name) {
  items.push_back('e');
  base::put_fixed(items, time);
  put_text(items, name, kTextBytesMax);
}

void append_link_item(std::string& items, const base::TraceId& trace_id,
                      const base::SpanId& span_id, bool sampled) {
  items.push_back('l');
  base::put_fixed(items, trace_id);
  base::put_fixed(items, span_id);
  items.push_back(sampled ? 1 : 0);
}

void append_span_item(std::string& items) {
  items.push_back('s');
}

void add_records(telemetry::SpanBatch& batch, std::string_view records) {
  Gathered gathered;
  while (!records.empty()) {
    RecordHead head;
    HG_CHECK(records.size() >= sizeof(head));
    std::memcpy(&head, records.data(), sizeof(head));
    HG_CHECK(head.size_bytes >= sizeof(head) && head.size_bytes <= records.size());
    base::ByteReader reader(records.substr(sizeof(head), head.size_bytes - sizeof(head)));
    records.remove_prefix(head.size_bytes);

    telemetry::Span span;
    span.trace_id = head.trace_id;
    span.span_id = head.span_id;
    span.parent_span_id = head.parent_id;
    span.start = head.start;
    span.end = head.end;
    span.name = batch.own(reader.take(head.name_bytes));
    span.trace_state = batch.own(reader.take(head.trace_state_bytes));
    span.status_message = batch.own(reader.take(head.status_message_bytes));
    span.kind = static_cast<telemetry::SpanKind>(head.kind);
    span.status = static_cast<telemetry::StatusCode>(head.status);
    span.flags = head.flags;
    span.dropped_attributes_count = head.dropped_attributes;
    span.dropped_events_count = head.dropped_events;
    span.dropped_links_count = head.dropped_links;
    gathered.own.clear();
    gathered.events.clear();
    gathered.links.clear();
    read_items(batch, reader, gathered);
    span.attributes = append_all(batch.mutable_attributes(), gathered.own);
    span.events = append_all(batch.mutable_events(), gathered.events);
    span.links = append_all(batch.mutable_links(), gathered.links);
    batch.add_span(span);
  }
}

}  // namespace honeyguide::sdk
