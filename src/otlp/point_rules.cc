#include "otlp/point_rules.h"

#include <limits>
#include <span>

namespace honeyguide::otlp {

using telemetry::MetricBatch;
using telemetry::MetricKind;
using telemetry::MetricPoint;

telemetry::Temporality temporality_of(std::uint64_t number) {
  const auto value = static_cast<std::uint32_t>(number);
  return value <= 2 ? static_cast<telemetry::Temporality>(value)
                    : telemetry::Temporality::kUnspecified;
}

std::uint32_t attributes_field(MetricKind kind) {
  if (kind == MetricKind::kExponentialHistogram) return 1;
  return kind == MetricKind::kHistogram ? 9 : 7;
}

void check_point(Filler& filler, const MetricBatch& batch, MetricKind kind, MetricPoint& point,
                 bool has_value) {
  const bool none_recorded = (point.flags & kNoRecordedValue) != 0;
  if (kind == MetricKind::kGauge || kind == MetricKind::kSum) {
    if (!has_value && !none_recorded) filler.reject("the point has no value");
    if (!has_value) point.value = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  if (kind != MetricKind::kHistogram) return;
  const std::uint32_t bounds = point.bounds.size();
  const std::uint32_t buckets = point.buckets.size();
  if (buckets != 0 ? buckets != bounds + 1 : bounds != 0) {
    filler.reject("a histogram of ", bounds, " bounds has ", buckets, " buckets, must have ",
                  bounds + 1);
    return;
  }
  for (std::uint32_t i = point.bounds.begin + 1; i < point.bounds.end; ++i) {
    if (!(batch.bounds[i - 1] < batch.bounds[i])) {
      filler.reject("the bounds of a histogram do not ascend");
      return;
    }
  }
}

bool room_for_bucket(Filler& filler, const MetricBatch& batch, std::size_t in_point) {
  if (in_point >= filler.limits().buckets_per_point_max) {
    filler.reject("more than ", filler.limits().buckets_per_point_max, " bounds and buckets");
  } else if (batch.bounds.size() + batch.buckets.size() >=
             filler.limits().elements_per_request_max) {
    filler.reject("a request may hold at most ", filler.limits().elements_per_request_max,
                  " bounds and buckets");
  } else {
    return true;
  }
  return false;
}

}  // namespace honeyguide::otlp
