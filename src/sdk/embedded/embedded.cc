#include "sdk/embedded/embedded.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "agents/metrics.h"
#include "detect/series_detector.h"
#include "otlp/decode.h"
#include "otlp/encode.h"
#include "store/model/model_trace_store.h"
#include "store/read_layer.h"

namespace honeyguide::sdk {
namespace {

using agents::Window;
using base::Error;
using base::ErrorCode;
using base::Result;

// Spans share a batch, and with it its arena: one batch a span would cost 8 KB each.
constexpr std::size_t kSpansPerBatch = 128;
// Figures are evaluated, and what is old is forgotten, once in so many batches.
constexpr std::uint64_t kFlushEvery = 8;

Window window_of(double hours) {
  if (hours <= 1.0 / 12) return Window::kFiveMinutes;
  if (hours <= 1) return Window::kHour;
  if (hours <= 24) return Window::kDay;
  return Window::kSinceStart;
}

telemetry::Value to_value(telemetry::SpanBatch& batch, const AttributeValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return telemetry::Value::boolean(*flag);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    return telemetry::Value::integer(*whole);
  }
  if (const auto* real = std::get_if<double>(&value)) return telemetry::Value::real(*real);
  return telemetry::Value::string(batch.own(std::get<std::string>(value)));
}

telemetry::Range add_attributes(
    telemetry::SpanBatch& batch,
    const std::vector<std::pair<std::string, AttributeValue>>& attributes) {
  const auto begin = static_cast<std::uint32_t>(batch.mutable_attributes().size());
  for (const auto& [key, value] : attributes) batch.add_attribute(key, to_value(batch, value));
  return {begin, static_cast<std::uint32_t>(batch.mutable_attributes().size())};
}

}  // namespace

struct Embedded::State {
  struct Kept {
    telemetry::SpanBatchPtr spans;
    base::UnixNanos arrival = 0;
  };

  explicit State(std::string service)
      : service_name(std::move(service)),
        prices(agents::PriceTable::builtin()),
        metrics(agents::Conventions::builtin(), prices, metrics_options(),
                [this](const base::TraceId& id) { return batches_of(id); }) {}

  static agents::MetricsOptions metrics_options() {
    agents::MetricsOptions options;
    options.live_bytes_max = kEmbeddedLiveBytesMax;
    options.runs_max = kEmbeddedRunsMax;
    return options;
  }

  // The batch that the next span goes into.
  telemetry::SpanBatch& open_batch() {
    if (!open) {
      open = std::make_shared<telemetry::SpanBatch>();
      telemetry::Resource resource;
      resource.attributes = add_attributes(*open, {{"service.name", service_name}});
      open_resource = open->add_resource(resource);
      open_scope = open->add_scope({.name = "honeyguide"});
    }
    return *open;
  }

  void keep(telemetry::SpanBatchPtr batch, base::UnixNanos now) {
    newest = std::max(newest, now);
    kept_bytes += batch->size_bytes();
    kept.push_back({batch, newest});
    while (kept.size() > 1 && (kept_bytes > kEmbeddedTraceBytesMax ||
                               kept.front().arrival < newest - kEmbeddedTraceAgeNs)) {
      kept_bytes -= kept.front().spans->size_bytes();
      kept.pop_front();
    }
    metrics.add(*batch, newest);
    if (++batches % kFlushEvery == 0) metrics.flush(newest);
  }

  void settle(base::UnixNanos now) {
    newest = std::max(newest, now);
    if (open) keep(std::exchange(open, nullptr), newest);
  }

  void flush(base::UnixNanos now) {
    settle(now);
    metrics.flush(now);
  }

  std::vector<telemetry::SpanBatchPtr> batches_of(const base::TraceId& id) const {
    std::vector<telemetry::SpanBatchPtr> found;
    for (const Kept& one : kept) {
      const auto& spans = one.spans->spans();
      if (std::ranges::any_of(spans, [&](const auto& span) { return span.trace_id == id; })) {
        found.push_back(one.spans);
      }
    }
    return found;
  }

  std::string service_name;
  agents::PriceTable prices;
  agents::AgentMetrics metrics;
  std::shared_ptr<telemetry::SpanBatch> open;  // not in `kept` and not in any figure yet
  std::uint32_t open_resource = 0;
  std::uint32_t open_scope = 0;
  std::deque<Kept> kept;  // oldest first
  std::uint64_t kept_bytes = 0;
  std::uint64_t batches = 0;
  base::UnixNanos newest = 0;
  std::map<std::string, detect::SeriesDetector> detectors;
};

Embedded::Embedded(std::string service_name)
    : state_(std::make_unique<State>(std::move(service_name))) {}
Embedded::~Embedded() = default;

