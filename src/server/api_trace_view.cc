#include "server/api_trace_view.h"

#include <algorithm>

#include "base/strings.h"
#include "server/api_traces.h"

namespace honeyguide::server {
namespace {

using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using engine::TraceView;
using engine::ViewSpan;

constexpr std::uint64_t kViewBytesMax = 256ull << 20;
// Rows of a skeleton; beyond them the first ones in depth-first order are sent.
constexpr std::size_t kSkeletonRowsMax = 50'000;

std::optional<agents::RunRow> run_of(const AgentRouteDeps& deps, const ApiRequest& request,
                                     const base::TraceId& id) {
  std::optional<agents::RunRow> run;
  deps.engine.analytics().read(
      request.tenant, deps.clock.now(),
      [&](const agents::AgentMetrics& metrics) { run = metrics.run(id.to_hex()); });
  return run;
}

// What the figures of the last day call usual for a workflow.
std::optional<double> usual_cost(const AgentRouteDeps& deps, const ApiRequest& request,
                                 const std::string& workflow) {
  std::optional<double> usual;
  deps.engine.analytics().read(
      request.tenant, deps.clock.now(), [&](const agents::AgentMetrics& metrics) {
        for (const auto& report : metrics.workflows(agents::Window::kDay, deps.clock.now())) {
          if (report.name == workflow) usual = report.cost_per_run_usd;
        }
      });
  return usual;
}

template <typename F>
void write_column(JsonWriter& json, std::string_view name, std::size_t rows, F write_value) {
  json.key(name).begin_array();
  for (std::size_t i = 0; i < rows; ++i) write_value(static_cast<int>(i));
  json.end_array();
}

void write_columns(JsonWriter& json, const TraceView& view, std::size_t rows,
                   const std::vector<int>& name_of) {
  const auto column = [&](std::string_view name, auto value_of) {
    write_column(json, name, rows, [&](int row) { json.value(value_of(row, view.spans[row])); });
  };
  const auto node = [&](const ViewSpan& row) -> const traces::TreeSpan& {
    return view.tree.spans()[row.tree];
  };
  json.key("columns").begin_object();
  column("span_id", [&](int row, const ViewSpan&) { return view.span(row).span_id.to_hex(); });
  column("parent", [](int, const ViewSpan& row) { return row.parent; });
  column("start_ns", [&](int, const ViewSpan& row) { return node(row).start - view.start; });
  column("duration_ns", [&](int, const ViewSpan& row) {
    return node(row).open ? std::int64_t{-1} : node(row).duration_ns();
  });
  column("agent", [](int, const ViewSpan& row) { return row.agent; });
  column("kind", [](int, const ViewSpan& row) { return static_cast<int>(row.category); });
  column("name", [&](int row, const ViewSpan&) { return name_of[row]; });
  column("status", [](int, const ViewSpan& row) { return static_cast<int>(row.status); });
  column("self_ns", [](int, const ViewSpan& row) { return row.self_ns; });
  write_column(json, "tokens", rows,
               [&](int row) { write_count_or_null(json, view.spans[row].tokens); });
  write_column(json, "cost_usd", rows,
               [&](int row) { write_micro_usd(json, view.spans[row].cost_micro_usd); });
  column("args_hash", [](int, const ViewSpan& row) { return row.arguments_hash; });
  column("result_hash", [](int, const ViewSpan& row) { return row.result_hash; });
  column("first_chunk_ns", [](int, const ViewSpan& row) { return row.first_chunk_ns; });
  column("trace", [](int, const ViewSpan& row) { return row.trace; });
  json.end_object();
}

void write_owners(JsonWriter& json, const TraceView& view, const SlotOf& slots) {
  json.key("critical_owners").begin_array();
  for (const engine::PathOwner& owner : view.critical_owners) {
    json.begin_object();
    write_agent_at(json, "agent", view, owner.agent, slots);
    json.field("operation", owner.operation).field("ms", static_cast<double>(owner.ns) / 1e6);
    json.field("share_ratio", owner.share).end_object();
  }
  json.end_array();
}

void write_loops(JsonWriter& json, const TraceView& view, int rows_max) {
  json.key("loops").begin_array();
  for (const engine::ViewLoop& loop : view.loops) {
    if (loop.span >= rows_max) continue;
    json.begin_object().field("agent", loop.agent).key("steps").begin_array();
    for (const std::string& step : loop.steps) json.value(step);
    json.end_array().field("repeats", loop.repeats).field("evidence", loop.evidence);
    json.field("span", loop.span).key("nothing_new_since_turn");
    if (loop.nothing_new_since_turn) {
      json.value(*loop.nothing_new_since_turn);
    } else {
      json.null();
    }
    json.key("cost_since_usd");
    write_micro_usd(json, loop.cost_since_micro_usd);
    json.key("turns").begin_array();
    for (const engine::LoopTurn& turn : loop.turns) {
      json.begin_object().key("spans").begin_array();
      for (const int row : turn.spans) json.value(row < rows_max ? row : -1);
      json.end_array().key("changed").begin_array();
      for (const bool changed : turn.changed) json.value(changed);
      json.end_array().field("new_information", turn.new_information).key("tokens");
      write_count_or_null(json, turn.tokens);
      json.key("cost_usd");
      write_micro_usd(json, turn.cost_micro_usd);
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void write_waits_and_interactions(JsonWriter& json, const TraceView& view, int rows_max) {
  json.key("waits").begin_array();
  for (const engine::ViewWait& wait : view.waits) {
    if (wait.span >= rows_max) continue;
    json.begin_object().field("span", wait.span).field("agent", wait.agent);
    json.field("target", wait.target).field("start_ns", wait.start - view.start);
    json.field("end_ns", wait.end - view.start).key("usual_ms").null().end_object();
  }
  json.end_array().key("interactions").begin_array();
  for (const engine::ViewInteraction& one : view.interactions) {
    if (one.span >= rows_max) continue;
    json.begin_object().field("from", one.from).field("to", one.to).field("kind", one.kind);
    json.field("at_ns", one.time - view.start).field("label", one.label);
    json.field("span", one.span).field("error", one.error).end_object();
  }
  json.end_array();
}

Sentence culprit_sentence(const TraceView& view, const engine::ViewCulprit& culprit) {
  using Reason = engine::ViewCulprit::Reason;
  Sentence out;
  if (culprit.agent >= 0) {
    out.agent(view.agents[culprit.agent]);
  } else {
    out.text("the run");
  }
  switch (culprit.reason) {
    case Reason::kLoop:
      out.text(" repeats ").code(culprit.operation).text(" ");
      out.number(static_cast<double>(culprit.count)).text(" times");
      break;
    case Reason::kError:
      out.text(" failed in ").code(culprit.operation);
      break;
    case Reason::kCriticalPath:
      out.text(" holds up the run in ").code(culprit.operation);
      break;
  }
  return out;
}

void write_culprit(JsonWriter& json, const TraceView& view, int rows_max, const SlotOf& slots) {
  json.key("culprit");
  if (!view.culprit || view.culprit->span >= rows_max) {
    json.null();
  } else {
    json.begin_object().key("sentence");
    culprit_sentence(view, *view.culprit).write(json, slots);
    write_optional(json, "confidence_ratio", view.culprit->confidence);
    json.field("span", view.culprit->span).end_object();
  }
  json.key("first_error");
  if (view.first_error && *view.first_error < rows_max) {
    json.value(*view.first_error);
  } else {
    json.null();
  }
}

std::string_view outcome_word(const TraceView& view) {
  if (view.run.outcome != agents::Outcome::kUnknown) {
    return agents::outcome_name(view.run.outcome);
  }
  if (view.running()) return "running";
  return view.errors > 0 && view.agents.empty() ? "failed" : "unknown";
}

std::string outcome_text(const TraceView& view) {
  if (!view.run.reason.empty()) return view.run.reason;
  const std::string duration = base::format_duration_ns(view.end - view.start);
  if (view.running()) return "running for " + duration;
  return std::string(outcome_word(view)) + " after " + duration;
}

// Totals of the run, null where no model call told any.
void write_totals(JsonWriter& json, const TraceView& view, std::optional<double> usual_usd) {
  std::int64_t tokens = -1;
  std::int64_t cost = -1;
  for (const agents::ModelCall& call : view.run.model_calls) {
    if (call.tokens.total() > 0) tokens = std::max<std::int64_t>(0, tokens) + call.tokens.total();
    if (call.cost_micro_usd >= 0) cost = std::max<std::int64_t>(0, cost) + call.cost_micro_usd;
  }
  json.field("spans", view.spans.size()).field("errors", view.errors).key("tokens");
  write_count_or_null(json, tokens);
  json.key("cost_usd");
  write_micro_usd(json, cost);
  write_optional(json, "cost_usual_usd", usual_usd);
}

// Why the traces of a run belong together, null for a run of one trace.
void write_joined_by(JsonWriter& json, const TraceView& view) {
  std::string joined;
  if (view.trace_ids.size() > 1) joined = view.run.session.empty() ? "links" : "session";
  write_text(json, "joined_by", joined);
}

std::string name_of_trace(const TraceView& view) {
  return view.spans.empty() ? view.run.name : std::string(view.span(0).name);
}

std::string skeleton_json(const TraceView& view, const SlotOf& slots,
                          std::optional<double> usual_usd) {
  const std::size_t rows = std::min(view.spans.size(), kSkeletonRowsMax);
  const int rows_max = static_cast<int>(rows);
  std::vector<std::string_view> names;
  std::map<std::string_view, int> indexes;
  std::vector<int> name_of(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::string_view name = view.span(static_cast<int>(i)).name;
    const auto [at, fresh] = indexes.emplace(name, static_cast<int>(names.size()));
    if (fresh) names.push_back(name);
    name_of[i] = at->second;
  }
  JsonWriter json;
  json.begin_object().field("trace_id", view.trace_ids.front().to_hex());
  json.key("trace_ids").begin_array();
  for (const base::TraceId& id : view.trace_ids) json.value(id.to_hex());
  json.end_array();
  write_joined_by(json, view);
  json.field("run_id", view.run.id);
  write_text(json, "workflow", view.agents.empty() ? "" : view.run.name);
  json.field("name", name_of_trace(view)).field("outcome", outcome_word(view));
  json.field("outcome_text", outcome_text(view));
  json.key("start_unix_ns").value_as_string(view.start);
  json.field("duration_ns", view.end - view.start).field("running", view.running());
  write_totals(json, view, usual_usd);
  json.key("truncated");
  if (rows < view.spans.size()) {
    json.begin_object().field("shown", rows).field("total", view.spans.size()).end_object();
  } else {
    json.null();
  }
  write_culprit(json, view, rows_max, slots);
  json.key("agents").begin_array();
  for (const std::string& agent : view.agents) write_agent(json, agent, slots);
  json.end_array().key("names").begin_array();
  for (const std::string_view name : names) json.value(name);
  json.end_array();
  write_columns(json, view, rows, name_of);
  json.key("critical_path").begin_array();
  for (const engine::PathStretch& stretch : view.critical_path) {
    if (stretch.span >= rows_max) continue;
    json.begin_object().field("span", stretch.span);
    json.field("start_ns", stretch.start - view.start);
    json.field("end_ns", stretch.end - view.start).end_object();
  }
  json.end_array();
  write_owners(json, view, slots);
  write_waits_and_interactions(json, view, rows_max);
  write_loops(json, view, rows_max);
  write_partial_reason(json, view.partial);
  json.end_object();
  return json.take();
}

Result<net::HttpResponse> skeleton(const AgentRouteDeps& deps, const ApiRequest& request) {
  return with_view(deps, request, [&](const TraceView& view) -> Result<net::HttpResponse> {
    return json_response(skeleton_json(view, deps.slot_of(request.tenant),
                                       usual_cost(deps, request, view.run.name)));
  });
}

Result<net::HttpResponse> critical_path(const AgentRouteDeps& deps, const ApiRequest& request) {
  return with_view(deps, request, [&](const TraceView& view) -> Result<net::HttpResponse> {
    const SlotOf slots = deps.slot_of(request.tenant);
    JsonWriter json;
    json.begin_object().field("trace_id", view.trace_ids.front().to_hex());
    json.key("start_unix_ns").value_as_string(view.start);
    json.field("duration_ns", view.end - view.start).key("segments").begin_array();
    for (const engine::PathStretch& stretch : view.critical_path) {
      json.begin_object().field("span_id", view.span(stretch.span).span_id.to_hex());
      json.field("name", view.span(stretch.span).name);
      write_agent_at(json, "agent", view, view.spans[stretch.span].agent, slots);
      json.field("start_ns", stretch.start - view.start);
      json.field("end_ns", stretch.end - view.start).end_object();
    }
    json.end_array();
    write_owners(json, view, slots);
    write_partial_reason(json, view.partial);
    json.end_object();
    return json_response(json.take());
  });
}

}  // namespace

void write_agent_at(JsonWriter& json, std::string_view name, const TraceView& view, int agent,
                    const SlotOf& slots) {
  json.key(name);
  if (agent < 0) {
    json.null();
  } else {
    write_agent(json, view.agents[agent], slots);
  }
}

void write_partial_reason(JsonWriter& json, store::Partial partial) {
  json.key("partial");
  if (partial == store::Partial::kNo) {
    json.null();
    return;
  }
  json.begin_object().field("reason", store::partial_reason(partial)).end_object();
}

void write_count_or_null(JsonWriter& json, std::int64_t count) {
  if (count < 0) {
    json.null();
  } else {
    json.value(count);
  }
}
void write_micro_usd(JsonWriter& json, std::int64_t micro_usd) {
  if (micro_usd < 0) {
    json.null();
  } else {
    json.value(static_cast<double>(micro_usd) / 1e6);
  }
}

Result<TraceView> view_of(const AgentRouteDeps& deps, const ApiRequest& request,
                          const base::TraceId& id) {
  std::vector<base::TraceId> ids{id};
  if (const auto run = run_of(deps, request, id)) {
    for (const base::TraceId& other : run->trace_ids) {
      if (other != id) ids.push_back(other);
    }
  }
  const engine::Analytics& analytics = deps.engine.analytics();
  return engine::load_trace_view(
      {deps.traces, analytics.conventions(), analytics.prices(), &analytics.limits()},
      request.tenant, ids, budget_of(request, kViewBytesMax));
}

Result<net::HttpResponse> with_view(
    const AgentRouteDeps& deps, const ApiRequest& request,
    const std::function<Result<net::HttpResponse>(const TraceView&)>& answer) {
  HG_ASSIGN_OR_RETURN(const base::TraceId id, parse_trace_id(request.path_param("trace_id")));
  auto view = view_of(deps, request, id);
  if (view) return answer(*view);
  if (view.error().code == ErrorCode::kNotFound) {
    if (const auto run = run_of(deps, request, id)) return expired_response(id, *run);
  }
  return std::move(view).error();
}

void add_trace_view_routes(RouteTable& routes, const AgentRouteDeps& deps) {
  const auto add = [&](const char* pattern, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .lane = Lane::kQuick,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/v1/traces/{trace_id}/skeleton", skeleton);
  add("/api/v1/traces/{trace_id}/critical-path", critical_path);
}

}  // namespace honeyguide::server
