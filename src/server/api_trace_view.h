// REST: one trace as the page draws it, per docs/reference/ui-api.md; and where the time of many
// traces goes.
#pragma once

#include "engine/trace_view.h"
#include "server/api_agents.h"

namespace honeyguide::server {

// GET /api/v1/traces/{trace_id}/skeleton, …/critical-path.
void add_trace_view_routes(RouteTable& routes, const AgentRouteDeps& deps);
// GET /api/v1/traces/{trace_id}/spans/{span_id}, …/conversation.
void add_trace_text_routes(RouteTable& routes, const AgentRouteDeps& deps);
// GET /api/v1/bottlenecks, /api/v1/compare.
void add_compare_routes(RouteTable& routes, const AgentRouteDeps& deps);
// GET /api/v1/traces/complete, /api/v1/search.
void add_search_routes(RouteTable& routes, const AgentRouteDeps& deps);

// The trace with all traces of its run. kNotFound for one that was never seen.
base::Result<engine::TraceView> view_of(const AgentRouteDeps& deps, const ApiRequest& request,
                                        const base::TraceId& id);

// Answers with the view of the trace that the path names; 410 for one that has expired.
base::Result<net::HttpResponse> with_view(
    const AgentRouteDeps& deps, const ApiRequest& request,
    const std::function<base::Result<net::HttpResponse>(const engine::TraceView&)>& answer);

// An agent of the view, null for index -1.
void write_agent_at(base::JsonWriter& json, std::string_view name, const engine::TraceView& view,
                    int agent, const SlotOf& slots);
// null for a number below 0.
void write_count_or_null(base::JsonWriter& json, std::int64_t count);
void write_micro_usd(base::JsonWriter& json, std::int64_t micro_usd);
// "partial"
void write_partial_reason(base::JsonWriter& json, store::Partial partial);

}  // namespace honeyguide::server
