// What agents do, on /metrics: the agent metrics of the caller's tenant in Prometheus' text format.
// Names are the GenAI conventions' where they have one, else honeyguide_; the list stands in
// docs/reference/metrics.md.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "agents/metrics.h"
#include "base/mutex.h"
#include "server/self_metrics.h"
#include "store/trace_store.h"

namespace honeyguide::server {

// Agents, workflows, pairs, pairs of model and agent, of tool and agent: of each at most this many
// have samples of their own, first come first served; the rest are summed up under the name
// "__overflow__". honeyguide_metrics_folded says how many those are.
inline constexpr std::size_t kExposedPerKindMax = 2000;

// Thread-safe.
class AgentMetricsPage {
 public:
  explicit AgentMetricsPage(std::size_t exposed_max = kExposedPerKindMax)
      : exposed_max_(exposed_max) {}

  void write(MetricsPage& page, store::TenantId tenant, const agents::AgentMetrics& metrics,
             base::UnixNanos now);

 private:
  struct Row {
    agents::EntityKey key;
    agents::Counts counts;
  };
  std::vector<Row> rows(store::TenantId tenant, agents::EntityKind kind,
                        const agents::AgentMetrics& metrics, base::UnixNanos now,
                        std::int64_t* folded);

  const std::size_t exposed_max_;
  base::Mutex mutex_;
  std::map<std::pair<store::TenantId, agents::EntityKind>, std::set<agents::EntityKey>> exposed_
      HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::server
