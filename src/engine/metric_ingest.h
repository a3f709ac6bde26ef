// MetricIngest: OTLP metric points become series points: what a sender measured stands beside what
// is derived from spans, in one store and one vocabulary.
//
// Mapping, one series per label set (point attributes plus service.name; names as OpenTelemetry
// writes them):
//   gauge                        -> NAME, the last value of a 10 s bucket
//   sum, monotonic               -> NAME, a counter: the increase within a bucket. Cumulative
//   points
//                                   give the difference to the one before; a smaller value or a new
//                                   start time is a reset, and the whole value counts. The first
//                                   point of a series counts only if its start lies at most
//                                   kFirstPointAgeNs before it: else when it grew is not known.
//   sum, not monotonic           -> NAME, a gauge (delta points are summed up)
//   histogram, exponential       -> NAME.count and NAME.sum, counters; a histogram with bounds also
//                                   NAME.bucket with label le, cumulative over the bounds
//   summary                      -> NAME.count, NAME.sum, and NAME with label quantile, a gauge
//
// Thread-safe. A bucket is always written with its full value, so the store never increments.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "store/series_store.h"
#include "telemetry/metric_batch.h"
#include "watch/series_watch.h"

namespace honeyguide::engine {

inline constexpr std::int64_t kFirstPointAgeNs = 5 * base::kNanosPerMinute;
// Points further in the future than this are clamped to it for bucketing.
inline constexpr std::int64_t kFutureNsMax = 5 * base::kNanosPerMinute;
// Bytes of one label value; longer ones are cut, and the cut shows as "…".
inline constexpr std::size_t kLabelBytesMax = 256;
// Series whose last value is remembered; beyond it those not seen for longest are forgotten, and
// their next cumulative point counts as a first one.
inline constexpr std::size_t kTrackedSeriesMax = 200'000;

struct MetricIngestOutcome {
  std::uint64_t rejected = 0;  // points whose series did not fit
  std::string message;
  // What was written, for those that judge it.
  std::vector<watch::WatchedPoint> written;
};

class MetricIngest {
 public:
  explicit MetricIngest(store::SeriesStore& series) : series_(series) {}

  // kUnavailable: nothing of the batch is certain to be written; sending it again is safe for
  // cumulative points.
  base::Result<MetricIngestOutcome> append(store::TenantId tenant,
                                           const telemetry::MetricBatch& batch,
                                           base::UnixNanos arrival);

 private:
  struct Tracked {
    double last = 0;             // cumulative value, or running total of delta gauges
    base::UnixNanos start = 0;   // of the cumulative value
    base::UnixNanos bucket = 0;  // whose increase `in_bucket` is
    double in_bucket = 0;
    bool has_last = false;
    bool has_bucket = false;
    std::uint64_t seen = 0;  // append() number
  };
  struct Writing;

  base::Result<bool> add_point(Writing& writing, const telemetry::MetricPoint& point);
  base::Result<bool> add_histogram(Writing& writing, const telemetry::MetricPoint& point);
  base::Result<bool> add_summary(Writing& writing, const telemetry::MetricPoint& point);
  base::Result<bool> add_value(Writing& writing, const std::string& suffix,
                               const telemetry::Labels& extra, telemetry::SeriesKind kind,
                               const telemetry::MetricPoint& point, double value);
  base::Result<Tracked*> track(Writing& writing, const store::SeriesInfo& info,
                               std::uint64_t series);
  void forget_old();

  store::SeriesStore& series_;
  base::Mutex mutex_;
  std::unordered_map<std::uint64_t, Tracked> tracked_ HG_GUARDED_BY(mutex_);
  std::uint64_t append_count_ HG_GUARDED_BY(mutex_) = 0;
};

}  // namespace honeyguide::engine
