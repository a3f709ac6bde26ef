// Tasks, conflicts, dependencies, messages, scores.
#include <algorithm>

#include "agents/conventions.h"
#include "agents/run_builder.h"
#include "base/strings.h"

namespace honeyguide::agents {
namespace {

SpanRef ref_of(const SpanFact& fact) {
  return {fact.trace_id, fact.span_id};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  if (text.empty()) return lines;
  for (const std::string_view line : base::split(text, '\n')) lines.emplace_back(line);
  return lines;
}

TaskState state_of(const SpanFact& fact, bool explicit_task) {
  const std::string status = base::to_lower(fact.text(Text::kTaskStatus));
  const auto has = [&status](std::string_view part) {
    return status.find(part) != std::string::npos;
  };
  if (has("success") || has("succeed") || has("complete") || status == "ok" || has("done")) {
    return TaskState::kSucceeded;
  }
  if (has("fail") || has("error") || has("reject")) return TaskState::kFailed;
  if (has("cancel")) return TaskState::kCancelled;
  if (has("working") || has("submitted") || has("required")) return TaskState::kOpen;
  if (fact.error) return TaskState::kFailed;
  if (fact.end == 0) return TaskState::kOpen;
  if (fact.status == telemetry::StatusCode::kOk || fact.convention != Convention::kOpenLlmetry) {
    return TaskState::kSucceeded;
  }
  // A convention that has a status and did not set it.
  return explicit_task ? TaskState::kUnknown : TaskState::kSucceeded;
}

}  // namespace

void RunBuilder::add_messages() {
  std::set<std::uint64_t> seen;
  for (const RunNode& node : nodes_) {
    for (const MessageFact& fact : node.fact->messages) {
      if (fact.to.empty() || fact.kind != "message") continue;
      if (fact.id != 0 && !seen.insert(fact.id).second) continue;
      Message message;
      message.from = resolve(fact.from);
      message.to = resolve(fact.to);
      message.time = fact.time != 0 ? fact.time : node.fact->start;
      // A message's own span lasts until it was delivered.
      if (node.role == Role::kMessage && node.fact->end != 0) {
        message.latency_ns = node.fact->duration_ns();
      }
      message.error = node.role == Role::kMessage && node.fact->error;
      run_.messages.push_back(std::move(message));
    }
  }
}

void RunBuilder::add_task_of(const RunNode& node) {
  const SpanFact& fact = *node.fact;
  Task task;
  const std::string_view id = fact.text(Text::kTaskId);
  task.explicit_task = node.role == Role::kTask || !id.empty();
  task.id = id.empty() ? fact.span_id.to_hex() : std::string(id);
  task.type = fact.text(Text::kTaskType);
  if (task.type.empty()) {
    std::string_view name = fact.name();
    for (const std::string_view prefix : {"execute_task ", "task_"}) {
      if (name.starts_with(prefix)) name = name.substr(prefix.size());
    }
    // A name that holds the whole assignment is no type.
    if (name.size() > 64 || name.ends_with(".task")) name = "task";
    task.type = task.explicit_task && node.role == Role::kTask ? std::string(name) : "invocation";
  }
  const std::string_view told = fact.text(Text::kAgent);
  // An invocation's agent is known by now, whatever its span was named at first.
  task.agent = told.empty() || node.role == Role::kAgent ? node.agent : resolve(told);
  task.state = state_of(fact, task.explicit_task);
  task.start = fact.start;
  task.end = task.state == TaskState::kOpen ? 0 : fact.end;
  task.span = ref_of(fact);
  task.waits_for = lines_of(fact.text(Text::kWaitsFor));
  for (const ScoreFact& score : fact.scores) {
    if (!score.has_score || task.has_quality) continue;
    task.quality_e6 = score.score_e6;
    task.has_quality = true;
  }
  run_.tasks.push_back(std::move(task));
}

void RunBuilder::add_tasks() {
  std::set<std::string> with_tasks;  // agents whose work explicit tasks describe
  for (const RunNode& node : nodes_) {
    if (node.role == Role::kTask) add_task_of(node);
  }
  const bool explicit_tasks = !run_.tasks.empty();
  for (const int at : invoked_) {
    const RunNode& node = nodes_[at];
    const bool own_id = !node.fact->text(Text::kTaskId).empty();
    if (explicit_tasks && !own_id) continue;
    add_task_of(node);
    if (node.virtual_agent) run_.tasks.back().agent = node.own_agent;
  }
  std::sort(run_.tasks.begin(), run_.tasks.end(), [](const Task& a, const Task& b) {
    return std::tie(a.start, a.span.span_id, a.span.trace_id) <
           std::tie(b.start, b.span.span_id, b.span.trace_id);
  });
  // A later attempt of the same id makes the earlier one a retry.
  std::map<std::string, Task*> last;
  for (Task& task : run_.tasks) {
    Task*& before = last[task.id];
    if (before != nullptr && before->state == TaskState::kFailed) before->retried = true;
    before = &task;
  }
}

void RunBuilder::add_conflicts() {
  std::map<std::string, Conflict> conflicts;
  for (const RunNode& node : nodes_) {
    const SpanFact& fact = *node.fact;
    const std::string id(fact.text(Text::kConflictId));
    if (id.empty()) continue;
    Conflict& conflict = conflicts[id];
    const base::UnixNanos opened =
        fact.conflict_opened_at != 0 ? fact.conflict_opened_at : fact.start;
    if (conflict.id.empty() || opened < conflict.opened) conflict.opened = opened;
    conflict.id = id;
    if (conflict.type.empty()) conflict.type = fact.text(Text::kConflictType);
    if (!fact.text(Text::kConflictMethod).empty()) {
      conflict.method = fact.text(Text::kConflictMethod);
    }
    for (std::string& agent : lines_of(fact.text(Text::kConflictAgents))) {
      agent = resolve(agent);
      if (std::find(conflict.agents.begin(), conflict.agents.end(), agent) ==
          conflict.agents.end()) {
        conflict.agents.push_back(std::move(agent));
      }
    }
    conflict.span = ref_of(fact);
    if (fact.conflict_resolved >= 0 || (node.role == Role::kConflict && fact.end != 0)) {
      conflict.closed = fact.end != 0 ? fact.end : fact.start;
      const bool resolved = fact.conflict_resolved >= 0 ? fact.conflict_resolved == 1 : !fact.error;
      conflict.state = resolved ? ConflictState::kResolved : ConflictState::kFailed;
    }
  }
  for (auto& [id, conflict] : conflicts) {
    if (conflict.agents.empty()) continue;
    run_.conflicts.push_back(std::move(conflict));
  }
}

void RunBuilder::add_dependencies() {
  for (const RunNode& node : nodes_) {
    const std::string_view on = node.fact->text(Text::kDependencyOn);
    if (on.empty() || node.agent.empty()) continue;
    Dependency dependency;
    dependency.consumer = node.agent;
    dependency.producer = resolve(on);
    dependency.requested = node.fact->start;
    dependency.satisfied = node.fact->end;
    dependency.evidence = "dependency span";
    dependency.span = ref_of(*node.fact);
    run_.dependencies.push_back(std::move(dependency));
  }
  // A task that names the tasks before it waits from its request until the last of them ends.
  std::map<std::string, const Task*> tasks;
  for (const Task& task : run_.tasks) tasks[task.id] = &task;
  for (const Task& task : run_.tasks) {
    for (const std::string& id : task.waits_for) {
      const auto found = tasks.find(id);
      if (found == tasks.end() || found->second->agent == task.agent) continue;
      Dependency dependency;
      dependency.consumer = task.agent;
      dependency.producer = found->second->agent;
      dependency.requested = task.start;
      dependency.satisfied = found->second->end == 0 ? 0 : std::max(task.start, found->second->end);
      dependency.evidence = "task names the task before it";
      dependency.span = task.span;
      run_.dependencies.push_back(std::move(dependency));
    }
  }
  // A delegation is a wait: the caller stands still until the callee returns.
  for (const Handoff& handoff : run_.handoffs) {
    if (handoff.kind != HandoffKind::kDelegation || handoff.from.empty()) continue;
    Dependency dependency;
    dependency.consumer = handoff.from;
    dependency.producer = handoff.to;
    dependency.requested = handoff.time;
    dependency.satisfied = handoff.time + handoff.wait_ns;
    for (const Invocation& invocation : run_.invocations) {
      if (invocation.agent == handoff.to && invocation.start >= handoff.time &&
          invocation.end == 0 && invocation.span.span_id == handoff.span.span_id) {
        dependency.satisfied = 0;
      }
    }
    dependency.evidence = "delegation";
    dependency.span = handoff.span;
    run_.dependencies.push_back(std::move(dependency));
  }
}

void RunBuilder::add_scores() {
  std::set<std::pair<base::TraceId, base::SpanId>> tasks;
  for (const Task& task : run_.tasks) {
    if (task.has_quality) tasks.emplace(task.span.trace_id, task.span.span_id);
  }
  for (const RunNode& node : nodes_) {
    bool first = tasks.contains({node.fact->trace_id, node.fact->span_id});
    const std::string_view told = node.role == Role::kTask ? node.fact->text(Text::kAgent) : "";
    for (const ScoreFact& fact : node.fact->scores) {
      Score score;
      score.name = fact.name;
      score.label = fact.label;
      score.agent = told.empty() ? node.agent : resolve(told);
      score.score_e6 = fact.score_e6;
      score.has_score = fact.has_score;
      score.in_task = first && fact.has_score;
      score.time = node.fact->end != 0 ? node.fact->end : node.fact->start;
      if (score.in_task) first = false;
      run_.scores.push_back(std::move(score));
    }
  }
}

}  // namespace honeyguide::agents
