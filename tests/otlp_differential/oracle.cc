#include "oracle.h"

#include <cmath>
#include <cstdint>

#include <google/protobuf/io/coded_stream.h>

#include "base/strings.h"
#include "otlp_oracle.pb.h"

namespace honeyguide::otlp::oracle {
namespace {

constexpr std::size_t kKeyBytesMax = 256;
constexpr std::uint64_t kTimeMax = INT64_MAX;

// One item's verdict: cleared by any rule it breaks.
using Verdict = bool;

template <typename Message>
bool parse(std::string_view body, Message& message) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(body.data()),
                                            static_cast<int>(body.size()));
  in.SetRecursionLimit(100000);
  if (!message.ParseFromCodedStream(&in) || !in.ConsumedEntireMessage()) return false;
  message.DiscardUnknownFields();
  return true;
}

std::string repaired(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t size = 0;
    for (std::size_t length = 1; length <= 4 && i + length <= text.size() && size == 0; ++length) {
      if (base::is_utf8(text.substr(i, length))) size = length;
    }
    out += size == 0 ? "\xef\xbf\xbd" : text.substr(i, size);
    i += size == 0 ? 1 : size;
  }
  return out;
}

void repair(std::string* text) {
  *text = repaired(*text);
}

void normalise(AnyValue* value, Verdict& keep);

void normalise(KeyValue* pair, Verdict& keep) {
  if (pair->key().size() > kKeyBytesMax) keep = false;
  repair(pair->mutable_key());
  normalise(pair->mutable_value(), keep);  // present from now on
}

void normalise(AnyValue* value, Verdict& keep) {
  if (value->value_case() == AnyValue::kStringValue && !base::is_utf8(value->string_value())) {
    value->set_bytes_value(std::string(value->string_value()));
  } else if (value->value_case() == AnyValue::kArrayValue) {
    for (AnyValue& element : *value->mutable_array_value()->mutable_values()) {
      normalise(&element, keep);
    }
  } else if (value->value_case() == AnyValue::kKvlistValue) {
    for (KeyValue& pair : *value->mutable_kvlist_value()->mutable_values()) normalise(&pair, keep);
  }
}

template <typename Pairs>
void normalise_all(Pairs* pairs, Verdict& keep) {
  for (KeyValue& pair : *pairs) normalise(&pair, keep);
}

void check_id(std::string* id, std::size_t size, bool required, Verdict& keep) {
  if (!id->empty() && id->size() != size) keep = false;
  if (id->find_first_not_of('\0') == std::string::npos) {
    if (required) keep = false;
    id->clear();
  }
}

void check_time(std::uint64_t time, Verdict& keep) {
  if (time > kTimeMax) keep = false;
}

bool normalise(Resource* resource) {
  Verdict keep = true;
  normalise_all(resource->mutable_attributes(), keep);
  return keep;
}

bool normalise(Scope* scope) {
  Verdict keep = true;
  repair(scope->mutable_name());
  repair(scope->mutable_version());
  normalise_all(scope->mutable_attributes(), keep);
  return keep;
}

bool normalise(Span* span) {
  Verdict keep = true;
  check_id(span->mutable_trace_id(), 16, true, keep);
  check_id(span->mutable_span_id(), 8, true, keep);
  check_id(span->mutable_parent_span_id(), 8, false, keep);
  check_time(span->start_time_unix_nano(), keep);
  check_time(span->end_time_unix_nano(), keep);
  repair(span->mutable_trace_state());
  repair(span->mutable_name());
  if (span->kind() < 0 || span->kind() > 5) span->set_kind(0);
  normalise_all(span->mutable_attributes(), keep);
  for (Span::Event& event : *span->mutable_events()) {
    check_time(event.time_unix_nano(), keep);
    repair(event.mutable_name());
    normalise_all(event.mutable_attributes(), keep);
  }
  for (Span::Link& link : *span->mutable_links()) {
    check_id(link.mutable_trace_id(), 16, false, keep);
    check_id(link.mutable_span_id(), 8, false, keep);
    repair(link.mutable_trace_state());
    normalise_all(link.mutable_attributes(), keep);
  }
  if (!span->has_status()) return keep;
  repair(span->mutable_status()->mutable_message());
  const int code = span->status().code();
  if (code < 0 || code > 2) span->mutable_status()->set_code(0);
  if (span->status().ByteSizeLong() == 0) span->clear_status();
  return keep;
}

bool normalise(LogRecord* record) {
  Verdict keep = true;
  check_id(record->mutable_trace_id(), 16, false, keep);
  check_id(record->mutable_span_id(), 8, false, keep);
  check_time(record->time_unix_nano(), keep);
  check_time(record->observed_time_unix_nano(), keep);
  if (record->severity_number() < 0 || record->severity_number() > 24) {
    record->set_severity_number(0);
  }
  repair(record->mutable_severity_text());
  repair(record->mutable_event_name());
  if (record->has_body()) normalise(record->mutable_body(), keep);
  if (record->body().ByteSizeLong() == 0) record->clear_body();
  normalise_all(record->mutable_attributes(), keep);
  return keep;
}

template <typename Point>
bool check_times(const Point& point) {
  Verdict keep = true;
  check_time(point.start_time_unix_nano(), keep);
  check_time(point.time_unix_nano(), keep);
  return keep;
}

bool normalise(NumberDataPoint* point) {
  Verdict keep = check_times(*point);
  normalise_all(point->mutable_attributes(), keep);
  const bool none = (point->flags() & 1) != 0;
  if (point->value_case() == NumberDataPoint::VALUE_NOT_SET && !none) keep = false;
  if (none && point->value_case() == NumberDataPoint::kAsDouble && std::isnan(point->as_double())) {
    point->clear_value();
  }
  return keep;
}

