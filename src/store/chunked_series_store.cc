#include "store/chunked_series_store.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace honeyguide::store {
namespace {

using base::Error;
using base::ErrorCode;
using telemetry::Point;

constexpr Resolution kCoarse[] = {Resolution::k1m, Resolution::k1h};

}  // namespace

double fold_values(telemetry::SeriesKind kind, const std::vector<double>& values) {
  double out = std::numeric_limits<double>::quiet_NaN();
  for (const double value : values) {
    if (std::isnan(value)) continue;
    out = kind == telemetry::SeriesKind::kCounter && !std::isnan(out) ? out + value : value;
  }
  return out;
}

base::Result<std::unique_ptr<ChunkedSeriesStore>> ChunkedSeriesStore::open(
    std::unique_ptr<ChunkStorage> storage, std::uint32_t series_per_tenant_max) {
  std::unique_ptr<ChunkedSeriesStore> store(
      new ChunkedSeriesStore(std::move(storage), series_per_tenant_max));
  base::MutexLock lock(store->mutex_);
  HG_RETURN_IF_ERROR(store->storage_->load_series(
      [&](TenantId tenant, std::string_view bytes) -> base::Result<void> {
        HG_ASSIGN_OR_RETURN(SeriesInfo info, decode_series_info(bytes));
        if (auto added = store->index_.add(tenant, std::move(info)); !added) return added.error();
        return {};
      }));
  HG_RETURN_IF_ERROR(store->storage_->load_ticks([&](std::string_view bytes) -> base::Result<void> {
    HG_ASSIGN_OR_RETURN(Tick tick, decode_tick(bytes));
    // A power cut may have taken a description and left points: nobody can ask for them.
    std::erase_if(tick.points, [&](const SeriesPoint& point) {
      return store->index_.find(tick.tenant, point.series) == nullptr;
    });
    store->add_to_head(tick.tenant, tick.points);
    if (store->head_is_full()) return store->fold_locked();
    return {};
  }));
  return store;
}

base::Result<void> ChunkedSeriesStore::check_open() const {
  if (closed_) return Error{ErrorCode::kFailedPrecondition, "the series store is closed"};
  return {};
}

base::Result<void> ChunkedSeriesStore::register_series(TenantId tenant, const SeriesInfo& info) {
  base::MutexLock lock(mutex_);
  HG_RETURN_IF_ERROR(check_open());
  SeriesInfo normal = info;
  normal.key.normalise();
  if (index_.find(tenant, normal.key.id()) != nullptr) return {};
  // Into the index first: it knows the limits. A series that storage then refuses leaves it again,
  // so that the next registration stores it.
  HG_ASSIGN_OR_RETURN(const bool added, index_.add(tenant, normal));
  if (!added) return {};
  if (auto put = storage_->put_series(tenant, normal); !put) {
    index_.remove(tenant, normal.key);
    return put;
  }
  return {};
}

base::Result<std::vector<SeriesInfo>> ChunkedSeriesStore::find_series(
    TenantId tenant, std::string_view name, const std::vector<LabelMatcher>& matchers,
    std::uint32_t limit) {
  base::MutexLock lock(mutex_);
  return index_.search(tenant, name, matchers, limit);
}

base::Result<void> ChunkedSeriesStore::write(TenantId tenant,
                                             const std::vector<SeriesPoint>& points) {
  base::MutexLock lock(mutex_);
  HG_RETURN_IF_ERROR(check_open());
  if (points.empty()) return {};
  std::vector<SeriesPoint> aligned = points;
  for (SeriesPoint& point : aligned) {
    if (index_.find(tenant, point.series) == nullptr) {
      return Error{ErrorCode::kNotFound, "series " + std::to_string(point.series) + " of tenant " +
                                             std::to_string(tenant) + " is not registered"};
    }
    if (point.point.time < 0) {
      return Error{ErrorCode::kInvalidArgument, "a point lies before 1970"};
    }
    point.point.time = bucket_start(point.point.time, Resolution::k10s);
  }
  HG_RETURN_IF_ERROR(storage_->append_tick(encode_tick(tenant, aligned)));
  add_to_head(tenant, aligned);
  points_written_ += aligned.size();
  if (head_is_full()) return fold_locked();
  return {};
}

