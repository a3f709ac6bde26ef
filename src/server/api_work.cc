#include <algorithm>
#include <map>

#include "server/api_agents.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;

constexpr std::size_t kRowsPerPageMax = 200;
constexpr std::size_t kScatterMax = 2000;

double ratio(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

void write_workflow_row(JsonWriter& json, const agents::WorkflowReport& report,
                        const SlotOf& slots) {
  json.begin_object().field("name", report.name);
  write_optional(json, "runs_per_h", report.runs_per_hour);
  write_optional(json, "success_ratio", report.success_rate);
  json.key("success_usual_ratio").null();
  write_optional(json, "duration_p50_ms", report.p50_ms);
  write_optional(json, "duration_p90_ms", report.p90_ms);
  write_optional(json, "cost_per_run_usd", report.cost_per_run_usd);
  json.key("cost_per_run_usual_usd").null();
  json.key("agents").begin_array();
  for (const std::string& agent : report.agents) write_agent(json, agent, slots);
  json.end_array().field("last_runs", report.last_runs).field("running", report.running);
  json.field("runs", report.runs).field("succeeded", report.succeeded);
  json.field("failed", report.failed).field("limit", report.limit);
  json.field("tokens", report.tokens.total());
  write_optional(json, "cost_usd", report.cost_usd);
  json.field("alerts", 0).key("unknown").begin_object();
  if (!report.success_rate) json.field("success_ratio", "no run with a known outcome");
  if (!report.cost_per_run_usd) json.field("cost_per_run_usd", "no model call with a known price");
  json.end_object().end_object();
}

Result<net::HttpResponse> list_workflows(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  std::vector<agents::WorkflowReport> reports;
  deps.engine.analytics().read(request.tenant, now, [&](const agents::AgentMetrics& metrics) {
    reports = metrics.workflows(window_of(range), now);
  });
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (const auto& report : reports) write_workflow_row(json, report, slots);
  json.end_array();
  write_total(json, reports.size());
  json.key("next_cursor").null().key("partial").null().end_object();
  return json_response(json.take());
}

struct Spender {
  double cost_usd = 0;
};

// Who spent what in the runs of one workflow.
void write_costs(JsonWriter& json, std::string_view name,
                 const std::map<std::string, Spender>& costs, bool as_agents, const SlotOf& slots) {
  double sum = 0;
  for (const auto& [who, spender] : costs) sum += spender.cost_usd;
  std::vector<std::pair<std::string, Spender>> sorted(costs.begin(), costs.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second.cost_usd > b.second.cost_usd;
  });
  json.key(name).begin_array();
  for (const auto& [who, spender] : sorted) {
    json.begin_object();
    if (as_agents) {
      json.key("agent");
      write_agent(json, who, slots);
    } else {
      json.field("name", who);
    }
    json.field("cost_usd", spender.cost_usd);
    json.field("share_ratio", sum > 0 ? spender.cost_usd / sum : 0.0).end_object();
  }
  json.end_array();
}

struct WorkflowPage {
  agents::WorkflowReport report;
  std::vector<agents::RunRow> runs;  // newest first
  std::map<std::string, Spender> by_agent;
  std::map<std::string, Spender> by_model;
  std::map<std::string, std::int64_t> steps;
};

void collect_run(WorkflowPage& page, const agents::RunFacts& run) {
  for (const agents::ModelCall& call : run.model_calls) {
    if (call.cost_micro_usd < 0) continue;
    const double usd = static_cast<double>(call.cost_micro_usd) / 1e6;
    page.by_agent[call.agent].cost_usd += usd;
    page.by_model[call.model].cost_usd += usd;
  }
  std::map<std::string, bool> seen;
  for (const agents::Invocation& invocation : run.invocations) seen[invocation.agent] = true;
  for (const auto& [agent, unused] : seen) ++page.steps[agent];
}

void write_workflow_page(JsonWriter& json, const WorkflowPage& page, const SlotOf& slots,
                         base::UnixNanos now) {
  json.begin_object().key("row");
  write_workflow_row(json, page.report, slots);
  json.key("scatter").begin_array();
  for (std::size_t i = 0; i < std::min(page.runs.size(), kScatterMax); ++i) {
    const agents::RunRow& run = page.runs[i];
    const base::UnixNanos end = run.end != 0 ? run.end : now;
    json.begin_object();
    json.field("trace_id", run.trace_ids.empty() ? "" : run.trace_ids.front().to_hex());
    json.field("start_unix_ms", run.start / 1'000'000);
    json.field("duration_ms", static_cast<double>(end - run.start) / 1e6);
    json.field("outcome", run_outcome(run)).end_object();
  }
  json.end_array().key("time_owners").begin_array().end_array();
  write_costs(json, "cost_by_agent", page.by_agent, true, slots);
  write_costs(json, "cost_by_model", page.by_model, false, slots);
  json.key("usual_path").begin_array();
  for (const auto& [step, count] : page.steps) {
    json.begin_object().field("step", step);
    json.field("share_ratio", ratio(count, static_cast<std::int64_t>(page.runs.size())));
    json.end_object();
  }
  json.end_array();
}

