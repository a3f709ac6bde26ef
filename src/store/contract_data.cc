#include "store/contract_data.h"

#include <cstring>

#include "base/bytes.h"
#include "base/check.h"

namespace honeyguide::store {

using telemetry::Range;
using telemetry::SpanBatch;
using telemetry::Value;
using telemetry::ValueType;

base::TraceId ContractData::trace_id(std::uint64_t number) {
  base::TraceId out;
  const std::uint64_t spread = (number + 1) * 0x9e3779b97f4a7c15u;
  std::memcpy(out.bytes.data(), &spread, 8);
  std::memcpy(out.bytes.data() + 8, &number, 8);
  return out;
}

base::SpanId ContractData::span_id(std::uint64_t number) {
  base::SpanId out;
  const std::uint64_t spread = (number + 1) * 0xff51afd7ed558ccdu;
  std::memcpy(out.bytes.data(), &spread, 8);
  return out;
}

std::string ContractData::word(const char* stem, std::uint64_t kinds) {
  return stem + std::to_string(below(kinds));
}

Value ContractData::value(SpanBatch& batch, std::uint64_t key, bool large) {
  switch (key % 8) {
    case 0:
    case 1: {
      std::string text = word("value-", key == 0 ? 5 : 100);
      if (large && below(20) == 0) text.append(4096 + below(3) * 5000, 'x');
      if (below(40) == 0) text.clear();
      return Value::string(batch.own(text));
    }
    case 2:
      return Value::integer(static_cast<std::int64_t>(below(50)) - 10);
    case 3:
      return below(2) == 0 ? Value::real(static_cast<double>(below(8)) / 4)
                           : Value::integer(static_cast<std::int64_t>(below(3)));
    case 4:
      return Value::boolean(below(2) == 0);
    case 5:
      return Value::of_text(ValueType::kBytes, batch.own(word("\x01\xff", 9)));
    case 6: {
      // An ArrayValue of one string.
      std::string any;
      base::put_varint(any, 1 << 3 | 2);
      base::put_bytes(any, word("item-", 4));
      std::string array;
      base::put_varint(array, 1 << 3 | 2);
      base::put_bytes(array, any);
      return Value::of_text(ValueType::kArray, batch.own(array));
    }
    default:
      return Value();
  }
}

Range ContractData::attributes(SpanBatch& batch, std::uint32_t count, bool large) {
  Range out{static_cast<std::uint32_t>(batch.mutable_attributes().size()), 0};
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t key = below(12);
    batch.add_attribute("key." + std::to_string(key), value(batch, key, large));
  }
  out.end = static_cast<std::uint32_t>(batch.mutable_attributes().size());
  return out;
}