base::Result<void> ChunkedSeriesStore::sync() {
  base::MutexLock lock(mutex_);
  HG_RETURN_IF_ERROR(check_open());
  return storage_->sync();
}

void ChunkedSeriesStore::add_to_head(TenantId tenant, const std::vector<SeriesPoint>& points) {
  for (const SeriesPoint& point : points) {
    if (head_points_ == 0) head_oldest_ = head_newest_ = point.point.time;
    head_oldest_ = std::min(head_oldest_, point.point.time);
    head_newest_ = std::max(head_newest_, point.point.time);
    std::vector<Point>& own = head_[{tenant, point.series}];
    const auto at =
        own.empty() || own.back().time < point.point.time
            ? own.end()
            : std::lower_bound(own.begin(), own.end(), point.point.time,
                               [](const Point& p, base::UnixNanos time) { return p.time < time; });
    if (at != own.end() && at->time == point.point.time) {
      at->value = point.point.value;
    } else {
      own.insert(at, point.point);
      ++head_points_;
    }
  }
}

bool ChunkedSeriesStore::head_is_full() const {
  return head_points_ >= kHeadPointsMax ||
         (head_points_ > 0 && head_newest_ - head_oldest_ >= 2 * kHeadSpanNs);
}

base::Result<void> ChunkedSeriesStore::fold() {
  base::MutexLock lock(mutex_);
  HG_RETURN_IF_ERROR(check_open());
  return fold_locked();
}

base::Result<void> ChunkedSeriesStore::fold_locked() {
  if (head_points_ == 0) return {};
  std::map<ChunkKey, std::string> chunks;
  for (const auto& [id, points] : head_) {
    for (const Resolution resolution : {Resolution::k10s, Resolution::k1m, Resolution::k1h}) {
      std::set<std::uint32_t> periods;
      for (const Point& point : points) periods.insert(period_of(point.time, resolution));
      for (const std::uint32_t period : periods) {
        const base::UnixNanos start = period_start(period, resolution);
        HG_ASSIGN_OR_RETURN(const Buckets buckets,
                            merged(id, resolution, {start, start + period_ns(resolution)}));
        std::vector<ChunkPoint> packed;
        packed.reserve(buckets.size());
        for (const auto& [time, value] : buckets) {
          packed.push_back(
              {static_cast<std::uint32_t>((time - start) / resolution_ns(resolution)), value});
        }
        chunks[{resolution, period, id.first, id.second}] = encode_chunk(packed);
      }
    }
  }
  HG_RETURN_IF_ERROR(storage_->fold(chunks));
  head_.clear();
  head_points_ = 0;
  return {};
}

base::Result<void> ChunkedSeriesStore::add_stored(const SeriesId& id, Resolution resolution,
                                                  TimeRange time, Buckets& out) {
  const std::set<std::uint32_t>& periods = storage_->periods(resolution);
  const std::uint32_t last = period_of(time.end - 1, resolution);
  for (auto at = periods.lower_bound(period_of(time.begin, resolution));
       at != periods.end() && *at <= last; ++at) {
    const std::uint32_t period = *at;
    HG_ASSIGN_OR_RETURN(const std::string bytes,
                        storage_->get_chunk({resolution, period, id.first, id.second}));
    if (bytes.empty()) continue;
    HG_ASSIGN_OR_RETURN(const auto points, decode_chunk(bytes));
    const base::UnixNanos start = period_start(period, resolution);
    for (const ChunkPoint& point : points) {
      const base::UnixNanos bucket = start + point.bucket * resolution_ns(resolution);
      if (time.contains(bucket)) out[bucket] = point.value;
    }
  }
  return {};
}

