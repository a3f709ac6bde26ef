// Loops, outcome, the run's name, and what explain shows.
#include <algorithm>

#include "agents/conventions.h"
#include "agents/run_builder.h"

namespace honeyguide::agents {
namespace {

bool same_call(const ToolCall& a, const ToolCall& b) {
  return a.tool == b.tool && a.arguments_hash == b.arguments_hash;
}

// Longest period that is looked for: A B C A B C.
constexpr std::size_t kLoopPeriodMax = 3;

}  // namespace

// Runs of equal calls, also of a short pattern of calls, in the agent's own order.
void RunBuilder::find_tool_loops(const std::string& agent,
                                 const std::vector<const ToolCall*>& calls) {
  std::vector<char> taken(calls.size(), 0);
  for (std::size_t period = 1; period <= kLoopPeriodMax; ++period) {
    std::size_t begin = 0;
    while (begin + period < calls.size()) {
      std::size_t end = begin + period;
      while (end < calls.size() && same_call(*calls[end], *calls[end - period])) ++end;
      const std::size_t length = end - begin;
      const auto repeats = static_cast<std::int64_t>(length / period);
      if (repeats < limits_.loop_repeats_min || taken[begin] != 0) {
        ++begin;
        continue;
      }
      Loop loop;
      loop.agent = agent;
      loop.tool = calls[begin]->tool;
      loop.repeats = repeats;
      loop.start = calls[begin]->start;
      loop.end = calls[end - 1]->end != 0 ? calls[end - 1]->end : calls[end - 1]->start;
      std::set<std::uint64_t> results;
      std::set<base::TraceId> traces;
      for (std::size_t i = begin; i < end; i += period) {
        if (calls[i]->result_hash != 0) results.insert(calls[i]->result_hash);
      }
      for (std::size_t i = begin; i < end; ++i) {
        traces.insert(calls[i]->span.trace_id);
        taken[i] = 1;
      }
      loop.trace_ids.assign(traces.begin(), traces.end());
      loop.progress = results.size() > 1;
      const bool arguments = calls[begin]->arguments_hash != 0;
      loop.confidence_percent = arguments ? 95 : results.size() == 1 ? 75 : 50;
      loop.evidence =
          arguments ? (results.size() == 1 ? "equal arguments and results" : "equal arguments")
          : results.size() == 1 ? "same tool and equal results; arguments not told"
                                : "same tool; neither arguments nor results told";
      run_.loops.push_back(std::move(loop));
      begin = end;
    }
  }
}

void RunBuilder::find_ping_pong() {
  std::vector<const Handoff*> passes;
  for (const Handoff& handoff : run_.handoffs) {
    // An order of turns is no sign: reviewing and fixing by turns is work.
    if (handoff.kind == HandoffKind::kHandoff && handoff.confidence_percent >= 70) {
      passes.push_back(&handoff);
    }
  }
  std::size_t begin = 0;
  while (begin < passes.size()) {
    std::size_t end = begin + 1;
    while (end < passes.size() && passes[end]->from == passes[end - 1]->to &&
           passes[end]->to == passes[end - 1]->from) {
      ++end;
    }
    if (static_cast<std::int64_t>(end - begin) >= limits_.ping_pong_min) {
      Loop loop;
      loop.agent = passes[begin]->from;
      loop.peer = passes[begin]->to;
      loop.repeats = static_cast<std::int64_t>(end - begin);
      loop.confidence_percent = 90;
      loop.evidence = "two agents hand over to each other again and again";
      loop.start = passes[begin]->time;
      loop.end = passes[end - 1]->time;
      loop.trace_ids = {passes[begin]->span.trace_id};
      run_.loops.push_back(std::move(loop));
    }
    begin = end;
  }
}

void RunBuilder::find_loops() {
  std::map<std::string, std::vector<const ToolCall*>> by_agent;
  std::sort(run_.tool_calls.begin(), run_.tool_calls.end(),
            [](const ToolCall& a, const ToolCall& b) {
              return std::tie(a.start, a.span.span_id, a.span.trace_id, a.tool) <
                     std::tie(b.start, b.span.span_id, b.span.trace_id, b.tool);
            });
  for (const ToolCall& call : run_.tool_calls) by_agent[call.agent].push_back(&call);
  for (const auto& [agent, calls] : by_agent) find_tool_loops(agent, calls);
  find_ping_pong();
}

// The earliest span without a parent that is part of the agents' story, -1 if none.
int RunBuilder::main_root() const {
  int fallback = -1;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const RunNode& node = nodes_[i];
    if (node.parent >= 0 || node.fact->parent_id.valid()) continue;
    if (node.role == Role::kCreateAgent || node.role == Role::kMessage) continue;
    if (node.role == Role::kAgent || node.role == Role::kWorkflow) return static_cast<int>(i);
    if (fallback < 0) fallback = static_cast<int>(i);
  }
  return fallback;
}

