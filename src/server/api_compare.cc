// Where the time of many traces goes, and how two traces or two times differ.
#include "engine/trace_compare.h"
#include "server/api_trace_view.h"
#include "server/api_traces.h"
#include "store/query_search.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using engine::BottleneckSet;
using engine::LabelBy;

// Traces that one answer looks at: the newest that match.
constexpr std::int64_t kTracesMax = 500;
constexpr std::int64_t kTracesDefault = 100;
constexpr std::uint64_t kViewBytesMax = 64ull << 20;
constexpr std::size_t kPathsMax = 1000;

double ms(double ns) {
  return ns / 1e6;
}

Result<LabelBy> by_param(const ApiRequest& request) {
  const auto text = request.param("by");
  if (text.empty()) return LabelBy::kAgent;
  const auto by = engine::label_by(text);
  if (by) return *by;
  return Error{ErrorCode::kInvalidArgument, "by: use agent, operation or kind"};
}

// The newest traces of a range that match the request's filters, looked through.
Result<BottleneckSet> measure(const AgentRouteDeps& deps, const ApiRequest& request,
                              store::TimeRange range, LabelBy by) {
  HG_ASSIGN_OR_RETURN(const std::int64_t limit,
                      int_param(request, "limit", kTracesDefault, 1, kTracesMax));
  HG_ASSIGN_OR_RETURN(store::TraceSearch search, trace_search_of(request));
  search.time = range;
  search.limit = static_cast<std::uint32_t>(limit);
  HG_ASSIGN_OR_RETURN(const store::Query query, store::parse_query(request.param("q")));
  HG_ASSIGN_OR_RETURN(const auto found,
                      store::search_traces(deps.traces, request.tenant, query, search));
  std::vector<base::TraceId> ids;
  for (const store::TraceHit& hit : found.traces) ids.push_back(hit.summary.trace_id);
  const engine::Analytics& analytics = deps.engine.analytics();
  auto set = engine::bottlenecks_of(
      {deps.traces, analytics.conventions(), analytics.prices(), &analytics.limits()},
      request.tenant, ids, by, budget_of(request, kViewBytesMax));
  if (set.partial == store::Partial::kNo) set.partial = found.partial;
  if (set.partial == store::Partial::kNo && found.next) set.partial = store::Partial::kRows;
  return set;
}

void write_set_partial(JsonWriter& json, const BottleneckSet& set) {
  json.key("partial");
  if (set.partial == store::Partial::kNo) {
    json.null();
    return;
  }
  json.begin_object().field("reason", store::partial_reason(set.partial));
  json.key("missing").begin_array();
  if (set.missing > 0) json.value(std::to_string(set.missing) + " traces");
  json.end_array().end_object();
}

Result<net::HttpResponse> bottlenecks(const AgentRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, deps.clock.now()));
  HG_ASSIGN_OR_RETURN(const LabelBy by, by_param(request));
  HG_ASSIGN_OR_RETURN(const BottleneckSet set, measure(deps, request, range, by));
  const double wall = static_cast<double>(set.rows.wall_ns());
  JsonWriter json;
  json.begin_object().field("traces", set.rows.traces()).field("wall_ms", ms(wall));
  json.key("items").begin_array();
  for (const traces::LabelTime& row : set.rows.rows()) {
    json.begin_object().field("label", row.label).field("spans", row.spans);
    json.field("errors", row.errors).field("traces", row.traces);
    json.field("self_ms", ms(static_cast<double>(row.self_ns)));
    json.field("critical_ms", ms(static_cast<double>(row.critical_ns)));
    json.field("share_ratio", wall > 0 ? static_cast<double>(row.critical_ns) / wall : 0.0);
    json.field("detached_ms", ms(static_cast<double>(row.detached_ns)));
    for (const auto& [name, quantile] :
         {std::pair{"critical_p50_ms", 0.5}, std::pair{"critical_p90_ms", 0.9}}) {
      auto value = traces::quantile_of(row.critical_ns_each, quantile);
      if (value) *value /= 1e6;
      write_optional(json, name, value);
    }
    json.end_object();
  }
  json.end_array();
  write_set_partial(json, set);
  json.end_object();
  return json_response(json.take());
}