constexpr std::size_t kBudgetCells = 144;

// The first budget in money that selects this workflow, null without one.
void write_budget(JsonWriter& json, const AgentRouteDeps& deps, const ApiRequest& request,
                  const WorkflowPage& page, base::UnixNanos now) {
  json.key("budget");
  for (const engine::Budget& budget : deps.budgets.list(request.tenant)) {
    const auto workflow = budget.selector.find("workflow");
    if (workflow == budget.selector.end() || workflow->second != page.report.name) continue;
    if (budget.limit_usd <= 0) continue;
    const store::TimeRange period = budget.period_at(now);
    json.begin_object().field("limit_usd", budget.limit_usd);
    json.key("period_start_unix_ns").value_as_string(period.begin);
    json.key("period_end_unix_ns").value_as_string(period.end);
    json.key("spent_usd");
    write_series(json, period,
                 deps.budgets.course(request.tenant, budget, period, kBudgetCells, now));
    json.key("forecast").null().key("empty").null().key("contributors").begin_array();
    const SlotOf slots = deps.slot_of(request.tenant);
    for (const auto& [agent, spender] : page.by_agent) {
      json.begin_object().key("agent");
      if (agent.empty()) {
        json.null();
      } else {
        write_agent(json, agent, slots);
      }
      json.field("cost_usd", spender.cost_usd).end_object();
    }
    json.end_array().end_object();
    return;
  }
  json.null();
}

Result<net::HttpResponse> one_workflow(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  const std::string& name = request.path_param("name");
  WorkflowPage page;
  bool known = false;
  deps.engine.analytics().read(request.tenant, now, [&](const agents::AgentMetrics& metrics) {
    for (auto& report : metrics.workflows(window_of(range), now)) {
      if (report.name != name) continue;
      known = true;
      page.report = std::move(report);
    }
    for (auto& run : metrics.runs()) {
      if (run.name != name || !range.contains(run.start)) continue;
      known = true;
      const auto* facts =
          run.trace_ids.empty() ? nullptr : metrics.run_facts(run.trace_ids.front());
      if (facts != nullptr) collect_run(page, *facts);
      page.runs.push_back(std::move(run));
    }
  });
  if (!known) return Error{ErrorCode::kNotFound, "no workflow '" + name + "' was seen"};
  page.report.name = name;
  JsonWriter json;
  write_workflow_page(json, page, deps.slot_of(request.tenant), now);
  write_budget(json, deps, request, page, now);
  json.key("partial").null().end_object();
  return json_response(json.take());
}

bool run_matches(const agents::RunRow& run, const ApiRequest& request, store::TimeRange range) {
  if (!range.contains(run.start)) return false;
  const auto workflow = request.param("workflow");
  const auto agent = request.param("agent");
  const auto outcome = request.param("outcome");
  const bool has_agent =
      agent.empty() || std::find(run.agents.begin(), run.agents.end(), agent) != run.agents.end();
  return (workflow.empty() || run.name == workflow) && has_agent &&
         (outcome.empty() || run_outcome(run) == outcome);
}