// An error of a model or an agent after which no model answered any more.
bool RunBuilder::has_unrecovered_error(std::string* reason) const {
  base::UnixNanos last_answer = 0;
  for (const ModelCall& call : run_.model_calls) {
    if (!call.error) last_answer = std::max(last_answer, call.end != 0 ? call.end : call.start);
  }
  for (const ModelCall& call : run_.model_calls) {
    if (call.error && call.start >= last_answer) {
      *reason = "the last model call failed";
      return true;
    }
  }
  for (const RunNode& node : nodes_) {
    const bool story = node.role == Role::kAgent || node.role == Role::kWorkflow ||
                       (node.parent < 0 && node.role != Role::kNone && node.role != Role::kMessage);
    if (!story || !node.fact->error) continue;
    if (node.fact->end >= last_answer) {
      *reason = "'" + std::string(node.fact->name()) + "' ended with an error";
      const std::string_view type = node.fact->text(Text::kErrorType);
      if (!type.empty()) *reason += ": " + std::string(type);
      return true;
    }
  }
  return false;
}

void RunBuilder::decide_outcome() {
  const auto decide = [this](Outcome outcome, std::string reason) {
    run_.outcome = outcome;
    run_.reason = std::move(reason);
  };
  const int root = main_root();
  const SpanFact* root_fact = root < 0 ? nullptr : nodes_[root].fact;
  for (const RunNode& node : nodes_) {
    if (node.fact->limit_error && node.fact->error && node.role != Role::kTool) {
      const std::string_view type = node.fact->text(Text::kErrorType);
      return decide(Outcome::kLimit,
                    "stopped by a limit: " +
                        std::string(type.empty() ? node.fact->text(Text::kErrorMessage) : type));
    }
  }
  std::string reason;
  if (root_fact != nullptr && root_fact->error) {
    const std::string_view type = root_fact->text(Text::kErrorType);
    return decide(Outcome::kFailed, "the root span failed" +
                                        (type.empty() ? std::string() : ": " + std::string(type)));
  }
  if (has_unrecovered_error(&reason)) return decide(Outcome::kFailed, reason);
  for (const Loop& loop : run_.loops) {
    if (loop.progress) continue;
    // Passing to and fro may be work too, unless it ended in the air.
    const bool in_the_air = run_.unrecognised.contains(kNotCarriedOut);
    if (loop.tool.empty() && !in_the_air && loop.repeats < 2 * limits_.ping_pong_min) continue;
    return decide(Outcome::kLimit, loop.tool.empty()
                                       ? "stuck: '" + loop.agent + "' and '" + loop.peer +
                                             "' hand over to each other again and again"
                                       : "stuck: '" + loop.agent + "' repeats '" + loop.tool + "'");
  }
  const std::string status =
      root_fact == nullptr ? std::string() : std::string(root_fact->text(Text::kTaskStatus));
  if (status == "failed" || status == "failure") {
    return decide(Outcome::kFailed, "the root says '" + status + "'");
  }
  if (root_fact != nullptr && nodes_[root].role == Role::kAgent &&
      root_fact->finish == Finish::kToolCalls && !root_fact->has_final_text) {
    return decide(Outcome::kLimit, "ended with tool calls pending and without an answer");
  }
  if (root_fact != nullptr && root_fact->end == 0) {
    return decide(Outcome::kUnknown, "still running");
  }
  if (root_fact != nullptr) {
    return decide(Outcome::kSuccess, root_fact->status == telemetry::StatusCode::kOk
                                         ? "the root span ended OK"
                                         : "the root span ended without an error");
  }
  const bool ran = !run_.invocations.empty() || !run_.model_calls.empty();
  if (!ran) return decide(Outcome::kUnknown, "nothing ran");
  decide(Outcome::kSuccess, "no root span; the last activity ended without an error");
}