telemetry::SpanBatchPtr ContractData::spans(std::uint32_t rows, std::uint64_t traces,
                                            base::UnixNanos time) {
  auto batch = std::make_shared<SpanBatch>();
  for (std::uint64_t i = 0; i < 2; ++i) {
    telemetry::Resource resource;
    resource.attributes = attributes(*batch, 2, false);
    if (below(5) != 0) {
      batch->add_attribute("service.name", Value::string(batch->own(word("service-", 4))));
      ++resource.attributes.end;
    }
    batch->add_resource(resource);
    telemetry::Scope scope;
    scope.name = batch->own(word("scope-", 3));
    scope.version = below(2) == 0 ? "1.0" : "";
    scope.attributes = attributes(*batch, static_cast<std::uint32_t>(below(2)), false);
    batch->add_scope(scope);
  }
  for (std::uint32_t i = 0; i < rows; ++i) {
    telemetry::Span span;
    span.trace_id = trace_id(below(traces));
    span.span_id = span_id(below(traces * 20));
    if (below(4) != 0) span.parent_span_id = span_id(below(traces * 20));
    span.start = time + static_cast<base::UnixNanos>(below(10'000)) * base::kNanosPerMilli;
    span.end = span.start +
               static_cast<base::UnixNanos>(below(4) == 0 ? below(5'000'000'000) : below(1000));
    if (below(20) == 0) span.end = 0;
    if (below(30) == 0) span.end = span.start - 5;
    span.name = batch->own(word("operation-", 6));
    span.kind = static_cast<telemetry::SpanKind>(below(6));
    span.status = below(12) == 0 ? telemetry::StatusCode::kError : telemetry::StatusCode::kUnset;
    if (span.status == telemetry::StatusCode::kError) span.status_message = "it failed";
    if (below(9) == 0) span.trace_state = "vendor=1";
    span.flags = static_cast<std::uint32_t>(below(2));
    span.dropped_events_count = static_cast<std::uint32_t>(below(10) == 0);
    span.resource = static_cast<std::uint32_t>(below(2));
    span.scope = static_cast<std::uint32_t>(below(2));
    span.attributes = attributes(*batch, static_cast<std::uint32_t>(below(5)), true);
    std::vector<telemetry::Event> events(below(6) == 0 ? below(3) : 0);
    for (auto& event : events) {
      event.time = span.start + static_cast<base::UnixNanos>(below(1000)) - 10;
      event.name = batch->own(word("event-", 3));
      event.attributes = attributes(*batch, static_cast<std::uint32_t>(below(3)), false);
    }
    span.events.begin = static_cast<std::uint32_t>(batch->mutable_events().size());
    for (const auto& event : events) batch->mutable_events().push_back(event);
    span.events.end = static_cast<std::uint32_t>(batch->mutable_events().size());
    span.links.begin = static_cast<std::uint32_t>(batch->mutable_links().size());
    span.links.end = span.links.begin;
    if (below(15) == 0) {
      telemetry::Link link;
      link.trace_id = trace_id(below(traces));
      link.span_id = span_id(below(9));
      link.attributes = attributes(*batch, 1, false);
      batch->mutable_links().push_back(link);
      ++span.links.end;
    }
    batch->add_span(span);
  }
  return batch;
}

telemetry::LogBatchPtr ContractData::logs(std::uint32_t rows, std::uint64_t traces,
                                          base::UnixNanos time) {
  auto batch = std::make_shared<telemetry::LogBatch>();
  telemetry::Resource resource;
  resource.attributes = attributes(batch->context, 2, false);
  batch->context.add_resource(resource);
  batch->context.add_scope({});
  for (std::uint32_t i = 0; i < rows; ++i) {
    telemetry::LogRecord record;
    record.time =
        below(5) == 0 ? 0 : time + static_cast<base::UnixNanos>(random_() % 9'000'000'000);
    record.observed_time = time + static_cast<base::UnixNanos>(random_() % 9'000'000'000);
    if (below(3) != 0) record.trace_id = trace_id(below(traces));
    if (below(3) != 0) record.span_id = span_id(below(99));
    record.severity_number = static_cast<std::uint8_t>(below(25));
    record.severity_text = below(2) == 0 ? "INFO" : "";
    record.body = value(batch->context, below(8), false);
    record.attributes = attributes(batch->context, static_cast<std::uint32_t>(below(3)), true);
    batch->records.push_back(record);
  }
  return batch;
}

Comparison ContractData::comparison() {
  Comparison c;
  const std::uint64_t kind = below(20);
  if (kind < 10) {
    const std::uint64_t key = below(13);
    c.key = "key." + std::to_string(key);
    if (below(3) == 0) c.scopes = static_cast<std::uint8_t>(1 + below(31));
    c.op = static_cast<Op>(below(10));
    c.as_text = below(3) == 0;
    const std::uint64_t operand = below(4);
    if (operand == 0) c.operand = static_cast<std::int64_t>(below(5));
    if (operand == 1) c.operand = static_cast<double>(below(8)) / 4;
    if (operand == 2) c.operand = below(2) == 0;
    if (operand == 3) c.operand = word("value-", 5);
    if (c.op == Op::kMatches || c.op == Op::kNotMatches) c.operand = std::string("^value-[0-2]");
    if (c.op == Op::kContains) c.operand = std::string("-1");
    return c;
  }
  static constexpr Field kTextFields[] = {
      Field::kName,        Field::kServiceName,  Field::kKind,        Field::kStatus,
      Field::kScopeName,   Field::kEventName,    Field::kAnyText,     Field::kStatusMessage,
      Field::kLinkTraceId, Field::kScopeVersion, Field::kParentSpanId};
  static constexpr const char* kTexts[] = {
      "operation-1", "service-2", "server", "error", "scope-1", "event-0",
      "value-3",     "it failed", "",       "1.0",   ""};
  if (kind < 17) {
    const std::uint64_t which = below(std::size(kTextFields));
    c.field = kTextFields[which];
    c.op = below(4) == 0 ? Op::kNotEqual : Op::kEqual;
    c.operand = std::string(kTexts[which]);
    return c;
  }
  c.field = below(3) == 0 ? Field::kEventSinceStartNs : Field::kDurationNs;
  c.op = static_cast<Op>(1 + below(6));
  c.operand = static_cast<std::int64_t>(below(1500));
  return c;
}

Predicate ContractData::predicate(int depth) {
  Predicate out;
  const std::uint64_t kind = depth <= 0 ? 0 : below(6);
  if (kind < 3) {
    out = below(25) == 0 ? Predicate::always() : Predicate::compare(comparison());
  } else if (kind == 5) {
    out = Predicate::negate(predicate(depth - 1));
  } else {
    std::vector<Predicate> children;
    for (std::uint64_t i = 0; i < 2 + below(2); ++i) children.push_back(predicate(depth - 1));
    out =
        kind == 3 ? Predicate::all_of(std::move(children)) : Predicate::any_of(std::move(children));
  }
  HG_CHECK(compile(out).has_value());
  return out;
}

}  // namespace honeyguide::store