Result<net::HttpResponse> list_runs(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_RETURN_IF_ERROR(
      word_param(request, "outcome", {"success", "failed", "limit", "running", "unknown"}));
  store::TimeRange range;
  HG_ASSIGN_OR_RETURN(range.begin, time_param(request, "start", range.begin));
  HG_ASSIGN_OR_RETURN(range.end, time_param(request, "end", range.end));
  HG_ASSIGN_OR_RETURN(const Page page, page_param(request, 50, kRowsPerPageMax));
  std::vector<agents::RunRow> runs;
  deps.engine.analytics().read(request.tenant, now,
                               [&](const agents::AgentMetrics& metrics) { runs = metrics.runs(); });
  std::erase_if(runs, [&](const auto& run) { return !run_matches(run, request, range); });
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (std::size_t i = page.offset; i < std::min(runs.size(), page.offset + page.limit); ++i) {
    write_run_row(json, runs[i], slots, now);
  }
  json.end_array();
  write_total(json, runs.size());
  write_next_cursor(json, page, runs.size());
  json.key("partial").null().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> one_run(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  const std::string& id = request.path_param("id");
  std::optional<agents::RunRow> run;
  deps.engine.analytics().read(request.tenant, now,
                               [&](const agents::AgentMetrics& metrics) { run = metrics.run(id); });
  if (!run) return Error{ErrorCode::kNotFound, "no run '" + id + "' is known"};
  JsonWriter json;
  json.begin_object().key("row");
  write_run_row(json, *run, deps.slot_of(request.tenant), now);
  json.key("run").raw(agents::to_json(*run)).end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> list_sessions(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  std::vector<agents::SessionReport> sessions;
  deps.engine.analytics().read(request.tenant, now, [&](const agents::AgentMetrics& metrics) {
    sessions = metrics.sessions(window_of(range), now);
  });
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (const agents::SessionReport& session : sessions) {
    json.begin_object().field("session", session.session).field("runs", session.runs);
    json.field("running", session.running).field("messages", session.messages);
    json.field("llm_calls", session.llm_calls).field("tokens", session.tokens.total());
    write_optional(json, "cost_usd", session.cost_usd);
    write_time(json, "last_seen_unix_ns", session.last_seen);
    json.end_object();
  }
  json.end_array();
  write_total(json, sessions.size());
  json.key("next_cursor").null().key("partial").null().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> list_loops(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  std::vector<agents::LoopRow> loops;
  deps.engine.analytics().read(
      request.tenant, now, [&](const agents::AgentMetrics& metrics) { loops = metrics.loops(); });
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (const agents::LoopRow& row : loops) {
    json.begin_object().key("agent");
    write_agent(json, row.loop.agent, slots);
    write_text(json, "tool", row.loop.tool);
    write_text(json, "peer", row.loop.peer);
    json.field("repeats", row.loop.repeats).field("progress", row.loop.progress);
    json.field("confidence_ratio", row.loop.confidence_percent / 100.0);
    json.field("evidence", row.loop.evidence).field("run_id", row.run_id);
    json.field("workflow", row.workflow);
    write_time(json, "start_unix_ns", row.loop.start);
    write_time(json, "end_unix_ns", row.loop.end);
    json.key("trace_ids").begin_array();
    for (const auto& id : row.loop.trace_ids) json.value(id.to_hex());
    json.end_array().end_object();
  }
  json.end_array();
  write_total(json, loops.size());
  json.key("next_cursor").null().key("partial").null().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> list_tasks(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const Page page, page_param(request, 50, kRowsPerPageMax));
  std::vector<agents::TaskRow> tasks;
  deps.engine.analytics().read(
      request.tenant, now, [&](const agents::AgentMetrics& metrics) { tasks = metrics.tasks(); });
  const auto agent = request.param("agent");
  std::erase_if(tasks, [&](const auto& task) { return !agent.empty() && task.agent != agent; });
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (std::size_t i = page.offset; i < std::min(tasks.size(), page.offset + page.limit); ++i) {
    write_task_row(json, tasks[i]);
  }
  json.end_array();
  write_total(json, tasks.size());
  write_next_cursor(json, page, tasks.size());
  json.key("partial").null().end_object();
  return json_response(json.take());
}

}  // namespace

std::string_view run_outcome(const agents::RunRow& run) {
  if (run.end == 0 && run.outcome == agents::Outcome::kUnknown) return "running";
  return agents::outcome_name(run.outcome);
}

void write_run_row(JsonWriter& json, const agents::RunRow& run, const SlotOf& slot_of,
                   base::UnixNanos now) {
  const base::UnixNanos end = run.end != 0 ? run.end : now;
  json.begin_object();
  json.field("trace_id", run.trace_ids.empty() ? "" : run.trace_ids.front().to_hex());
  json.field("run_id", run.id);
  write_text(json, "workflow", run.name);
  json.field("name", run.name).field("root_service", run.service);
  json.field("outcome", run_outcome(run));
  write_text(json, "reason", run.reason);
  json.key("start_unix_ns").value_as_string(run.start);
  json.field("duration_ms", static_cast<double>(end - run.start) / 1e6);
  json.key("usual_p90_ms").null();
  json.field("spans", run.spans).field("errors", run.error_spans);
  json.field("tokens", run.tokens.total());
  write_optional(json, "cost_usd", run.cost_usd);
  json.key("score").null().key("agents").begin_array();
  for (const std::string& agent : run.agents) write_agent(json, agent, slot_of);
  json.end_array().field("traces_joined", run.trace_ids.size());
  json.field("llm_calls", run.llm_calls).field("tool_calls", run.tool_calls);
  json.field("handoffs", run.handoffs).field("loops", run.loops);
  write_text(json, "session", run.session);
  write_text(json, "framework", run.framework);
  json.key("unknown").begin_object();
  if (!run.cost_usd) json.field("cost_usd", "no model call with a known price");
  json.end_object().end_object();
}

TraceRouteDeps trace_route_deps(const AgentRouteDeps& deps) {
  TraceRouteDeps out{deps.traces, nullptr, nullptr};
  out.runs_of = [deps](store::TenantId tenant, const std::vector<base::TraceId>& ids) {
    std::vector<std::optional<agents::RunRow>> runs;
    deps.engine.analytics().read(tenant, deps.clock.now(),
                                 [&](const agents::AgentMetrics& metrics) {
                                   for (const base::TraceId& id : ids)
                                     runs.push_back(metrics.run(id.to_hex()));
                                 });
    return runs;
  };
  out.slots_of = [deps](store::TenantId tenant) { return deps.slot_of(tenant); };
  return out;
}

void add_work_routes(RouteTable& routes, const AgentRouteDeps& deps) {
  const auto add = [&](const char* pattern, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/v1/workflows", list_workflows);
  add("/api/v1/workflows/{name}", one_workflow);
  add("/api/v1/runs", list_runs);
  add("/api/v1/runs/{id}", one_run);
  add("/api/v1/tasks", list_tasks);
  add("/api/v1/sessions", list_sessions);
  add("/api/v1/loops", list_loops);
}

}  // namespace honeyguide::server