Result<void> Embedded::record(const RecordedSpan& recorded, base::UnixNanos now) {
  const auto trace_id = base::TraceId::from_hex(recorded.trace_id);
  const auto span_id = base::SpanId::from_hex(recorded.span_id);
  const auto parent_id =
      recorded.parent_id.empty() ? base::SpanId{} : base::SpanId::from_hex(recorded.parent_id);
  if (!trace_id || !span_id || !parent_id) {
    return Error{ErrorCode::kInvalidArgument, "a trace id has 32 and a span id 16 hex digits"};
  }
  base::MutexLock lock(mutex_);
  telemetry::SpanBatch* batch = &state_->open_batch();
  telemetry::Span span;
  span.resource = state_->open_resource;
  span.scope = state_->open_scope;
  span.trace_id = *trace_id;
  span.span_id = *span_id;
  span.parent_span_id = *parent_id;
  span.name = batch->own(recorded.name);
  span.kind = static_cast<telemetry::SpanKind>(recorded.kind);
  span.start = recorded.start;
  span.end = recorded.end;
  span.status = recorded.error ? telemetry::StatusCode::kError : telemetry::StatusCode::kOk;
  span.status_message = batch->own(recorded.message);
  span.attributes = add_attributes(*batch, recorded.attributes);
  const auto events_begin = static_cast<std::uint32_t>(batch->mutable_events().size());
  for (const RecordedEvent& event : recorded.events) {
    telemetry::Event out;
    out.time = event.time;
    out.name = batch->own(event.name);
    out.attributes = add_attributes(*batch, event.attributes);
    batch->mutable_events().push_back(out);
  }
  span.events = {events_begin, static_cast<std::uint32_t>(batch->mutable_events().size())};
  batch->add_span(span);
  state_->newest = std::max(state_->newest, now);
  if (batch->size() >= kSpansPerBatch) state_->settle(now);
  return {};
}

Result<std::uint64_t> Embedded::add_otlp_json(std::string body, base::UnixNanos now) {
  HG_ASSIGN_OR_RETURN(auto decoded,
                      otlp::decode_traces_json(std::make_shared<std::string>(std::move(body))));
  const std::uint64_t count = decoded.batch.size();
  if (count == 0) return count;
  auto batch = std::make_shared<telemetry::SpanBatch>(std::move(decoded.batch));
  base::MutexLock lock(mutex_);
  state_->settle(now);
  state_->keep(std::move(batch), now);
  return count;
}

std::string Embedded::throughput_report(const std::string& agent, double hours,
                                        base::UnixNanos now) {
  base::MutexLock lock(mutex_);
  state_->flush(now);
  return agents::to_json(state_->metrics.throughput(agent, window_of(hours), now));
}

std::string Embedded::agent_report(const std::string& agent, double hours, base::UnixNanos now) {
  base::MutexLock lock(mutex_);
  state_->flush(now);
  const auto report = state_->metrics.agent_report(agent, window_of(hours), now);
  return report ? agents::to_json(*report) : "null";
}

std::string Embedded::conflict_report(double hours, base::UnixNanos now) {
  base::MutexLock lock(mutex_);
  state_->flush(now);
  return agents::to_json(state_->metrics.conflicts(window_of(hours), now));
}

std::string Embedded::dependency_report(double hours, base::UnixNanos now) {
  base::MutexLock lock(mutex_);
  state_->flush(now);
  return agents::to_json(state_->metrics.dependencies(window_of(hours), now));
}

std::string Embedded::dashboard(base::UnixNanos now) {
  base::MutexLock lock(mutex_);
  state_->flush(now);
  return agents::to_json(state_->metrics.dashboard(now));
}

std::vector<std::string> Embedded::agents(base::UnixNanos now) {
  base::MutexLock lock(mutex_);
  state_->flush(now);
  std::vector<std::string> names;
  for (const auto& report : state_->metrics.agents(Window::kSinceStart, now)) {
    names.push_back(report.agent);
  }
  return names;
}

void Embedded::set_throughput_levels(const Levels& levels) {
  base::MutexLock lock(mutex_);
  agents::Thresholds thresholds = state_->metrics.thresholds();
  thresholds.throughput_per_hour = {levels.target, levels.warning, levels.critical};
  state_->metrics.set_thresholds(thresholds);
}

void Embedded::set_conflict_levels(const Levels& levels) {
  base::MutexLock lock(mutex_);
  agents::Thresholds thresholds = state_->metrics.thresholds();
  thresholds.conflict_resolution_rate = {levels.target, levels.warning, levels.critical};
  state_->metrics.set_thresholds(thresholds);
}

std::uint64_t Embedded::trace_bytes() {
  base::MutexLock lock(mutex_);
  return state_->kept_bytes + (state_->open ? state_->open->size_bytes() : 0);
}

Result<std::string> Embedded::trace(const std::string& trace_id) {
  const auto id = base::TraceId::from_hex(trace_id);
  if (!id) return Error{ErrorCode::kInvalidArgument, "a trace id has 32 hex digits"};
  base::MutexLock lock(mutex_);
  state_->settle(state_->newest);
  store::model::ModelTraceStore found;
  for (telemetry::SpanBatchPtr& batch : state_->batches_of(*id)) {
    store::AppendRequest append;
    append.spans = std::move(batch);
    found.append(std::move(append), [](Result<store::Ack>) {});
  }
  HG_ASSIGN_OR_RETURN(const auto read, store::read_unique_trace(found, 0, *id, {}));
  return otlp::encode_traces_json(*read.spans);
}

Result<Observation> Embedded::observe(const std::string& metric, base::UnixNanos time,
                                      double value) {
  base::MutexLock lock(mutex_);
  auto found = state_->detectors.find(metric);
  if (found == state_->detectors.end()) {
    if (state_->detectors.size() >= kEmbeddedMetricsMax) {
      return Error{ErrorCode::kResourceExhausted,
                   "there are " + std::to_string(kEmbeddedMetricsMax) + " metrics; no more fit"};
    }
    found = state_->detectors.try_emplace(metric).first;
  }
  const auto judgement = found->second.observe(static_cast<double>(time) / 1e9, value);
  Observation out;
  out.p = judgement.p;
  out.anomaly = judgement.anomaly;
  out.judged = judgement.judged;
  out.expected = judgement.expected;
  out.expected_low = judgement.expected_low;
  out.expected_high = judgement.expected_high;
  out.feature = std::string(detect::feature_name(judgement.feature));
  return out;
}

}  // namespace honeyguide::sdk
