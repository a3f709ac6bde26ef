#include <algorithm>
#include <map>
#include <set>

#include "server/api_agents.h"
#include "server/api_settings.h"
#include "server/mitigation_service.h"

namespace honeyguide::server {
namespace {

using base::JsonWriter;
using base::Result;

constexpr std::size_t kBuckets = 60;
constexpr std::size_t kConflictsPerPageMax = 200;

// The kind of an edge that stands for all that it carries: the most frequent.
std::string main_kind(const agents::EdgeReport& edge) {
  std::string best = "message";
  std::int64_t count = -1;
  for (const auto& [kind, kind_count] : edge.kinds) {
    if (kind_count > count) {
      best = kind;
      count = kind_count;
    }
  }
  return best;
}

struct TopologyData {
  std::vector<agents::AgentReport> agents;
  std::vector<std::string> strips;
  std::vector<agents::EdgeReport> edges;
  agents::DependencyReport dependencies;
};

void write_node(JsonWriter& json, const agents::AgentReport& report, const std::string& strip,
                base::UnixNanos strip_begin, const LayoutStore::Positions& positions,
                const SlotOf& slots) {
  const bool bad = report.state == "error";
  json.begin_object().field("id", report.agent).field("kind", "agent").key("agent");
  write_agent(json, report.agent, slots);
  write_text(json, "team", report.team);
  json.field("state", report.state).field("state_text", report.state);
  json.field("status", bad ? "critical" : report.state == "waiting" ? "warning" : "ok");
  json.field("rate_per_h", report.throughput_per_hour.value_or(0));
  write_optional(json, "cost_per_h_usd", report.cost_per_hour_usd);
  json.key("strip").begin_object().field("start_unix_ms", strip_begin / 1'000'000);
  json.field("cell_ms", 60'000).field("cells", strip).end_object();
  const auto place = positions.find(report.agent);
  if (place == positions.end()) {
    json.key("x").null().key("y").null().field("pinned", false);
  } else {
    json.field("x", place->second.x).field("y", place->second.y);
    json.field("pinned", place->second.pinned);
  }
  json.key("ghost_since_unix_ns").null();
  json.end_object();
}

void write_edge(JsonWriter& json, const agents::EdgeReport& edge, base::UnixNanos now) {
  json.begin_object().field("source", edge.source).field("target", edge.target);
  json.field("kind", main_kind(edge)).field("count", edge.count);
  json.field("rate_per_h", edge.rate_per_hour.value_or(0));
  write_optional(json, "p50_ms", edge.latency_p50_ms);
  write_optional(json, "p95_ms", edge.latency_p95_ms);
  json.key("p95_usual_ms").null();
  json.field("errors", edge.errors);
  json.field("error_ratio", edge.count > 0
                                ? static_cast<double>(edge.errors) / static_cast<double>(edge.count)
                                : 0.0);
  json.key("wait");
  if (edge.waiting_now > 0) {
    json.begin_object();
    write_time(json, "since_unix_ns", edge.waiting_since);
    json.field("oldest_ms", static_cast<double>(now - edge.waiting_since) / 1e6);
    json.key("usual_ms").null().field("count", edge.waiting_now).end_object();
  } else {
    json.null();
  }
  json.key("trace_id").null().end_object();
}

base::UnixNanos waiting_since(const agents::DependencyReport& report, const std::string& consumer,
                              const std::string& producer) {
  for (const agents::WaitRow& wait : report.waiting) {
    if (wait.consumer == consumer && wait.producer == producer) return wait.since;
  }
  return 0;
}

// The wait that is cheapest to give up, as mitigation would choose it.
void write_release(JsonWriter& json, const std::vector<std::string>& ring,
                   control::FleetView fleet) {
  fleet.rings = {ring};
  const auto victim = control::choose_victim(fleet, "");
  json.key("release");
  if (!victim) {
    json.null();
    return;
  }
  const auto at = std::find(ring.begin(), ring.end(), victim->agent);
  json.begin_object().field("index", at - ring.begin()).field("reason", victim->reason);
  json.end_object();
}

void write_cycle(JsonWriter& json, const std::vector<std::string>& ring,
                 const agents::DependencyReport& report, const control::FleetView& fleet,
                 base::UnixNanos now) {
  base::UnixNanos closed = 0;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    closed = std::max(closed, waiting_since(report, ring[i], ring[(i + 1) % ring.size()]));
  }
  json.begin_object().field("id", "cycle-" + ring.front());
  write_time(json, "since_unix_ns", closed);
  json.key("edges").begin_array();
  for (std::size_t i = 0; i < ring.size(); ++i) {
    const std::string& next = ring[(i + 1) % ring.size()];
    const base::UnixNanos since = waiting_since(report, ring[i], next);
    json.begin_object().field("source", ring[i]).field("target", next);
    json.field("wait_ms", since != 0 ? static_cast<double>(now - since) / 1e6 : 0.0).end_object();
  }
  json.end_array().field("runs_blocked", 1);
  write_release(json, ring, fleet);
  json.key("alert_id").null();
  json.end_object();
}

void write_buckets(JsonWriter& json, const AgentRouteDeps& deps, store::TenantId tenant,
                   store::TimeRange range) {
  using telemetry::SeriesKind;
  const auto cells = [&](const char* name) {
    return read_cells(deps.series, tenant, {name, {}}, SeriesKind::kCounter, range, kBuckets);
  };
  const std::int64_t step_ms = (range.end - range.begin) / kBuckets / 1'000'000;
  const auto write = [&](std::string_view name, const std::vector<std::optional<double>>& values,
                         double scale) {
    json.key(name).begin_array();
    for (const auto& value : values) json.value(value.value_or(0) * scale);
    json.end_array();
  };
  json.key("buckets").begin_object().field("start_unix_ms", range.begin / 1'000'000);
  json.field("step_ms", step_ms);
  write("messages", cells("honeyguide_handoffs_total"), 1);
  write("waiting_ratio", cells("honeyguide_waiting_seconds_total"),
        step_ms > 0 ? 1000.0 / static_cast<double>(step_ms) : 0);
  write("errors", cells("honeyguide_tool_errors_total"), 1);
  json.end_object();
}

Result<net::HttpResponse> topology(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  const base::UnixNanos strip_begin = now - 20 * base::kNanosPerMinute;
  HG_ASSIGN_OR_RETURN(const auto positions,
                      deps.layout.get(request.tenant, request.principal.name));
  TopologyData data;
  deps.engine.analytics().read(request.tenant, now, [&](const agents::AgentMetrics& metrics) {
    const agents::Window window = window_of(range);
    data.agents = metrics.agents(window, now);
    data.edges = metrics.topology(window, now);
    data.dependencies = metrics.dependencies(window, now);
    for (const auto& report : data.agents) {
      data.strips.push_back(metrics.strip(report.agent, strip_begin, base::kNanosPerMinute, 20));
    }
  });
  const SlotOf slots = deps.slot_of(request.tenant);
  std::int64_t messages = 0;
  std::int64_t errors = 0;
  JsonWriter json;
  json.begin_object().key("nodes").begin_array();
  for (std::size_t i = 0; i < data.agents.size(); ++i) {
    write_node(json, data.agents[i], data.strips[i], strip_begin, positions, slots);
  }
  json.end_array().key("edges").begin_array();
  for (const agents::EdgeReport& edge : data.edges) {
    write_edge(json, edge, now);
    messages += edge.count;
    errors += edge.errors;
  }
  json.end_array().key("cycles").begin_array();
  const auto fleet = data.dependencies.deadlocks.empty() ? control::FleetView{}
                                                         : deps.mitigation.fleet(request.tenant);
  for (const auto& ring : data.dependencies.deadlocks) {
    write_cycle(json, ring, data.dependencies, fleet, now);
  }
  json.end_array();
  write_buckets(json, deps, request.tenant, range);
  json.key("summary").begin_object().field("messages", messages).key("messages_usual").null();
  json.key("waiting_ratio").null().key("waiting_usual_ratio").null();
  json.field("error_ratio",
             messages > 0 ? static_cast<double>(errors) / static_cast<double>(messages) : 0.0);
  json.key("error_usual_ratio").null().end_object().key("partial").null().end_object();
  return json_response(json.take());
}

void write_conflict(JsonWriter& json, const agents::ConflictRow& row, const SlotOf& slots) {
  const agents::Conflict& conflict = row.conflict;
  json.begin_object().field("id", conflict.id).field("type", conflict.type);
  json.field("state", agents::conflict_state_name(conflict.state));
  json.key("parties").begin_array();
  for (const std::string& agent : conflict.agents) write_agent(json, agent, slots);
  json.end_array();
  write_text(json, "about", row.workflow);
  json.key("rounds").null();
  write_text(json, "method", conflict.method);
  json.field("severity", conflict.state == agents::ConflictState::kOpen ? "high" : "low");
  write_time(json, "since_unix_ns", conflict.opened);
  json.field("age_ms", row.age_ms).key("usual_ms").null();
  write_time(json, "resolved_unix_ns", conflict.closed);
  write_text(json, "resolution", conflict.closed != 0 ? conflict.method : "");
  json.field("trace_id", conflict.span.trace_id.to_hex());
  json.key("alert_id").null().key("cycle_id").null().end_object();
}

Result<net::HttpResponse> conflicts(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  HG_ASSIGN_OR_RETURN(const Page page, page_param(request, 50, kConflictsPerPageMax));
  HG_ASSIGN_OR_RETURN(const auto state,
                      word_param(request, "state", {"open", "resolved", "review"}));
  agents::ConflictReport report;
  std::size_t deadlocks = 0;
  deps.engine.analytics().read(request.tenant, now, [&](const agents::AgentMetrics& metrics) {
    report = metrics.conflicts(window_of(range), now);
    deadlocks = metrics.dependencies(window_of(range), now).deadlocks.size();
  });
  std::erase_if(report.items, [&](const agents::ConflictRow& row) {
    const bool open = row.conflict.state == agents::ConflictState::kOpen;
    return (state == "open" && !open) || (state == "resolved" && open);
  });
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter json;
  json.begin_object().key("summary").begin_object();
  write_optional(json, "resolution_ratio", report.success_rate);
  json.field("target_ratio", report.thresholds.target);
  json.field("warning_ratio", report.thresholds.warning);
  json.field("critical_ratio", report.thresholds.critical);
  json.field("status", report.status).key("change").null().field("open", report.open);
  write_optional(json, "median_resolution_ms", report.resolution_p50_ms);
  json.field("deadlocks", deadlocks).end_object();
  json.key("counts").begin_object().field("open", report.open).field("resolved", report.resolved);
  json.field("review", 0).end_object();
  json.key("items").begin_array();
  for (std::size_t i = page.offset; i < std::min(report.items.size(), page.offset + page.limit);
       ++i) {
    write_conflict(json, report.items[i], slots);
  }
  json.end_array().key("report").raw(agents::to_json(report));
  write_total(json, report.items.size());
  write_next_cursor(json, page, report.items.size());
  json.key("partial").null().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> dependencies(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  agents::DependencyReport report;
  deps.engine.analytics().read(request.tenant, now, [&](const agents::AgentMetrics& metrics) {
    report = metrics.dependencies(window_of(range), now);
  });
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter json;
  json.begin_object().key("chains").begin_array();
  const auto write_chain = [&](const std::vector<std::string>& chain, bool deadlock,
                               base::UnixNanos since) {
    json.begin_object().key("chain").begin_array();
    for (const std::string& agent : chain) write_agent(json, agent, slots);
    json.end_array().field("deadlock", deadlock);
    json.field("severity", deadlock ? "critical" : "medium");
    json.field("oldest_ms", since != 0 ? static_cast<double>(now - since) / 1e6 : 0.0);
    json.key("usual_ms").null().key("cycle_id").null().key("trace_id").null().end_object();
  };
  std::set<std::pair<std::string, std::string>> in_ring;
  for (std::vector<std::string> ring : report.deadlocks) {
    for (std::size_t i = 0; i < ring.size(); ++i) {
      in_ring.emplace(ring[i], ring[(i + 1) % ring.size()]);
    }
    const base::UnixNanos since = waiting_since(report, ring[0], ring[1 % ring.size()]);
    ring.push_back(ring.front());
    write_chain(ring, true, since);
  }
  for (const agents::WaitRow& wait : report.waiting) {
    if (in_ring.contains({wait.consumer, wait.producer})) continue;
    write_chain({wait.consumer, wait.producer}, false, wait.since);
  }
  json.end_array().key("edges").begin_array();
  for (const agents::DependencyEdge& edge : report.edges) {
    json.begin_object().key("consumer");
    write_agent(json, edge.consumer, slots);
    json.key("producer");
    write_agent(json, edge.producer, slots);
    json.field("count", edge.count);
    write_optional(json, "wait_p50_ms", edge.wait_p50_ms);
    write_optional(json, "wait_p95_ms", edge.wait_p95_ms);
    json.key("wait_usual_ms").null().field("waiting_now", edge.waiting_now).end_object();
  }
  json.end_array().key("report").raw(agents::to_json(report)).key("partial").null().end_object();
  return json_response(json.take());
}

}  // namespace

void add_topology_routes(RouteTable& routes, const AgentRouteDeps& deps) {
  const auto add = [&](const char* pattern, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/v1/topology", topology);
  add("/api/v1/conflicts", conflicts);
  add("/api/v1/dependencies", dependencies);
}

}  // namespace honeyguide::server
