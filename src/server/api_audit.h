// REST: GET /api/v1/audit, and what every changing request leaves in the audit log.
#pragma once

#include "control/audit_log.h"
#include "server/api.h"

namespace honeyguide::server {

void add_audit_routes(RouteTable& routes, control::AuditLog& audit, const base::Clock& clock);

// An event of this request's principal and tenant.
control::AuditEvent audit_event(const ApiRequest& request, std::string action, std::string target,
                                std::string detail = {});

// The entry of a changing request on a route that writes none itself: method, route and status.
void audit_change(control::AuditLog& audit, const ApiRequest& request, const Route& route,
                  int status);

}  // namespace honeyguide::server
