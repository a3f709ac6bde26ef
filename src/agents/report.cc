// Reports as JSON, keys as the structs have them.
#include "agents/report.h"

#include "base/json_writer.h"

namespace honeyguide::agents {
namespace {

using base::JsonWriter;

void put(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
  json.key(name);
  if (value) {
    json.value(*value);
  } else {
    json.null();
  }
}

void put_tokens(JsonWriter& json, const Tokens& tokens) {
  json.key("tokens").begin_object();
  json.field("input", tokens.input).field("output", tokens.output);
  json.field("cached", tokens.cached).field("reasoning", tokens.reasoning).end_object();
}

void put_tasks(JsonWriter& json, const TaskCounts& tasks) {
  json.key("tasks").begin_object();
  json.field("total", tasks.total).field("succeeded", tasks.succeeded);
  json.field("failed", tasks.failed).field("cancelled", tasks.cancelled);
  json.field("open", tasks.open).field("unknown", tasks.unknown).end_object();
}

void put_thresholds(JsonWriter& json, const ThresholdSet& thresholds) {
  json.key("thresholds").begin_object();
  json.field("target", thresholds.target).field("warning", thresholds.warning);
  json.field("critical", thresholds.critical).end_object();
}

void put_named(JsonWriter& json, std::string_view name, const std::vector<NamedCounts>& rows) {
  json.key(name).begin_array();
  for (const NamedCounts& row : rows) {
    json.begin_object().field("name", row.name).field("calls", row.calls);
    json.field("errors", row.errors);
    put_tokens(json, row.tokens);
    put(json, "cost_usd", row.cost_usd);
    put(json, "duration_p50_ms", row.duration_p50_ms);
    put(json, "duration_p90_ms", row.duration_p90_ms);
    json.end_object();
  }
  json.end_array();
}

void put_task(JsonWriter& json, const TaskRow& task) {
  json.begin_object().field("id", task.id).field("type", task.type).field("agent", task.agent);
  json.field("workflow", task.workflow).field("run_id", task.run_id);
  json.field("state", task_state_name(task.state));
  json.key("start_unix_ns").value_as_string(task.start);
  json.key("end_unix_ns");
  if (task.end == 0) {
    json.null();
  } else {
    json.value_as_string(task.end);
  }
  put(json, "quality", task.quality);
  put_tokens(json, task.tokens);
  put(json, "cost_usd", task.cost_usd);
  json.field("trace_id", task.span.trace_id.to_hex());
  json.field("span_id", task.span.span_id.to_hex()).end_object();
}

void put_work(JsonWriter& json, const AgentReport& report) {
  put_tasks(json, report.tasks);
  json.field("tasks_retried", report.tasks_retried);
  put(json, "throughput_per_hour", report.throughput_per_hour);
  json.field("throughput_status", report.throughput_status);
  put(json, "success_rate", report.success_rate);
  put(json, "task_p50_ms", report.task_p50_ms);
  put(json, "task_p90_ms", report.task_p90_ms);
  put(json, "task_p99_ms", report.task_p99_ms);
  put(json, "utilization", report.utilization);
  put(json, "quality", report.quality);
  put(json, "quality_before", report.quality_before);
  json.field("quality_count", report.quality_count).field("trend", report.trend);
  json.field("invocations", report.invocations);
  json.field("invocation_errors", report.invocation_errors);
  json.field("llm_calls", report.llm_calls).field("llm_errors", report.llm_errors);
  put_tokens(json, report.tokens);
  put(json, "tokens_per_hour", report.tokens_per_hour);
  put(json, "cost_usd", report.cost_usd);
  put(json, "cost_per_hour_usd", report.cost_per_hour_usd);
  put(json, "cost_per_success_usd", report.cost_per_success_usd);
  json.field("unpriced_llm_calls", report.unpriced_calls);
  json.field("tool_calls", report.tool_calls).field("tool_errors", report.tool_errors);
}

void put_together(JsonWriter& json, const AgentReport& report) {
  put(json, "collaboration_efficiency", report.collaboration_efficiency);
  put(json, "collaboration_efficiency_seed", report.collaboration_efficiency_seed);
  put(json, "rounds_per_run", report.rounds_per_run);
  put(json, "waiting_ratio", report.waiting_ratio);
  json.field("handoffs_out", report.handoffs_out).field("handoffs_in", report.handoffs_in);
  json.field("messages_out", report.messages_out).field("messages_in", report.messages_in);
  json.field("conflicts_open", report.conflicts_open);
  json.field("conflicts_closed", report.conflicts_closed);
  put(json, "conflict_resolution_rate", report.conflict_resolution_rate);
  json.field("conflict_status", report.conflict_status).field("loops", report.loops);
}

void put_groups(JsonWriter& json, std::string_view name, const std::vector<ConflictGroup>& groups) {
  json.key(name).begin_array();
  for (const ConflictGroup& group : groups) {
    json.begin_object().field("name", group.name).field("resolved", group.resolved);
    json.field("failed", group.failed).field("timed_out", group.timed_out);
    put(json, "rate", group.rate);
    put(json, "p50_ms", group.p50_ms);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string to_json(const AgentReport& report) {
  JsonWriter json;
  json.begin_object().field("agent", report.agent).field("framework", report.framework);
  json.field("team", report.team).field("state", report.state);
  json.key("first_seen_unix_ns").value_as_string(report.first_seen);
  json.key("last_seen_unix_ns").value_as_string(report.last_seen);
  json.field("window_hours", report.window_hours);
  put_work(json, report);
  put_together(json, report);
  put_named(json, "models", report.models);
  put_named(json, "tools", report.tools);
  json.key("recent_tasks").begin_array();
  for (const TaskRow& task : report.recent_tasks) put_task(json, task);
  json.end_array().end_object();
  return json.take();
}

std::string to_json(const ThroughputReport& report) {
  JsonWriter json;
  json.begin_object().field("agent_id", report.agent);
  json.field("time_period_hours", report.time_period_hours);
  json.field("total_tasks", report.total_tasks);
  put(json, "throughput_per_hour", report.throughput_per_hour);
  json.field("status", report.status);
  put_thresholds(json, report.thresholds);
  json.end_object();
  return json.take();
}

std::string to_json(const ConflictReport& report) {
  JsonWriter json;
  json.begin_object().field("time_period_hours", report.time_period_hours);
  json.field("total_conflicts", report.total);
  json.field("successful_resolutions", report.resolved);
  json.field("failed", report.failed).field("timed_out", report.timed_out);
  json.field("open", report.open);
  put(json, "oldest_open_ms", report.oldest_open_ms);
  put(json, "success_rate", report.success_rate);
  put(json, "complexity_weighted_rate", report.complexity_weighted_rate);
  put(json, "resolution_p50_ms", report.resolution_p50_ms);
  put(json, "resolution_p90_ms", report.resolution_p90_ms);
  json.field("status", report.status);
  put_thresholds(json, report.thresholds);
  put_groups(json, "by_type", report.by_type);
  put_groups(json, "by_method", report.by_method);
  put_groups(json, "by_agent", report.by_agent);
  json.key("items").begin_array();
  for (const ConflictRow& row : report.items) {
    json.begin_object().field("id", row.conflict.id).field("type", row.conflict.type);
    json.field("state", conflict_state_name(row.conflict.state)).key("agents").begin_array();
    for (const std::string& agent : row.conflict.agents) json.value(agent);
    json.end_array().field("method", row.conflict.method).field("run_id", row.run_id);
    json.field("age_ms", row.age_ms).key("opened_unix_ns").value_as_string(row.conflict.opened);
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

std::string to_json(const Dashboard& dashboard) {
  JsonWriter json;
  json.begin_object().key("timestamp_unix_ns").value_as_string(dashboard.timestamp);
  json.field("active_tasks", dashboard.active_tasks);
  json.field("active_conflicts", dashboard.active_conflicts);
  json.field("total_hourly_throughput", dashboard.total_hourly_throughput);
  json.key("agent_status").begin_object();
  for (const auto& [agent, status] : dashboard.agent_status) {
    json.key(agent).begin_object().field("throughput_status", status.throughput_status);
    json.field("active_tasks", status.active_tasks).end_object();
  }
  json.end_object().field("system_health", dashboard.system_health).end_object();
  return json.take();
}

std::string to_json(const WorkflowReport& report) {
  JsonWriter json;
  json.begin_object().field("name", report.name).field("runs", report.runs);
  json.field("running", report.running).field("succeeded", report.succeeded);
  json.field("failed", report.failed).field("limit", report.limit);
  json.field("unknown", report.unknown);
  put(json, "runs_per_hour", report.runs_per_hour);
  put(json, "success_rate", report.success_rate);
  put(json, "p50_ms", report.p50_ms);
  put(json, "p90_ms", report.p90_ms);
  put(json, "cost_usd", report.cost_usd);
  put(json, "cost_per_run_usd", report.cost_per_run_usd);
  put_tokens(json, report.tokens);
  json.key("agents").begin_array();
  for (const std::string& agent : report.agents) json.value(agent);
  json.end_array().field("last_runs", report.last_runs).end_object();
  return json.take();
}

std::string to_json(const RunRow& row) {
  JsonWriter json;
  json.begin_object().field("id", row.id).field("name", row.name);
  json.field("framework", row.framework).field("session", row.session);
  json.field("outcome", row.end == 0 ? std::string_view("running") : outcome_name(row.outcome));
  json.field("reason", row.reason).key("start_unix_ns").value_as_string(row.start);
  json.key("end_unix_ns").value_as_string(row.end).key("trace_ids").begin_array();
  for (const base::TraceId& id : row.trace_ids) json.value(id.to_hex());
  json.end_array().key("agents").begin_array();
  for (const std::string& agent : row.agents) json.value(agent);
  json.end_array().field("spans", row.spans).field("error_spans", row.error_spans);
  json.field("llm_calls", row.llm_calls).field("llm_errors", row.llm_errors);
  json.field("tool_calls", row.tool_calls).field("tool_errors", row.tool_errors);
  json.field("handoffs", row.handoffs).field("loops", row.loops);
  put_tasks(json, row.tasks);
  put_tokens(json, row.tokens);
  put(json, "cost_usd", row.cost_usd);
  json.end_object();
  return json.take();
}

std::string to_json(const DependencyReport& report) {
  JsonWriter json;
  json.begin_object().key("edges").begin_array();
  for (const DependencyEdge& edge : report.edges) {
    json.begin_object().field("consumer", edge.consumer).field("producer", edge.producer);
    json.field("count", edge.count).field("waiting_now", edge.waiting_now);
    put(json, "wait_p50_ms", edge.wait_p50_ms);
    put(json, "wait_p95_ms", edge.wait_p95_ms);
    json.end_object();
  }
  json.end_array().key("waiting").begin_array();
  for (const WaitRow& wait : report.waiting) {
    json.begin_object().field("consumer", wait.consumer).field("producer", wait.producer);
    json.key("since_unix_ns").value_as_string(wait.since).field("run_id", wait.run_id).end_object();
  }
  json.end_array().key("deadlocks").begin_array();
  for (const auto& ring : report.deadlocks) {
    json.begin_array();
    for (const std::string& agent : ring) json.value(agent);
    json.end_array();
  }
  json.end_array();
  put(json, "resolution_p50_ms", report.resolution_p50_ms);
  put(json, "resolution_p90_ms", report.resolution_p90_ms);
  json.end_object();
  return json.take();
}

}  // namespace honeyguide::agents