void RunBuilder::name_run() {
  std::set<base::TraceId> traces;
  base::UnixNanos end = 0;
  bool open = false;
  for (const RunNode& node : nodes_) {
    const SpanFact& fact = *node.fact;
    traces.insert(fact.trace_id);
    if (run_.start == 0 || fact.start < run_.start) run_.start = fact.start;
    end = std::max({end, fact.start, fact.end});
    if (fact.end == 0 && node.role == Role::kAgent) open = true;
    if (fact.error) ++run_.error_spans;
    const auto take = [&fact](std::string& into, Text tag) {
      if (into.empty()) into = fact.text(tag);
    };
    take(run_.session, Text::kSession);
    take(run_.user, Text::kUser);
    take(run_.service, Text::kService);
    take(run_.team, Text::kTeam);
    if (run_.id.empty()) run_.id = fact.text(Text::kWorkflowId);
    if (run_.framework.empty()) run_.framework = fact.text(Text::kFramework);
    if (node.role == Role::kWorkflow && run_.name.empty()) {
      run_.name = fact.text(Text::kWorkflow);
      if (run_.name.empty()) run_.name = node.plumbing ? node.own_agent : std::string(fact.name());
    }
  }
  // The root decides whether the run goes on; work it set off may outlive it.
  const int root = main_root();
  if (root >= 0) open = nodes_[root].fact->end == 0;
  run_.end = open ? 0 : end;
  run_.spans = static_cast<std::int64_t>(nodes_.size());
  run_.trace_ids.assign(traces.begin(), traces.end());
  if (run_.id.empty() && !run_.trace_ids.empty()) run_.id = run_.trace_ids.front().to_hex();
  for (const RunNode& node : nodes_) {
    if (run_.name.empty()) run_.name = node.fact->text(Text::kWorkflow);
  }
  for (const RunNode& node : nodes_) {
    const std::string_view manager = node.fact->text(Text::kManager);
    if (run_.name.empty() && manager.ends_with("GroupChatManager")) {
      run_.name = manager.substr(0, manager.size() - 16);
    }
  }
  if (run_.name.empty() && !run_.invocations.empty()) run_.name = run_.invocations.front().agent;
  if (run_.name.empty() && root >= 0) run_.name = nodes_[root].fact->name();
}

void RunBuilder::list_agents() {
  auto& agents = run_.agent_frameworks;
  const auto list = [&agents](const std::string& agent, std::string_view framework) {
    if (agent.empty()) return;
    std::string& known = agents[agent];
    if (known.empty()) known = framework;
  };
  for (const RunNode& node : nodes_) {
    if (node.own_agent.empty() || node.plumbing) continue;
    if (node.role == Role::kAgent || node.virtual_agent) {
      list(node.own_agent, node.fact->text(Text::kFramework));
    }
  }
  for (const ModelCall& call : run_.model_calls) {
    // A runtime's own model calls (a selector's, say) are nobody's.
    if (agents.empty() || known_.contains(normalised_name(call.agent))) {
      list(call.agent, run_.framework);
    }
  }
  for (const Task& task : run_.tasks) list(task.agent, run_.framework);
  for (const Handoff& handoff : run_.handoffs) {
    if (handoff.kind == HandoffKind::kHandoff || handoff.kind == HandoffKind::kDelegation) {
      list(handoff.to, run_.framework);
    }
  }
}

void RunBuilder::write_notes() {
  for (const int at : order_) {
    const RunNode& node = nodes_[at];
    SpanNote note;
    note.span = {node.fact->trace_id, node.fact->span_id};
    note.name = node.fact->name();
    note.rule = std::to_string(node.fact->rule);
    note.role = node.role;
    note.agent = node.agent;
    note.depth = node.depth;
    note.note = node.note;
    if (note.note.empty() && node.counted) note.note = "counted";
    if (note.note.empty() && node.fact->control_error)
      note.note = "an exception that passes control";
    run_.notes.push_back(std::move(note));
  }
}

RunFacts RunBuilder::build(bool with_notes) {
  build_tree();
  find_graph_agents();
  adopt_siblings();
  demote_plumbing();
  demote_wrappers();
  merge_same_agent();
  learn_names();
  add_virtual_agents();
  set_scopes();
  for (const int at : invoked_) {
    known_.emplace(normalised_name(nodes_[at].own_agent), nodes_[at].own_agent);
  }
  count_model_calls();
  count_message_calls();
  classify_tools();
  count_tools();
  count_planned_tools();
  count_agent_totals();
  add_invocations();
  add_explicit_handoffs();
  add_tool_handoffs();
  add_executor_handoffs();
  add_nested_handoffs();
  add_message_handoffs();
  add_planned_handoffs();
  add_jumps();
  keep_carried_out();
  add_parent_handoffs();
  add_selections();
  add_order_handoffs();
  add_messages();
  add_tasks();
  add_conflicts();
  add_dependencies();
  add_scores();
  find_loops();
  name_run();
  decide_outcome();
  list_agents();
  if (with_notes) write_notes();
  time_out_conflicts();
  split_by_service();
  assign_teams();
  return std::move(run_);
}

RunFacts evaluate_run(const std::vector<const SpanFact*>& facts, const RunLimits& limits,
                      const PriceTable& prices, bool with_notes) {
  return RunBuilder(facts, limits, prices).build(with_notes);
}

}  // namespace honeyguide::agents
