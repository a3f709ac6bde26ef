// REST: what will break, and what is broken: predicted breaches with their measured accuracy,
// critical conditions, and the health of the server.
#pragma once

#include "base/clock.h"
#include "engine/engine.h"
#include "server/api.h"
#include "server/api_json.h"
#include "server/config.h"
#include "server/validation.h"
#include "server/vitals.h"

namespace honeyguide::server {

// All must outlive the table.
struct ConditionRouteDeps {
  engine::Engine& engine;
  store::TraceStore& traces;
  store::SeriesStore& series;
  Vitals& vitals;
  const ServeConfig& config;
  const base::Clock& clock;
  const Validation& validation;

  SlotOf slot_of(store::TenantId tenant) const {
    return [this, tenant](const std::string& agent) {
      return engine.analytics().agent_slot(tenant, agent);
    };
  }
};

// GET /api/v1/predictions, /predictions/accuracy, /conditions.
void add_condition_routes(RouteTable& routes, const ConditionRouteDeps& deps);
// GET /api/v1/health, /healthz, /readyz.
void add_health_routes(RouteTable& routes, const ConditionRouteDeps& deps);

// The page's word for a state or a status of health.
std::string_view shown_status(std::string_view status);

}  // namespace honeyguide::server
