#include "otlp/jaeger_thrift.h"

#include <bit>
#include <map>

#include "base/check.h"

namespace honeyguide::otlp {
namespace {

using telemetry::Attribute;
using telemetry::Range;
using telemetry::Span;
using telemetry::SpanBatch;
using telemetry::Value;
using telemetry::ValueType;

// Thrift's binary protocol: type ids, big-endian numbers, i32 sizes.
enum ThriftType : std::uint8_t {
  kStop = 0,
  kBool = 2,
  kDouble = 4,
  kI32 = 8,
  kI64 = 10,
  kString = 11,
  kStruct = 12,
  kList = 15,
};
// jaeger.thrift: TagType and SpanRefType.
enum TagType : std::int32_t {
  kTagString = 0,
  kTagDouble = 1,
  kTagBool = 2,
  kTagLong = 3,
  kTagBinary = 4
};
enum RefType : std::int32_t { kChildOf = 0, kFollowsFrom = 1 };

class ThriftWriter {
 public:
  void field(ThriftType type, std::int16_t id) {
    out_.push_back(static_cast<char>(type));
    big_endian(static_cast<std::uint16_t>(id));
  }
  void stop() { out_.push_back(static_cast<char>(kStop)); }
  void i32(std::int16_t id, std::int32_t value) {
    field(kI32, id);
    big_endian(static_cast<std::uint32_t>(value));
  }
  void i64(std::int16_t id, std::int64_t value) {
    field(kI64, id);
    big_endian(static_cast<std::uint64_t>(value));
  }
  void real(std::int16_t id, double value) {
    field(kDouble, id);
    big_endian(std::bit_cast<std::uint64_t>(value));
  }
  void boolean(std::int16_t id, bool value) {
    field(kBool, id);
    out_.push_back(value ? 1 : 0);
  }
  void string(std::int16_t id, std::string_view value) {
    field(kString, id);
    big_endian(static_cast<std::uint32_t>(value.size()));
    out_.append(value);
  }
  // A list of structs whose length is known when it is closed.
  std::size_t begin_list(std::int16_t id) {
    field(kList, id);
    out_.push_back(static_cast<char>(kStruct));
    const std::size_t at = out_.size();
    big_endian(std::uint32_t{0});
    return at;
  }
  void end_list(std::size_t at, std::uint32_t count) {
    for (int i = 0; i < 4; ++i) out_[at + i] = static_cast<char>(count >> (24 - 8 * i));
  }
  std::string take() { return std::move(out_); }

 private:
  template <typename T>
  void big_endian(T value) {
    for (int shift = 8 * (sizeof(T) - 1); shift >= 0; shift -= 8) {
      out_.push_back(static_cast<char>(value >> shift));
    }
  }

  std::string out_;
};

std::int64_t id_number(const std::uint8_t* bytes) {
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | bytes[i];
  return static_cast<std::int64_t>(number);
}

constexpr std::int64_t to_micros(base::UnixNanos time) {
  return time / base::kNanosPerMicro;
}

// A list of Tag structs.
class TagList {
 public:
  TagList(ThriftWriter& out, std::int16_t id) : out_(out), at_(out.begin_list(id)) {}
  ~TagList() { out_.end_list(at_, count_); }
  TagList(const TagList&) = delete;
  TagList& operator=(const TagList&) = delete;

  void add(std::string_view key, const Value& value) {
    ++count_;
    out_.string(1, key);
    switch (value.type()) {
      case ValueType::kDouble:
        out_.i32(2, kTagDouble);
        out_.real(4, value.as_double());
        break;
      case ValueType::kBool:
        out_.i32(2, kTagBool);
        out_.boolean(5, value.as_bool());
        break;
      case ValueType::kInt:
        out_.i32(2, kTagLong);
        out_.i64(6, value.as_int());
        break;
      case ValueType::kBytes:
        out_.i32(2, kTagBinary);
        out_.string(7, value.text());
        break;
      default:  // arrays and kvlists as JSON text
        out_.i32(2, kTagString);
        out_.string(3, telemetry::canonical_text(value));
    }
    out_.stop();
  }
  void add_text(std::string_view key, std::string_view text) {
    if (!text.empty()) add(key, Value::string(text));
  }
  void add_all(const SpanBatch& batch, Range attributes) {
    for (const Attribute& attribute : batch.attributes(attributes)) {
      add(batch.key(attribute), attribute.value);
    }
  }

