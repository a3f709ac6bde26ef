// REST: a client checks the server end to end in a tenant of its own.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "server/api.h"
#include "server/validation.h"
#include "store/trace_store.h"

namespace honeyguide::server {

// All must outlive the table.
struct ValidationRouteDeps {
  Validation& validation;
  store::TraceStore& traces;
  store::TenantId tenant = 0;  // the number of kValidationTenant
  // Where telemetry is taken, as HOST:PORT.
  std::function<std::string()> otlp_http;
  std::function<std::string()> otlp_grpc;
};

// POST /api/v1/validation: what an earlier one left is deleted, a token is given.
// POST /api/v1/validation/finish, with that token only: takes the results, deletes the traces.
void add_validation_routes(RouteTable& routes, const ValidationRouteDeps& deps);

}  // namespace honeyguide::server
