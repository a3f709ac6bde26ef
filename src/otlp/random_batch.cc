#include "otlp/random_batch.h"

#include <random>
#include <string>

#include "otlp/any_value.h"
#include "otlp/wire_writer.h"

namespace honeyguide::otlp {
namespace {

using telemetry::MetricKind;
using telemetry::Range;
using telemetry::SpanBatch;
using telemetry::Value;
using telemetry::ValueType;

class Maker {
 public:
  Maker(SpanBatch& batch, std::uint64_t seed) : batch_(batch), random_(seed) {}

  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  std::uint64_t any() { return random_(); }
  bool chance(int one_in) { return below(static_cast<std::uint64_t>(one_in)) == 0; }

  std::string_view text() {
    static constexpr std::string_view kTexts[] = {"",
                                                  "a",
                                                  "gen_ai.agent.name",
                                                  "planner",
                                                  "caf\xc3\xa9 \xe2\x9c\x93 \xf0\x9f\x90\x9d",
                                                  "line\nbreak\t\"quoted\" \\ \x01 \x7f",
                                                  "0123456789abcdef"};
    if (chance(40)) return batch_.own(std::string(300 + below(70000), 'x'));
    return kTexts[below(std::size(kTexts))];
  }
  double real() {
    static constexpr double kReals[] = {0.0, -0.0, 1.5, -1e300, 5e-324, 1e21, 123456789.0, -7};
    return chance(12) ? static_cast<double>(any()) : kReals[below(std::size(kReals))];
  }
  std::int64_t integer() {
    static constexpr std::int64_t kIntegers[] = {0, 1, -1, INT64_MAX, INT64_MIN, 128, 65536};
    return kIntegers[below(std::size(kIntegers))];
  }
  base::UnixNanos time() { return chance(10) ? 0 : static_cast<base::UnixNanos>(below(INT64_MAX)); }
  template <std::size_t N>
  base::HexId<N> id() {
    base::HexId<N> id;
    for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(below(255) + 1);
    return id;
  }

  Value value(int depth = 0) {
    switch (below(depth < 4 ? 8 : 6)) {
      case 0:
        return Value();
      case 1:
        return Value::boolean(chance(2));
      case 2:
        return Value::integer(integer());
      case 3:
        return Value::real(real());
      case 4:
        return Value::string(text());
      case 5:
        return Value::of_text(ValueType::kBytes, batch_.own(std::string("\0\xff\x80z", below(5))));
      case 6:
        return nested(ValueType::kArray, depth);
      default:
        return nested(ValueType::kKvlist, depth);
    }
  }

  Range attributes(std::uint64_t count_max = 6) {
    auto& all = batch_.mutable_attributes();
    Range range;
    range.begin = static_cast<std::uint32_t>(all.size());
    for (std::uint64_t i = below(count_max + 1); i > 0; --i) {
      const std::string key = "key_" + std::to_string(below(9));
      batch_.add_attribute(chance(20) ? "cl\xc3\xa9" : key, value());
    }
    range.end = static_cast<std::uint32_t>(all.size());
    return range;
  }

  void resources_and_scopes() {
    for (std::uint64_t i = 0; i <= below(3); ++i) {
      telemetry::Resource resource;
      resource.attributes = attributes();
      resource.dropped_attributes_count = static_cast<std::uint32_t>(below(3));
      resource.schema_url = text();
      batch_.add_resource(resource);
    }
    for (std::uint64_t i = 0; i <= below(3); ++i) {
      telemetry::Scope scope;
      scope.name = text();
      scope.version = text();
      scope.attributes = attributes(2);
      scope.dropped_attributes_count = static_cast<std::uint32_t>(below(3));
      scope.schema_url = text();
      batch_.add_scope(scope);
    }
  }
  std::uint32_t resource() { return static_cast<std::uint32_t>(below(batch_.resources().size())); }
  std::uint32_t scope() { return static_cast<std::uint32_t>(below(batch_.scopes().size())); }