 private:
  ThriftWriter& out_;
  std::size_t at_;
  std::uint32_t count_ = 0;
};

void put_reference(ThriftWriter& out, RefType type, const base::TraceId& trace_id,
                   const base::SpanId& span_id) {
  out.i32(1, type);
  out.i64(2, id_number(trace_id.bytes.data() + 8));
  out.i64(3, id_number(trace_id.bytes.data()));
  out.i64(4, id_number(span_id.bytes.data()));
  out.stop();
}

void put_span_tags(ThriftWriter& out, const SpanBatch& batch, const Span& span) {
  TagList tags(out, 10);
  tags.add_all(batch, span.attributes);
  if (span.kind != telemetry::SpanKind::kUnspecified) {
    tags.add_text("span.kind", telemetry::span_kind_name(span.kind));
  }
  if (span.status == telemetry::StatusCode::kError) {
    tags.add_text("otel.status_code", "ERROR");
    tags.add("error", Value::boolean(true));
  } else if (span.status == telemetry::StatusCode::kOk) {
    tags.add_text("otel.status_code", "OK");
  }
  tags.add_text("otel.status_description", span.status_message);
  tags.add_text("w3c.tracestate", span.trace_state);
  const telemetry::Scope& scope = batch.scopes()[span.scope];
  tags.add_text("otel.scope.name", scope.name);
  tags.add_text("otel.scope.version", scope.version);
  tags.add_all(batch, scope.attributes);
}

void put_events(ThriftWriter& out, const SpanBatch& batch, const Span& span) {
  if (span.events.empty()) return;
  const std::size_t list = out.begin_list(11);
  for (const telemetry::Event& event : batch.events(span.events)) {
    out.i64(1, to_micros(event.time));
    {
      TagList fields(out, 2);
      fields.add_text("event", event.name);
      fields.add_all(batch, event.attributes);
    }
    out.stop();
  }
  out.end_list(list, span.events.size());
}

void put_span(ThriftWriter& out, const SpanBatch& batch, const Span& span) {
  out.i64(1, id_number(span.trace_id.bytes.data() + 8));
  out.i64(2, id_number(span.trace_id.bytes.data()));
  out.i64(3, id_number(span.span_id.bytes.data()));
  out.i64(4, id_number(span.parent_span_id.bytes.data()));
  out.string(5, span.name);
  if (!span.links.empty()) {
    const std::size_t list = out.begin_list(6);
    for (const telemetry::Link& link : batch.links(span.links)) {
      put_reference(out, kFollowsFrom, link.trace_id, link.span_id);
    }
    out.end_list(list, span.links.size());
  }
  out.i32(7, static_cast<std::int32_t>(span.flags & 0xff));
  out.i64(8, to_micros(span.start));
  out.i64(9, span.duration_ns() / base::kNanosPerMicro);
  put_span_tags(out, batch, span);
  put_events(out, batch, span);
  out.stop();
}

// The Process: the resource. Its service name is a field of its own.
void put_process(ThriftWriter& out, const SpanBatch& batch, const Span& span) {
  out.field(kStruct, 1);
  const std::string_view service = batch.service_name(span);
  out.string(1, service.empty() ? "unknown_service" : service);
  {
    TagList tags(out, 2);
    for (const Attribute& attribute :
         batch.attributes(batch.resources()[span.resource].attributes)) {
      if (batch.key(attribute) != "service.name") tags.add(batch.key(attribute), attribute.value);
    }
  }
  out.stop();
}

}  // namespace

std::vector<std::string> encode_jaeger_batches(const SpanBatch& batch,
                                               std::span<const std::uint32_t> rows) {
  std::map<std::uint32_t, std::vector<std::uint32_t>> by_resource;
  for (const std::uint32_t row : rows) by_resource[batch.spans()[row].resource].push_back(row);
  std::vector<std::string> out;
  for (const auto& [resource, own_rows] : by_resource) {
    ThriftWriter writer;
    put_process(writer, batch, batch.spans()[own_rows.front()]);
    const std::size_t list = writer.begin_list(2);
    for (const std::uint32_t row : own_rows) put_span(writer, batch, batch.spans()[row]);
    writer.end_list(list, static_cast<std::uint32_t>(own_rows.size()));
    writer.stop();
    out.push_back(writer.take());
  }
  return out;
}

}  // namespace honeyguide::otlp
