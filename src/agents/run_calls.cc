// Model calls counted once, tools told apart from passing control.
#include <algorithm>

#include "agents/conventions.h"
#include "agents/run_builder.h"

namespace honeyguide::agents {

// Another model call below, reached without entering a tool or an agent: then this one repeats it.
bool RunBuilder::has_model_below(int index) const {
  std::vector<int> stack(nodes_[index].children);
  while (!stack.empty()) {
    const RunNode& node = nodes_[stack.back()];
    stack.pop_back();
    if (node.role == Role::kModelCall || node.role == Role::kModelWrapper) return true;
    if (node.role == Role::kTool || node.role == Role::kAgent) continue;
    stack.insert(stack.end(), node.children.begin(), node.children.end());
  }
  return false;
}

void RunBuilder::add_model_call(RunNode& node, std::string evidence) {
  const SpanFact& fact = *node.fact;
  ModelCall call;
  call.agent = node.agent;
  call.model = fact.text(Text::kModel);
  call.start = fact.start;
  call.end = fact.end;
  call.tokens = {std::max<std::int64_t>(0, fact.input_tokens),
                 std::max<std::int64_t>(0, fact.output_tokens),
                 std::max<std::int64_t>(0, fact.cached_tokens),
                 std::max<std::int64_t>(0, fact.reasoning_tokens)};
  call.error = fact.error;
  call.finish = fact.finish;
  call.reported_micro_usd = fact.cost_micro_usd;
  call.evidence = std::move(evidence);
  call.span = {fact.trace_id, fact.span_id};
  const std::int64_t priced =
      prices_.cost_micro_usd(call.model, call.tokens.input, call.tokens.cached, call.tokens.output);
  // A sender that does not know the price says 0.
  call.cost_micro_usd =
      fact.cost_micro_usd > 0 || (fact.cost_micro_usd == 0 && call.tokens.total() == 0)
          ? fact.cost_micro_usd
          : priced;
  node.counted = true;
  run_.model_calls.push_back(std::move(call));
}

void RunBuilder::count_model_calls() {
  std::map<std::uint64_t, int> by_response;
  bool proper = false;
  for (const RunNode& node : nodes_) proper = proper || node.role == Role::kModelCall;
  std::vector<int> leaves;
  for (const int at : order_) {
    RunNode& node = nodes_[at];
    for (const PlannedCall& call : node.fact->calls) {
      if (call.call_id != 0) planned_.emplace(call.call_id, &call);
    }
    if (node.role != Role::kModelCall && node.role != Role::kModelWrapper) continue;
    if (has_model_below(at)) {
      node.note = "repeats the model call below it";
      continue;
    }
    if (node.role == Role::kModelWrapper && (proper || node.fact->limit_error)) {
      node.note = "no request of its own: a wrapper that never reached the model";
      continue;
    }
    const std::uint64_t response = node.fact->response_id;
    if (response != 0) {
      const auto [found, fresh] = by_response.emplace(response, at);
      if (!fresh) {
        RunNode& other = nodes_[found->second];
        if (other.fact->input_tokens >= 0 || node.fact->input_tokens < 0) {
          node.note = "the same response id was counted already";
          continue;
        }
        other.note = "the same response id is counted elsewhere";
        std::erase(leaves, found->second);
        found->second = at;
      }
    }
    leaves.push_back(at);
  }
  std::sort(leaves.begin(), leaves.end());
  for (const int at : leaves) add_model_call(nodes_[at], "span");
}

// Runtimes without model spans tell usage in their messages; each message arrives many times.
void RunBuilder::count_message_calls() {
  std::map<std::uint64_t, std::pair<const MessageFact*, int>> messages;
  for (const int at : order_) {
    for (const MessageFact& message : nodes_[at].fact->messages) {
      for (const PlannedCall& call : message.calls) {
        if (call.call_id != 0) planned_.emplace(call.call_id, &call);
      }
      for (std::size_t i = 0; i < message.results.size(); ++i) {
        results_.emplace(message.answered_calls[i], message.results[i]);
      }
      if (message.id == 0) continue;
      const auto found = messages.find(message.id);
      if (found == messages.end() || at < found->second.second)
        messages[message.id] = {&message, at};
    }
  }
  if (!run_.model_calls.empty()) return;
  for (const auto& [id, entry] : messages) {
    const auto& [message, at] = entry;
    if (message->input_tokens < 0) continue;
    ModelCall call;
    call.agent = resolve(message->from);
    call.start = nodes_[at].fact->start;
    call.end = call.start;
    call.tokens.input = message->input_tokens;
    call.tokens.output = message->output_tokens;
    call.finish = message->calls.empty() ? Finish::kStop : Finish::kToolCalls;
    call.evidence = "usage of a message";
    call.span = {nodes_[at].fact->trace_id, nodes_[at].fact->span_id};
    run_.model_calls.push_back(std::move(call));
  }
  if (run_.model_calls.empty()) return;
  // A request that failed left no message, only the agent's error.
  for (const int at : invoked_) {
    const SpanFact& fact = *nodes_[at].fact;
    if (!fact.error || !is_model_error(fact.text(Text::kErrorType))) continue;
    ModelCall call;
    call.agent = nodes_[at].agent;
    call.start = fact.end != 0 ? fact.end : fact.start;
    call.end = call.start;
    call.error = true;
    call.evidence = "the agent failed with a model's error";
    call.span = {fact.trace_id, fact.span_id};
    run_.model_calls.push_back(std::move(call));
  }
}

// Agents that tell their totals while no model call of theirs is visible.
void RunBuilder::count_agent_totals() {
  std::set<std::string> with_calls;
  for (const ModelCall& call : run_.model_calls) with_calls.insert(call.agent);
  for (const int at : invoked_) {
    const RunNode& node = nodes_[at];
    if (node.fact->input_tokens <= 0 && node.fact->output_tokens <= 0) continue;
    if (with_calls.contains(node.agent) || has_model_below(at)) continue;
    if (node.fact->role != Role::kAgent) continue;
    add_model_call(nodes_[at], "totals of the agent's span");
    run_.model_calls.back().calls = 0;
  }
}

// The first agent that runs below the tool, -1 if none.
int RunBuilder::agent_inside(int tool) const {
  std::vector<int> stack(nodes_[tool].children.rbegin(), nodes_[tool].children.rend());
  while (!stack.empty()) {
    const int at = stack.back();
    stack.pop_back();
    if (nodes_[at].role == Role::kAgent && !nodes_[at].own_agent.empty()) return at;
    stack.insert(stack.end(), nodes_[at].children.rbegin(), nodes_[at].children.rend());
  }
  return -1;
}

// An agent that ran as long as the tool did, beside the tool's own agent: some instrumentations
// lose the nesting of an agent that is called as a tool.
int RunBuilder::agent_beside(int tool) const {
  const RunNode& node = nodes_[tool];
  if (node.scope < 0 || node.fact->end == 0) return -1;
  const int around = nodes_[node.scope].parent;
  for (const int at : invoked_) {
    const RunNode& other = nodes_[at];
    if (other.parent != around || other.agent == node.agent || other.fact->end == 0) continue;
    if (other.fact->trace_id != node.fact->trace_id) continue;
    if (other.fact->start >= node.fact->start && other.fact->end <= node.fact->end) return at;
  }
  return -1;
}

void RunBuilder::classify_tool(int index) {
  RunNode& node = nodes_[index];
  const std::string_view tool = node.fact->text(Text::kTool);
  std::string_view named;
  if (is_final_tool(tool)) {
    node.control = true;
    node.note = "ends the run, no tool";
  } else if (passes_control(tool, &named)) {
    node.control = true;
    node.note = "passes control, no tool";
  } else if (!node.fact->text(Text::kTarget).empty() &&
             node.fact->text(Text::kNodePath) != std::string_view() && node.fact->control_error) {
    node.control = true;
    node.note = "passes control to another node, no tool";
  } else if (agent_inside(index) >= 0 || agent_beside(index) >= 0) {
    node.control = true;
    node.note = "runs another agent, no tool";
  } else if (known_.contains(normalised_name(tool)) &&
             known_.at(normalised_name(tool)) != node.agent) {
    node.control = true;
    node.note = "has an agent's name: calls it";
  }
}

void RunBuilder::classify_tools() {
  for (const int at : order_) {
    if (nodes_[at].role == Role::kTool && !nodes_[at].virtual_agent) classify_tool(at);
  }
  // A tool in nobody's span belongs to whoever was at work last.
  for (RunNode& node : nodes_) {
    if (node.role != Role::kTool || !node.agent.empty()) continue;
    for (const int at : invoked_) {
      if (nodes_[at].fact->start > node.fact->start) break;
      if (nodes_[at].fact->trace_id == node.fact->trace_id) node.agent = nodes_[at].own_agent;
    }
  }
  // Executors that run tools on behalf of the speaker before them: the tool belongs to that
  // speaker, and if another one speaks next it was a hand-off.
  std::string speaker;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    RunNode& node = nodes_[i];
    if (node.role == Role::kAgent && node.fact->convention == Convention::kAg2) {
      speaker = node.agent;
    }
    if (node.role != Role::kTool || node.fact->convention != Convention::kAg2) continue;
    int up = node.parent;
    while (up >= 0 && !nodes_[up].plumbing && nodes_[up].role != Role::kAgent) {
      up = nodes_[up].parent;
    }
    if (up < 0 || !nodes_[up].plumbing || nodes_[up].fact->role != Role::kAgent) continue;
    node.agent = speaker;
    int next_index = -1;
    bool selected = false;
    for (std::size_t j = i + 1; j < nodes_.size(); ++j) {
      if (nodes_[j].role == Role::kSelection) selected = true;
      const bool next_tool = nodes_[j].role == Role::kTool && nodes_[j].parent == node.parent;
      if (next_tool) break;  // only the last tool of a turn can pass control
      if (nodes_[j].role != Role::kAgent || nodes_[j].fact->trace_id != node.fact->trace_id)
        continue;
      next_index = static_cast<int>(j);
      break;
    }
    if (next_index < 0 || selected || node.control) continue;
    const std::string& next = nodes_[next_index].agent;
    if (next == speaker || speaker.empty()) continue;
    node.control = true;
    node.note = "another agent speaks next: a hand-off, no tool";
    executor_handoffs_.emplace_back(static_cast<int>(i), next);
  }
}

