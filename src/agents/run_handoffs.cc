// Hand-offs in all their encodings, as one edge type.
#include <algorithm>
#include <tuple>

#include "agents/conventions.h"
#include "agents/run_builder.h"
#include "base/strings.h"

namespace honeyguide::agents {
namespace {

SpanRef ref_of(const SpanFact& fact) {
  return {fact.trace_id, fact.span_id};
}

bool is_return_tool(std::string_view tool) {
  return base::to_lower(tool).starts_with("transfer_back_to_");
}

// "SelectorGroupChatManager" as "selector".
std::string manager_name(std::string_view manager) {
  const std::size_t end = manager.find("GroupChat");
  std::string out;
  for (const char c : manager.substr(0, end)) {
    if (c >= 'A' && c <= 'Z') {
      if (!out.empty()) out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void RunBuilder::add_handoff(Handoff handoff) {
  if (handoff.to.empty() || handoff.from == handoff.to) return;
  run_.handoffs.push_back(std::move(handoff));
}

bool RunBuilder::has_edge(std::string_view from, std::string_view to) const {
  return std::any_of(run_.handoffs.begin(), run_.handoffs.end(), [&](const Handoff& handoff) {
    return handoff.from == from && handoff.to == to;
  });
}

// The first agent that starts at or after `time` and is not `from`; `index` gets its node.
std::string RunBuilder::next_agent_after(base::UnixNanos time, std::string_view from,
                                         int* index) const {
  for (const int at : invoked_) {
    if (nodes_[at].fact->start < time || nodes_[at].agent == from) continue;
    *index = at;
    return nodes_[at].own_agent;
  }
  *index = -1;
  return {};
}

void RunBuilder::add_invocations() {
  for (const int at : invoked_) {
    const RunNode& node = nodes_[at];
    Invocation invocation;
    invocation.agent = node.own_agent;
    for (int up = node.parent; up >= 0; up = nodes_[up].parent) {
      const int scope = nodes_[up].scope;
      if (scope >= 0 && nodes_[scope].own_agent != node.own_agent) {
        invocation.caller = nodes_[scope].own_agent;
      }
      break;
    }
    invocation.start = node.fact->start;
    invocation.end = node.fact->end;
    invocation.error = node.fact->error;
    invocation.span = ref_of(*node.fact);
    run_.invocations.push_back(std::move(invocation));
  }
}

void RunBuilder::add_explicit_handoffs() {
  for (RunNode& node : nodes_) {
    if (node.role != Role::kHandoff || node.fact->convention == Convention::kLangGraph) continue;
    const SpanFact& fact = *node.fact;
    Handoff handoff;
    handoff.from = resolve(fact.text(Text::kSource));
    if (handoff.from.empty()) handoff.from = node.agent;
    handoff.to = resolve(fact.text(Text::kTarget));
    handoff.time = fact.start;
    handoff.error = fact.error && !fact.control_error;
    handoff.span = ref_of(fact);
    handoff.confidence_percent = 95;
    handoff.evidence = "hand-off span";
    if (handoff.to.empty()) {
      int next = -1;
      handoff.to = next_agent_after(fact.start, handoff.from, &next);
      handoff.confidence_percent = 85;
      handoff.evidence = "hand-off span; the target is the agent that runs next";
    }
    node.control = true;
    add_handoff(std::move(handoff));
  }
}

// A graph's jumps are hand-offs only between agents, and only where no tool tells them better.
void RunBuilder::add_jumps() {
  if (!run_.handoffs.empty()) return;
  for (const RunNode& node : nodes_) {
    if (node.role != Role::kHandoff || node.fact->convention != Convention::kLangGraph) continue;
    const SpanFact& fact = *node.fact;
    Handoff handoff;
    handoff.from = resolve(fact.text(Text::kSource));
    handoff.to = resolve(fact.text(Text::kTarget));
    if (!known_.contains(normalised_name(handoff.to))) continue;
    if (!known_.contains(normalised_name(handoff.from))) handoff.from = node.agent;
    handoff.time = fact.start;
    handoff.span = ref_of(fact);
    handoff.confidence_percent = 75;
    handoff.evidence = "the graph's command";
    add_handoff(std::move(handoff));
  }
}

void RunBuilder::add_tool_handoffs() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    RunNode& node = nodes_[i];
    if (node.role != Role::kTool || !node.control) continue;
    const SpanFact& fact = *node.fact;
    const std::string_view tool = fact.text(Text::kTool);
    if (is_final_tool(tool) || is_return_tool(tool)) continue;
    std::string_view named;
    const bool control_name = passes_control(tool, &named);
    Handoff handoff;
    handoff.from = node.agent;
    handoff.time = fact.start;
    handoff.error = fact.error;
    handoff.span = ref_of(fact);
    const int inside = agent_inside(static_cast<int>(i));
    if (inside >= 0) continue;  // nesting tells it
    if (control_name) {
      handoff.kind = is_delegation_tool(tool) ? HandoffKind::kDelegation : HandoffKind::kHandoff;
      const std::string_view told = fact.text(Text::kTarget);
      handoff.to = resolve(told.empty() ? named : told);
      handoff.confidence_percent = 95;
      handoff.evidence = told.empty() ? "name of the tool" : "arguments of the tool";
      if (handoff.to.empty()) {
        int next = -1;
        handoff.to = next_agent_after(fact.start, handoff.from, &next);
        handoff.confidence_percent = 80;
        handoff.evidence = "control tool; the target is the agent that runs next";
      }
    } else if (const int beside = agent_beside(static_cast<int>(i)); beside >= 0) {
      handoff.to = nodes_[beside].own_agent;
      handoff.kind = HandoffKind::kDelegation;
      handoff.confidence_percent = 70;
      handoff.evidence = "the agent ran within the tool's time";
    } else if (!fact.text(Text::kTarget).empty() && fact.control_error) {
      handoff.to = resolve(fact.text(Text::kTarget));
      handoff.confidence_percent = 90;
      handoff.evidence = "destination of the command";
    } else if (const auto found = known_.find(normalised_name(tool)); found != known_.end()) {
      handoff.to = found->second;
      handoff.kind = HandoffKind::kDelegation;
      handoff.confidence_percent = 75;
      handoff.evidence = "the tool has the agent's name";
    }
    if (handoff.kind == HandoffKind::kDelegation) handoff.wait_ns = fact.duration_ns();
    add_handoff(std::move(handoff));
  }
}

void RunBuilder::add_executor_handoffs() {
  for (const auto& [index, target] : executor_handoffs_) {
    const RunNode& node = nodes_[index];
    Handoff handoff;
    handoff.from = node.agent;
    handoff.to = target;
    handoff.time = node.fact->start;
    handoff.span = ref_of(*node.fact);
    handoff.confidence_percent = 75;
    handoff.evidence = "a tool of one agent, then another agent speaks";
    add_handoff(std::move(handoff));
  }
}

void RunBuilder::add_nested_handoffs() {
  std::map<std::pair<std::string, std::string>, std::int64_t> told;  // by tools, the agent beside
  for (const Handoff& handoff : run_.handoffs) ++told[{handoff.from, handoff.to}];
  for (const int at : invoked_) {
    const RunNode& node = nodes_[at];
    if (node.virtual_agent || node.parent < 0) continue;
    const int scope = nodes_[node.parent].scope;
    if (scope < 0 || nodes_[scope].own_agent == node.own_agent) continue;
    const std::string& from = nodes_[scope].own_agent;
    int up = node.parent;
    while (up >= 0 && up != scope && nodes_[up].role != Role::kTool) up = nodes_[up].parent;
    if (up == scope) {
      // Not below the tool that called it, but beside: the tool told it already.
      std::int64_t& left = told[{from, node.own_agent}];
      if (left > 0) {
        --left;
        continue;
      }
    }
    Handoff handoff;
    handoff.from = from;
    handoff.to = node.own_agent;
    handoff.kind = HandoffKind::kDelegation;
    handoff.time = node.fact->start;
    handoff.latency_ns = 0;
    handoff.wait_ns = node.fact->duration_ns();
    handoff.error = node.fact->error;
    handoff.confidence_percent = 90;
    handoff.evidence = "the agent runs inside the other";
    handoff.span = ref_of(*node.fact);
    add_handoff(std::move(handoff));
  }
}

// Hand-off messages of a runtime, unless its tools told the same already.
void RunBuilder::add_message_handoffs() {
  std::map<std::uint64_t, const MessageFact*> seen;
  std::map<std::uint64_t, const RunNode*> where;
  for (const RunNode& node : nodes_) {
    for (const MessageFact& message : node.fact->messages) {
      if (message.kind != "handoff" || message.id == 0) continue;
      if (seen.emplace(message.id, &message).second) where.emplace(message.id, &node);
    }
  }
  std::map<std::pair<std::string, std::string>, std::int64_t> told;
  for (const Handoff& handoff : run_.handoffs) ++told[{handoff.from, handoff.to}];
  for (const auto& [id, message] : seen) {
    Handoff handoff;
    handoff.from = resolve(message->from);
    handoff.to = resolve(message->to);
    std::int64_t& left = told[{handoff.from, handoff.to}];
    if (left > 0) {
      --left;
      continue;
    }
    handoff.time = where[id]->fact->start;
    handoff.confidence_percent = 90;
    handoff.evidence = "hand-off message";
    handoff.span = ref_of(*where[id]->fact);
    add_handoff(std::move(handoff));
  }
}

// Calls of control tools that only a model's answer shows, where tools have no spans.
void RunBuilder::add_planned_handoffs() {
  const bool tool_spans = std::any_of(nodes_.begin(), nodes_.end(), [](const RunNode& node) {
    return node.role == Role::kTool || node.role == Role::kHandoff;
  });
  if (tool_spans) return;
  std::map<std::pair<std::string, std::string>, std::int64_t> told;
  for (const Handoff& handoff : run_.handoffs) ++told[{handoff.from, handoff.to}];
  std::set<std::uint64_t> seen;
  for (const RunNode& node : nodes_) {
    if (!node.counted) continue;
    for (const PlannedCall& planned : node.fact->calls) {
      std::string_view named;
      if (!passes_control(planned.name, &named) || is_return_tool(planned.name)) continue;
      if (planned.call_id != 0 && !seen.insert(planned.call_id).second) continue;
      Handoff handoff;
      handoff.from = node.agent;
      handoff.to = resolve(planned.target.empty() ? named : std::string_view(planned.target));
      handoff.time = node.fact->end != 0 ? node.fact->end : node.fact->start;
      handoff.kind =
          is_delegation_tool(planned.name) ? HandoffKind::kDelegation : HandoffKind::kHandoff;
      std::int64_t& left = told[{handoff.from, handoff.to}];
      if (left > 0) {
        --left;
        continue;
      }
      handoff.confidence_percent = 75;
      handoff.evidence = "the model asked for it";
      handoff.span = ref_of(*node.fact);
      add_handoff(std::move(handoff));
    }
  }
}

// "graph.node.parent_id" and its kin: the agent before this one, where nothing else tells it.
void RunBuilder::add_parent_handoffs() {
  for (const int at : invoked_) {
    const RunNode& node = nodes_[at];
    const std::string from = resolve(node.fact->text(Text::kParentAgent));
    if (from.empty() || from == node.own_agent || !known_.contains(normalised_name(from))) continue;
    if (known_.at(normalised_name(from)) != from) continue;
    const bool told =
        std::any_of(run_.handoffs.begin(), run_.handoffs.end(), [&](const Handoff& handoff) {
          return handoff.from == from && handoff.to == node.own_agent &&
                 handoff.time <= node.fact->start;
        });
    if (told || (node.parent >= 0 && nodes_[node.parent].scope >= 0)) continue;
    Handoff handoff;
    handoff.from = from;
    handoff.to = node.own_agent;
    handoff.time = node.fact->start;
    handoff.latency_ns = 0;
    handoff.confidence_percent = 85;
    // Tasks in a fixed order choose the next agent, not the one before.
    if (node.fact->text(Text::kFramework) == "crewai") handoff.kind = HandoffKind::kSelection;
    handoff.evidence = "the agent before, as the instrumentation says";
    handoff.span = ref_of(*node.fact);
    add_handoff(std::move(handoff));
  }
}

void RunBuilder::add_selections() {
  // Spans that say who was selected.
  for (const RunNode& node : nodes_) {
    if (node.role != Role::kSelection) continue;
    Handoff handoff;
    for (int up = node.parent; up >= 0; up = nodes_[up].parent) {
      if (!nodes_[up].plumbing) continue;
      handoff.from = nodes_[up].own_agent;
      break;
    }
    if (handoff.from.empty()) handoff.from = "selector";
    handoff.to = resolve(node.fact->text(Text::kTarget));
    handoff.kind = HandoffKind::kSelection;
    handoff.time = node.fact->start;
    handoff.confidence_percent = 90;
    handoff.evidence = "speaker selection span";
    handoff.span = ref_of(*node.fact);
    if (handoff.to.empty()) {
      int next = -1;
      handoff.to = next_agent_after(node.fact->start, {}, &next);
      handoff.confidence_percent = 70;
    }
    add_handoff(std::move(handoff));
  }
  // A group chat manager that chooses itself: every turn it grants is a selection.
  std::string manager;
  for (const RunNode& node : nodes_) {
    const std::string_view named = node.fact->text(Text::kManager);
    if (named.ends_with("GroupChatManager")) manager = named;
  }
  if (manager.empty() || manager.starts_with("Swarm")) return;
  const bool by_order = manager.starts_with("RoundRobin");
  std::string previous;
  for (const int at : invoked_) {
    const RunNode& node = nodes_[at];
    Handoff handoff;
    handoff.from = by_order ? previous : manager_name(manager);
    handoff.to = node.own_agent;
    handoff.kind = HandoffKind::kSelection;
    handoff.time = node.fact->start;
    handoff.latency_ns = 0;
    handoff.confidence_percent = 80;
    handoff.evidence = "turn granted by the group chat's manager";
    handoff.span = ref_of(*node.fact);
    previous = node.own_agent;
    if (handoff.from.empty()) continue;
    add_handoff(std::move(handoff));
  }
}

// Agents that run one after another under one parent, where no edge at all joins the group: the
// order is the only sign there is.
void RunBuilder::add_order_handoffs() {
  std::map<int, std::vector<int>> groups;  // by the nearest node that is more than a wrapper
  for (const int at : invoked_) {
    int up = nodes_[at].parent;
    while (up >= 0 && nodes_[up].role != Role::kWorkflow && nodes_[up].role != Role::kAgent &&
           nodes_[up].parent >= 0) {
      up = nodes_[up].parent;
    }
    if (up >= 0 && nodes_[up].role == Role::kAgent) continue;  // nesting tells it
    groups[up].push_back(at);
  }
  std::vector<Handoff> found;
  for (const auto& [parent, members] : groups) {
    bool joined = false;
    std::set<std::string> names;
    for (const int at : members) names.insert(nodes_[at].own_agent);
    for (const Handoff& handoff : run_.handoffs) {
      joined = joined || names.contains(handoff.to);
    }
    if (joined || names.size() < 2) continue;
    for (std::size_t i = 1; i < members.size(); ++i) {
      const RunNode& before = nodes_[members[i - 1]];
      const RunNode& after = nodes_[members[i]];
      if (before.own_agent == after.own_agent) continue;
      if (before.fact->end == 0 || after.fact->start < before.fact->end) continue;
      Handoff handoff;
      handoff.from = before.own_agent;
      handoff.to = after.own_agent;
      handoff.time = after.fact->start;
      handoff.latency_ns = after.fact->start - before.fact->end;
      handoff.confidence_percent = 60;
      if (after.fact->text(Text::kFramework) == "crewai") handoff.kind = HandoffKind::kSelection;
      handoff.evidence = "order of the agents' spans";
      handoff.span = ref_of(*after.fact);
      found.push_back(std::move(handoff));
    }
  }
  for (Handoff& handoff : found) add_handoff(std::move(handoff));
}

// A hand-off that was asked for happened only if its target, which is visible elsewhere in the run,
// also ran afterwards; each start of the target answers one hand-off.
void RunBuilder::keep_carried_out() {
  std::map<std::string, std::vector<base::UnixNanos>> starts;
  for (const Invocation& invocation : run_.invocations) {
    starts[invocation.agent].push_back(invocation.start);
  }
  std::map<std::string, std::size_t> used;
  std::sort(run_.handoffs.begin(), run_.handoffs.end(), [](const Handoff& a, const Handoff& b) {
    return std::tie(a.time, a.span.span_id, a.span.trace_id, a.from, a.to) <
           std::tie(b.time, b.span.span_id, b.span.trace_id, b.from, b.to);
  });
  std::vector<Handoff> kept;
  for (Handoff& handoff : run_.handoffs) {
    const auto found = starts.find(handoff.to);
    if (handoff.latency_ns < 0 && found != starts.end()) {
      const auto& times = found->second;
      std::size_t& next = used[handoff.to];
      while (next < times.size() && times[next] < handoff.time) ++next;
      if (next >= times.size()) {
        if (handoff.kind == HandoffKind::kHandoff) {
          ++run_.unrecognised[kNotCarriedOut];
          continue;
        }
      } else {
        handoff.latency_ns = times[next] - handoff.time;
        ++next;
      }
    } else if (found == starts.end() && handoff.confidence_percent > 70) {
      handoff.confidence_percent = 70;  // the target was never seen
    }
    kept.push_back(std::move(handoff));
  }
  run_.handoffs = std::move(kept);
}

}  // namespace honeyguide::agents
