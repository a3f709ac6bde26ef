#include "store/model/model_series.h"

#include "store/chunked_series_store.h"

namespace honeyguide::store {
namespace {

using base::Error;
using base::ErrorCode;

Error closed_error() {
  return Error{ErrorCode::kFailedPrecondition, "the series store is closed"};
}

Error unknown_series_error(TenantId tenant, std::uint64_t series) {
  return Error{ErrorCode::kNotFound, "series " + std::to_string(series) + " of tenant " +
                                         std::to_string(tenant) + " is not registered"};
}

}  // namespace

base::Result<void> ModelSeriesStore::register_series(TenantId tenant, const SeriesInfo& info) {
  base::MutexLock lock(mutex_);
  if (closed_) return closed_error();
  if (auto added = index_.add(tenant, info); !added) return added.error();
  return {};
}

base::Result<std::vector<SeriesInfo>> ModelSeriesStore::find_series(
    TenantId tenant, std::string_view name, const std::vector<LabelMatcher>& matchers,
    std::uint32_t limit) {
  base::MutexLock lock(mutex_);
  if (closed_) return closed_error();
  return index_.search(tenant, name, matchers, limit);
}

base::Result<void> ModelSeriesStore::write(TenantId tenant,
                                           const std::vector<SeriesPoint>& points) {
  base::MutexLock lock(mutex_);
  if (closed_) return closed_error();
  for (const SeriesPoint& point : points) {
    if (index_.find(tenant, point.series) == nullptr) {
      return unknown_series_error(tenant, point.series);
    }
    if (point.point.time < 0) return Error{ErrorCode::kInvalidArgument, "a point before 1970"};
  }
  for (const SeriesPoint& point : points) {
    Stored& own = stored_[{tenant, point.series}];
    Buckets& raw = own.by_resolution[0];
    raw[bucket_start(point.point.time, Resolution::k10s)] = point.point.value;
    const SeriesInfo& info = *index_.find(tenant, point.series);
    for (const Resolution coarse : {Resolution::k1m, Resolution::k1h}) {
      const base::UnixNanos start = bucket_start(point.point.time, coarse);
      std::vector<double> values;
      for (auto at = raw.lower_bound(start);
           at != raw.end() && at->first < start + resolution_ns(coarse); ++at) {
        values.push_back(at->second);
      }
      own.by_resolution[static_cast<int>(coarse)][start] = fold_values(info.kind, values);
    }
  }
  return {};
}

base::Result<std::vector<telemetry::Point>> ModelSeriesStore::read(TenantId tenant,
                                                                   std::uint64_t series,
                                                                   Resolution resolution,
                                                                   TimeRange time) {
  base::MutexLock lock(mutex_);
  if (closed_) return closed_error();
  if (index_.find(tenant, series) == nullptr) return unknown_series_error(tenant, series);
  std::vector<telemetry::Point> out;
  const auto own = stored_.find({tenant, series});
  if (own == stored_.end()) return out;
  for (const auto& [at, value] : own->second.by_resolution[static_cast<int>(resolution)]) {
    if (time.contains(at)) out.push_back({at, value});
  }
  return out;
}

base::Result<void> ModelSeriesStore::apply_retention(const SeriesRetention& retention,
                                                     base::UnixNanos now) {
  base::MutexLock lock(mutex_);
  if (closed_) return closed_error();
  const std::int64_t ages[] = {retention.raw_ns, retention.minute_ns, retention.hour_ns};
  for (const Resolution resolution : {Resolution::k10s, Resolution::k1m, Resolution::k1h}) {
    const base::UnixNanos oldest = now - ages[static_cast<int>(resolution)];
    if (oldest <= 0) continue;
    // Whole periods, as the stores on disk do.
    const base::UnixNanos first = period_start(period_of(oldest, resolution), resolution);
    for (auto& [id, own] : stored_) {
      Buckets& buckets = own.by_resolution[static_cast<int>(resolution)];
      buckets.erase(buckets.begin(), buckets.lower_bound(first));
    }
  }
  return {};
}

base::Result<void> ModelSeriesStore::purge() {
  base::MutexLock lock(mutex_);
  if (closed_) return closed_error();
  index_.clear();
  stored_.clear();
  return {};
}

SeriesStoreStats ModelSeriesStore::stats() {
  base::MutexLock lock(mutex_);
  SeriesStoreStats out;
  out.series = index_.size();
  for (const auto& [id, own] : stored_) {
    out.points += own.by_resolution[0].size();
    for (const Buckets& buckets : own.by_resolution) out.bytes += buckets.size() * 16;
  }
  out.refused_series = index_.refused_count();
  return out;
}

base::Result<void> ModelSeriesStore::close() {
  base::MutexLock lock(mutex_);
  closed_ = true;
  return {};
}

}  // namespace honeyguide::store