std::uint64_t RunBuilder::arguments_of_call(std::uint64_t call_id) const {
  const auto found = planned_.find(call_id);
  return found == planned_.end() ? 0 : found->second->arguments_hash;
}

void RunBuilder::count_tools() {
  std::set<std::uint64_t> failed_messages;
  for (const int at : order_) {
    RunNode& node = nodes_[at];
    if (node.role != Role::kTool || node.control) continue;
    int up = node.parent;
    while (up >= 0 && nodes_[up].role != Role::kTool && nodes_[up].role != Role::kAgent) {
      up = nodes_[up].parent;
    }
    if (up >= 0 && nodes_[up].role == Role::kTool &&
        nodes_[up].fact->text(Text::kTool) == node.fact->text(Text::kTool)) {
      node.note = "repeats the tool call around it";
      continue;
    }
    const SpanFact& fact = *node.fact;
    ToolCall call;
    call.agent = node.agent;
    call.tool = fact.text(Text::kTool);
    call.start = fact.start;
    call.end = fact.end;
    call.error = fact.error;
    call.error_type = fact.text(Text::kErrorType);
    call.arguments_hash = fact.arguments_hash;
    call.evidence = "span";
    if (call.arguments_hash == 0) call.arguments_hash = arguments_of_call(fact.call_id);
    call.result_hash = fact.result_hash;
    if (call.result_hash == 0) {
      const auto result = results_.find(fact.call_id);
      if (result != results_.end()) call.result_hash = result->second;
    }
    call.span = {fact.trace_id, fact.span_id};
    node.counted = true;
    run_.tool_calls.push_back(std::move(call));
  }
}

