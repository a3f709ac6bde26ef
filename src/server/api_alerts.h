// REST: alerts and what people do with them, silences, rules, escalations
// (docs/reference/ui-api.md).
#pragma once

#include "base/clock.h"
#include "server/alert_service.h"
#include "server/api.h"
#include "server/api_json.h"
#include "server/culprit_book.h"
#include "server/self_metrics.h"

namespace honeyguide::server {

// All must outlive the table.
struct AlertRouteDeps {
  AlertService& alerts;
  store::SeriesStore& series;
  engine::Engine& engine;
  const base::Clock& clock;
  CulpritBook& culprits;

  SlotOf slot_of(store::TenantId tenant) const {
    return [this, tenant](const std::string& agent) {
      return engine.analytics().agent_slot(tenant, agent);
    };
  }
};

// GET /api/v1/alerts, /alerts/{id}, /dashboard/alerts; POST /alerts/{id}/ack, /unack, /assign.
void add_alert_routes(RouteTable& routes, const AlertRouteDeps& deps);
// GET, POST and DELETE /api/v1/silences, POST /silences/preview; GET /escalations; GET /rules, POST
// /rules/preview.
void add_alert_rule_routes(RouteTable& routes, const AlertRouteDeps& deps);
// /api/v2 as Alertmanager has it: alerts (GET, POST), alerts/groups, silences, silence/{id},
// status, receivers.
void add_alertmanager_routes(RouteTable& routes, const AlertRouteDeps& deps);

// Families of /metrics about alerts.
void write_alert_metrics(MetricsPage& page, AlertService& alerts);

// The worst open alerts that nobody silenced, at most `limit`; `total` counts all of them.
std::vector<alerts::Alert> attention_alerts(AlertService& alerts, store::TenantId tenant,
                                            std::size_t limit, std::size_t& total);

}  // namespace honeyguide::server
