#include <algorithm>

#include "server/alert_json.h"
#include "server/api_agents.h"
#include "server/api_alerts.h"
#include "server/api_conditions.h"
#include "server/api_live.h"
#include "server/mitigation_service.h"

namespace honeyguide::server {
namespace {

using base::JsonWriter;
using base::Result;

constexpr std::size_t kCardCells = 60;
constexpr std::size_t kOverviewAgents = 8;
constexpr std::size_t kAttentionMax = 5;

struct OverviewData {
  agents::SystemReport system;
  std::vector<agents::AgentReport> agents;
  std::vector<std::string> strips;
  std::vector<agents::LoopRow> loops;
  std::vector<agents::ConflictRow> conflicts;
  agents::DependencyReport dependencies;
  std::size_t workflows = 0;
  base::UnixNanos first_seen = 0;
  base::UnixNanos last_seen = 0;
};

OverviewData collect(const AgentRouteDeps& deps, store::TenantId tenant, store::TimeRange range,
                     base::UnixNanos now) {
  OverviewData data;
  deps.engine.analytics().read(tenant, now, [&](const agents::AgentMetrics& metrics) {
    const agents::Window window = window_of(range);
    data.system = metrics.system(window, now);
    data.agents = metrics.agents(window, now);
    data.loops = metrics.loops();
    data.conflicts = metrics.conflicts(window, now).items;
    data.dependencies = metrics.dependencies(window, now);
    data.workflows = metrics.workflows(window, now).size();
    std::sort(data.agents.begin(), data.agents.end(), [](const auto& a, const auto& b) {
      return std::pair(b.cost_per_hour_usd.value_or(0), b.last_seen) <
             std::pair(a.cost_per_hour_usd.value_or(0), a.last_seen);
    });
    for (const auto& report : data.agents) {
      if (data.first_seen == 0 || report.first_seen < data.first_seen) {
        data.first_seen = report.first_seen;
      }
      data.last_seen = std::max(data.last_seen, report.last_seen);
      data.strips.push_back(metrics.strip(report.agent, now - base::kNanosPerHour,
                                          base::kNanosPerMinute, kStripCells));
    }
  });
  // Loops of the range only; they are listed newest first.
  std::erase_if(data.loops, [&](const agents::LoopRow& row) { return row.loop.end < range.begin; });
  return data;
}

Result<net::HttpResponse> status(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  const OverviewData data = collect(deps, request.tenant, {now - base::kNanosPerHour, now}, now);
  const store::TraceStoreStats stored = deps.traces.stats();
  const health::HealthReport health = deps.vitals.report(request.tenant);
  JsonWriter json;
  json.begin_object().key("now_unix_ns").value_as_string(now);
  json.field("version", HG_VERSION).field("tenant", request.principal.tenant);
  json.key("tenants").begin_array().value(request.principal.tenant).end_array();
  json.key("roles").begin_array();
  static constexpr std::pair<Role, std::string_view> kRoles[] = {{kRoleIngest, "ingest"},
                                                                 {kRoleAgent, "agent"},
                                                                 {kRoleRead, "read"},
                                                                 {kRoleOperate, "operate"},
                                                                 {kRoleAdmin, "admin"}};
  for (const auto& [role, name] : kRoles) {
    if (request.principal.has(role)) json.value(name);
  }
  json.end_array();
  const bool any = stored.last_position.sequence > 0;
  write_time(json, "first_span_unix_ns",
             any ? (data.first_seen != 0 ? data.first_seen : stored.oldest_arrival) : 0);
  write_time(json, "last_span_unix_ns", data.last_seen);
  json.key("health")
      .begin_object()
      .field("score", health.score)
      .field("status", shown_status(health.status));
  const double rate = deps.live.spans_per_second();
  json.end_object();
  write_optional(json, "receiving_spans_per_s", rate >= 0 ? std::optional(rate) : std::nullopt);
  const auto actions = deps.mitigation.engine().list(request.tenant);
  const auto approvals = std::count_if(actions.begin(), actions.end(), [](const auto& action) {
    return action.phase() == control::ActionPhase::kPending;
  });
  std::size_t alerts = 0;
  std::size_t critical = 0;
  for (const auto& alert : attention_alerts(deps.alerts, request.tenant, SIZE_MAX, alerts)) {
    critical += alert.finding.severity >= alerts::Severity::kCritical ? 1 : 0;
  }
  json.key("counts").begin_object().field("alerts", alerts).field("alerts_critical", critical);
  json.field("approvals", approvals).field("conflicts", data.system.conflicts_open);
  json.field("agents", data.agents.size()).field("workflows", data.workflows).end_object();
  json.key("modes").begin_object().key("storm").null().key("read_only").null();
  json.field("demo", deps.demo.started()).end_object().end_object();
  return json_response(json.take());
}

void write_cards(JsonWriter& json, const AgentRouteDeps& deps, store::TenantId tenant,
                 const OverviewData& data, store::TimeRange range) {
  using telemetry::SeriesKind;
  const auto cells = [&](const char* name, telemetry::Labels labels, SeriesKind kind) {
    telemetry::SeriesKey key{name, std::move(labels)};
    key.normalise();
    return read_cells(deps.series, tenant, key, kind, range, kCardCells);
  };
  const double per_hour = static_cast<double>(base::kNanosPerHour) * kCardCells /
                          static_cast<double>(range.end - range.begin);
  const auto hourly = [&](std::vector<std::optional<double>> values) {
    for (auto& value : values) {
      if (value) *value *= per_hour;
    }
    return values;
  };
  const agents::SystemReport& system = data.system;
  json.key("cards").begin_object().key("throughput");
  write_metric(json, {system.throughput_per_hour, {}, "ok", "no finished task in the range"}, range,
               cells("honeyguide_task_throughput_per_hour", {}, SeriesKind::kGauge));
  json.key("success");
  const std::string_view success = system.success_rate.value_or(1) < 0.8 ? "warning" : "ok";
  write_metric(json, {system.success_rate, {}, success, "no ended task in the range"}, range,
               cells("honeyguide_task_success_ratio", {}, SeriesKind::kRatio));
  json.key("cost");
  write_metric(json, {system.cost_per_hour_usd, {}, "ok", "no model call with a known price"},
               range, hourly(cells("honeyguide_cost_usd_total", {}, SeriesKind::kCounter)));
  json.key("tokens");
  auto tokens = cells("honeyguide_tokens_total", {{"type", "input"}}, SeriesKind::kCounter);
  const auto output = cells("honeyguide_tokens_total", {{"type", "output"}}, SeriesKind::kCounter);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (output[i]) tokens[i] = tokens[i].value_or(0) + *output[i];
  }
  write_metric(json, {system.tokens_per_hour, {}, "ok", "no span carried token counts"}, range,
               hourly(tokens));
  json.end_object();
}

Result<net::HttpResponse> overview(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  const OverviewData data = collect(deps, request.tenant, range, now);
  const SlotOf slots = deps.slot_of(request.tenant);
  const health::HealthReport health = deps.vitals.report(request.tenant);
  JsonWriter json;
  json.begin_object().key("now_unix_ns").value_as_string(now);
  json.key("start_unix_ns").value_as_string(range.begin);
  json.key("end_unix_ns").value_as_string(range.end);
  json.key("health")
      .begin_object()
      .field("score", health.score)
      .field("status", shown_status(health.status));
  json.key("series");
  write_series(json, range, {});
  json.key("changed").null().end_object();
  json.key("attention").begin_object().key("items").begin_array();
  std::size_t total = 0;
  const auto open = attention_alerts(deps.alerts, request.tenant, kAttentionMax, total);
  for (const alerts::Alert& alert : open) write_alert(json, alert, slots);
  json.end_array().field("total", total).field("more_warnings", total - open.size());
  json.field("inert_rules", deps.alerts.inert_rules(request.tenant).size());
  json.key("silenced").null();
  json.key("quiet").null().end_object();
  write_cards(json, deps, request.tenant, data, range);
  const store::TimeRange strip_range{now - base::kNanosPerHour, now};
  json.key("agents").begin_object().key("items").begin_array();
  const std::size_t shown = std::min(data.agents.size(), kOverviewAgents);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < shown; ++i) names.push_back(data.agents[i].agent);
  auto oddities = agent_oddities(deps.engine.watch(), request.tenant, names, now);
  for (std::size_t i = 0; i < shown; ++i) {
    write_agent_row(json, data.agents[i], data.strips[i], strip_range, slots, oddities[names[i]]);
  }
  json.end_array().field("as_usual", data.agents.size() - shown).end_object();
  json.key("changes").begin_array().end_array().key("partial").null().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> dashboard(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  agents::Dashboard dashboard;
  deps.engine.analytics().read(request.tenant, now, [&](const agents::AgentMetrics& metrics) {
    dashboard = metrics.dashboard(now);
  });
  return json_response(agents::to_json(dashboard));
}

}  // namespace

void add_overview_routes(RouteTable& routes, const AgentRouteDeps& deps) {
  const auto add = [&](const char* pattern, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/v1/status", status);
  add("/api/v1/overview", overview);
  add("/api/v1/dashboard", dashboard);
}

}  // namespace honeyguide::server
