// What a run adds to each figure. The same code takes it back with sign -1, so nothing here may
// depend on anything but the run.
#include <algorithm>
#include <iterator>

#include "agents/metrics_state.h"

namespace honeyguide::agents {
namespace {

std::int64_t length(base::UnixNanos start, base::UnixNanos end) {
  return end > start ? end - start : 0;
}

Measure measure_of(TaskState state) {
  switch (state) {
    case TaskState::kSucceeded:
      return Measure::kTasksSucceeded;
    case TaskState::kFailed:
      return Measure::kTasksFailed;
    case TaskState::kCancelled:
      return Measure::kTasksCancelled;
    case TaskState::kOpen:
      return Measure::kTasksOpen;
    default:
      return Measure::kTasksUnknown;
  }
}

Measure measure_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSuccess:
      return Measure::kRunsSucceeded;
    case Outcome::kFailed:
      return Measure::kRunsFailed;
    case Outcome::kLimit:
      return Measure::kRunsLimit;
    default:
      return Measure::kRunsUnknown;
  }
}

const EntityKey kAllKey{EntityKind::kAll, "", ""};

std::string row_id(const SpanRef& span) {
  return span.trace_id.to_hex() + span.span_id.to_hex();
}

// Adds one to or takes one from a counted set.
template <typename Key>
void count_in(std::map<Key, std::int64_t>& counts, const Key& key, std::int64_t sign) {
  std::int64_t& count = counts[key];
  count += sign;
  if (count == 0) counts.erase(key);
}

std::string run_key(const RunFacts& run) {
  return run.trace_ids.empty() ? run.id : run.trace_ids.front().to_hex();
}

TaskRow task_row(const RunFacts& run, const Task& task) {
  TaskRow row;
  row.id = task.id;
  row.type = task.type;
  row.agent = task.agent;
  row.workflow = run.name;
  row.run_id = run.id;
  row.state = task.state;
  row.start = task.start;
  row.end = task.end;
  row.span = task.span;
  if (task.has_quality) row.quality = static_cast<double>(task.quality_e6) / 1e6;
  std::int64_t cost = 0;
  bool priced = false;
  for (const ModelCall& call : run.model_calls) {
    const bool during = call.start >= task.start && (task.end == 0 || call.start <= task.end);
    if (call.agent != task.agent || !during) continue;
    row.tokens.add(call.tokens);
    if (call.cost_micro_usd < 0) continue;
    cost += call.cost_micro_usd;
    priced = true;
  }
  if (priced) row.cost_usd = static_cast<double>(cost) / 1e6;
  return row;
}

RunRow run_row(const RunFacts& run) {
  RunRow row;
  row.id = run.id;
  row.name = run.name;
  row.framework = run.framework;
  row.session = run.session;
  row.user = run.user;
  row.service = run.service;
  row.outcome = run.outcome;
  row.reason = run.reason;
  row.start = run.start;
  row.end = run.end;
  row.trace_ids = run.trace_ids;
  for (const auto& [agent, framework] : run.agent_frameworks) row.agents.push_back(agent);
  row.spans = run.spans;
  row.error_spans = run.error_spans;
  std::int64_t cost = 0;
  bool priced = false;
  for (const ModelCall& call : run.model_calls) {
    row.llm_calls += call.calls;
    if (call.error) row.llm_errors += call.calls;
    row.tokens.add(call.tokens);
    if (call.cost_micro_usd < 0) continue;
    cost += call.cost_micro_usd;
    priced = true;
  }
  if (priced) row.cost_usd = static_cast<double>(cost) / 1e6;
  row.tool_calls = static_cast<std::int64_t>(run.tool_calls.size());
  for (const ToolCall& call : run.tool_calls) row.tool_errors += call.error ? 1 : 0;
  row.handoffs = static_cast<std::int64_t>(run.handoffs.size());
  row.loops = static_cast<std::int64_t>(run.loops.size());
  for (const Task& task : run.tasks) row.tasks.add(task.state);
  return row;
}

}  // namespace

