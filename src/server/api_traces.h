// REST: traces by search and by id, and what there is to search for.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "agents/report.h"
#include "server/api.h"
#include "server/api_json.h"
#include "store/query_language.h"
#include "store/read_layer.h"
#include "store/trace_store.h"

namespace honeyguide::server {

// What the trace routes need. The store must outlive the table.
struct TraceRouteDeps {
  store::TraceStore& traces;
  // The runs of these traces as analytics knows them, one each in order; nothing for a trace that
  // it never saw or no longer lists. Null without analytics.
  std::function<std::vector<std::optional<agents::RunRow>>(store::TenantId,
                                                           const std::vector<base::TraceId>&)>
      runs_of;
  std::function<SlotOf(store::TenantId)> slots_of;  // null without analytics
};

// GET /api/v1/traces, GET and DELETE /api/v1/traces/{trace_id}, GET /api/v1/summaries,
// /api/v1/services, /api/v1/operations, /api/v1/attributes, /api/v1/attributes/{key}/values,
// /api/v1/logs.
void add_trace_routes(RouteTable& routes, const TraceRouteDeps& deps);

// 410 with code "expired": analytics knew the trace's run, the store holds no span of it any more.
net::HttpResponse expired_response(const base::TraceId& id, const agents::RunRow& run);

// The text form of a cursor: 80 hex digits. Opaque to clients.
std::string encode_cursor(const store::SearchCursor& cursor);
// kInvalidArgument on anything that encode_cursor did not write.
base::Result<store::SearchCursor> decode_cursor(std::string_view text);

// The predicate, time range, limit and cursor of a request's service, operation, start, end,
// min_duration, max_duration, limit and cursor. Without start and end: all times.
base::Result<store::TraceSearch> trace_search_of(const ApiRequest& request);
// The query of the parameter q; everything matches without it. Bare text needs start or end.
base::Result<store::Query> query_of(const ApiRequest& request);

// The read budget of a request: its deadline, its client's patience, `bytes_max` of memory.
store::ReadBudget budget_of(const ApiRequest& request, std::uint64_t bytes_max);

}  // namespace honeyguide::server
