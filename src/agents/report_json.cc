#include "agents/analyze.h"
#include "base/json_writer.h"

namespace honeyguide::agents {
namespace {

using base::JsonWriter;

void write_tokens(JsonWriter& json, const Tokens& tokens) {
  json.begin_object()
      .field("input", tokens.input)
      .field("output", tokens.output)
      .field("cached", tokens.cached)
      .field("reasoning", tokens.reasoning)
      .end_object();
}

double usd(std::int64_t micro) {
  return static_cast<double>(micro) / 1e6;
}

// Null if nothing was priced although tokens flowed: unknown is not 0.
void write_cost(JsonWriter& json, std::int64_t micro, std::int64_t unpriced) {
  json.key("cost_usd");
  if (micro == 0 && unpriced > 0) {
    json.null();
  } else {
    json.value(usd(micro));
  }
  json.field("unpriced_llm_calls", unpriced);
}

void write_ids(JsonWriter& json, const std::vector<base::TraceId>& ids) {
  json.begin_array();
  for (const base::TraceId& id : ids) json.value(id.to_hex());
  json.end_array();
}

void write_task_counts(JsonWriter& json, const TaskCounts& tasks) {
  json.begin_object()
      .field("total", tasks.total)
      .field("succeeded", tasks.succeeded)
      .field("failed", tasks.failed)
      .field("cancelled", tasks.cancelled)
      .field("open", tasks.open)
      .field("unknown", tasks.unknown)
      .end_object();
}

void write_agent(JsonWriter& json, const AgentSummary& agent) {
  json.begin_object().field("name", agent.name).field("framework", agent.framework);
  json.field("team", agent.team)
      .field("invocations", agent.invocations)
      .field("llm_calls", agent.llm_calls)
      .field("llm_errors", agent.llm_errors)
      .key("tokens");
  write_tokens(json, agent.tokens);
  write_cost(json, agent.cost_micro_usd, agent.unpriced_calls);
  json.field("tool_calls", agent.tool_calls)
      .field("tool_errors", agent.tool_errors)
      .field("busy_ns", agent.busy_ns)
      .key("tasks");
  write_task_counts(json, agent.tasks);
  json.end_object();
}

void write_tasks(JsonWriter& json, const RunFacts& run) {
  json.key("tasks").begin_array();
  for (const Task& task : run.tasks) {
    json.begin_object()
        .field("id", task.id)
        .field("type", task.type)
        .field("agent", task.agent)
        .field("state", task_state_name(task.state))
        .field("start", task.start)
        .field("end", task.end)
        .field("retried", task.retried)
        .field("explicit", task.explicit_task);
    if (task.has_quality) json.field("quality", static_cast<double>(task.quality_e6) / 1e6);
    json.end_object();
  }
  json.end_array();
}

void write_run(JsonWriter& json, const RunFacts& run) {
  std::int64_t llm_calls = 0;
  Tokens tokens;
  std::int64_t cost = 0;
  std::int64_t unpriced = 0;
  for (const ModelCall& call : run.model_calls) {
    llm_calls += call.calls;
    tokens.add(call.tokens);
    if (call.cost_micro_usd >= 0) cost += call.cost_micro_usd;
    if (call.cost_micro_usd < 0 && call.tokens.total() > 0) ++unpriced;
  }
  json.begin_object()
      .field("id", run.id)
      .field("name", run.name)
      .field("framework", run.framework)
      .field("session", run.session)
      .field("outcome", outcome_name(run.outcome))
      .field("reason", run.reason)
      .key("trace_ids");
  write_ids(json, run.trace_ids);
  json.key("agents").begin_array();
  for (const auto& [name, framework] : run.agent_frameworks) json.value(name);
  json.end_array().field("llm_calls", llm_calls).key("tokens");
  write_tokens(json, tokens);
  write_cost(json, cost, unpriced);
  json.field("spans", run.spans).field("start", run.start).field("end", run.end);
  json.field("duration_ns", run.end > run.start ? run.end - run.start : 0);
  write_tasks(json, run);
  json.end_object();
}

void write_loops(JsonWriter& json, const Analysis& analysis) {
  json.key("loops").begin_array();
  for (const RunFacts& run : analysis.runs) {
    for (const Loop& loop : run.loops) {
      json.begin_object()
          .field("agent", loop.agent)
          .field("tool", loop.tool)
          .field("peer", loop.peer)
          .field("repeats", loop.repeats)
          .field("progress", loop.progress)
          .field("evidence", loop.evidence)
          .field("confidence", static_cast<double>(loop.confidence_percent) / 100)
          .field("run", run.id)
          .field("start", loop.start)
          .field("end", loop.end)
          .key("trace_ids");
      write_ids(json, loop.trace_ids);
      json.end_object();
    }
  }
  json.end_array();
}

void write_conflicts(JsonWriter& json, const Analysis& analysis) {
  json.key("conflicts").begin_array();
  for (const RunFacts& run : analysis.runs) {
    for (const Conflict& conflict : run.conflicts) {
      json.begin_object()
          .field("id", conflict.id)
          .field("type", conflict.type)
          .field("method", conflict.method)
          .field("state", conflict_state_name(conflict.state))
          .key("agents")
          .begin_array();
      for (const std::string& agent : conflict.agents) json.value(agent);
      json.end_array()
          .field("opened", conflict.opened)
          .field("closed", conflict.closed)
          .field("run", run.id)
          .end_object();
    }
  }
  json.end_array();
}

void write_dependencies(JsonWriter& json, const Analysis& analysis) {
  json.key("dependencies").begin_array();
  for (const RunFacts& run : analysis.runs) {
    for (const Dependency& dependency : run.dependencies) {
      json.begin_object()
          .field("consumer", dependency.consumer)
          .field("producer", dependency.producer)
          .field("requested", dependency.requested)
          .field("satisfied", dependency.satisfied)
          .field("evidence", dependency.evidence)
          .field("run", run.id)
          .end_object();
    }
  }
  json.end_array();
}

void write_totals(JsonWriter& json, const Totals& totals) {
  json.begin_object()
      .field("spans", totals.spans)
      .field("traces", totals.traces)
      .field("llm_calls", totals.llm_calls)
      .field("llm_errors", totals.llm_errors)
      .key("tokens");
  write_tokens(json, totals.tokens);
  json.field("tool_calls", totals.tool_calls).field("tool_errors", totals.tool_errors);
  json.field("messages", totals.messages);
  write_cost(json, totals.cost_micro_usd, totals.unpriced_calls);
  json.key("reported_cost_usd");
  if (totals.reported_micro_usd < 0) {
    json.null();
  } else {
    json.value(usd(totals.reported_micro_usd));
  }
  json.end_object();
}

}  // namespace

std::string analysis_json(const Analysis& analysis) {
  JsonWriter json;
  json.begin_object().field("convention_table_version", kConventionTableVersion);
  json.key("agents").begin_array();
  for (const AgentSummary& agent : analysis.agents) write_agent(json, agent);
  json.end_array().key("handoffs").begin_array();
  for (const HandoffSummary& edge : analysis.handoffs) {
    json.begin_object()
        .field("from", edge.from)
        .field("to", edge.to)
        .field("kind", handoff_kind_name(edge.kind))
        .field("count", edge.count)
        .field("errors", edge.errors)
        .field("evidence", edge.evidence)
        .field("confidence", static_cast<double>(edge.confidence_percent) / 100)
        .end_object();
  }
  json.end_array().key("tools").begin_array();
  for (const ToolSummary& tool : analysis.tools) {
    json.begin_object().field("name", tool.name).field("calls", tool.calls);
    json.field("errors", tool.errors).key("by").begin_object();
    for (const auto& [agent, calls] : tool.by) json.field(agent, calls);
    json.end_object().end_object();
  }
  json.end_array().key("runs").begin_array();
  for (const RunFacts& run : analysis.runs) write_run(json, run);
  json.end_array();
  write_loops(json, analysis);
  write_conflicts(json, analysis);
  write_dependencies(json, analysis);
  json.key("totals");
  write_totals(json, analysis.totals);
  json.key("unrecognised").begin_object();
  for (const auto& [what, count] : analysis.unrecognised) json.field(what, count);
  json.end_object().end_object();
  return json.take();
}

std::string explain_json(const RunFacts& run, const Conventions& conventions) {
  JsonWriter json;
  json.begin_object()
      .field("run", run.id)
      .field("name", run.name)
      .field("outcome", outcome_name(run.outcome))
      .field("reason", run.reason)
      .key("spans")
      .begin_array();
  for (const SpanNote& note : run.notes) {
    const std::size_t index = static_cast<std::size_t>(std::stoul(note.rule));
    const Conventions::Rule& rule = conventions.rules()[index];
    json.begin_object()
        .field("trace_id", note.span.trace_id.to_hex())
        .field("span_id", note.span.span_id.to_hex())
        .field("name", note.name)
        .field("depth", note.depth)
        .field("rule", rule.id)
        .field("convention", convention_name(rule.convention))
        .field("role", role_name(note.role))
        .field("agent", note.agent)
        .field("note", note.note)
        .end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace honeyguide::agents
