// Reports of agents, tasks, workflows, pairs and the whole.
#include <algorithm>
#include <cmath>

#include "agents/metrics_state.h"

namespace honeyguide::agents {
namespace {

const EntityKey kAllKey{EntityKind::kAll, "", ""};

std::optional<double> ms_of(const Counts& counts, Sketch sketch, double quantile) {
  const std::int64_t ns = counts.quantile_ns(sketch, quantile);
  if (ns < 0) return std::nullopt;
  return static_cast<double>(ns) / 1e6;
}

Ratio ratio(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::optional<double> per_hour(double value, double hours) {
  if (!(hours > 0)) return std::nullopt;
  return value / hours;
}

// Nothing is known of the cost if every call lacked a price.
std::optional<double> cost_of(const Counts& counts) {
  const std::int64_t micro = counts.get(Measure::kCostMicroUsd);
  if (micro == 0 && counts.get(Measure::kUnpricedCalls) > 0) return std::nullopt;
  return static_cast<double>(micro) / 1e6;
}

Tokens tokens_of(const Counts& counts) {
  return {counts.get(Measure::kTokensInput), counts.get(Measure::kTokensOutput),
          counts.get(Measure::kTokensCached), counts.get(Measure::kTokensReasoning)};
}

TaskCounts tasks_of(const Counts& counts, std::int64_t open) {
  TaskCounts tasks;
  tasks.succeeded = counts.get(Measure::kTasksSucceeded);
  tasks.failed = counts.get(Measure::kTasksFailed);
  tasks.cancelled = counts.get(Measure::kTasksCancelled);
  tasks.unknown = counts.get(Measure::kTasksUnknown);
  tasks.open = open;
  tasks.total = tasks.succeeded + tasks.failed + tasks.cancelled + tasks.unknown + tasks.open;
  return tasks;
}

std::optional<double> quality_of(const Counts& counts) {
  const std::int64_t scores = counts.get(Measure::kQualityCount);
  if (scores <= 0) return std::nullopt;
  return static_cast<double>(counts.get(Measure::kQualityE6)) / 1e6 / static_cast<double>(scores);
}

std::string most_frequent(const std::map<std::string, std::int64_t>& names) {
  std::string best;
  std::int64_t most = 0;
  for (const auto& [name, count] : names) {
    if (count > most) {
      best = name;
      most = count;
    }
  }
  return best;
}

std::int64_t closed_conflicts(const Counts& counts) {
  return counts.get(Measure::kConflictsResolved) + counts.get(Measure::kConflictsFailed) +
         counts.get(Measure::kConflictsTimedOut);
}

// Counts of the window before the one that ends now.
Counts before_window(const History& history, Window window, base::UnixNanos now) {
  if (window == Window::kSinceStart) return {};
  return history.window(window, now - window_length_ns(window) - 1);
}

}  // namespace

std::string_view status_of(const ThresholdSet& thresholds, std::optional<double> value) {
  if (!value) return "no_data";
  if (*value >= thresholds.target) return "excellent";
  if (*value >= thresholds.warning) return "good";
  return *value >= thresholds.critical ? "warning" : "critical";
}

void AgentMetrics::State::fill_work(AgentReport& report, const Counts& counts, double hours) const {
  report.tasks = tasks_of(counts, report.tasks.open);
  report.tasks_retried = counts.get(Measure::kTasksRetried);
  report.throughput_per_hour = per_hour(static_cast<double>(report.tasks.succeeded), hours);
  report.throughput_status =
      status_of(options.thresholds.throughput_per_hour,
                report.tasks.total > 0 ? report.throughput_per_hour : std::nullopt);
  report.success_rate = ratio(report.tasks.succeeded, report.tasks.succeeded + report.tasks.failed);
  report.task_p50_ms = ms_of(counts, Sketch::kTaskDuration, 0.5);
  report.task_p90_ms = ms_of(counts, Sketch::kTaskDuration, 0.9);
  report.task_p99_ms = ms_of(counts, Sketch::kTaskDuration, 0.99);
  report.quality = quality_of(counts);
  report.quality_count = counts.get(Measure::kQualityCount);
  report.invocations = counts.get(Measure::kInvocations);
  report.invocation_errors = counts.get(Measure::kInvocationErrors);
  report.llm_calls = counts.get(Measure::kModelCalls);
  report.llm_errors = counts.get(Measure::kModelErrors);
  report.tokens = tokens_of(counts);
  report.tokens_per_hour = per_hour(static_cast<double>(report.tokens.total()), hours);
  report.cost_usd = cost_of(counts);
  report.unpriced_calls = counts.get(Measure::kUnpricedCalls);
  if (report.cost_usd) report.cost_per_hour_usd = per_hour(*report.cost_usd, hours);
  if (report.cost_usd && report.tasks.succeeded > 0) {
    report.cost_per_success_usd = *report.cost_usd / static_cast<double>(report.tasks.succeeded);
  }
  report.tool_calls = counts.get(Measure::kToolCalls);
  report.tool_errors = counts.get(Measure::kToolErrors);
  report.loops = counts.get(Measure::kLoops);
}

void AgentMetrics::State::fill_together(AgentReport& report, const Counts& counts,
                                        std::int64_t busy) const {
  report.handoffs_out = counts.get(Measure::kHandoffsOut);
  report.handoffs_in = counts.get(Measure::kHandoffsIn);
  report.messages_out = counts.get(Measure::kMessagesOut);
  report.messages_in = counts.get(Measure::kMessagesIn);
  report.conflicts_closed = closed_conflicts(counts);
  report.conflict_resolution_rate =
      ratio(counts.get(Measure::kConflictsResolved), report.conflicts_closed);
  report.conflict_status =
      status_of(options.thresholds.conflict_resolution_rate, report.conflict_resolution_rate);
  // Waits lie within the agent's invocations; time on messages lies beside them.
  const std::int64_t waiting = std::min(counts.get(Measure::kWaitNs), busy);
  const std::int64_t talking = counts.get(Measure::kCommunicationNs);
  report.waiting_ratio = ratio(waiting, busy);
  const std::int64_t total = busy + talking;
  if (total > 0) {
    const double overhead = static_cast<double>(waiting + talking) / static_cast<double>(total);
    report.collaboration_efficiency = std::clamp(1 - overhead, 0.0, 1.0);
    const std::int64_t exchanges = report.handoffs_out + report.messages_out;
    if (report.invocations > 0) {
      report.rounds_per_run =
          static_cast<double>(exchanges) / static_cast<double>(report.invocations);
    }
    const double rounds = report.rounds_per_run.value_or(0);
    report.collaboration_efficiency_seed = std::clamp(
        report.success_rate.value_or(1) / (1 + 0.1 * rounds) * std::max(0.0, 1 - overhead), 0.0,
        1.0);
  }
}

std::vector<NamedCounts> AgentMetrics::State::named(EntityKind kind, std::string_view agent,
                                                    Window window, base::UnixNanos at) const {
  std::vector<NamedCounts> rows;
  for (const auto& [key, what] : entities) {
    if (key.kind != kind || key.other != agent) continue;
    const Counts counts = what.history.window(window, at);
    const bool tool = kind == EntityKind::kTool;
    NamedCounts row;
    row.name = key.name;
    row.calls = counts.get(tool ? Measure::kToolCalls : Measure::kModelCalls);
    if (row.calls == 0) continue;
    row.errors = counts.get(tool ? Measure::kToolErrors : Measure::kModelErrors);
    row.tokens = tokens_of(counts);
    if (!tool) row.cost_usd = cost_of(counts);
    const Sketch sketch = tool ? Sketch::kToolDuration : Sketch::kModelDuration;
    row.duration_p50_ms = ms_of(counts, sketch, 0.5);
    row.duration_p90_ms = ms_of(counts, sketch, 0.9);
    rows.push_back(std::move(row));
  }
  return rows;
}

AgentReport AgentMetrics::State::agent(const std::string& name, const Entity& what, Window window,
                                       base::UnixNanos at, bool details) const {
  AgentReport report;
  report.agent = name;
  report.framework = most_frequent(what.frameworks);
  report.team = most_frequent(what.teams);
  report.first_seen = what.first.get();
  report.last_seen = what.last.get();
  report.window_hours = age_hours(what, window, at);
  report.tasks.open = what.history.total().get(Measure::kTasksOpen);
  const Counts counts = what.history.window(window, at);
  fill_work(report, counts, report.window_hours);
  const base::UnixNanos start = window == Window::kSinceStart
                                    ? report.first_seen
                                    : std::max(report.first_seen, at - window_length_ns(window));
  std::int64_t busy = busy_ns(what, start, at);
  if (window == Window::kSinceStart) busy += what.closed_busy_ns;
  report.utilization = ratio(busy, at - start);
  fill_together(report, counts, busy);
  for (const auto& [key, row] : conflict_rows) {
    if (row.conflict.state != ConflictState::kOpen) continue;
    const auto& parties = row.conflict.agents;
    if (std::find(parties.begin(), parties.end(), name) != parties.end()) ++report.conflicts_open;
  }
  const bool waiting = std::any_of(waits.begin(), waits.end(), [&name](const auto& entry) {
    return entry.second.consumer == name;
  });
  report.state = waiting ? "waiting" : !what.open.empty() ? "busy" : "idle";
  const Counts before = before_window(what.history, window, at);
  report.quality_before = quality_of(before);
  const auto now_p50 = report.task_p50_ms;
  const auto before_p50 = ms_of(before, Sketch::kTaskDuration, 0.5);
  report.trend = "no_data";
  if (now_p50 && before_p50) {
    report.trend = *now_p50 > 1.5 * *before_p50   ? "degradation"
                   : *now_p50 < 0.7 * *before_p50 ? "improvement"
                                                  : "steady";
  }
  if (!details) return report;
  report.models = named(EntityKind::kModel, name, window, at);
  report.tools = named(EntityKind::kTool, name, window, at);
  const auto rows = task_rows.find(name);
  if (rows != task_rows.end()) {
    for (const auto& [key, row] : rows->second) {
      if (report.recent_tasks.size() >= 50) break;
      report.recent_tasks.push_back(row);
    }
  }
  return report;
}

std::vector<AgentReport> AgentMetrics::agents(Window window, base::UnixNanos now) const {
  std::vector<AgentReport> reports;
  for (const auto& [key, what] : state_->entities) {
    if (key.kind != EntityKind::kAgent || what.frameworks.empty()) {
      if (key.kind != EntityKind::kAgent || what.first.get() == 0) continue;
    }
    reports.push_back(state_->agent(key.name, what, window, now, false));
  }
  return reports;
}

std::optional<AgentReport> AgentMetrics::agent_report(std::string_view agent, Window window,
                                                      base::UnixNanos now) const {
  const Entity* what = state_->find({EntityKind::kAgent, std::string(agent), ""});
  if (what == nullptr) return std::nullopt;
  return state_->agent(std::string(agent), *what, window, now, true);
}

std::vector<TaskTypeReport> AgentMetrics::task_types(Window window, base::UnixNanos now) const {
  std::vector<TaskTypeReport> reports;
  for (const auto& [key, what] : state_->entities) {
    if (key.kind != EntityKind::kTaskType) continue;
    const Counts counts = what.history.window(window, now);
    TaskTypeReport report;
    report.type = key.name;
    report.tasks = tasks_of(counts, what.history.total().get(Measure::kTasksOpen));
    report.retried = counts.get(Measure::kTasksRetried);
    report.throughput_per_hour =
        per_hour(static_cast<double>(report.tasks.succeeded), state_->age_hours(what, window, now));
    report.success_rate =
        ratio(report.tasks.succeeded, report.tasks.succeeded + report.tasks.failed);
    report.p50_ms = ms_of(counts, Sketch::kTaskDuration, 0.5);
    report.p90_ms = ms_of(counts, Sketch::kTaskDuration, 0.9);
    report.quality = quality_of(counts);
    reports.push_back(std::move(report));
  }
  return reports;
}

std::vector<WorkflowReport> AgentMetrics::workflows(Window window, base::UnixNanos now) const {
  std::map<std::string, std::string> letters;  // newest first
  for (const auto& [key, row] : state_->run_rows) {
    std::string& line = letters[row.name];
    if (line.size() >= 60) continue;
    line += row.end == 0 ? 'r' : "uoxl"[static_cast<std::size_t>(row.outcome)];
  }
  std::vector<WorkflowReport> reports;
  for (const auto& [key, what] : state_->entities) {
    if (key.kind != EntityKind::kWorkflow) continue;
    const Counts counts = what.history.window(window, now);
    WorkflowReport report;
    report.name = key.name;
    report.succeeded = counts.get(Measure::kRunsSucceeded);
    report.failed = counts.get(Measure::kRunsFailed);
    report.limit = counts.get(Measure::kRunsLimit);
    report.unknown = counts.get(Measure::kRunsUnknown);
    report.running = what.history.total().get(Measure::kRunsRunning);
    report.runs = report.succeeded + report.failed + report.limit + report.unknown;
    report.runs_per_hour =
        per_hour(static_cast<double>(report.runs), state_->age_hours(what, window, now));
    report.success_rate = ratio(report.succeeded, report.succeeded + report.failed + report.limit);
    report.p50_ms = ms_of(counts, Sketch::kRunDuration, 0.5);
    report.p90_ms = ms_of(counts, Sketch::kRunDuration, 0.9);
    report.tokens = tokens_of(counts);
    report.cost_usd = cost_of(counts);
    if (report.cost_usd && report.runs > 0) {
      report.cost_per_run_usd = *report.cost_usd / static_cast<double>(report.runs);
    }
    for (const auto& [agent, runs] : what.agents) report.agents.push_back(agent);
    report.last_runs = letters[key.name];
    std::reverse(report.last_runs.begin(), report.last_runs.end());
    reports.push_back(std::move(report));
  }
  return reports;
}

std::vector<SessionReport> AgentMetrics::sessions(Window window, base::UnixNanos now) const {
  std::vector<SessionReport> reports;
  for (const auto& [key, what] : state_->entities) {
    if (key.kind != EntityKind::kSession) continue;
    const Counts counts = what.history.window(window, now);
    SessionReport report;
    report.session = key.name;
    report.runs = counts.get(Measure::kRunsSucceeded) + counts.get(Measure::kRunsFailed) +
                  counts.get(Measure::kRunsLimit) + counts.get(Measure::kRunsUnknown);
    report.running = what.history.total().get(Measure::kRunsRunning);
    report.messages = counts.get(Measure::kMessagesOut);
    report.llm_calls = counts.get(Measure::kModelCalls);
    report.tokens = tokens_of(counts);
    report.cost_usd = cost_of(counts);
    report.last_seen = what.last.get();
    reports.push_back(std::move(report));
  }
  return reports;
}

ThroughputReport AgentMetrics::throughput(std::string_view agent, Window window,
                                          base::UnixNanos now) const {
  ThroughputReport report;
  report.agent = agent;
  report.thresholds = state_->options.thresholds.throughput_per_hour;
  report.status = "no_data";
  const Entity* what = state_->find({EntityKind::kAgent, std::string(agent), ""});
  if (what == nullptr) return report;
  const AgentReport full = state_->agent(report.agent, *what, window, now, false);
  report.time_period_hours = full.window_hours;
  report.total_tasks = full.tasks.total - full.tasks.open;
  report.throughput_per_hour = full.throughput_per_hour;
  report.status = full.throughput_status;
  return report;
}

Counts AgentMetrics::counts(const EntityKey& key, Window window, base::UnixNanos now) const {
  const Entity* what = state_->find(key);
  return what == nullptr ? Counts() : what->history.window(window, now);
}

std::vector<EntityKey> AgentMetrics::entities(EntityKind kind) const {
  std::vector<EntityKey> keys;
  for (const auto& [key, what] : state_->entities) {
    if (key.kind == kind) keys.push_back(key);
  }
  return keys;
}

SystemReport AgentMetrics::system(Window window, base::UnixNanos now) const {
  SystemReport report;
  const Entity* all = state_->find(kAllKey);
  if (all == nullptr) return report;
  const Counts counts = all->history.window(window, now);
  const double hours = state_->age_hours(*all, window, now);
  std::int64_t busy = 0;
  for (const AgentReport& agent : agents(window, now)) {
    ++report.agents;
    if (agent.state == "busy" || agent.state == "waiting") ++report.agents_active;
    if (agent.invocations > 0 && agent.invocation_errors == agent.invocations) {
      ++report.agents_failed;
    }
    busy += static_cast<std::int64_t>(agent.utilization.value_or(0) * agent.window_hours *
                                      static_cast<double>(base::kNanosPerHour));
  }
  const TaskCounts tasks = tasks_of(counts, all->history.total().get(Measure::kTasksOpen));
  report.tasks_open = tasks.open;
  report.runs_running = all->history.total().get(Measure::kRunsRunning);
  report.throughput_per_hour = per_hour(static_cast<double>(tasks.succeeded), hours);
  report.success_rate = ratio(tasks.succeeded, tasks.succeeded + tasks.failed);
  report.error_rate = ratio(tasks.failed, tasks.succeeded + tasks.failed);
  const std::int64_t good = counts.get(Measure::kRunsSucceeded);
  report.workflow_success_rate =
      ratio(good, good + counts.get(Measure::kRunsFailed) + counts.get(Measure::kRunsLimit));
  report.cost_usd = cost_of(counts);
  if (report.cost_usd) report.cost_per_hour_usd = per_hour(*report.cost_usd, hours);
  report.tokens = tokens_of(counts);
  report.tokens_per_hour = per_hour(static_cast<double>(report.tokens.total()), hours);
  if (report.agents > 0 && hours > 0) {
    report.parallel_efficiency =
        static_cast<double>(busy) /
        (static_cast<double>(report.agents) * hours * static_cast<double>(base::kNanosPerHour));
  }
  const std::int64_t overhead =
      counts.get(Measure::kWaitNs) + counts.get(Measure::kCommunicationNs);
  const std::int64_t spent = busy + counts.get(Measure::kCommunicationNs);
  if (spent > 0) {
    report.collaboration_efficiency =
        std::clamp(1 - static_cast<double>(overhead) / static_cast<double>(spent), 0.0, 1.0);
  }
  if (const std::int64_t waited = counts.get(Measure::kWaits); waited > 0) {
    report.coordination_ms =
        static_cast<double>(counts.get(Measure::kWaitNs)) / 1e6 / static_cast<double>(waited);
  }
  for (const auto& [key, row] : state_->conflict_rows) {
    if (row.conflict.state == ConflictState::kOpen) ++report.conflicts_open;
  }
  return report;
}

}  // namespace honeyguide::agents
