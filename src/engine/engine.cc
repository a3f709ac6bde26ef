#include "engine/engine.h"

#include <atomic>
#include <csignal>
#include <utility>

#include <pthread.h>

#include "engine/exemplar.h"

namespace honeyguide::engine {
namespace {

constexpr std::uint64_t kBatchesPerPoll = 64;
constexpr std::int64_t kIdleWaitMs = 200;
constexpr std::uint64_t kCheckpointRows = 500'000;
constexpr std::int64_t kRetentionIntervalNs = base::kNanosPerMinute;

}  // namespace

base::Result<std::unique_ptr<Engine>> Engine::create(EngineOptions options, EngineStores stores,
                                                     const base::Clock& clock, base::LogSink log) {
  HG_ASSIGN_OR_RETURN(auto analytics, Analytics::create(options.analytics, stores.traces,
                                                        stores.series, stores.state, log));
  HG_ASSIGN_OR_RETURN(const store::Position from, analytics->restore());
  std::unique_ptr<Engine> engine(
      new Engine(options, stores, clock, std::move(log), std::move(analytics), from));
  HG_RETURN_IF_ERROR(engine->start_watch());
  if (options.threads) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    engine->thread_ = std::thread([raw = engine.get()] { raw->run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  return engine;
}

Engine::Engine(EngineOptions options, EngineStores stores, const base::Clock& clock,
               base::LogSink log, std::unique_ptr<Analytics> analytics, store::Position from)
    : options_(std::move(options)),
      stores_(stores),
      clock_(clock),
      log_(std::move(log)),
      analytics_(std::move(analytics)),
      metric_ingest_(stores_.series),
      watch_({.threads = options_.threads, .detectors_max = options_.detectors_max}, stores_.series,
             stores_.state, clock, log_),
      feed_(stores_.traces, from, options_.feed_bytes_max),
      checkpointed_(clock.steady_ns()),
      checkpoint_position_(from) {
  stores_.traces.hold_settle_after(from);
}

base::Result<void> Engine::start_watch() {
  HG_RETURN_IF_ERROR(watch_.restore());
  watch_.set_find_exemplar([this](const watch::Anomaly& anomaly) {
    return find_exemplar(*analytics_, anomaly, clock_.now());
  });
  AnalyticsListener listener;
  listener.on_points = [this](store::TenantId tenant, std::vector<agents::SeriesPoint> points,
                              bool history) {
    std::vector<watch::WatchedPoint> watched;
    watched.reserve(points.size());
    for (agents::SeriesPoint& point : points) {
      watched.push_back({std::move(point.key), point.kind, point.point});
    }
    watch_.offer(tenant, std::move(watched), history);
  };
  analytics_->set_listener(std::move(listener));
  watch_.start();
  return {};
}

Engine::~Engine() {
  stop();
}

void Engine::append(store::AppendRequest request, bool backfill, store::AppendDone done) {
  store::CommittedBatch committed;
  committed.tenant = request.tenant;
  committed.arrival = request.arrival;
  committed.spans = request.spans;
  committed.logs = request.logs;
  committed.backfill = backfill;
  stores_.traces.append(std::move(request), [this, committed = std::move(committed),
                                             done = std::move(done)](auto ack) mutable {
    if (ack && ack->visible) {
      committed.position = ack->position;
      feed_.push(std::move(committed));
    }
    done(std::move(ack));
  });
}

base::Result<std::uint64_t> Engine::poll(std::uint64_t batches_max) {
  auto consumed = feed_.poll(
      [this](const store::CommittedBatch& batch) { analytics_->consume(batch); }, batches_max);
  tick_when_due();
  if (!options_.threads) watch_.poll();
  return consumed;
}

base::Result<MetricIngestOutcome> Engine::append_metrics(store::TenantId tenant,
                                                         const telemetry::MetricBatch& metrics,
                                                         base::UnixNanos arrival, bool backfill) {
  auto outcome = metric_ingest_.append(tenant, metrics, arrival);
  if (outcome) watch_.offer(tenant, std::move(outcome->written), backfill);
  return outcome;
}

base::Result<void> Engine::write_own(store::TenantId tenant,
                                     std::vector<watch::WatchedPoint> points) {
  std::vector<store::SeriesPoint> stored;
  for (const watch::WatchedPoint& point : points) {
    HG_RETURN_IF_ERROR(stores_.series.register_series(tenant, {point.key, point.kind, "", ""}));
    stored.push_back({point.key.id(), point.point});
  }
  HG_RETURN_IF_ERROR(stores_.series.write(tenant, stored));
  watch_.offer(tenant, std::move(points), false);
  return {};
}

void Engine::tick_when_due() {
  const std::int64_t now = clock_.steady_ns();
  if (now - ticked_ >= kFlushIntervalNs) {
    ticked_ = now;
    analytics_->tick(clock_.now());
  }
  // Settle waits for the checkpoint, so a flood must not wait for the clock.
  const bool many = feed_.position().sequence - checkpoint_position_.sequence >= kCheckpointRows;
  if (many || now - checkpointed_ >= kCheckpointIntervalNs) checkpoint();
  if (now - retained_ >= kRetentionIntervalNs) {
    retained_ = now;
    apply_retention();
  }
}

void Engine::apply_retention() {
  const base::UnixNanos now = clock_.now();
  const auto dropped = stores_.traces.apply_retention(options_.retention, now);
  if (!dropped) {
    log_(base::LogLevel::kError, "retention: " + dropped.error().to_string());
  } else if (dropped->partitions_dropped > 0) {
    log_(base::LogLevel::kInfo, "retention dropped " + std::to_string(dropped->partitions_dropped) +
                                    " hours, " + std::to_string(dropped->bytes_freed) + " bytes");
  }
  if (const auto done = stores_.series.apply_retention(options_.series_retention, now); !done) {
    log_(base::LogLevel::kError, "series retention: " + done.error().to_string());
  }
}

void Engine::checkpoint() {
  checkpointed_ = clock_.steady_ns();
  const store::Position position = feed_.position();
  const auto stored = analytics_->checkpoint(position);
  if (!stored) {
    log_(base::LogLevel::kError, "no checkpoint: " + stored.error().to_string());
    return;
  }
  checkpoint_position_ = position;
  stores_.traces.hold_settle_after(position);
}

void Engine::run() {
  while (!stopping_) {
    const auto consumed = poll(kBatchesPerPoll);
    if (!consumed) log_(base::LogLevel::kError, "analytics: " + consumed.error().to_string());
    if (!consumed || *consumed == 0) feed_.wait(kIdleWaitMs);
  }
}

void Engine::stop() {
  if (stopping_.exchange(true)) return;
  feed_.stop();
  if (thread_.joinable()) thread_.join();
  analytics_->tick(clock_.now());
  checkpoint();
  watch_.stop();
}

store::PoolUse Engine::live_runs_pool() {
  store::PoolUse out{"live_runs", 0, options_.analytics.metrics.live_bytes_max};
  for (const store::TenantId tenant : analytics_->tenants()) {
    analytics_->peek(tenant, [&](const agents::AgentMetrics& metrics) {
      out.used_bytes += static_cast<std::uint64_t>(metrics.stats().runs.live_bytes);
    });
  }
  return out;
}

EngineStats Engine::stats() {
  return {feed_.stats(), stores_.traces.last_position(), feed_.position()};
}

}  // namespace honeyguide::engine
