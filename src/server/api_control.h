// REST: the control channel of docs/reference/control-channel.md.
#pragma once

#include "base/clock.h"
#include "control/audit_log.h"
#include "control/directive_book.h"
#include "engine/engine.h"
#include "server/api.h"
#include "server/api_json.h"
#include "server/api_mitigation.h"
#include "server/control_hub.h"
#include "server/self_metrics.h"

namespace honeyguide::server {

// All must outlive the table.
struct ControlRouteDeps {
  control::DirectiveBook& book;
  ControlHub& hub;
  control::AuditLog& audit;
  MitigationRouteDeps mitigation;
};

// GET and POST /api/v1/agents/{id}/directives, GET …/directive, POST …/directives/{seq}/ack,
// GET …/effect.
void add_control_routes(RouteTable& routes, const ControlRouteDeps& deps);

// Families of /metrics about directives and the audit log.
void write_control_metrics(MetricsPage& page, const control::DirectiveBook& book,
                           const ControlHub& hub, control::AuditLog& audit);

// The `control` object of an agent's page: what it was told last and whether it listens.
void write_control(base::JsonWriter& json, const control::DirectiveBook& book,
                   const control::AgentKey& key, base::UnixNanos now);

}  // namespace honeyguide::server
