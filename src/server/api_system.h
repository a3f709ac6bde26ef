// REST: the server about itself: stats, health, readiness, /metrics, purge, snapshot.
#pragma once

#include <memory>

#include "base/clock.h"
#include "engine/engine.h"
#include "net/byte_budget.h"
#include "server/agent_metrics.h"
#include "server/api.h"
#include "server/receiver.h"
#include "server/self_metrics.h"
#include "store/series_store.h"
#include "store/trace_store.h"

namespace honeyguide::server {

struct SystemRouteDeps {
  store::TraceStore& traces;
  store::SeriesStore& series;
  engine::Engine& engine;
  const Receiver& receiver;
  const net::ByteBudget& ingest_budget;
  const base::Clock& clock;
  bool purge_offered = false;
  // Further families of /metrics, by the parts that count them.
  std::vector<std::function<void(MetricsPage&)>> more_metrics;
  std::shared_ptr<AgentMetricsPage> agents_page = std::make_shared<AgentMetricsPage>();
};

// GET /metrics, /api/v1/stats, POST /api/v1/admin/purge (if offered),
// POST /api/v1/admin/snapshot.
void add_system_routes(RouteTable& routes, SystemRouteDeps deps);

}  // namespace honeyguide::server
