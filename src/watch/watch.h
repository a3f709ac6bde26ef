// Watch: what is usual, what is not, what comes next; over every stored series.
//
// Points are offered by whoever publishes them and wait in a bounded queue; one thread (or the
// caller of poll(), where threads are unwanted) judges them. Nobody who publishes ever waits.
// State goes to the state store bit by bit; after a crash what is newer is read back from the
// series store, in order of time, and judged again: the same verdicts, the same ids.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "store/series_store.h"
#include "store/state_store.h"
#include "watch/agent_watch.h"
#include "watch/anomaly_book.h"
#include "watch/breach_watch.h"
#include "watch/series_watch.h"

namespace honeyguide::watch {

// Points that wait to be judged; beyond them further ones are dropped and counted, which detectors
// see as missing samples.
inline constexpr std::size_t kQueuedPointsMax = 200'000;
// The shard of this module's state; its owner is whoever restored last.
inline constexpr std::uint32_t kWatchShard = 1;
inline constexpr std::int64_t kWatchTickNs = base::kNanosPerSecond;
inline constexpr std::int64_t kWatchCheckpointNs = 10 * base::kNanosPerSecond;
// Each checkpoint writes one of that many parts of the detectors, so that all are safe in five
// minutes and no write is large.
inline constexpr std::uint64_t kCheckpointSlots = 30;
// Points newer than a detector's state that are read back at a start, at most this long.
inline constexpr std::int64_t kReplayNs = 6 * base::kNanosPerHour;
// Of those, older ones are learned and not judged: they are no news, and may be an import.
inline constexpr std::int64_t kReplayJudgedNs = base::kNanosPerHour;
// A step of the wall clock against the steady one that counts as a jump.
inline constexpr std::int64_t kClockJumpNs = 30 * base::kNanosPerSecond;

struct WatchOptions {
  bool threads = true;
  std::size_t detectors_max = kDetectorsMax;
  std::vector<BreachTarget> targets = default_targets();
};

struct WatchStats {
  SeriesWatchStats series;
  std::uint64_t agents = 0;
  std::uint64_t anomalies = 0;
  std::uint64_t forecasters = 0;
  std::uint64_t refused_forecasts = 0;  // points of series beyond kForecastersMax
  std::uint64_t queued_points = 0;
  std::uint64_t dropped_points_total = 0;
  std::uint64_t damaged_states = 0;  // found at the start and begun anew
  std::uint64_t clock_jumps_total = 0;
  base::UnixNanos ticked = 0;  // wall time of the last round
  std::int64_t lag_ns = 0;     // age of the oldest waiting batch
};

// Finds a trace that shows an anomaly: 32 hex digits, or empty.
using FindExemplar = std::function<std::string(const Anomaly&)>;
// Hears each new anomaly, on the thread that judges, without any lock held.
using OnAnomaly = std::function<void(const Anomaly&)>;

class Watch {
 public:
  // All must outlive it.
  Watch(WatchOptions options, store::SeriesStore& series, store::StateStore& state,
        const base::Clock& clock, base::LogSink log);
  ~Watch();

  void set_find_exemplar(FindExemplar find) { find_exemplar_ = std::move(find); }
  // Takes effect from the next anomaly on.
  void set_on_anomaly(OnAnomaly call);

  // Loads the state and judges what came after it. Before the first offer().
  base::Result<void> restore();
  // Starts the thread, if there shall be one.
  void start();
  // Judges what waits, stores everything. Idempotent.
  void stop();

  // Never blocks on judging. `history`: learned, not judged.
  void offer(store::TenantId tenant, std::vector<WatchedPoint> points, bool history);
  // One round on the calling thread: what waits, what is due. Only without threads.
  void poll();

  std::vector<Anomaly> anomalies(store::TenantId tenant, const AnomalyFilter& filter);
  std::optional<Anomaly> anomaly(store::TenantId tenant, const std::string& id);
  // kNotFound for an unknown anomaly or one whose detector is gone.
  base::Result<Anomaly> opine(store::TenantId tenant, const std::string& id, Opinion opinion);

  std::optional<SeriesState> series(store::TenantId tenant, std::uint64_t series);
  void each_series(store::TenantId tenant, const std::function<void(const SeriesState&)>& call);
  std::optional<AgentState> agent(store::TenantId tenant, const std::string& agent);

  // Predicted breaches, the soonest first; and every forecast series, alerted or not.
  std::vector<Prediction> predictions(store::TenantId tenant);
  std::vector<Prediction> forecasts(store::TenantId tenant);
  std::vector<ClassAccuracy> accuracy(store::TenantId tenant);

  WatchStats stats();
  // Grows with every change of an anomaly: for live views.
  std::uint64_t revision() const { return revision_.load(); }

  // Forgets everything of every tenant.
  void purge();

 private:
  struct Batch {
    store::TenantId tenant = 0;
    bool history = false;
    std::int64_t offered_ns = 0;  // steady
    std::vector<WatchedPoint> points;
  };

  void run();
  void consume();
  void tick_when_due();
  void notice_jump(base::UnixNanos now, std::int64_t steady) HG_REQUIRES(mutex_);
  void tell_opened();
  void checkpoint(bool all);
  void store_changes(bool all) HG_REQUIRES(mutex_);
  void load_states() HG_REQUIRES(mutex_);
  base::Result<void> replay() HG_REQUIRES(mutex_);

  const WatchOptions options_;
  store::SeriesStore& series_store_;
  store::StateStore& state_store_;
  const base::Clock& clock_;
  const base::LogSink log_;
  FindExemplar find_exemplar_;

  base::Mutex queue_mutex_;
  base::CondVar queued_;
  std::vector<Batch> queue_ HG_GUARDED_BY(queue_mutex_);
  std::size_t queued_points_ HG_GUARDED_BY(queue_mutex_) = 0;
  std::uint64_t dropped_points_ HG_GUARDED_BY(queue_mutex_) = 0;
  bool stopping_ HG_GUARDED_BY(queue_mutex_) = false;

  base::Mutex mutex_;
  OnAnomaly on_anomaly_ HG_GUARDED_BY(mutex_);
  AnomalyBook book_ HG_GUARDED_BY(mutex_);
  SeriesWatch series_ HG_GUARDED_BY(mutex_);
  AgentWatch agents_ HG_GUARDED_BY(mutex_);
  BreachWatch breaches_ HG_GUARDED_BY(mutex_);
  std::uint64_t damaged_ HG_GUARDED_BY(mutex_) = 0;
  std::uint64_t jumps_ HG_GUARDED_BY(mutex_) = 0;
  base::UnixNanos wall_seen_ HG_GUARDED_BY(mutex_) = 0;
  std::int64_t steady_seen_ HG_GUARDED_BY(mutex_) = 0;
  std::uint64_t epoch_ HG_GUARDED_BY(mutex_) = 0;
  std::uint64_t slot_ HG_GUARDED_BY(mutex_) = 0;

  std::atomic<std::uint64_t> revision_{0};
  std::int64_t ticked_ = 0;        // steady, of the judging thread
  std::int64_t checkpointed_ = 0;  // steady
  std::int64_t admitted_ = 0;      // steady
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace honeyguide::watch
