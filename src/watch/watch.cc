#include "watch/watch.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include <pthread.h>

namespace honeyguide::watch {
namespace {

constexpr std::int64_t kWaitMs = 200;
constexpr std::int64_t kAdmitNs = base::kNanosPerMinute;
constexpr std::uint32_t kStatesMax = 1u << 20;

}  // namespace

Watch::Watch(WatchOptions options, store::SeriesStore& series, store::StateStore& state,
             const base::Clock& clock, base::LogSink log)
    : options_(options),
      series_store_(series),
      state_store_(state),
      clock_(clock),
      log_(std::move(log)),
      series_(book_, options.detectors_max),
      agents_(book_),
      breaches_(options.targets),
      wall_seen_(clock.now()),
      steady_seen_(clock.steady_ns()),
      checkpointed_(clock.steady_ns()),
      admitted_(clock.steady_ns()) {
  series_.set_on_judged([this](const JudgedPoint& point) {
    agents_.take(point);
    breaches_.take(point);
  });
}

Watch::~Watch() {
  stop();
}

void Watch::start() {
  if (!options_.threads) return;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Watch::stop() {
  if (std::exchange(stopped_, true)) return;
  {
    base::MutexLock lock(queue_mutex_);
    stopping_ = true;
  }
  queued_.notify_all();
  if (thread_.joinable()) thread_.join();
  consume();
  tell_opened();
  checkpoint(true);
}

void Watch::set_on_anomaly(OnAnomaly call) {
  base::MutexLock lock(mutex_);
  on_anomaly_ = std::move(call);
}

void Watch::offer(store::TenantId tenant, std::vector<WatchedPoint> points, bool history) {
  if (points.empty()) return;
  {
    base::MutexLock lock(queue_mutex_);
    if (queued_points_ + points.size() > kQueuedPointsMax) {
      dropped_points_ += points.size();
      return;
    }
    queued_points_ += points.size();
    queue_.push_back({tenant, history, clock_.steady_ns(), std::move(points)});
  }
  queued_.notify_one();
}

void Watch::run() {
  while (true) {
    {
      base::MutexLock lock(queue_mutex_);
      if (stopping_) return;
      if (queue_.empty()) queued_.wait_for(queue_mutex_, std::chrono::milliseconds(kWaitMs));
      if (stopping_) return;
    }
    poll();
  }
}

void Watch::poll() {
  consume();
  tick_when_due();
}

void Watch::consume() {
  std::vector<Batch> batches;
  {
    base::MutexLock lock(queue_mutex_);
    batches.swap(queue_);
  }
  for (Batch& batch : batches) {
    // A batch at a time, so that readers get their turn.
    {
      base::MutexLock lock(mutex_);
      for (const WatchedPoint& point : batch.points) {
        series_.take(batch.tenant, point, batch.history);
      }
    }
    base::MutexLock lock(queue_mutex_);
    queued_points_ -= batch.points.size();
  }
}

void Watch::notice_jump(base::UnixNanos now, std::int64_t steady) {
  const std::int64_t jump = (now - wall_seen_) - (steady - steady_seen_);
  wall_seen_ = now;
  steady_seen_ = steady;
  if (std::abs(jump) < kClockJumpNs) return;
  ++jumps_;
  log_(base::LogLevel::kWarning, "the wall clock jumped by " +
                                     std::to_string(jump / base::kNanosPerSecond) +
                                     " s; detectors go on from there");
  if (jump > 0) return;
  series_.rewind(now);
  agents_.rewind(now);
  breaches_.rewind(now);
}

void Watch::tick_when_due() {
  const std::int64_t steady = clock_.steady_ns();
  if (steady - ticked_ >= kWatchTickNs || ticked_ == 0) {
    ticked_ = steady;
    base::MutexLock lock(mutex_);
    const base::UnixNanos now = clock_.now();
    notice_jump(now, steady);
    series_.tick(now);
    agents_.tick();
    if (steady - admitted_ >= kAdmitNs) {
      admitted_ = steady;
      series_.admit();
    }
  }
  tell_opened();
  if (steady - checkpointed_ >= kWatchCheckpointNs) checkpoint(false);
}

void Watch::tell_opened() {
  std::vector<Anomaly> opened;
  OnAnomaly tell;
  {
    base::MutexLock lock(mutex_);
    tell = on_anomaly_;
    for (const std::string& id : book_.take_opened()) {
      if (const Anomaly* anomaly = book_.find(id)) opened.push_back(*anomaly);
    }
  }
  for (Anomaly& anomaly : opened) {
    revision_.fetch_add(1);
    if (find_exemplar_ && anomaly.trace_id.empty()) {
      anomaly.trace_id = find_exemplar_(anomaly);
      base::MutexLock lock(mutex_);
      Anomaly* kept = book_.find(anomaly.id);
      if (kept != nullptr && !anomaly.trace_id.empty()) {
        kept->trace_id = anomaly.trace_id;
        book_.touch(anomaly.id);
      }
    }
    if (tell) tell(anomaly);
  }
}

void Watch::checkpoint(bool all) {
  checkpointed_ = clock_.steady_ns();
  base::MutexLock lock(mutex_);
  store_changes(all);
}

void Watch::store_changes(bool all) {
  store::Checkpoint checkpoint;
  checkpoint.shard = kWatchShard;
  if (epoch_ == 0) {
    const auto epoch = state_store_.acquire_epoch(kWatchShard);
    if (!epoch) return;
    epoch_ = *epoch;
  }
  checkpoint.epoch = epoch_;
  book_.collect_changes(checkpoint.changes);
  const bool changed = !checkpoint.changes.empty();
  agents_.collect_changes(checkpoint.changes);
  series_.collect_changes(all ? 0 : slot_, all ? 1 : kCheckpointSlots, checkpoint.changes);
  breaches_.collect_changes(all ? 0 : slot_, all ? 1 : kCheckpointSlots, checkpoint.changes);
  slot_ = (slot_ + 1) % kCheckpointSlots;
  if (checkpoint.changes.empty()) return;
  // Points that the detectors have judged must not be younger on disk than what they learned.
  if (const auto synced = series_store_.sync(); !synced) {
    log_(base::LogLevel::kError, "detector state was not stored: " + synced.error().message);
    return;
  }
  if (const auto stored = state_store_.checkpoint(checkpoint); !stored) {
    log_(base::LogLevel::kError, "detector state was not stored: " + stored.error().message);
    return;
  }
  book_.stored();
  agents_.stored();
  series_.stored();
  breaches_.stored();
  if (changed) revision_.fetch_add(1);
}

base::Result<void> Watch::restore() {
  base::MutexLock lock(mutex_);
  HG_ASSIGN_OR_RETURN(epoch_, state_store_.acquire_epoch(kWatchShard));
  load_states();
  if (damaged_ > 0) {
    log_(base::LogLevel::kWarning, std::to_string(damaged_) +
                                       " detector states are of another version or damaged; these "
                                       "series are learned anew");
  }
  HG_RETURN_IF_ERROR(replay());
  wall_seen_ = clock_.now();
  steady_seen_ = clock_.steady_ns();
  return {};
}

void Watch::load_states() {
  const auto states = state_store_.list(kWatchShard, store::StateKind::kDetector, "", kStatesMax);
  if (!states) {
    log_(base::LogLevel::kError, "detector state cannot be read: " + states.error().message);
    return;
  }
  for (const auto& [id, bytes] : *states) {
    bool good = false;
    if (id.starts_with("s/")) {
      good = series_.load(bytes);
    } else if (id.starts_with("v/")) {
      good = agents_.load(bytes);
    } else if (id.starts_with("a/")) {
      auto anomaly = decode_anomaly(bytes);
      good = anomaly.has_value();
      if (good) book_.load(std::move(anomaly).value());
    }
    damaged_ += good ? 0 : 1;
  }
  const auto forecasts =
      state_store_.list(kWatchShard, store::StateKind::kForecast, "", kStatesMax);
  if (!forecasts) return;
  for (const auto& [id, bytes] : *forecasts) damaged_ += breaches_.load(bytes) ? 0 : 1;
}

base::Result<void> Watch::replay() {
  struct Point {
    base::UnixNanos time = 0;
    double value = 0;
    std::uint32_t series = 0;
  };
  struct Series {
    store::TenantId tenant = 0;
    WatchedPoint point;
    base::UnixNanos from = 0;
  };
  std::vector<Series> watched;
  series_.each_resume([&](store::TenantId tenant, const telemetry::SeriesKey& key,
                          telemetry::SeriesKind kind, base::UnixNanos from) {
    watched.push_back({tenant, {key, kind, {}}, from});
  });
  const base::UnixNanos now = clock_.now();
  std::vector<Point> points;
  for (std::uint32_t i = 0; i < watched.size(); ++i) {
    const base::UnixNanos from = std::max(watched[i].from, now - kReplayNs);
    if (from >= now + base::kNanosPerHour) continue;
    const auto read =
        series_store_.read(watched[i].tenant, watched[i].point.key.id(), store::Resolution::k10s,
                           {from, now + base::kNanosPerHour});
    // A power cut may have taken a young series and left what was learned of it.
    if (!read && read.error().code == base::ErrorCode::kNotFound) continue;
    if (!read) return read.error();
    for (const auto& point : *read) points.push_back({point.time, point.value, i});
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.time < b.time; });
  for (const Point& point : points) {
    Series& of = watched[point.series];
    of.point.point = {point.time, point.value};
    series_.take(of.tenant, of.point, point.time < now - kReplayJudgedNs);
  }
  return {};
}

std::vector<Anomaly> Watch::anomalies(store::TenantId tenant, const AnomalyFilter& filter) {
  base::MutexLock lock(mutex_);
  return book_.list(tenant, filter);
}

std::optional<Anomaly> Watch::anomaly(store::TenantId tenant, const std::string& id) {
  base::MutexLock lock(mutex_);
  const Anomaly* found = book_.find(id);
  if (found == nullptr || found->tenant != tenant) return std::nullopt;
  return *found;
}

base::Result<Anomaly> Watch::opine(store::TenantId tenant, const std::string& id, Opinion opinion) {
  base::MutexLock lock(mutex_);
  Anomaly* found = book_.find(id);
  if (found == nullptr || found->tenant != tenant) {
    return base::Error{base::ErrorCode::kNotFound, "there is no anomaly '" + id + "'"};
  }
  const base::UnixNanos now = clock_.now();
  const bool expired = found->opinion_until <= now;
  const Opinion before = expired ? Opinion::kNone : found->opinion;
  if (before == opinion) return *found;
  Anomaly changed = *found;
  changed.opinion = opinion;
  changed.opinion_until = opinion == Opinion::kNone ? 0 : now + kOpinionNs;
  HG_RETURN_IF_ERROR(changed.kind == AnomalyKind::kSeries
                         ? series_.opine(changed, before, opinion)
                         : agents_.opine(changed, before, opinion));
  *found = changed;
  book_.touch(id);
  revision_.fetch_add(1);
  store_changes(false);
  return changed;
}

std::optional<SeriesState> Watch::series(store::TenantId tenant, std::uint64_t series) {
  base::MutexLock lock(mutex_);
  SeriesState out;
  if (!series_.state(tenant, series, out)) return std::nullopt;
  return out;
}

void Watch::each_series(store::TenantId tenant,
                        const std::function<void(const SeriesState&)>& call) {
  base::MutexLock lock(mutex_);
  series_.each(tenant, call);
}

std::optional<AgentState> Watch::agent(store::TenantId tenant, const std::string& agent) {
  base::MutexLock lock(mutex_);
  AgentState out;
  if (!agents_.state(tenant, agent, out)) return std::nullopt;
  return out;
}

std::vector<Prediction> Watch::predictions(store::TenantId tenant) {
  base::MutexLock lock(mutex_);
  return breaches_.predictions(tenant);
}

std::vector<Prediction> Watch::forecasts(store::TenantId tenant) {
  base::MutexLock lock(mutex_);
  return breaches_.all(tenant);
}

std::vector<ClassAccuracy> Watch::accuracy(store::TenantId tenant) {
  base::MutexLock lock(mutex_);
  return breaches_.accuracy(tenant);
}

WatchStats Watch::stats() {
  WatchStats out;
  {
    base::MutexLock lock(mutex_);
    out.series = series_.stats();
    out.agents = agents_.size();
    out.anomalies = book_.size();
    out.forecasters = breaches_.size();
    out.refused_forecasts = breaches_.refused();
    out.damaged_states = damaged_;
    out.clock_jumps_total = jumps_;
    out.ticked = wall_seen_;
  }
  base::MutexLock lock(queue_mutex_);
  out.queued_points = queued_points_;
  out.dropped_points_total = dropped_points_;
  out.lag_ns = queue_.empty() ? 0 : clock_.steady_ns() - queue_.front().offered_ns;
  return out;
}

void Watch::purge() {
  base::MutexLock lock(mutex_);
  series_.clear();
  agents_.clear();
  breaches_.clear();
  book_.clear();
  revision_.fetch_add(1);
}

}  // namespace honeyguide::watch
