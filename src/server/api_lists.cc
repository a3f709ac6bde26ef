// What stands beside the list of traces: facets and scatter, both over runs.
#include <algorithm>
#include <map>

#include "server/api_agents.h"

namespace honeyguide::server {
namespace {

using base::JsonWriter;
using base::Result;

constexpr std::size_t kFacetValuesMax = 10;
constexpr std::size_t kScatterPointsMax = 5000;

std::vector<agents::RunRow> runs_of(const AgentRouteDeps& deps, const ApiRequest& request,
                                    store::TimeRange range, base::UnixNanos now) {
  std::vector<agents::RunRow> runs;
  deps.engine.analytics().read(request.tenant, now,
                               [&](const agents::AgentMetrics& metrics) { runs = metrics.runs(); });
  std::erase_if(runs, [&](const auto& run) { return !range.contains(run.start); });
  return runs;
}

void write_facet(JsonWriter& json, std::string_view key, std::string_view title,
                 const std::map<std::string, std::uint64_t>& counts) {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  json.begin_object().field("key", key).field("title", title).key("values").begin_array();
  const std::size_t shown = std::min(sorted.size(), kFacetValuesMax);
  for (std::size_t i = 0; i < shown; ++i) {
    json.begin_object().field("value", sorted[i].first).field("count", sorted[i].second);
    json.end_object();
  }
  json.end_array().field("more", sorted.size() - shown).end_object();
}

Result<net::HttpResponse> facets(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  std::map<std::string, std::uint64_t> outcomes;
  std::map<std::string, std::uint64_t> workflows;
  std::map<std::string, std::uint64_t> agents_seen;
  std::map<std::string, std::uint64_t> services;
  for (const agents::RunRow& run : runs_of(deps, request, range, now)) {
    ++outcomes[std::string(run_outcome(run))];
    if (!run.name.empty()) ++workflows[run.name];
    if (!run.service.empty()) ++services[run.service];
    for (const std::string& agent : run.agents) ++agents_seen[agent];
  }
  JsonWriter json;
  json.begin_object().key("facets").begin_array();
  write_facet(json, "outcome", "Outcome", outcomes);
  write_facet(json, "workflow", "Workflow", workflows);
  write_facet(json, "agent", "Agent", agents_seen);
  write_facet(json, "service", "Service", services);
  json.end_array().key("partial").null().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> scatter(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  const auto runs = runs_of(deps, request, range, now);
  JsonWriter json;
  json.begin_object().key("points").begin_array();
  for (std::size_t i = 0; i < std::min(runs.size(), kScatterPointsMax); ++i) {
    const agents::RunRow& run = runs[i];
    const base::UnixNanos end = run.end != 0 ? run.end : now;
    json.begin_object();
    json.field("trace_id", run.trace_ids.empty() ? "" : run.trace_ids.front().to_hex());
    json.field("start_unix_ms", run.start / 1'000'000);
    json.field("duration_ms", static_cast<double>(end - run.start) / 1e6);
    json.field("outcome", run_outcome(run)).end_object();
  }
  json.end_array().key("bins").null().end_object();
  return json_response(json.take());
}

}  // namespace

void add_list_routes(RouteTable& routes, const AgentRouteDeps& deps) {
  const auto add = [&](const char* pattern, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/v1/traces/facets", facets);
  add("/api/v1/traces/scatter", scatter);
}

}  // namespace honeyguide::server
