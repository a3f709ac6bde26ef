// REST: mitigations, per docs/reference/ui-api.md.
#pragma once

#include "base/clock.h"
#include "control/audit_log.h"
#include "control/mitigation_engine.h"
#include "server/api.h"
#include "server/api_json.h"
#include "server/mitigation_service.h"
#include "server/self_metrics.h"
#include "store/series_store.h"

namespace honeyguide::server {

// All must outlive the table.
struct MitigationRouteDeps {
  MitigationService& service;
  engine::Engine& engine;
  store::SeriesStore& series;
  const base::Clock& clock;

  SlotOf slot_of(store::TenantId tenant) const {
    return [&owner = engine, tenant](const std::string& agent) {
      return owner.analytics().agent_slot(tenant, agent);
    };
  }
};

// GET /api/v1/mitigations, POST /api/v1/mitigations/{id}/approve, …/deny, …/dry-run, …/rollback,
// GET and POST /api/v1/mitigations/breaker.
void add_mitigation_routes(RouteTable& routes, const MitigationRouteDeps& deps);

// An Action: what alerts and agent pages show of a record.
void write_action(base::JsonWriter& json, const control::ActionRecord& record,
                  const SlotOf& slot_of);
// An ActionDetail. `now_fleet` is the fleet of now.
std::string action_detail_json(const MitigationRouteDeps& deps, const control::ActionRecord& record,
                               const control::FleetView& now_fleet);
// "running_tasks" and "waiting_agents" of an agent.
void write_reach(base::JsonWriter& json, const std::string& target, const control::FleetView& fleet,
                 const SlotOf& slot_of);
void write_dry_run(base::JsonWriter& json, const control::ActionRecord& record);
// 409 with the code `guard` where a guard refused (the message begins with "guard "), else as
// error_response().
net::HttpResponse guard_response(const base::Error& error);
void write_guards(base::JsonWriter& json, const std::vector<control::GuardResult>& guards);

void write_mitigation_metrics(MetricsPage& page, const control::MitigationEngine& engine);

}  // namespace honeyguide::server
