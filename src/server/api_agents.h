// REST: what is known of agents and their work, per docs/reference/ui-api.md.
#pragma once

#include "base/clock.h"
#include "control/directive_book.h"
#include "engine/budget_book.h"
#include "engine/engine.h"
#include "server/api.h"
#include "server/api_demo.h"
#include "server/api_json.h"
#include "server/api_traces.h"
#include "server/api_watch.h"
#include "server/receiver.h"
#include "store/series_store.h"
#include "store/trace_store.h"

namespace honeyguide::server {

class AlertService;
class LiveHub;
class Vitals;
class LayoutStore;
class MitigationService;

// All must outlive the table.
struct AgentRouteDeps {
  engine::Engine& engine;
  store::TraceStore& traces;
  store::SeriesStore& series;
  const Receiver& receiver;
  const base::Clock& clock;
  LiveHub& live;
  const control::DirectiveBook& directives;
  const engine::BudgetBook& budgets;
  const LayoutStore& layout;
  MitigationService& mitigation;
  const DemoSwitch& demo;
  AlertService& alerts;
  Vitals& vitals;

  SlotOf slot_of(store::TenantId tenant) const {
    return [this, tenant](const std::string& agent) {
      return engine.analytics().agent_slot(tenant, agent);
    };
  }
};

// The trace routes with what analytics knows of each run.
TraceRouteDeps trace_route_deps(const AgentRouteDeps& deps);

// GET /api/v1/agents, /agents/{id}.
void add_agent_routes(RouteTable& routes, const AgentRouteDeps& deps);
// GET /api/v1/workflows, /workflows/{name}, /runs, /runs/{id}, /tasks, /sessions, /loops.
void add_work_routes(RouteTable& routes, const AgentRouteDeps& deps);
// GET /api/v1/topology, /conflicts, /dependencies.
void add_topology_routes(RouteTable& routes, const AgentRouteDeps& deps);
// GET /api/v1/traces/facets, /traces/scatter.
void add_list_routes(RouteTable& routes, const AgentRouteDeps& deps);
// GET /api/v1/status, /overview, /dashboard.
void add_overview_routes(RouteTable& routes, const AgentRouteDeps& deps);

// The window of figures that fits a range: 5 min, 1 h or 24 h.
agents::Window window_of(store::TimeRange range);

// An AgentRow, everything but `previous`, which is null.
void write_agent_row(base::JsonWriter& json, const agents::AgentReport& report,
                     const std::string& strip, store::TimeRange strip_range, const SlotOf& slot_of,
                     const AgentOddity& oddity);
// Cells of a row's strip: one a minute over the last hour.
inline constexpr int kStripCells = 60;

// A row of an agent's tasks.
void write_task_row(base::JsonWriter& json, const agents::TaskRow& task);

// A TraceRow of a run.
void write_run_row(base::JsonWriter& json, const agents::RunRow& run, const SlotOf& slot_of,
                   base::UnixNanos now);
// "success", "failed", "limit", "running", "unknown".
std::string_view run_outcome(const agents::RunRow& run);

// A Metric: value, the series over the range, and nothing that is not known.
struct MetricText {
  std::optional<double> value;
  std::optional<double> target;
  std::string_view status = "unknown";
  std::string_view unknown_reason;
};
void write_metric(base::JsonWriter& json, const MetricText& metric, store::TimeRange range,
                  const std::vector<std::optional<double>>& values);

}  // namespace honeyguide::server