// Where no tool has a span, the calls that a model asked for; answers that it was shown later tell
// which of them failed.
void RunBuilder::count_planned_tools() {
  for (const RunNode& node : nodes_) {
    if (node.role == Role::kTool) return;
  }
  std::set<std::uint64_t> answered;
  std::set<std::uint64_t> failed;
  for (const RunNode& node : nodes_) {
    answered.insert(node.fact->answered_calls.begin(), node.fact->answered_calls.end());
    failed.insert(node.fact->failed_answers.begin(), node.fact->failed_answers.end());
  }
  std::set<std::uint64_t> seen;
  for (const RunNode& node : nodes_) {
    if (!node.counted) continue;
    for (const PlannedCall& planned : node.fact->calls) {
      std::string_view named;
      if (passes_control(planned.name, &named) || is_final_tool(planned.name)) continue;
      if (known_.contains(normalised_name(planned.name))) continue;
      if (planned.call_id != 0 && !seen.insert(planned.call_id).second) continue;
      ToolCall call;
      call.agent = node.agent;
      call.tool = planned.name;
      call.start = node.fact->end != 0 ? node.fact->end : node.fact->start;
      call.end = call.start;
      call.error = failed.contains(planned.call_id);
      call.arguments_hash = planned.arguments_hash;
      call.evidence = answered.contains(planned.call_id) ? "asked for and answered in messages"
                                                         : "asked for in a message";
      call.span = {node.fact->trace_id, node.fact->span_id};
      run_.tool_calls.push_back(std::move(call));
    }
  }
}

}  // namespace honeyguide::agents
