#include "engine/metric_ingest.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"

namespace honeyguide::engine {
namespace {

using base::Result;
using telemetry::Labels;
using telemetry::Metric;
using telemetry::MetricKind;
using telemetry::MetricPoint;
using telemetry::SeriesKind;
using telemetry::Temporality;

// OTLP DataPointFlags: no recorded value.
constexpr std::uint32_t kNoRecordedValue = 1;

std::string label_text(const telemetry::Value& value) {
  std::string text = telemetry::canonical_text(value);
  if (text.size() > kLabelBytesMax) {
    text.resize(kLabelBytesMax);
    while (!text.empty() && !base::is_utf8(text)) text.pop_back();
    text += "\xe2\x80\xa6";
  }
  return text;
}

// The series of one tenant must not be taken for another's in the table of last values.
std::uint64_t tracked_key(store::TenantId tenant, std::uint64_t series) {
  return series ^ (static_cast<std::uint64_t>(tenant) * 0x9e3779b97f4a7c15u);
}

}  // namespace

struct MetricIngest::Writing {
  store::TenantId tenant = 0;
  const telemetry::MetricBatch& batch;
  base::UnixNanos arrival = 0;
  const Metric* metric = nullptr;
  std::vector<store::SeriesPoint> points;
  std::vector<watch::WatchedPoint> watched;

  void put(store::SeriesInfo& info, std::uint64_t series, telemetry::Point point) {
    points.push_back({series, point});
    watched.push_back({std::move(info.key), info.kind, point});
  }

