#include "agents/analyze.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace honeyguide::agents {
namespace {

struct Summariser {
  Analysis analysis;
  std::map<std::string, AgentSummary> agents;
  std::map<std::tuple<std::string, std::string, HandoffKind>, HandoffSummary> handoffs;
  std::map<std::string, ToolSummary> tools;
  std::map<std::string, std::vector<std::pair<base::UnixNanos, base::UnixNanos>>> busy;

  AgentSummary* agent(const std::string& name) {
    const auto found = agents.find(name);
    return found == agents.end() ? nullptr : &found->second;
  }

  void list_agents(const RunFacts& run) {
    for (const auto& [name, framework] : run.agent_frameworks) {
      AgentSummary& summary = agents[name];
      summary.name = name;
      if (summary.framework.empty()) summary.framework = framework;
      const auto team = run.agent_teams.find(name);
      if (summary.team.empty() && team != run.agent_teams.end()) summary.team = team->second;
    }
  }

  void add_model_call(const ModelCall& call) {
    Totals& totals = analysis.totals;
    totals.llm_calls += call.calls;
    if (call.error) totals.llm_errors += call.calls;
    totals.tokens.add(call.tokens);
    const bool unpriced = call.cost_micro_usd < 0 && call.tokens.total() > 0;
    if (call.cost_micro_usd >= 0) totals.cost_micro_usd += call.cost_micro_usd;
    if (unpriced) ++totals.unpriced_calls;
    if (call.reported_micro_usd >= 0) {
      totals.reported_micro_usd =
          std::max<std::int64_t>(0, totals.reported_micro_usd) + call.reported_micro_usd;
    }
    AgentSummary* who = agent(call.agent);
    if (who == nullptr) return;
    who->llm_calls += call.calls;
    if (call.error) who->llm_errors += call.calls;
    who->tokens.add(call.tokens);
    if (call.cost_micro_usd >= 0) who->cost_micro_usd += call.cost_micro_usd;
    if (unpriced) ++who->unpriced_calls;
  }

  void add_tool_call(const ToolCall& call) {
    ++analysis.totals.tool_calls;
    if (call.error) ++analysis.totals.tool_errors;
    ToolSummary& tool = tools[call.tool];
    tool.name = call.tool;
    ++tool.calls;
    if (call.error) ++tool.errors;
    ++tool.by[call.agent];
    AgentSummary* who = agent(call.agent);
    if (who == nullptr) return;
    ++who->tool_calls;
    if (call.error) ++who->tool_errors;
  }

  void add_handoff(const Handoff& handoff) {
    HandoffSummary& edge = handoffs[{handoff.from, handoff.to, handoff.kind}];
    edge.from = handoff.from;
    edge.to = handoff.to;
    edge.kind = handoff.kind;
    ++edge.count;
    if (handoff.error) ++edge.errors;
    if (handoff.confidence_percent > edge.confidence_percent) {
      edge.confidence_percent = handoff.confidence_percent;
      edge.evidence = handoff.evidence;
    }
  }

  void add(const RunFacts& run) {
    for (const ModelCall& call : run.model_calls) add_model_call(call);
    for (const ToolCall& call : run.tool_calls) add_tool_call(call);
    for (const Handoff& handoff : run.handoffs) add_handoff(handoff);
    for (const Task& task : run.tasks) {
      AgentSummary* who = agent(task.agent);
      if (who == nullptr) continue;
      who->tasks.add(task.state);
      if (task.end > task.start) busy[task.agent].emplace_back(task.start, task.end);
    }
    for (const Invocation& invocation : run.invocations) {
      AgentSummary* who = agent(invocation.agent);
      if (who == nullptr) continue;
      ++who->invocations;
      const base::UnixNanos end = invocation.end != 0 ? invocation.end : invocation.start;
      busy[invocation.agent].emplace_back(invocation.start, end);
    }
    analysis.totals.messages += static_cast<std::int64_t>(run.messages.size());
    for (const auto& [what, count] : run.unrecognised) analysis.unrecognised[what] += count;
  }

  Analysis finish() {
    for (auto& [name, intervals] : busy) {
      agents[name].busy_ns = union_length_ns(std::move(intervals));
    }
    for (auto& [name, summary] : agents) analysis.agents.push_back(std::move(summary));
    for (auto& [key, summary] : handoffs) analysis.handoffs.push_back(std::move(summary));
    for (auto& [name, summary] : tools) analysis.tools.push_back(std::move(summary));
    return std::move(analysis);
  }
};

}  // namespace

void TaskCounts::add(TaskState state, std::int64_t sign) {
  total += sign;
  switch (state) {
    case TaskState::kSucceeded:
      succeeded += sign;
      break;
    case TaskState::kFailed:
      failed += sign;
      break;
    case TaskState::kCancelled:
      cancelled += sign;
      break;
    case TaskState::kOpen:
      open += sign;
      break;
    case TaskState::kUnknown:
      unknown += sign;
      break;
  }
}

std::int64_t union_length_ns(std::vector<std::pair<base::UnixNanos, base::UnixNanos>> intervals) {
  std::sort(intervals.begin(), intervals.end());
  std::int64_t length = 0;
  base::UnixNanos covered = intervals.empty() ? 0 : intervals.front().first;
  for (const auto& [start, end] : intervals) {
    const base::UnixNanos from = std::max(start, covered);
    if (end <= from) continue;
    length += end - from;
    covered = end;
  }
  return length;
}

Analysis summarise(std::vector<RunFacts> runs) {
  Summariser summariser;
  for (const RunFacts& run : runs) summariser.list_agents(run);
  for (const RunFacts& run : runs) summariser.add(run);
  Analysis analysis = summariser.finish();
  analysis.runs = std::move(runs);
  return analysis;
}

Analysis analyze(std::span<const telemetry::SpanBatchPtr> spans,
                 std::span<const telemetry::LogBatchPtr> logs, AnalyzeOptions options) {
  const Conventions& conventions =
      options.conventions != nullptr ? *options.conventions : Conventions::builtin();
  const PriceTable builtin = PriceTable::builtin();
  options.set.keep_silent_traces = true;
  RunSet set(conventions, options.prices != nullptr ? *options.prices : builtin, options.set);
  for (const telemetry::SpanBatchPtr& batch : spans) set.add(*batch);
  for (const telemetry::LogBatchPtr& batch : logs) set.add(*batch);
  set.flush(nullptr);
  std::vector<RunFacts> runs;
  for (const RunFacts* run : set.runs()) runs.push_back(*run);
  Analysis analysis = summarise(std::move(runs));
  analysis.stats = set.stats();
  analysis.totals.spans = analysis.stats.spans - analysis.stats.duplicates;
  analysis.totals.traces = analysis.stats.live_traces;
  for (const auto& [what, count] : set.unrecognised()) analysis.unrecognised[what] += count;
  return analysis;
}

}  // namespace honeyguide::agents
