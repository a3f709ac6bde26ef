// Analytics: what committed batches say about agents, per tenant: facts, metrics, series. One
// writer (the analytics thread), many readers.
//
// State is kept in memory and checkpointed together with the position it covers; after a crash the
// engine replays what was committed behind it. Final metrics are a pure function of the stored
// spans, so a replay that overlaps changes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "agents/metrics.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "store/series_store.h"
#include "store/state_store.h"
#include "store/trace_store.h"

namespace honeyguide::engine {

struct AnalyticsOptions {
  agents::MetricsOptions metrics;
  // Read at create(): overrides of the tables.
  std::vector<agents::MappingOverride> mappings;
  std::map<std::string, agents::ModelPrice> prices;
  // Bytes of one trace that is read back when an evicted run gets a late span.
  std::uint64_t rehydrate_bytes_max = 64u << 20;
};

inline constexpr std::int64_t kFlushIntervalNs = base::kNanosPerSecond;
inline constexpr std::int64_t kCheckpointIntervalNs = 10 * base::kNanosPerSecond;
// A batch whose newest span ended that long before it arrived is history: it moves the series in
// event time and nothing is judged.
inline constexpr std::int64_t kHistoryAgeNs = base::kNanosPerHour;
// Tenants with analytics state; beyond them spans are stored and searched, but not analysed.
inline constexpr std::size_t kAnalysedTenantsMax = 1000;
// Slots of agents' identities: hue and glyph in every view, the same for everybody for ever.
inline constexpr std::uint32_t kAgentSlots = 32;

// Hears what was published, on the analytics thread.
struct AnalyticsListener {
  // Points of a tenant's series once they are stored, first publications and revisions; `history`
  // while old data are read in, which are learned from and not judged.
  std::function<void(store::TenantId, std::vector<agents::SeriesPoint>, bool history)> on_points;
  // After each flush of a tenant; `history` while old data are read in.
  std::function<void(store::TenantId, base::UnixNanos now, bool history)> on_flush;
};

class Analytics {
 public:
  static base::Result<std::unique_ptr<Analytics>> create(AnalyticsOptions options,
                                                         store::TraceStore& traces,
                                                         store::SeriesStore& series,
                                                         store::StateStore& state,
                                                         base::LogSink log);

  void set_listener(AnalyticsListener listener) { listener_ = std::move(listener); }

  // Loads the newest checkpoint that the log still covers; gives its position (0 without one).
  base::Result<store::Position> restore();
  void consume(const store::CommittedBatch& batch);
  // Evaluates what changed and publishes due points. Call about once a second.
  void tick(base::UnixNanos now);
  // Stores everything that changed since the last one, in one atomic step.
  base::Result<void> checkpoint(store::Position position);

  // Runs `read` over the tenant's figures, flushed to `now`; a tenant that sent nothing has empty
  // ones. Blocks the analytics thread meanwhile: copy and go.
  void read(store::TenantId tenant, base::UnixNanos now,
            const std::function<void(const agents::AgentMetrics&)>& read);
  // As read(), without the flush: for counters.
  void peek(store::TenantId tenant, const std::function<void(const agents::AgentMetrics&)>& read);
  std::vector<store::TenantId> tenants();

  // 0 to 31, the same for all viewers and over restarts; distinct for the first 32 agents.
  std::uint32_t agent_slot(store::TenantId tenant, const std::string& agent);

  base::Result<void> set_thresholds(store::TenantId tenant, const agents::Thresholds& thresholds);

  // Forgets everything of every tenant.
  void purge();

  const agents::Conventions& conventions() const { return conventions_; }
  const agents::PriceTable& prices() const { return prices_; }
  const agents::RunLimits& limits() const { return options_.metrics.set.limits; }

 private:
  struct Tenant {
    std::unique_ptr<agents::AgentMetrics> metrics;
    bool dirty = false;    // spans since the last flush
    bool changed = false;  // since the last checkpoint
    base::UnixNanos flushed = 0;
    base::UnixNanos event_now = 0;  // of history
    std::size_t chunks = 0;         // of its last checkpoint
    std::unordered_set<std::uint64_t> registered;
    std::map<std::string, std::uint32_t> slots;
    bool slots_loaded = false;
  };

  Analytics(AnalyticsOptions options, agents::Conventions conventions, store::TraceStore& traces,
            store::SeriesStore& series, store::StateStore& state, base::LogSink log);
  Tenant* tenant(store::TenantId id) HG_REQUIRES(mutex_);
  void flush(store::TenantId id, Tenant& tenant, base::UnixNanos now, bool history)
      HG_REQUIRES(mutex_);
  void publish(store::TenantId id, Tenant& tenant, const std::vector<agents::SeriesPoint>& points)
      HG_REQUIRES(mutex_);
  base::Result<bool> restore_tenants() HG_REQUIRES(mutex_);
  // Forgets the stored figures; gives position 0, from which they are computed again.
  base::Result<store::Position> discard_checkpoint() HG_REQUIRES(mutex_);
  void load_slots(store::TenantId id, Tenant& tenant) HG_REQUIRES(mutex_);

  const AnalyticsOptions options_;
  const agents::Conventions conventions_;
  agents::PriceTable prices_;
  store::TraceStore& traces_;
  store::SeriesStore& series_;
  store::StateStore& state_;
  const base::LogSink log_;
  AnalyticsListener listener_;
  base::Mutex mutex_;
  std::map<store::TenantId, Tenant> tenants_ HG_GUARDED_BY(mutex_);
  std::uint64_t epoch_ HG_GUARDED_BY(mutex_) = 0;
  std::uint64_t refused_tenants_ HG_GUARDED_BY(mutex_) = 0;
};

}  // namespace honeyguide::engine
