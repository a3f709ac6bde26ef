#include <cmath>

#include "otlp/encode.h"
#include "otlp/point_rules.h"
#include "otlp/protobuf_writer.h"

namespace honeyguide::otlp {
namespace {

using telemetry::LogBatch;
using telemetry::LogRecord;
using telemetry::MetricBatch;
using telemetry::MetricKind;
using telemetry::MetricPoint;
using telemetry::Span;
using telemetry::SpanBatch;

constexpr std::size_t kItemBytesGuess = 256;

template <std::size_t N>
void put_id(std::string& out, std::uint32_t number, const base::HexId<N>& id) {
  if (!id.valid()) return;
  append_wire_bytes(out, number, {reinterpret_cast<const char*>(id.bytes.data()), N});
}

void put_events_and_links(std::string& out, const SpanBatch& batch, const Span& span) {
  for (const telemetry::Event& event : batch.events(span.events)) {
    const OpenField field(out, 11);
    put_wire_fixed(out, 1, event.time);
    put_wire_bytes(out, 2, event.name);
    put_attributes(out, 3, batch, event.attributes);
    put_wire_varint(out, 4, event.dropped_attributes_count);
  }
  put_wire_varint(out, 12, span.dropped_events_count);
  for (const telemetry::Link& link : batch.links(span.links)) {
    const OpenField field(out, 13);
    put_id(out, 1, link.trace_id);
    put_id(out, 2, link.span_id);
    put_wire_bytes(out, 3, link.trace_state);
    put_attributes(out, 4, batch, link.attributes);
    put_wire_varint(out, 5, link.dropped_attributes_count);
    put_wire_fixed(out, 6, link.flags);
  }
  put_wire_varint(out, 14, span.dropped_links_count);
}

void put_span(std::string& out, const SpanBatch& batch, const Span& span) {
  const OpenField field(out, 2);
  put_id(out, 1, span.trace_id);
  put_id(out, 2, span.span_id);
  put_wire_bytes(out, 3, span.trace_state);
  put_id(out, 4, span.parent_span_id);
  put_wire_bytes(out, 5, span.name);
  put_wire_varint(out, 6, static_cast<std::uint64_t>(span.kind));
  put_wire_fixed(out, 7, span.start);
  put_wire_fixed(out, 8, span.end);
  put_attributes(out, 9, batch, span.attributes);
  put_wire_varint(out, 10, span.dropped_attributes_count);
  put_events_and_links(out, batch, span);
  if (!span.status_message.empty() || span.status != telemetry::StatusCode::kUnset) {
    const OpenField status(out, 15);
    put_wire_bytes(out, 2, span.status_message);
    put_wire_varint(out, 3, static_cast<std::uint64_t>(span.status));
  }
  put_wire_fixed(out, 16, span.flags);
}

void put_record(std::string& out, const SpanBatch& context, const LogRecord& record) {
  const OpenField field(out, 2);
  put_wire_fixed(out, 1, record.time);
  put_wire_varint(out, 2, record.severity_number);
  put_wire_bytes(out, 3, record.severity_text);
  if (record.body.type() != telemetry::ValueType::kEmpty) {
    const OpenField body(out, 5);
    append_any_value(out, record.body);
  }
  put_attributes(out, 6, context, record.attributes);
  put_wire_varint(out, 7, record.dropped_attributes_count);
  put_wire_fixed(out, 8, record.flags);
  put_id(out, 9, record.trace_id);
  put_id(out, 10, record.span_id);
  put_wire_fixed(out, 11, record.observed_time);
  put_wire_bytes(out, 12, record.event_name);
}

void put_optional(std::string& out, std::uint32_t number, bool has, double value) {
  if (has) append_wire_fixed(out, number, value);
}

// No recorded value: the oneof stays unset.
bool is_absent(const MetricPoint& point) {
  return (point.flags & kNoRecordedValue) != 0 && std::isnan(point.value);
}

void put_number_point(std::string& out, const MetricPoint& point) {
  if (point.is_int) {
    append_wire_fixed(out, 6, point.int_value);
  } else if (!is_absent(point)) {
    append_wire_fixed(out, 4, point.value);
  }
  put_wire_varint(out, 8, point.flags);
}

void put_histogram_point(std::string& out, const MetricBatch& batch, const MetricPoint& point) {
  put_wire_fixed(out, 4, point.count);
  put_optional(out, 5, point.has_sum, point.sum);
  if (!point.buckets.empty()) {
    const OpenField buckets(out, 6);
    for (std::uint32_t i = point.buckets.begin; i < point.buckets.end; ++i) {
      base::put_fixed(out, batch.buckets[i]);
    }
  }
  if (!point.bounds.empty()) {
    const OpenField bounds(out, 7);
    for (std::uint32_t i = point.bounds.begin; i < point.bounds.end; ++i) {
      base::put_fixed(out, batch.bounds[i]);
    }
  }
  put_wire_varint(out, 10, point.flags);
  put_optional(out, 11, point.has_min, point.min);
  put_optional(out, 12, point.has_max, point.max);
}

constexpr std::uint64_t zigzag(std::int32_t value) {
  return static_cast<std::uint32_t>(value) << 1 ^ static_cast<std::uint32_t>(value >> 31);
}

void put_exponential_buckets(std::string& out, std::uint32_t number, const MetricBatch& batch,
                             std::int32_t offset, telemetry::Range buckets) {
  if (offset == 0 && buckets.empty()) return;
  const OpenField field(out, number);
  put_wire_varint(out, 1, zigzag(offset));
  if (buckets.empty()) return;
  const OpenField counts(out, 2);
  for (std::uint32_t i = buckets.begin; i < buckets.end; ++i) {
    base::put_varint(out, batch.buckets[i]);
  }
}

void put_exponential_point(std::string& out, const MetricBatch& batch, const MetricPoint& point) {
  put_wire_fixed(out, 4, point.count);
  put_optional(out, 5, point.has_sum, point.sum);
  put_wire_varint(out, 6, zigzag(point.scale));
  put_wire_fixed(out, 7, point.zero_count);
  put_exponential_buckets(out, 8, batch, point.positive_offset, point.buckets);
  put_exponential_buckets(out, 9, batch, point.negative_offset, point.negative_buckets);
  put_wire_varint(out, 10, point.flags);
  put_optional(out, 12, point.has_min, point.min);
  put_optional(out, 13, point.has_max, point.max);
  put_wire_double(out, 14, point.zero_threshold);
}

void put_summary_point(std::string& out, const MetricBatch& batch, const MetricPoint& point) {
  put_wire_fixed(out, 4, point.count);
  put_optional(out, 5, point.has_sum, point.sum);
  for (std::uint32_t i = point.bounds.begin; i + 1 < point.bounds.end; i += 2) {
    const OpenField quantile(out, 6);
    put_wire_double(out, 1, batch.bounds[i]);
    put_wire_double(out, 2, batch.bounds[i + 1]);
  }
  put_wire_varint(out, 8, point.flags);
}

void put_point(std::string& out, const MetricBatch& batch, MetricKind kind,
               const MetricPoint& point) {
  const OpenField field(out, 1);
  put_wire_fixed(out, 2, point.start);
  put_wire_fixed(out, 3, point.time);
  put_attributes(out, attributes_field(kind), batch.context, point.attributes);
  switch (kind) {
    case MetricKind::kGauge:
    case MetricKind::kSum:
      return put_number_point(out, point);
    case MetricKind::kHistogram:
      return put_histogram_point(out, batch, point);
    case MetricKind::kExponentialHistogram:
      return put_exponential_point(out, batch, point);
    case MetricKind::kSummary:
      return put_summary_point(out, batch, point);
  }
}

void put_metric(std::string& out, const MetricBatch& batch, std::span<const std::uint32_t> rows) {
  static constexpr std::uint32_t kDataFields[] = {5, 7, 9, 10, 11};
  const telemetry::Metric& metric = batch.metrics[batch.points[rows[0]].metric];
  const OpenField field(out, 2);
  put_wire_bytes(out, 1, metric.name);
  put_wire_bytes(out, 2, metric.description);
  put_wire_bytes(out, 3, metric.unit);
  const OpenField data(out, kDataFields[static_cast<std::size_t>(metric.kind)]);
  for (const std::uint32_t row : rows) put_point(out, batch, metric.kind, batch.points[row]);
  put_wire_varint(out, 2, static_cast<std::uint64_t>(metric.temporality));
  put_wire_varint(out, 3, metric.monotonic ? 1 : 0);
}

}  // namespace

std::string encode_traces_protobuf(const SpanBatch& batch, std::span<const std::uint32_t> rows) {
  std::string out;
  out.reserve(rows.size() * kItemBytesGuess);
  put_groups(
      out, batch, rows, [&](std::uint32_t row) -> const Span& { return batch.spans()[row]; },
      [&](RowRun run) {
        for (std::size_t i = run.begin; i < run.end; ++i) {
          put_span(out, batch, batch.spans()[rows[i]]);
        }
      });
  return out;
}

std::string encode_traces_protobuf(const SpanBatch& batch) {
  return encode_traces_protobuf(batch, all_rows(batch.size()));
}

std::string encode_logs_protobuf(const LogBatch& batch, std::span<const std::uint32_t> rows) {
  std::string out;
  out.reserve(rows.size() * kItemBytesGuess);
  put_groups(
      out, batch.context, rows,
      [&](std::uint32_t row) -> const LogRecord& { return batch.records[row]; },
      [&](RowRun run) {
        for (std::size_t i = run.begin; i < run.end; ++i) {
          put_record(out, batch.context, batch.records[rows[i]]);
        }
      });
  return out;
}

std::string encode_logs_protobuf(const LogBatch& batch) {
  return encode_logs_protobuf(batch, all_rows(batch.records.size()));
}

std::string encode_metrics_protobuf(const MetricBatch& batch, std::span<const std::uint32_t> rows) {
  std::string out;
  out.reserve(rows.size() * kItemBytesGuess);
  put_groups(
      out, batch.context, rows,
      [&](std::uint32_t row) -> const telemetry::Metric& {
        return batch.metrics[batch.points[row].metric];
      },
      [&](RowRun of_scope) {
        each_run(
            rows, of_scope,
            [&](std::uint32_t a, std::uint32_t b) {
              return batch.points[a].metric == batch.points[b].metric;
            },
            [&](RowRun run) {
              put_metric(out, batch, rows.subspan(run.begin, run.end - run.begin));
            });
      });
  return out;
}

std::string encode_metrics_protobuf(const MetricBatch& batch) {
  return encode_metrics_protobuf(batch, all_rows(batch.points.size()));
}

}  // namespace honeyguide::otlp