void Extremes::add(base::UnixNanos time, std::int64_t sign) {
  if (time == 0) return;
  const auto found = times_.find(time);
  if (sign < 0) {
    if (found == times_.end()) return;
    if (--found->second == 0) times_.erase(found);
    return;
  }
  if (found != times_.end()) {
    ++found->second;
    return;
  }
  times_.emplace(time, 1);
  if (times_.size() > kKept) times_.erase(earliest_ ? std::prev(times_.end()) : times_.begin());
}

base::UnixNanos Extremes::get() const {
  if (times_.empty()) return 0;
  return earliest_ ? times_.begin()->first : times_.rbegin()->first;
}

Entity& AgentMetrics::State::entity(EntityKey key) {
  const auto found = entities.find(key);
  if (found != entities.end()) return found->second;
  if (entities.size() >= options.entities_max && key.kind != EntityKind::kAll) {
    ++overflowed;
    key.name = kOverflowName;
    key.other.clear();
  }
  return entities[std::move(key)];
}

const Entity* AgentMetrics::State::find(const EntityKey& key) const {
  const auto found = entities.find(key);
  return found == entities.end() ? nullptr : &found->second;
}

void AgentMetrics::State::put(const EntityKey& key, base::UnixNanos time, const Counts& counts,
                              std::int64_t sign) {
  if (time == 0) {
    put_total(key, counts, sign);
    return;
  }
  if (counts.empty()) return;
  // Times of the future are clamped for bucketing only.
  const base::UnixNanos latest = now + 5 * base::kNanosPerMinute;
  if (now != 0 && time > latest && sign > 0) ++future;
  entity(key).history.add(time, counts, sign);
  const base::UnixNanos bucket = bucket_of(time, kFineNs);
  if (now != 0 && !backfill && bucket < now - options.revise_ns) {
    if (sign > 0) ++late;
    return;
  }
  const bool has_series = key.kind == EntityKind::kAll || key.kind == EntityKind::kAgent ||
                          key.kind == EntityKind::kWorkflow || key.kind == EntityKind::kPair ||
                          key.kind == EntityKind::kTaskType;
  if (has_series) dirty.emplace(bucket, key);
}

void AgentMetrics::State::put_total(const EntityKey& key, const Counts& counts, std::int64_t sign) {
  if (!counts.empty()) entity(key).history.add_total(counts, sign);
}

void AgentMetrics::State::seen(const EntityKey& key, base::UnixNanos time, std::int64_t sign) {
  Entity& what = entity(key);
  what.first.add(time, sign);
  what.last.add(time, sign);
}

void AgentMetrics::State::apply_tasks(const RunFacts& run, std::int64_t sign) {
  for (const Task& task : run.tasks) {
    Counts counts;
    counts.add(task.retried ? Measure::kTasksRetried : measure_of(task.state), 1);
    if (task.state != TaskState::kOpen && task.end != 0) {
      counts.add(Sketch::kTaskDuration, length(task.start, task.end), 1);
    }
    if (task.has_quality) {
      counts.add(Measure::kQualityE6, task.quality_e6);
      counts.add(Measure::kQualityCount, 1);
    }
    const base::UnixNanos time = task.state == TaskState::kOpen ? 0 : task.end;
    put(kAllKey, time, counts, sign);
    put({EntityKind::kTaskType, task.type, ""}, time, counts, sign);
    seen({EntityKind::kTaskType, task.type, ""}, task.start, sign);
    if (task.agent.empty()) continue;
    put({EntityKind::kAgent, task.agent, ""}, time, counts, sign);
    seen({EntityKind::kAgent, task.agent, ""}, task.start, sign);
    if (task.end > task.start) {
      entity({EntityKind::kAgent, task.agent, ""}).count_busy({task.start, task.end}, sign);
    }
  }
  for (const Score& score : run.scores) {
    if (!score.has_score || score.in_task || score.agent.empty()) continue;
    Counts counts;
    counts.add(Measure::kQualityE6, score.score_e6);
    counts.add(Measure::kQualityCount, 1);
    put({EntityKind::kAgent, score.agent, ""}, score.time, counts, sign);
    put(kAllKey, score.time, counts, sign);
  }
}

