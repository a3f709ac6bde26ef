// Jaeger's HTTP APIs: v1 (/api/…: Grafana's data source needs it) and v3 (/api/v3/…: Jaeger's
// page).
#pragma once

#include "base/clock.h"
#include "server/api.h"
#include "store/trace_store.h"

namespace honeyguide::server {

// GET /api/services, /api/operations, /api/services/{service}/operations, /api/traces,
// /api/traces/{trace_id}, /api/dependencies. Times in microseconds as Jaeger has them, durations as
// Go writes them; without times the last two days.
void add_jaeger_v1_routes(RouteTable& routes, store::TraceStore& traces, const base::Clock& clock);

// GET /api/v3/services, /api/v3/operations, /api/v3/traces, /api/v3/traces/{trace_id},
// /api/v3/trace-summaries. Times are RFC 3339. Nothing found is 404.
void add_jaeger_v3_routes(RouteTable& routes, store::TraceStore& traces, const base::Clock& clock);

}  // namespace honeyguide::server
