// ChunkedSeriesStore: SeriesStore over a small storage of chunks and ticks, which files and RocksDB
// implement.
//
// Every write() is one tick: appended as it came, and kept in memory (the head) until it is folded
// into the chunks of its series. A read lays the head over the chunks. A fold rewrites whole chunks
// by full value, so folding twice, or replaying ticks over folded chunks, changes nothing. A minute
// or an hour is folded anew from its 10 s points whenever one of them is written; if retention has
// dropped those, the newly written ones alone decide. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/series_chunk.h"
#include "store/series_index.h"
#include "store/series_store.h"

namespace honeyguide::store {

// One writer at a time; the store's lock sees to it.
class ChunkStorage {
 public:
  virtual ~ChunkStorage() = default;

  virtual base::Result<void> put_series(TenantId tenant, const SeriesInfo& info) = 0;
  // Survives a kill of the process when it returns; power loss may take the last ticks.
  virtual base::Result<void> append_tick(std::string_view tick) = 0;
  // What was appended before survives power loss. Nothing to do where a checkpoint of the state
  // store does it.
  virtual base::Result<void> sync() { return {}; }
  // Periods that hold chunks.
  virtual const std::set<std::uint32_t>& periods(Resolution resolution) = 0;
  // Empty if there is none.
  virtual base::Result<std::string> get_chunk(const ChunkKey& key) = 0;
  // Replaces chunks, then drops every tick appended so far. A crash in between may leave both.
  virtual base::Result<void> fold(const std::map<ChunkKey, std::string>& chunks) = 0;
  // Drops chunks of periods before `period`.
  virtual base::Result<void> drop_before(Resolution resolution, std::uint32_t period) = 0;
  virtual base::Result<void> purge() = 0;
  virtual std::uint64_t size_bytes() = 0;
  virtual base::Result<void> close() = 0;

  // Called once at the start: everything known.
  virtual base::Result<void> load_series(
      const std::function<base::Result<void>(TenantId, std::string_view info)>& sink) = 0;
  virtual base::Result<void> load_ticks(
      const std::function<base::Result<void>(std::string_view tick)>& sink) = 0;
};

// Points held in memory before they are folded; 16 bytes each.
inline constexpr std::size_t kHeadPointsMax = 1'000'000;
// Time span of the head after which it is folded.
inline constexpr std::int64_t kHeadSpanNs = base::kNanosPerHour;

class ChunkedSeriesStore final : public SeriesStore {
 public:
  // Loads the series and the ticks.
  static base::Result<std::unique_ptr<ChunkedSeriesStore>> open(
      std::unique_ptr<ChunkStorage> storage,
      std::uint32_t series_per_tenant_max = kSeriesPerTenantMax);

  base::Result<void> register_series(TenantId tenant, const SeriesInfo& info) override;
  base::Result<std::vector<SeriesInfo>> find_series(TenantId tenant, std::string_view name,
                                                    const std::vector<LabelMatcher>& matchers,
                                                    std::uint32_t limit) override;
  base::Result<void> write(TenantId tenant, const std::vector<SeriesPoint>& points) override;
  base::Result<void> sync() override;
  base::Result<std::vector<telemetry::Point>> read(TenantId tenant, std::uint64_t series,
                                                   Resolution resolution, TimeRange time) override;
  base::Result<void> apply_retention(const SeriesRetention& retention,
                                     base::UnixNanos now) override;
  base::Result<void> purge() override;
  // `points` counts the 10 s points written since the start.
  SeriesStoreStats stats() override;
  base::Result<void> close() override;

  // Moves the head into chunks now; also done by write() when the head is full or an hour old, and
  // by close().
  base::Result<void> fold();

 private:
  using SeriesId = std::pair<TenantId, std::uint64_t>;
  using Buckets = std::map<std::int64_t, double>;  // start time -> value

  ChunkedSeriesStore(std::unique_ptr<ChunkStorage> storage, std::uint32_t series_per_tenant_max)
      : storage_(std::move(storage)), index_(series_per_tenant_max) {}

  base::Result<void> check_open() const HG_REQUIRES(mutex_);
  void add_to_head(TenantId tenant, const std::vector<SeriesPoint>& points) HG_REQUIRES(mutex_);
  bool head_is_full() const HG_REQUIRES(mutex_);
  base::Result<void> fold_locked() HG_REQUIRES(mutex_);
  // Stored points and head of [begin, end) in one resolution.
  base::Result<Buckets> merged(const SeriesId& id, Resolution resolution, TimeRange time)
      HG_REQUIRES(mutex_);
  base::Result<void> add_stored(const SeriesId& id, Resolution resolution, TimeRange time,
                                Buckets& out) HG_REQUIRES(mutex_);

  base::Mutex mutex_;
  std::unique_ptr<ChunkStorage> storage_;
  SeriesIndex index_ HG_GUARDED_BY(mutex_);
  // Ascending by time, each time once.
  std::map<SeriesId, std::vector<telemetry::Point>> head_ HG_GUARDED_BY(mutex_);
  std::size_t head_points_ HG_GUARDED_BY(mutex_) = 0;
  base::UnixNanos head_oldest_ HG_GUARDED_BY(mutex_) = 0;
  base::UnixNanos head_newest_ HG_GUARDED_BY(mutex_) = 0;
  std::uint64_t points_written_ HG_GUARDED_BY(mutex_) = 0;
  bool closed_ HG_GUARDED_BY(mutex_) = false;
};

// Value of a coarser bucket from its finer ones, in time order: counters add up, gauges and ratios
// keep the last; NaN counts only if there is nothing else.
double fold_values(telemetry::SeriesKind kind, const std::vector<double>& values);

}  // namespace honeyguide::store