bool normalise(HistogramDataPoint* point) {
  Verdict keep = check_times(*point);
  normalise_all(point->mutable_attributes(), keep);
  const int bounds = point->explicit_bounds_size();
  const int buckets = point->bucket_counts_size();
  if (buckets == 0 ? bounds != 0 : buckets != bounds + 1) keep = false;
  for (int i = 1; i < bounds; ++i) {
    if (!(point->explicit_bounds(i - 1) < point->explicit_bounds(i))) keep = false;
  }
  return keep;
}

bool normalise(ExponentialHistogramDataPoint* point) {
  Verdict keep = check_times(*point);
  normalise_all(point->mutable_attributes(), keep);
  if (point->positive().ByteSizeLong() == 0) point->clear_positive();
  if (point->negative().ByteSizeLong() == 0) point->clear_negative();
  return keep;
}

bool normalise(SummaryDataPoint* point) {
  Verdict keep = check_times(*point);
  normalise_all(point->mutable_attributes(), keep);
  return keep;
}

std::string head_text(const Resource& resource, const std::string& resource_url, const Scope& scope,
                      const std::string& scope_url) {
  return "resource " + resource.SerializeAsString() + " " + repaired(resource_url) + " scope " +
         scope.SerializeAsString() + " " + repaired(scope_url);
}

template <typename Points>
void add_points(const std::string& head, bool keep, Points* points, std::vector<std::string>& out) {
  for (auto& point : *points) {
    if (normalise(&point) && keep) out.push_back(head + point.SerializeAsString());
  }
}

int known_temporality(int number) {
  return number >= 0 && number <= 2 ? number : 0;
}

void add_metric(Metric& metric, std::string head, bool keep, std::vector<std::string>& out) {
  head += " metric " + repaired(metric.name()) + "|" + repaired(metric.description()) + "|" +
          repaired(metric.unit()) + "|" + std::to_string(metric.data_case());
  keep = keep && !metric.name().empty();
  switch (metric.data_case()) {
    case Metric::kGauge:
      return add_points(head, keep, metric.mutable_gauge()->mutable_data_points(), out);
    case Metric::kSum:
      head += std::to_string(known_temporality(metric.sum().aggregation_temporality())) +
              (metric.sum().is_monotonic() ? "m" : "");
      return add_points(head, keep, metric.mutable_sum()->mutable_data_points(), out);
    case Metric::kHistogram:
      head += std::to_string(known_temporality(metric.histogram().aggregation_temporality()));
      return add_points(head, keep, metric.mutable_histogram()->mutable_data_points(), out);
    case Metric::kExponentialHistogram:
      head += std::to_string(
          known_temporality(metric.exponential_histogram().aggregation_temporality()));
      return add_points(head, keep, metric.mutable_exponential_histogram()->mutable_data_points(),
                        out);
    case Metric::kSummary:
      return add_points(head, keep, metric.mutable_summary()->mutable_data_points(), out);
    case Metric::DATA_NOT_SET:
      return;
  }
}

}  // namespace

std::optional<std::vector<std::string>> trace_items(std::string_view body) {
  TracesData data;
  if (!parse(body, data)) return std::nullopt;
  std::vector<std::string> out;
  for (ResourceSpans& group : *data.mutable_resource_spans()) {
    const bool resource_fine = normalise(group.mutable_resource());
    for (ScopeSpans& scope : *group.mutable_scope_spans()) {
      const bool scope_fine = normalise(scope.mutable_scope());
      const std::string head =
          head_text(group.resource(), group.schema_url(), scope.scope(), scope.schema_url());
      for (Span& span : *scope.mutable_spans()) {
        if (normalise(&span) && resource_fine && scope_fine) {
          out.push_back(head + span.SerializeAsString());
        }
      }
    }
  }
  return out;
}

std::optional<std::vector<std::string>> log_items(std::string_view body) {
  LogsData data;
  if (!parse(body, data)) return std::nullopt;
  std::vector<std::string> out;
  for (ResourceLogs& group : *data.mutable_resource_logs()) {
    const bool resource_fine = normalise(group.mutable_resource());
    for (ScopeLogs& scope : *group.mutable_scope_logs()) {
      const bool scope_fine = normalise(scope.mutable_scope());
      const std::string head =
          head_text(group.resource(), group.schema_url(), scope.scope(), scope.schema_url());
      for (LogRecord& record : *scope.mutable_log_records()) {
        if (normalise(&record) && resource_fine && scope_fine) {
          out.push_back(head + record.SerializeAsString());
        }
      }
    }
  }
  return out;
}

std::optional<std::vector<std::string>> metric_items(std::string_view body) {
  MetricsData data;
  if (!parse(body, data)) return std::nullopt;
  std::vector<std::string> out;
  for (ResourceMetrics& group : *data.mutable_resource_metrics()) {
    const bool resource_fine = normalise(group.mutable_resource());
    for (ScopeMetrics& scope : *group.mutable_scope_metrics()) {
      const bool scope_fine = normalise(scope.mutable_scope());
      const std::string head =
          head_text(group.resource(), group.schema_url(), scope.scope(), scope.schema_url());
      for (Metric& metric : *scope.mutable_metrics()) {
        add_metric(metric, head, resource_fine && scope_fine, out);
      }
    }
  }
  return out;
}

}  // namespace honeyguide::otlp::oracle