base::Result<ChunkedSeriesStore::Buckets> ChunkedSeriesStore::merged(const SeriesId& id,
                                                                     Resolution resolution,
                                                                     TimeRange time) {
  Buckets out;
  HG_RETURN_IF_ERROR(add_stored(id, resolution, time, out));
  const auto head = head_.find(id);
  if (head == head_.end()) return out;
  if (resolution == Resolution::k10s) {
    for (const Point& point : head->second) {
      if (time.contains(point.time)) out[point.time] = point.value;
    }
    return out;
  }
  const SeriesInfo* info = index_.find(id.first, id.second);
  const telemetry::SeriesKind kind = info == nullptr ? telemetry::SeriesKind::kGauge : info->kind;
  base::UnixNanos folded_until = std::numeric_limits<base::UnixNanos>::min();
  for (const Point& point : head->second) {
    const base::UnixNanos start = bucket_start(point.time, resolution);
    if (point.time < folded_until || !time.contains(start)) continue;
    folded_until = start + resolution_ns(resolution);
    HG_ASSIGN_OR_RETURN(const Buckets fine, merged(id, Resolution::k10s, {start, folded_until}));
    std::vector<double> values;
    for (const auto& [at, value] : fine) values.push_back(value);
    out[start] = fold_values(kind, values);
  }
  return out;
}

base::Result<std::vector<Point>> ChunkedSeriesStore::read(TenantId tenant, std::uint64_t series,
                                                          Resolution resolution, TimeRange time) {
  base::MutexLock lock(mutex_);
  HG_RETURN_IF_ERROR(check_open());
  if (index_.find(tenant, series) == nullptr) {
    return Error{ErrorCode::kNotFound, "series " + std::to_string(series) + " of tenant " +
                                           std::to_string(tenant) + " is not registered"};
  }
  std::vector<Point> out;
  if (time.begin >= time.end) return out;
  HG_ASSIGN_OR_RETURN(const Buckets buckets, merged({tenant, series}, resolution, time));
  out.reserve(buckets.size());
  for (const auto& [at, value] : buckets) out.push_back({at, value});
  return out;
}

base::Result<void> ChunkedSeriesStore::apply_retention(const SeriesRetention& retention,
                                                       base::UnixNanos now) {
  base::MutexLock lock(mutex_);
  HG_RETURN_IF_ERROR(check_open());
  HG_RETURN_IF_ERROR(fold_locked());
  const std::int64_t ages[] = {retention.raw_ns, retention.minute_ns, retention.hour_ns};
  for (const Resolution resolution : {Resolution::k10s, Resolution::k1m, Resolution::k1h}) {
    const base::UnixNanos oldest = now - ages[static_cast<int>(resolution)];
    if (oldest <= 0) continue;
    HG_RETURN_IF_ERROR(storage_->drop_before(resolution, period_of(oldest, resolution)));
  }
  return {};
}

base::Result<void> ChunkedSeriesStore::purge() {
  base::MutexLock lock(mutex_);
  HG_RETURN_IF_ERROR(check_open());
  HG_RETURN_IF_ERROR(storage_->purge());
  index_.clear();
  head_.clear();
  head_points_ = 0;
  points_written_ = 0;
  return {};
}

SeriesStoreStats ChunkedSeriesStore::stats() {
  base::MutexLock lock(mutex_);
  SeriesStoreStats out;
  out.series = index_.size();
  out.points = points_written_;
  out.bytes = closed_ ? 0 : storage_->size_bytes();
  out.refused_series = index_.refused_count();
  return out;
}

base::Result<void> ChunkedSeriesStore::close() {
  base::MutexLock lock(mutex_);
  if (closed_) return {};
  HG_RETURN_IF_ERROR(fold_locked());
  closed_ = true;
  return storage_->close();
}

}  // namespace honeyguide::store
