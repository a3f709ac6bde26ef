#include "server/api_agents.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "server/api_control.h"
#include "server/api_mitigation.h"

namespace honeyguide::server {
namespace {

using agents::AgentReport;
using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;

constexpr std::size_t kAgentsPerPageMax = 200;
constexpr std::size_t kChartCells = 60;
constexpr int kDetailStripCells = 120;
constexpr std::size_t kReportTasksMax = 50;

double value_or_zero(std::optional<double> value) {
  return value.value_or(0);
}

// The figure of a row that a sort parameter names; nothing for a name that is none.
using SortKey = double (*)(const AgentReport&);
std::optional<SortKey> sort_key(std::string_view name) {
  static constexpr std::pair<std::string_view, SortKey> kKeys[] = {
      {"throughput_per_h",
       [](const AgentReport& r) { return value_or_zero(r.throughput_per_hour); }},
      {"success_ratio", [](const AgentReport& r) { return value_or_zero(r.success_rate); }},
      {"duration_p50_ms", [](const AgentReport& r) { return value_or_zero(r.task_p50_ms); }},
      {"duration_p90_ms", [](const AgentReport& r) { return value_or_zero(r.task_p90_ms); }},
      {"quality", [](const AgentReport& r) { return value_or_zero(r.quality); }},
      {"tokens_per_h", [](const AgentReport& r) { return value_or_zero(r.tokens_per_hour); }},
      {"cost_per_h_usd", [](const AgentReport& r) { return value_or_zero(r.cost_per_hour_usd); }},
      {"cost_per_success_usd",
       [](const AgentReport& r) { return value_or_zero(r.cost_per_success_usd); }},
      {"waiting_ratio", [](const AgentReport& r) { return value_or_zero(r.waiting_ratio); }},
      {"last_seen_unix_ns", [](const AgentReport& r) { return static_cast<double>(r.last_seen); }},
  };
  for (const auto& [key_name, key] : kKeys) {
    if (key_name == name) return key;
  }
  return std::nullopt;
}

using Oddities = std::map<std::string, AgentOddity>;

Result<void> sort_agents(std::vector<AgentReport>& reports, std::string_view sort,
                         Oddities& oddities) {
  const bool descending = sort.starts_with('-');
  if (descending) sort.remove_prefix(1);
  if (sort == "surprise") {
    std::sort(reports.begin(), reports.end(), [&](const AgentReport& a, const AgentReport& b) {
      const double x = oddities[a.agent].surprise.value_or(-1);
      const double y = oddities[b.agent].surprise.value_or(-1);
      if (x != y) return descending ? x > y : x < y;
      const double cost_a = value_or_zero(a.cost_per_hour_usd);
      const double cost_b = value_or_zero(b.cost_per_hour_usd);
      return cost_a != cost_b ? cost_a > cost_b : a.agent < b.agent;
    });
    return {};
  }
  if (sort == "agent" || sort == "name") {
    std::sort(reports.begin(), reports.end(), [&](const AgentReport& a, const AgentReport& b) {
      return descending ? b.agent < a.agent : a.agent < b.agent;
    });
    return {};
  }
  const auto key = sort_key(sort);
  if (!key) {
    return Error{ErrorCode::kInvalidArgument, "sort: there is no '" + std::string(sort) + "'"};
  }
  std::sort(reports.begin(), reports.end(), [&](const AgentReport& a, const AgentReport& b) {
    const double x = (*key)(a);
    const double y = (*key)(b);
    if (x != y) return descending ? x > y : x < y;
    return a.agent < b.agent;
  });
  return {};
}

store::TimeRange last_hour(base::UnixNanos now) {
  return {now - base::kNanosPerHour, now};
}

Result<net::HttpResponse> list_agents(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  HG_ASSIGN_OR_RETURN(const Page page, page_param(request, 50, kAgentsPerPageMax));
  const std::string filter(request.param("q"));
  std::vector<AgentReport> reports;
  std::map<std::string, std::string> strips;
  const store::TimeRange strip_range = last_hour(now);
  deps.engine.analytics().read(request.tenant, now, [&](const agents::AgentMetrics& metrics) {
    reports = metrics.agents(window_of(range), now);
    std::erase_if(reports, [&](const AgentReport& report) {
      return report.agent.find(filter) == std::string::npos && report.team != filter;
    });
    for (const AgentReport& report : reports) {
      strips[report.agent] =
          metrics.strip(report.agent, strip_range.begin, base::kNanosPerMinute, kStripCells);
    }
  });
  std::vector<std::string> names;
  for (const AgentReport& report : reports) names.push_back(report.agent);
  Oddities oddities = agent_oddities(deps.engine.watch(), request.tenant, names, now);
  const auto sort = request.param("sort");
  HG_RETURN_IF_ERROR(sort_agents(reports, sort.empty() ? "-surprise" : sort, oddities));
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (std::size_t i = page.offset; i < std::min(reports.size(), page.offset + page.limit); ++i) {
    const std::string& agent = reports[i].agent;
    write_agent_row(json, reports[i], strips[agent], strip_range, slots, oddities[agent]);
  }
  json.end_array().key("groups").begin_array().end_array();
  write_total(json, reports.size());
  write_next_cursor(json, page, reports.size());
  json.key("partial").null().end_object();
  return json_response(json.take());
}

void write_named_counts(JsonWriter& json, const agents::NamedCounts& counts, bool model) {
  const auto errors = static_cast<double>(counts.errors);
  json.begin_object().field("name", counts.name).field("calls", counts.calls);
  json.field("error_ratio", counts.calls > 0 ? errors / static_cast<double>(counts.calls) : 0.0);
  write_optional(json, "duration_p90_ms", counts.duration_p90_ms);
  if (model) {
    json.field("tokens", counts.tokens.total());
    write_optional(json, "cost_usd", counts.cost_usd);
    json.field("price_known", counts.cost_usd.has_value());
  } else {
    json.field("errors", counts.errors).key("repeated_ratio").null();
  }
  json.end_object();
}

std::vector<std::optional<double>> agent_cells(const AgentRouteDeps& deps, store::TenantId tenant,
                                               const std::string& agent, std::string name,
                                               telemetry::Labels labels, telemetry::SeriesKind kind,
                                               store::TimeRange range) {
  telemetry::SeriesKey key{"honeyguide_agent_" + std::move(name), std::move(labels)};
  key.labels.emplace_back("agent", agent);
  key.normalise();
  return read_cells(deps.series, tenant, key, kind, range, kChartCells);
}

void write_charts(JsonWriter& json, const AgentRouteDeps& deps, store::TenantId tenant,
                  const AgentReport& report, store::TimeRange range) {
  using telemetry::SeriesKind;
  const auto cells = [&](const char* name, telemetry::Labels labels, SeriesKind kind) {
    return agent_cells(deps, tenant, report.agent, name, std::move(labels), kind, range);
  };
  json.key("charts").begin_object().key("throughput");
  write_metric(json, {report.throughput_per_hour, {}, "ok", "no finished task in the range"}, range,
               cells("task_throughput_per_hour", {}, SeriesKind::kGauge));
  auto durations = cells("task_duration_seconds", {{"quantile", "0.9"}}, SeriesKind::kGauge);
  for (auto& value : durations) {
    if (value) *value *= 1000;
  }
  json.key("duration");
  write_metric(json, {report.task_p90_ms, {}, "ok", "no finished task in the range"}, range,
               durations);
  auto costs = cells("cost_usd_total", {}, SeriesKind::kCounter);
  const double cells_per_hour = static_cast<double>(base::kNanosPerHour) * kChartCells /
                                static_cast<double>(range.end - range.begin);
  for (auto& value : costs) {
    if (value) *value *= cells_per_hour;
  }
  json.key("cost");
  write_metric(json, {report.cost_per_hour_usd, {}, "ok", "no priced model call in the range"},
               range, costs);
  json.key("quality");
  write_metric(json, {report.quality, {}, "ok", "no quality scores in the range"}, range,
               cells("quality_score", {}, SeriesKind::kGauge));
  json.end_object();
}

void write_neighbours(JsonWriter& json, const std::vector<agents::EdgeReport>& edges,
                      const std::string& agent, const SlotOf& slots) {
  json.key("neighbours").begin_array();
  for (const agents::EdgeReport& edge : edges) {
    if (edge.source != agent && edge.target != agent) continue;
    const bool out = edge.source == agent;
    json.begin_object().key("agent");
    write_agent(json, out ? edge.target : edge.source, slots);
    json.field("direction", out ? "out" : "in");
    json.field("messages_per_h", value_or_zero(edge.rate_per_hour));
    write_optional(json, "wait_p95_ms", edge.latency_p95_ms);
    json.key("wait_usual_ms").null();
    json.field(
        "error_ratio",
        edge.count > 0 ? static_cast<double>(edge.errors) / static_cast<double>(edge.count) : 0.0);
    json.end_object();
  }
  json.end_array();
}

// The performance report in words.
std::vector<Sentence> report_sentences(const AgentReport& report) {
  std::vector<Sentence> out;
  if (report.throughput_per_hour) {
    out.emplace_back()
        .text("Throughput is ")
        .number(*report.throughput_per_hour)
        .text(" tasks an hour (" + report.throughput_status + ").");
  }
  if (report.success_rate) {
    out.emplace_back()
        .text("Of its ended tasks ")
        .number(*report.success_rate * 100)
        .text(" % succeeded.");
  }
  if (report.cost_usd) {
    out.emplace_back()
        .text("It spent ")
        .money(*report.cost_usd)
        .text(" on ")
        .number(static_cast<double>(report.llm_calls))
        .text(" model calls.");
  }
  if (report.loops > 0) {
    out.emplace_back()
        .text("It was caught in ")
        .number(static_cast<double>(report.loops))
        .text(" loops.");
  }
  if (out.empty()) out.emplace_back().text("Nothing ended in this range.");
  return out;
}

struct AgentPage {
  AgentReport report;
  std::string strip;
  std::string detail_strip;
  std::vector<agents::EdgeReport> edges;
};

void write_agent_page(JsonWriter& json, const AgentRouteDeps& deps, const ApiRequest& request,
                      const AgentPage& page, store::TimeRange range, base::UnixNanos now) {
  const SlotOf slots = deps.slot_of(request.tenant);
  const AgentReport& report = page.report;
  json.begin_object().key("row");
  auto oddities = agent_oddities(deps.engine.watch(), request.tenant, {report.agent}, now);
  write_agent_row(json, report, page.strip, last_hour(now), slots, oddities[report.agent]);
  json.key("facts").begin_array();
  json.begin_object().field("name", "Framework").field("value", report.framework).end_object();
  json.end_array();
  json.key("alerts").begin_array().end_array().key("actions").begin_array();
  for (const auto& record : deps.mitigation.engine().list(request.tenant)) {
    if (record.target == report.agent) write_action(json, record, slots);
  }
  json.end_array();
  json.key("control");
  write_control(json, deps.directives, {request.tenant, report.agent}, now);
  json.key("strip").begin_object().field("start_unix_ms", last_hour(now).begin / 1'000'000);
  json.field("cell_ms", 30'000).field("cells", page.detail_strip).end_object();
  write_optional(json, "busy_ratio", report.utilization);
  json.key("busy_usual_ratio").null();
  write_charts(json, deps, request.tenant, report, range);
  json.key("tasks").begin_object().key("items").begin_array();
  for (std::size_t i = 0; i < std::min(report.recent_tasks.size(), kReportTasksMax); ++i) {
    write_task_row(json, report.recent_tasks[i]);
  }
  json.end_array();
  write_total(json, report.recent_tasks.size());
  json.field("running", report.tasks.open).end_object();
  write_neighbours(json, page.edges, report.agent, slots);
  json.key("tools").begin_array();
  for (const auto& tool : report.tools) write_named_counts(json, tool, false);
  json.end_array().key("models").begin_array();
  for (const auto& model : report.models) write_named_counts(json, model, true);
  json.end_array().key("report").begin_array();
  for (const Sentence& sentence : report_sentences(report)) sentence.write(json, slots);
  json.end_array().key("performance").raw(agents::to_json(report));
  json.key("partial").null().end_object();
}

Result<net::HttpResponse> one_agent(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  const std::string& id = request.path_param("id");
  AgentPage page;
  bool known = false;
  deps.engine.analytics().read(request.tenant, now, [&](const agents::AgentMetrics& metrics) {
    auto report = metrics.agent_report(id, window_of(range), now);
    if (!report) return;
    known = true;
    page.report = *std::move(report);
    const base::UnixNanos begin = last_hour(now).begin;
    page.strip = metrics.strip(id, begin, base::kNanosPerMinute, kStripCells);
    page.detail_strip = metrics.strip(id, begin, base::kNanosPerMinute / 2, kDetailStripCells);
    page.edges = metrics.topology(window_of(range), now);
  });
  if (!known) {
    return Error{ErrorCode::kNotFound, "no agent '" + id + "' was seen"};
  }
  JsonWriter json;
  write_agent_page(json, deps, request, page, range, now);
  return json_response(json.take());
}

}  // namespace

agents::Window window_of(store::TimeRange range) {
  const std::int64_t length = range.end - range.begin;
  if (length <= 10 * base::kNanosPerMinute) return agents::Window::kFiveMinutes;
  if (length <= 2 * base::kNanosPerHour) return agents::Window::kHour;
  if (length <= 36 * base::kNanosPerHour) return agents::Window::kDay;
  return agents::Window::kSinceStart;
}

void write_task_row(JsonWriter& json, const agents::TaskRow& task) {
  static constexpr std::string_view kStates[] = {"running", "done", "failed", "cancelled",
                                                 "unknown"};
  static constexpr std::string_view kOutcomes[] = {"running", "success", "failed", "failed",
                                                   "unknown"};
  const auto state = static_cast<std::size_t>(task.state);
  json.begin_object().field("id", task.id).field("name", task.type + " " + task.id);
  json.field("type", task.type).field("agent", task.agent).field("workflow", task.workflow);
  json.field("run_id", task.run_id);
  json.field("state", kStates[state]).field("outcome", kOutcomes[state]);
  write_time(json, "start_unix_ns", task.start);
  write_optional(json, "duration_ms",
                 task.end != 0 ? std::optional(static_cast<double>(task.end - task.start) / 1e6)
                               : std::nullopt);
  json.field("tokens", task.tokens.total());
  write_optional(json, "cost_usd", task.cost_usd);
  write_optional(json, "quality", task.quality);
  json.field("trace_id", task.span.trace_id.to_hex()).field("span_id", task.span.span_id.to_hex());
  json.end_object();
}

void write_agent_row(JsonWriter& json, const AgentReport& report, const std::string& strip,
                     store::TimeRange strip_range, const SlotOf& slot_of,
                     const AgentOddity& oddity) {
  json.begin_object().key("agent");
  write_agent(json, report.agent, slot_of);
  write_text(json, "team", report.team);
  write_text(json, "framework", report.framework);
  write_text(json, "model", report.models.empty() ? "" : report.models.front().name);
  json.key("version").null();
  json.field("state", report.state).key("state_since_unix_ns").null();
  json.key("strip").begin_object().field("start_unix_ms", strip_range.begin / 1'000'000);
  json.field("cell_ms", 60'000).field("cells", strip).end_object();
  write_optional(json, "surprise", oddity.surprise);
  json.key("differs");
  if (oddity.text.empty()) {
    json.null();
  } else {
    json.begin_object().field("text", oddity.text).field("severity", oddity.severity).end_object();
  }
  write_optional(json, "throughput_per_h", report.throughput_per_hour);
  write_optional(json, "success_ratio", report.success_rate);
  write_optional(json, "duration_p50_ms", report.task_p50_ms);
  write_optional(json, "duration_p90_ms", report.task_p90_ms);
  write_optional(json, "quality", report.quality);
  write_optional(json, "tokens_per_h", report.tokens_per_hour);
  write_optional(json, "cost_per_h_usd", report.cost_per_hour_usd);
  write_optional(json, "cost_per_success_usd", report.cost_per_success_usd);
  write_optional(json, "waiting_ratio", report.waiting_ratio);
  json.field("alerts", 0);
  write_time(json, "last_seen_unix_ns", report.last_seen);
  json.key("previous").null().key("unknown").begin_object();
  if (!report.success_rate) json.field("success_ratio", "no ended task in the range");
  if (!report.quality) json.field("quality", "no quality scores in the range");
  if (!report.cost_per_hour_usd) json.field("cost_per_h_usd", "no model call with a known price");
  json.end_object().end_object();
}

void write_metric(JsonWriter& json, const MetricText& metric, store::TimeRange range,
                  const std::vector<std::optional<double>>& values) {
  json.begin_object();
  write_optional(json, "value", metric.value);
  json.key("usual").null();
  write_optional(json, "target", metric.target);
  json.key("change_ratio").null();
  json.field("status", metric.value ? metric.status : "unknown");
  write_text(json, "unknown_reason", metric.value ? "" : metric.unknown_reason);
  json.key("series");
  write_series(json, range, values);
  json.key("forecast").null().end_object();
}

void add_agent_routes(RouteTable& routes, const AgentRouteDeps& deps) {
  routes.add({.method = "GET", .pattern = "/api/v1/agents", .handler = [deps](const auto& request) {
                return list_agents(deps, request);
              }});
  routes.add({.method = "GET",
              .pattern = "/api/v1/agents/{id}",
              .handler = [deps](const auto& request) { return one_agent(deps, request); }});
}

}  // namespace honeyguide::server
