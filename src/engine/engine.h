// Engine: the one pipeline from a decoded batch to everything that is known about it. It owns no
// store and opens no file: its caller hands it the stores and a clock.
//
// Thread-safe. One analytics thread consumes committed batches in commit order (or the caller does,
// by poll(), where threads are unwanted: tests, the simulation).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/analytics.h"
#include "engine/feed.h"
#include "engine/metric_ingest.h"
#include "store/series_store.h"
#include "store/state_store.h"
#include "store/trace_store.h"
#include "watch/watch.h"

namespace honeyguide::engine {

struct EngineStores {
  store::TraceStore& traces;
  store::SeriesStore& series;
  store::StateStore& state;
};

struct EngineOptions {
  AnalyticsOptions analytics;
  store::RetentionPolicy retention;
  store::SeriesRetention series_retention;
  bool threads = true;
  std::int64_t feed_bytes_max = kFeedBytesMax;
  std::size_t detectors_max = watch::kDetectorsMax;
};

struct EngineStats {
  FeedStats feed;
  store::Position committed;
  store::Position analysed;
};

class Engine {
 public:
  static base::Result<std::unique_ptr<Engine>> create(EngineOptions options, EngineStores stores,
                                                      const base::Clock& clock, base::LogSink log);
  ~Engine();

  // As TraceStore::append; what was acknowledged also reaches analytics. `backfill`: the sender
  // says that this is history: it moves series in event time and nothing is judged.
  void append(store::AppendRequest request, bool backfill, store::AppendDone done);
  base::Result<MetricIngestOutcome> append_metrics(store::TenantId tenant,
                                                   const telemetry::MetricBatch& metrics,
                                                   base::UnixNanos arrival, bool backfill = false);

  // Series that the host of the engine measures itself: stored and watched as any other.
  base::Result<void> write_own(store::TenantId tenant, std::vector<watch::WatchedPoint> points);

  // Consumes at most `batches_max` committed batches on the calling thread, then evaluates and
  // checkpoints what is due. Only without threads.
  base::Result<std::uint64_t> poll(std::uint64_t batches_max);

  Analytics& analytics() { return *analytics_; }
  watch::Watch& watch() { return watch_; }

  // Ends analytics after a last checkpoint. Idempotent. Appends are still passed on afterwards.
  void stop();

  EngineStats stats();
  // Facts of live runs over all tenants, and the bound of one tenant's.
  store::PoolUse live_runs_pool();
  const EngineStores& stores() const { return stores_; }

 private:
  Engine(EngineOptions options, EngineStores stores, const base::Clock& clock, base::LogSink log,
         std::unique_ptr<Analytics> analytics, store::Position from);
  base::Result<void> start_watch();
  void run();
  void tick_when_due();
  void checkpoint();
  void apply_retention();

  const EngineOptions options_;
  const EngineStores stores_;
  const base::Clock& clock_;
  const base::LogSink log_;
  const std::unique_ptr<Analytics> analytics_;
  MetricIngest metric_ingest_;
  watch::Watch watch_;
  Feed feed_;
  std::int64_t ticked_ = 0;        // steady
  std::int64_t checkpointed_ = 0;  // steady
  std::int64_t retained_ = 0;      // steady
  store::Position checkpoint_position_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace honeyguide::engine