 private:
  Value nested(ValueType type, int depth) {
    std::string message;
    for (std::uint64_t i = below(4); i > 0; --i) {
      const Value inner = value(depth + 1);
      const OpenField element(message, 1);
      if (type == ValueType::kArray) {
        append_any_value(message, inner);
      } else {
        put_wire_bytes(message, 1, chance(9) ? "" : "k" + std::to_string(below(9)));
        const OpenField field(message, 2);
        append_any_value(message, inner);
      }
    }
    return Value::of_text(type, batch_.own(message));
  }

  SpanBatch& batch_;
  std::mt19937_64 random_;
};

template <typename T>
std::uint32_t size32(const T& all) {
  return static_cast<std::uint32_t>(all.size());
}

void add_span(SpanBatch& batch, Maker& make) {
  telemetry::Span span;
  span.trace_id = make.id<16>();
  span.span_id = make.id<8>();
  if (!make.chance(3)) span.parent_span_id = make.id<8>();
  span.start = make.time();
  span.end = make.time();
  span.name = make.text();
  span.trace_state = make.chance(3) ? "a=b,c=d" : "";
  span.status_message = make.text();
  span.flags = static_cast<std::uint32_t>(make.below(3) * 0x101);
  span.kind = static_cast<telemetry::SpanKind>(make.below(6));
  span.status = static_cast<telemetry::StatusCode>(make.below(3));
  span.dropped_attributes_count = static_cast<std::uint32_t>(make.below(2));
  span.dropped_events_count = static_cast<std::uint32_t>(make.below(2) * 300);
  span.dropped_links_count = static_cast<std::uint32_t>(make.below(2));
  span.resource = make.resource();
  span.scope = make.scope();
  span.attributes = make.attributes(12);
  span.events.begin = size32(batch.mutable_events());
  for (std::uint64_t i = make.below(3); i > 0; --i) {
    telemetry::Event event;
    event.time = make.time();
    event.name = make.text();
    event.attributes = make.attributes();
    event.dropped_attributes_count = static_cast<std::uint32_t>(make.below(2));
    batch.mutable_events().push_back(event);
  }
  span.events.end = size32(batch.mutable_events());
  span.links.begin = size32(batch.mutable_links());
  for (std::uint64_t i = make.below(3); i > 0; --i) {
    telemetry::Link link;
    link.trace_id = make.id<16>();
    if (!make.chance(5)) link.span_id = make.id<8>();
    link.trace_state = make.chance(2) ? "x=y" : "";
    link.attributes = make.attributes();
    link.flags = static_cast<std::uint32_t>(make.below(2));
    link.dropped_attributes_count = static_cast<std::uint32_t>(make.below(2));
    batch.mutable_links().push_back(link);
  }
  span.links.end = size32(batch.mutable_links());
  batch.add_span(span);
}

void add_distribution(telemetry::MetricBatch& batch, Maker& make, MetricKind kind,
                      telemetry::MetricPoint& point) {
  point.count = make.below(1000);
  point.has_sum = true;
  point.sum = make.real();
  point.bounds.begin = size32(batch.bounds);
  point.buckets.begin = size32(batch.buckets);
  const std::uint64_t count = make.below(5);
  if (kind == MetricKind::kHistogram && make.chance(2)) {
    for (std::uint64_t i = 0; i < count; ++i) batch.bounds.push_back(static_cast<double>(i) * 1.5);
    for (std::uint64_t i = 0; i <= count; ++i) batch.buckets.push_back(make.any());
  } else if (kind == MetricKind::kSummary) {
    for (std::uint64_t i = 0; i < 2 * count; ++i) batch.bounds.push_back(make.real());
  }
  point.bounds.end = size32(batch.bounds);
  if (kind == MetricKind::kExponentialHistogram) {
    for (std::uint64_t i = 0; i < count; ++i) batch.buckets.push_back(make.below(300));
    point.scale = static_cast<std::int32_t>(make.below(31)) - 10;
    point.positive_offset = static_cast<std::int32_t>(make.below(9)) - 4;
    point.negative_offset = static_cast<std::int32_t>(make.below(9)) - 4;
    point.zero_count = make.below(9);
    point.zero_threshold = make.chance(2) ? 0 : 0.25;
  }
  point.buckets.end = size32(batch.buckets);
  point.negative_buckets.begin = point.buckets.end;
  if (kind == MetricKind::kExponentialHistogram && make.chance(2)) batch.buckets.push_back(5);
  point.negative_buckets.end = size32(batch.buckets);
  if (kind == MetricKind::kSummary) return;
  point.has_min = make.chance(2);
  point.min = point.has_min ? make.real() : 0;
  point.has_max = make.chance(2);
  point.max = point.has_max ? make.real() : 0;
}

}  // namespace

SpanBatch random_span_batch(std::uint64_t seed) {
  SpanBatch batch;
  Maker make(batch, seed);
  make.resources_and_scopes();
  for (std::uint64_t i = make.below(20) + 3; i > 0; --i) add_span(batch, make);
  return batch;
}

telemetry::LogBatch random_log_batch(std::uint64_t seed) {
  telemetry::LogBatch batch;
  Maker make(batch.context, seed);
  make.resources_and_scopes();
  for (std::uint64_t i = make.below(20); i > 0; --i) {
    telemetry::LogRecord record;
    record.time = make.time();
    record.observed_time = make.time();
    if (make.chance(2)) record.trace_id = make.id<16>();
    if (make.chance(2)) record.span_id = make.id<8>();
    record.severity_text = make.text();
    record.event_name = make.text();
    record.body = make.value();
    record.attributes = make.attributes();
    record.resource = make.resource();
    record.scope = make.scope();
    record.flags = static_cast<std::uint32_t>(make.below(2));
    record.dropped_attributes_count = static_cast<std::uint32_t>(make.below(2));
    record.severity_number = static_cast<std::uint8_t>(make.below(25));
    batch.records.push_back(record);
  }
  return batch;
}

telemetry::MetricBatch random_metric_batch(std::uint64_t seed) {
  telemetry::MetricBatch batch;
  Maker make(batch.context, seed);
  make.resources_and_scopes();
  for (std::uint64_t i = make.below(12); i > 0; --i) {
    telemetry::Metric metric;
    metric.name = make.chance(2) ? "gen_ai.client.token.usage" : "queue.depth";
    metric.description = make.text();
    metric.unit = make.text();
    metric.kind = static_cast<MetricKind>(make.below(5));
    const bool temporal = metric.kind != MetricKind::kGauge && metric.kind != MetricKind::kSummary;
    if (temporal) metric.temporality = static_cast<telemetry::Temporality>(make.below(3));
    metric.monotonic = metric.kind == MetricKind::kSum && make.chance(2);
    metric.resource = make.resource();
    metric.scope = make.scope();
    batch.metrics.push_back(metric);
    for (std::uint64_t p = make.below(4) + 1; p > 0; --p) {
      telemetry::MetricPoint point;
      point.metric = static_cast<std::uint32_t>(batch.metrics.size() - 1);
      point.start = make.time();
      point.time = make.time();
      point.attributes = make.attributes();
      if (metric.kind == MetricKind::kGauge || metric.kind == MetricKind::kSum) {
        point.flags = make.chance(5) ? 1 : 0;
        point.is_int = point.flags == 0 && make.chance(2);
        if (point.is_int) point.int_value = make.integer();
        point.value = point.is_int ? static_cast<double>(point.int_value) : make.real();
      } else {
        add_distribution(batch, make, metric.kind, point);
      }
      batch.points.push_back(point);
    }
  }
  return batch;
}

}  // namespace honeyguide::otlp