  Labels labels(const MetricPoint& point) const {
    Labels out;
    const auto& context = batch.context;
    const auto& resource = context.resources()[metric->resource];
    if (const auto* service = context.find(resource.attributes, "service.name")) {
      out.emplace_back("service.name", label_text(*service));
    }
    for (const auto& attribute : context.attributes(point.attributes)) {
      out.emplace_back(context.key(attribute), label_text(attribute.value));
    }
    return out;
  }
};

Result<MetricIngestOutcome> MetricIngest::append(store::TenantId tenant,
                                                 const telemetry::MetricBatch& batch,
                                                 base::UnixNanos arrival) {
  base::MutexLock lock(mutex_);
  ++append_count_;
  MetricIngestOutcome outcome;
  Writing writing{tenant, batch, arrival};
  for (const MetricPoint& point : batch.points) {
    writing.metric = &batch.metrics[point.metric];
    if ((point.flags & kNoRecordedValue) != 0) continue;
    HG_ASSIGN_OR_RETURN(const bool taken, add_point(writing, point));
    if (taken) continue;
    if (outcome.rejected++ == 0) {
      outcome.message = "the tenant has " + std::to_string(store::kSeriesPerTenantMax) +
                        " series; points of further ones, such as " +
                        std::string(writing.metric->name) + ", are not kept";
    }
  }
  HG_RETURN_IF_ERROR(series_.write(tenant, writing.points));
  forget_old();
  outcome.written = std::move(writing.watched);
  return outcome;
}

Result<bool> MetricIngest::add_point(Writing& writing, const MetricPoint& point) {
  switch (writing.metric->kind) {
    case MetricKind::kGauge:
      return add_value(writing, "", {}, SeriesKind::kGauge, point, point.value);
    case MetricKind::kSum:
      return add_value(writing, "", {},
                       writing.metric->monotonic ? SeriesKind::kCounter : SeriesKind::kGauge, point,
                       point.value);
    case MetricKind::kHistogram:
    case MetricKind::kExponentialHistogram:
      return add_histogram(writing, point);
    case MetricKind::kSummary:
      return add_summary(writing, point);
  }
  return true;
}

Result<bool> MetricIngest::add_histogram(Writing& writing, const MetricPoint& point) {
  HG_ASSIGN_OR_RETURN(bool taken, add_value(writing, ".count", {}, SeriesKind::kCounter, point,
                                            static_cast<double>(point.count)));
  if (point.has_sum && taken) {
    HG_ASSIGN_OR_RETURN(taken,
                        add_value(writing, ".sum", {}, SeriesKind::kCounter, point, point.sum));
  }
  if (writing.metric->kind == MetricKind::kExponentialHistogram) return taken;
  double below = 0;
  for (std::uint32_t i = 0; i < point.buckets.size() && taken; ++i) {
    below += static_cast<double>(writing.batch.buckets[point.buckets.begin + i]);
    const bool last = i >= point.bounds.size();
    const std::string bound =
        last ? "+Inf" : base::format_double(writing.batch.bounds[point.bounds.begin + i]);
    HG_ASSIGN_OR_RETURN(
        taken, add_value(writing, ".bucket", {{"le", bound}}, SeriesKind::kCounter, point, below));
  }
  return taken;
}

Result<bool> MetricIngest::add_summary(Writing& writing, const MetricPoint& point) {
  HG_ASSIGN_OR_RETURN(bool taken, add_value(writing, ".count", {}, SeriesKind::kCounter, point,
                                            static_cast<double>(point.count)));
  if (taken) {
    HG_ASSIGN_OR_RETURN(taken,
                        add_value(writing, ".sum", {}, SeriesKind::kCounter, point, point.sum));
  }
  for (std::uint32_t i = point.bounds.begin; i + 1 < point.bounds.end && taken; i += 2) {
    const Labels quantile = {{"quantile", base::format_double(writing.batch.bounds[i])}};
    HG_ASSIGN_OR_RETURN(taken, add_value(writing, "", quantile, SeriesKind::kGauge, point,
                                         writing.batch.bounds[i + 1]));
  }
  return taken;
}

Result<bool> MetricIngest::add_value(Writing& writing, const std::string& suffix,
                                     const Labels& extra, SeriesKind kind, const MetricPoint& point,
                                     double value) {
  if (!std::isfinite(value)) return true;
  store::SeriesInfo info;
  info.key.name = std::string(writing.metric->name) + suffix;
  info.key.labels = writing.labels(point);
  info.key.labels.insert(info.key.labels.end(), extra.begin(), extra.end());
  info.key.normalise();
  info.kind = kind;
  info.unit = writing.metric->unit;
  info.help = writing.metric->description;
  const std::uint64_t series = info.key.id();
  HG_ASSIGN_OR_RETURN(Tracked * tracked, track(writing, info, series));
  if (tracked == nullptr) return false;
  const base::UnixNanos time =
      std::min(point.time != 0 ? point.time : writing.arrival, writing.arrival + kFutureNsMax);
  const base::UnixNanos bucket = store::bucket_start(time, store::Resolution::k10s);
  // Summaries are cumulative by their definition, gauges have no temporality.
  const bool delta = writing.metric->temporality == Temporality::kDelta;
  const bool is_gauge_kind = writing.metric->kind == MetricKind::kGauge;
  if (kind == SeriesKind::kGauge) {
    if (delta && !is_gauge_kind) value = tracked->last += value;
    writing.put(info, series, {bucket, value});
    return true;
  }
  double increase = value;
  if (!delta) {
    const bool reset = tracked->has_last && (value < tracked->last || point.start > tracked->start);
    const bool young = point.start != 0 && time - point.start <= kFirstPointAgeNs;
    if (tracked->has_last && !reset) {
      increase = value - tracked->last;
    } else if (!tracked->has_last && !young) {
      increase = 0;
    }
    tracked->last = value;
    tracked->start = point.start;
    tracked->has_last = true;
  }
  if (!tracked->has_bucket || tracked->bucket != bucket) {
    // Another bucket, or the first after a start: what the store has of it is added to.
    HG_ASSIGN_OR_RETURN(
        const auto stored,
        series_.read(writing.tenant, series, store::Resolution::k10s, {bucket, bucket + 1}));
    tracked->in_bucket = stored.empty() ? 0 : stored.front().value;
    tracked->bucket = bucket;
    tracked->has_bucket = true;
  }
  tracked->in_bucket += increase;
  writing.put(info, series, {bucket, tracked->in_bucket});
  return true;
}

Result<MetricIngest::Tracked*> MetricIngest::track(Writing& writing, const store::SeriesInfo& info,
                                                   std::uint64_t series) {
  const std::uint64_t key = tracked_key(writing.tenant, series);
  auto found = tracked_.find(key);
  if (found == tracked_.end()) {
    const auto registered = series_.register_series(writing.tenant, info);
    if (!registered) {
      if (registered.error().code == base::ErrorCode::kResourceExhausted) return nullptr;
      return registered.error();
    }
    found = tracked_.try_emplace(key).first;
  }
  found->second.seen = append_count_;
  return &found->second;
}

void MetricIngest::forget_old() {
  if (tracked_.size() <= kTrackedSeriesMax) return;
  std::vector<std::uint64_t> seen;
  seen.reserve(tracked_.size());
  for (const auto& [key, tracked] : tracked_) seen.push_back(tracked.seen);
  const auto middle = seen.begin() + static_cast<std::ptrdiff_t>(seen.size() / 4);
  std::nth_element(seen.begin(), middle, seen.end());
  const std::uint64_t oldest_kept = *middle;
  std::erase_if(tracked_, [&](const auto& entry) { return entry.second.seen < oldest_kept; });
}

}  // namespace honeyguide::engine