void AgentMetrics::State::apply_calls(const RunFacts& run, std::int64_t sign) {
  for (const ModelCall& call : run.model_calls) {
    Counts counts;
    counts.add(Measure::kModelCalls, call.calls);
    if (call.error) counts.add(Measure::kModelErrors, call.calls);
    counts.add(Measure::kTokensInput, call.tokens.input);
    counts.add(Measure::kTokensOutput, call.tokens.output);
    counts.add(Measure::kTokensCached, call.tokens.cached);
    counts.add(Measure::kTokensReasoning, call.tokens.reasoning);
    if (call.cost_micro_usd >= 0) {
      counts.add(Measure::kCostMicroUsd, call.cost_micro_usd);
    } else if (call.tokens.total() > 0) {
      counts.add(Measure::kUnpricedCalls, 1);
    }
    if (call.end > call.start) counts.add(Sketch::kModelDuration, call.end - call.start, 1);
    const base::UnixNanos time = call.end != 0 ? call.end : call.start;
    put(kAllKey, time, counts, sign);
    put({EntityKind::kWorkflow, run.name, ""}, time, counts, sign);
    if (!run.session.empty()) put({EntityKind::kSession, run.session, ""}, time, counts, sign);
    if (!run.user.empty()) put({EntityKind::kUser, run.user, ""}, time, counts, sign);
    if (call.agent.empty()) continue;
    put({EntityKind::kAgent, call.agent, ""}, time, counts, sign);
    if (!call.model.empty()) put({EntityKind::kModel, call.model, call.agent}, time, counts, sign);
  }
  for (const ToolCall& call : run.tool_calls) {
    Counts counts;
    counts.add(Measure::kToolCalls, 1);
    if (call.error) counts.add(Measure::kToolErrors, 1);
    if (call.end > call.start) counts.add(Sketch::kToolDuration, call.end - call.start, 1);
    const base::UnixNanos time = call.end != 0 ? call.end : call.start;
    put(kAllKey, time, counts, sign);
    put({EntityKind::kTool, call.tool, call.agent}, time, counts, sign);
    if (!call.agent.empty()) put({EntityKind::kAgent, call.agent, ""}, time, counts, sign);
  }
}

void AgentMetrics::State::apply_edges(const RunFacts& run, std::int64_t sign) {
  for (const Handoff& handoff : run.handoffs) {
    Counts counts;
    counts.add(Measure::kHandoffsOut, 1);
    if (handoff.error) counts.add(Measure::kHandoffErrors, 1);
    if (handoff.latency_ns >= 0) {
      counts.add(Sketch::kHandoffLatency, handoff.latency_ns, 1);
      counts.add(Measure::kCommunicationNs, handoff.latency_ns);
    }
    put(kAllKey, handoff.time, counts, sign);
    const std::string kind(handoff_kind_name(handoff.kind));
    put({EntityKind::kPair, handoff.from, handoff.to + "\n" + kind}, handoff.time, counts, sign);
    if (!handoff.from.empty() && run.agent_frameworks.contains(handoff.from)) {
      put({EntityKind::kAgent, handoff.from, ""}, handoff.time, counts, sign);
    }
    Counts incoming;
    incoming.add(Measure::kHandoffsIn, 1);
    put({EntityKind::kAgent, handoff.to, ""}, handoff.time, incoming, sign);
  }
  for (const Message& message : run.messages) {
    Counts counts;
    counts.add(Measure::kMessagesOut, 1);
    if (message.error) counts.add(Measure::kMessageErrors, 1);
    if (message.latency_ns >= 0) {
      counts.add(Sketch::kMessageLatency, message.latency_ns, 1);
      counts.add(Measure::kCommunicationNs, message.latency_ns);
    }
    put(kAllKey, message.time, counts, sign);
    put({EntityKind::kPair, message.from, message.to + "\nmessage"}, message.time, counts, sign);
    if (!run.session.empty())
      put({EntityKind::kSession, run.session, ""}, message.time, counts, sign);
    if (run.agent_frameworks.contains(message.from)) {
      put({EntityKind::kAgent, message.from, ""}, message.time, counts, sign);
    }
    Counts incoming;
    incoming.add(Measure::kMessagesIn, 1);
    if (run.agent_frameworks.contains(message.to)) {
      put({EntityKind::kAgent, message.to, ""}, message.time, incoming, sign);
    }
  }
  for (const Dependency& dependency : run.dependencies) {
    if (dependency.satisfied == 0) continue;  // apply_rows() keeps it
    Counts counts;
    const std::int64_t waited = length(dependency.requested, dependency.satisfied);
    counts.add(Measure::kWaits, 1);
    counts.add(Measure::kWaitNs, waited);
    counts.add(Sketch::kWait, waited, 1);
    put(kAllKey, dependency.satisfied, counts, sign);
    put({EntityKind::kDependency, dependency.consumer, dependency.producer}, dependency.satisfied,
        counts, sign);
    put({EntityKind::kAgent, dependency.consumer, ""}, dependency.satisfied, counts, sign);
  }
}