void write_label_changes(JsonWriter& json, const traces::Bottlenecks& before,
                         const traces::Bottlenecks& after) {
  json.key("labels").begin_array();
  for (const traces::LabelChange& change : traces::compare(before, after)) {
    json.begin_object().field("label", change.label);
    json.field("critical_before_ms", ms(change.critical_before_ns));
    json.field("critical_after_ms", ms(change.critical_after_ns));
    json.field("self_before_ms", ms(change.self_before_ns));
    json.field("self_after_ms", ms(change.self_after_ns));
    json.field("spans_before", change.spans_before).field("spans_after", change.spans_after);
    json.end_object();
  }
  json.end_array();
}

Result<net::HttpResponse> compare_traces(const AgentRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const base::TraceId before, parse_trace_id(request.param("before")));
  HG_ASSIGN_OR_RETURN(const base::TraceId after, parse_trace_id(request.param("after")));
  HG_ASSIGN_OR_RETURN(const LabelBy by, by_param(request));
  HG_ASSIGN_OR_RETURN(const engine::TraceView a, view_of(deps, request, before));
  HG_ASSIGN_OR_RETURN(const engine::TraceView b, view_of(deps, request, after));
  const engine::Analytics& analytics = deps.engine.analytics();
  const engine::TraceViewSources sources{deps.traces, analytics.conventions(), analytics.prices(),
                                         &analytics.limits()};
  const auto budget = budget_of(request, kViewBytesMax);
  const BottleneckSet labels_a =
      engine::bottlenecks_of(sources, request.tenant, {before}, by, budget);
  const BottleneckSet labels_b =
      engine::bottlenecks_of(sources, request.tenant, {after}, by, budget);
  JsonWriter json;
  json.begin_object().field("kind", "traces");
  json.field("traces_before", a.trace_ids.size()).field("traces_after", b.trace_ids.size());
  write_label_changes(json, labels_a.rows, labels_b.rows);
  json.key("paths").begin_array();
  std::size_t written = 0;
  for (const traces::PathChange& change : traces::compare_paths(a.tree, b.tree)) {
    if (written++ == kPathsMax) break;
    json.begin_object().field("path", change.path);
    json.field("count_before", change.count_before).field("count_after", change.count_after);
    json.field("duration_before_ms", ms(static_cast<double>(change.duration_before_ns)));
    json.field("duration_after_ms", ms(static_cast<double>(change.duration_after_ns)));
    json.field("self_before_ms", ms(static_cast<double>(change.self_before_ns)));
    json.field("self_after_ms", ms(static_cast<double>(change.self_after_ns))).end_object();
  }
  json.end_array();
  write_set_partial(json, labels_b);
  json.end_object();
  return json_response(json.take());
}

Result<store::TimeRange> named_range(const ApiRequest& request, const std::string& name) {
  HG_ASSIGN_OR_RETURN(const base::UnixNanos begin, time_param(request, name + "_start", 0));
  HG_ASSIGN_OR_RETURN(const base::UnixNanos end, time_param(request, name + "_end", 0));
  if (begin != 0 && begin < end) return store::TimeRange{begin, end};
  return Error{ErrorCode::kInvalidArgument,
               name + "_start, " + name + "_end: give both, the start before the end"};
}

Result<net::HttpResponse> compare(const AgentRouteDeps& deps, const ApiRequest& request) {
  const bool ids = !request.param("before").empty() || !request.param("after").empty();
  if (ids) return compare_traces(deps, request);
  if (request.param("before_start").empty() && request.param("after_start").empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 "give before and after, two trace ids, or before_start, before_end, after_start "
                 "and after_end, two times"};
  }
  HG_ASSIGN_OR_RETURN(const store::TimeRange before, named_range(request, "before"));
  HG_ASSIGN_OR_RETURN(const store::TimeRange after, named_range(request, "after"));
  HG_ASSIGN_OR_RETURN(const LabelBy by, by_param(request));
  HG_ASSIGN_OR_RETURN(const BottleneckSet a, measure(deps, request, before, by));
  HG_ASSIGN_OR_RETURN(const BottleneckSet b, measure(deps, request, after, by));
  JsonWriter json;
  json.begin_object().field("kind", "times");
  json.field("traces_before", a.rows.traces()).field("traces_after", b.rows.traces());
  write_label_changes(json, a.rows, b.rows);
  json.key("paths").begin_array().end_array();
  write_set_partial(json, a.partial != store::Partial::kNo ? a : b);
  json.end_object();
  return json_response(json.take());
}

}  // namespace

void add_compare_routes(RouteTable& routes, const AgentRouteDeps& deps) {
  const auto add = [&](const char* pattern, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .lane = Lane::kSearch,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/v1/bottlenecks", bottlenecks);
  add("/api/v1/compare", compare);
}

}  // namespace honeyguide::server