void AgentMetrics::State::apply_conflicts(const RunFacts& run, std::int64_t sign) {
  for (const Conflict& conflict : run.conflicts) {
    Counts opened;
    opened.add(Measure::kConflictsOpened, 1);
    Counts closed;
    switch (conflict.state) {
      case ConflictState::kResolved:
        closed.add(Measure::kConflictsResolved, 1);
        closed.add(Measure::kConflictResolvedComplexityE6, conflict.complexity_e6);
        closed.add(Sketch::kConflictResolution, length(conflict.opened, conflict.closed), 1);
        break;
      case ConflictState::kFailed:
        closed.add(Measure::kConflictsFailed, 1);
        break;
      case ConflictState::kTimedOut:
        closed.add(Measure::kConflictsTimedOut, 1);
        break;
      case ConflictState::kOpen:
        break;
    }
    if (!closed.empty()) closed.add(Measure::kConflictComplexityE6, conflict.complexity_e6);
    std::vector<EntityKey> keys{kAllKey, {EntityKind::kConflictType, conflict.type, ""}};
    if (!conflict.method.empty()) {
      keys.push_back({EntityKind::kConflictMethod, conflict.method, ""});
    }
    for (const std::string& agent : conflict.agents)
      keys.push_back({EntityKind::kAgent, agent, ""});
    for (const EntityKey& key : keys) {
      put(key, conflict.opened, opened, sign);
      if (!closed.empty()) put(key, conflict.closed, closed, sign);
    }
  }
}

void AgentMetrics::State::apply_agents(const RunFacts& run, std::int64_t sign) {
  for (const auto& [agent, framework] : run.agent_frameworks) {
    Entity& what = entity({EntityKind::kAgent, agent, ""});
    if (!framework.empty()) count_in(what.frameworks, framework, sign);
    const auto team = run.agent_teams.find(agent);
    if (team != run.agent_teams.end()) count_in(what.teams, team->second, sign);
    count_in(entity({EntityKind::kWorkflow, run.name, ""}).agents, agent, sign);
  }
  for (const Invocation& invocation : run.invocations) {
    const EntityKey key{EntityKind::kAgent, invocation.agent, ""};
    Entity& what = entity(key);
    seen(key, invocation.start, sign);
    seen(key, invocation.end, sign);
    Counts counts;
    counts.add(Measure::kInvocations, 1);
    if (invocation.error) counts.add(Measure::kInvocationErrors, 1);
    counts.add(Measure::kBusyNs, length(invocation.start, invocation.end));
    put(key, invocation.end != 0 ? invocation.end : invocation.start, counts, sign);
    put(kAllKey, invocation.end != 0 ? invocation.end : invocation.start, counts, sign);
    if (invocation.end == 0) {
      count_in(what.open, invocation.start, sign);
    } else if (invocation.end > invocation.start) {
      what.count_busy({invocation.start, invocation.end}, sign);
    }
  }
}

void AgentMetrics::State::apply_run(const RunFacts& run, std::int64_t sign) {
  Counts counts;
  base::UnixNanos time = run.end;
  const bool running = run.end == 0;
  if (running) {
    counts.add(Measure::kRunsRunning, 1);
  } else {
    counts.add(measure_of(run.outcome), 1);
    counts.add(Sketch::kRunDuration, length(run.start, run.end), 1);
  }
  counts.add(Measure::kSpans, run.spans);
  counts.add(Measure::kErrorSpans, run.error_spans);
  const EntityKey workflow{EntityKind::kWorkflow, run.name, ""};
  put(kAllKey, time, counts, sign);
  put(workflow, time, counts, sign);
  seen(kAllKey, run.start, sign);
  seen(workflow, run.start, sign);
  if (!run.session.empty()) {
    put({EntityKind::kSession, run.session, ""}, time, counts, sign);
    seen({EntityKind::kSession, run.session, ""}, run.end != 0 ? run.end : run.start, sign);
  }
  for (const Loop& loop : run.loops) {
    Counts loops;
    loops.add(Measure::kLoops, 1);
    loops.add(Measure::kLoopRepeats, loop.repeats);
    put(kAllKey, loop.end, loops, sign);
    put({EntityKind::kAgent, loop.agent, ""}, loop.end, loops, sign);
    put(workflow, loop.end, loops, sign);
  }
}

void AgentMetrics::State::apply_rows(const RunFacts& run, std::int64_t sign) {
  const RowKey key{run.start, run_key(run)};
  if (sign > 0) {
    run_rows[key] = run_row(run);
    run_by_id[run.id] = key;
    for (const base::TraceId& id : run.trace_ids) run_by_id[id.to_hex()] = key;
  } else {
    run_rows.erase(key);
    const auto forget = [&](const std::string& id) {
      const auto found = run_by_id.find(id);
      if (found != run_by_id.end() && found->second == key) run_by_id.erase(found);
    };
    forget(run.id);
    for (const base::TraceId& id : run.trace_ids) forget(id.to_hex());
  }
  for (const Task& task : run.tasks) {
    auto& rows = task_rows[task.agent];
    const RowKey row{task.start, row_id(task.span)};
    if (sign > 0) {
      rows[row] = task_row(run, task);
      if (rows.size() > options.tasks_per_agent_max) rows.erase(std::prev(rows.end()));
    } else {
      rows.erase(row);
    }
  }
}

// Listings of conflicts, loops and waits.
void AgentMetrics::State::apply_trouble_rows(const RunFacts& run, std::int64_t sign) {
  for (const Conflict& conflict : run.conflicts) {
    const RowKey row{conflict.opened, run_key(run) + conflict.id};
    if (sign > 0) {
      conflict_rows[row] = {conflict, run.id, run.name, 0};
    } else {
      conflict_rows.erase(row);
    }
  }
  for (std::size_t i = 0; i < run.loops.size(); ++i) {
    const RowKey row{run.loops[i].start, run_key(run) + "/" + std::to_string(i)};
    if (sign > 0) {
      loop_rows[row] = {run.loops[i], run.id, run.name};
    } else {
      loop_rows.erase(row);
    }
  }
  for (const Dependency& dependency : run.dependencies) {
    if (dependency.satisfied != 0) continue;
    const RowKey key{dependency.requested, row_id(dependency.span) + dependency.producer};
    if (sign > 0) {
      waits[key] = {dependency.consumer, dependency.producer, dependency.requested, run.id,
                    dependency.span};
    } else {
      waits.erase(key);
    }
  }
}

void AgentMetrics::State::restore_rows(const RunFacts& run) {
  apply_rows(run, +1);
  apply_trouble_rows(run, +1);
}

void AgentMetrics::State::apply(const RunFacts& run, std::int64_t sign) {
  apply_agents(run, sign);
  apply_tasks(run, sign);
  apply_calls(run, sign);
  apply_edges(run, sign);
  apply_conflicts(run, sign);
  apply_run(run, sign);
  apply_rows(run, sign);
  apply_trouble_rows(run, sign);
  if (const auto changed = budgets.apply(run, sign)) {
    budgets_dirty = std::min(budgets_dirty.value_or(*changed), *changed);
  }
}

}  // namespace honeyguide::agents
