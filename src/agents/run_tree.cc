// The tree of a run and who is an agent in it.
#include <algorithm>
#include <iterator>
#include <numeric>

#include "agents/conventions.h"
#include "agents/run_builder.h"
#include "base/strings.h"

namespace honeyguide::agents {
namespace {

bool is_model(Role role) {
  return role == Role::kModelCall || role == Role::kModelWrapper;
}

bool is_root_graph(const RunNode& node) {
  return node.fact->text(Text::kFramework) == "langgraph" &&
         node.fact->text(Text::kNodePath).empty();
}

}  // namespace

std::string normalised_name(std::string_view name) {
  std::string out;
  for (const char c : base::to_lower(name)) {
    const bool keep =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (keep) out += c;
  }
  return out;
}

RunBuilder::RunBuilder(const std::vector<const SpanFact*>& facts, const RunLimits& limits,
                       const PriceTable& prices)
    : limits_(limits), prices_(prices) {
  nodes_.resize(facts.size());
  for (std::size_t i = 0; i < facts.size(); ++i) nodes_[i].fact = facts[i];
  std::sort(nodes_.begin(), nodes_.end(),
            [](const RunNode& a, const RunNode& b) { return fact_before(*a.fact, *b.fact); });
}

void RunBuilder::build_tree() {
  struct Key {
    base::TraceId trace;
    base::SpanId span;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return base::HexIdHash{}(key.trace) ^ base::HexIdHash{}(key.span);
    }
  };
  std::unordered_map<Key, int, KeyHash> index;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    index.emplace(Key{nodes_[i].fact->trace_id, nodes_[i].fact->span_id}, static_cast<int>(i));
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    RunNode& node = nodes_[i];
    node.role = node.fact->role;
    if (node.role == Role::kAgent) node.own_agent = node.fact->text(Text::kAgent);
    if (node.role == Role::kAgent && node.own_agent.empty()) node.role = Role::kStep;
    if (!node.fact->parent_id.valid()) continue;
    const auto found = index.find(Key{node.fact->trace_id, node.fact->parent_id});
    if (found != index.end() && found->second != static_cast<int>(i)) node.parent = found->second;
  }
  // Cut cycles, which only a broken or hostile sender makes: a node that reaches itself is a root.
  std::vector<char> state(nodes_.size(), 0);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    int at = static_cast<int>(i);
    while (at >= 0 && state[at] == 0) {
      state[at] = 1;
      const int up = nodes_[at].parent;
      if (up >= 0 && state[up] == 1) nodes_[at].parent = -1;
      at = nodes_[at].parent;
    }
    for (at = static_cast<int>(i); at >= 0 && state[at] == 1; at = nodes_[at].parent) state[at] = 2;
  }
  std::vector<int> stack;
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    if (nodes_[i].parent < 0) stack.push_back(static_cast<int>(i));
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].parent >= 0) nodes_[nodes_[i].parent].children.push_back(static_cast<int>(i));
  }
  while (!stack.empty()) {
    const int at = stack.back();
    stack.pop_back();
    order_.push_back(at);
    const RunNode& node = nodes_[at];
    for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
      nodes_[*child].depth = node.depth + 1;
      stack.push_back(*child);
    }
  }
}

// The last node of the path that is not a helper; for a graph of helpers alone the graph's name.
std::string RunBuilder::graph_agent_of(const RunNode& node) const {
  const std::string_view path = node.fact->text(Text::kNodePath);
  if (path.empty()) return {};
  const std::string_view told = node.fact->text(Text::kAgent);
  if (!told.empty() && !is_helper_node(told)) return std::string(told);
  std::string agent;
  for (const std::string_view segment : base::split(path, '|')) {
    if (!is_helper_node(segment)) agent = segment;
  }
  if (!agent.empty()) return agent;
  int at = node.parent;
  for (; at >= 0 && nodes_[at].parent >= 0; at = nodes_[at].parent) {
    if (is_root_graph(nodes_[at])) break;
  }
  return at < 0 ? std::string() : std::string(nodes_[at].fact->name());
}

void RunBuilder::find_graph_agents() {
  std::set<std::string> agents;
  for (const RunNode& node : nodes_) {
    if (is_model(node.role)) {
      std::string agent = graph_agent_of(node);
      if (!agent.empty()) agents.insert(std::move(agent));
    }
  }
  for (const int at : order_) {
    RunNode& node = nodes_[at];
    if (node.fact->text(Text::kFramework) != "langgraph") continue;
    if (is_model(node.role) || node.role == Role::kTool || node.role == Role::kHandoff) continue;
    const std::string_view path = node.fact->text(Text::kNodePath);
    if (path.empty()) {
      const std::string name(node.fact->name());
      if (agents.contains(name)) {
        node.role = Role::kAgent;
        node.own_agent = name;
      } else if (node.parent < 0 && node.role == Role::kStep) {
        node.role = Role::kWorkflow;
      }
      continue;
    }
    const std::string_view last = path.substr(path.rfind('|') + 1);  // npos + 1 == 0
    const std::string agent = graph_agent_of(node);
    if (is_helper_node(last) || !agents.contains(agent)) {
      if (node.role == Role::kAgent) node.role = Role::kStep;
      continue;
    }
    node.role = Role::kAgent;
    node.own_agent = agent;
  }
}

// Two instrumentations of one graph tell an invocation twice, side by side: the node that runs the
// agent, with its calls below, and within its time the agent by its name. They become one.
void RunBuilder::adopt_siblings() {
  std::map<std::pair<base::TraceId, int>, std::vector<int>> siblings;  // agents, by parent
  for (const int at : order_) {
    const RunNode& node = nodes_[at];
    const std::string_view framework = node.fact->text(Text::kFramework);
    if (node.role != Role::kAgent || (framework != "langchain" && framework != "langgraph"))
      continue;
    siblings[{node.fact->trace_id, node.parent}].push_back(at);
  }
  for (const auto& [parent, agents] : siblings) {
    for (const int at : agents) {
      RunNode& outer = nodes_[at];
      if (outer.role != Role::kAgent || outer.fact->end == 0 || !has_model_below(at)) continue;
      for (const int beside : agents) {
        RunNode& inner = nodes_[beside];
        if (beside == at || inner.role != Role::kAgent) continue;
        if (inner.fact->text(Text::kFramework) == outer.fact->text(Text::kFramework)) continue;
        if (inner.fact->start < outer.fact->start || inner.fact->end > outer.fact->end) continue;
        const bool helper = is_helper_node(outer.own_agent) && !is_helper_node(inner.own_agent);
        const bool same = is_helper_node(inner.own_agent) || inner.own_agent == outer.own_agent;
        if (!helper && !same) continue;
        if (helper) outer.own_agent = inner.own_agent;
        inner.note = "same invocation as the span beside it";
        inner.role = Role::kStep;
        inner.own_agent.clear();
      }
    }
  }
}

void RunBuilder::demote_plumbing() {
  bool others = false;
  for (const RunNode& node : nodes_) {
    if (node.role == Role::kAgent && !node.own_agent.empty() && !is_helper_node(node.own_agent) &&
        !is_plumbing_name(node.own_agent)) {
      others = true;
    }
  }
  for (const int at : order_) {
    RunNode& node = nodes_[at];
    if (node.role != Role::kAgent) continue;
    const std::string_view framework = node.fact->text(Text::kFramework);
    const bool graph = framework.empty() || framework == "langgraph" || framework == "langchain";
    const bool helper = graph && others && is_helper_node(node.own_agent);
    // AG2 gives every agent that can speak by itself a model; what has none only relays.
    const bool relay =
        node.fact->convention == Convention::kAg2 && !node.fact->has_model && !has_model_below(at);
    if (!helper && !relay && !is_plumbing_name(node.own_agent)) continue;
    node.note = "looks like an agent: '" + node.own_agent + "' is the framework's own";
    node.plumbing = true;
    node.role = Role::kStep;
  }
}

// An agent span that only contains other agents, with no model or tool call of its own anywhere in
// a run where model calls are visible, is the name of a workflow.
void RunBuilder::demote_wrappers() {
  struct Seen {
    bool own_work = false;
    bool contains_agents = false;
  };
  std::map<std::string, Seen> seen;
  bool any_call = false;
  for (const int at : order_) {
    const RunNode& node = nodes_[at];
    int up = node.parent;
    while (up >= 0 && nodes_[up].role != Role::kAgent) up = nodes_[up].parent;
    const std::string around = up < 0 ? std::string() : nodes_[up].own_agent;
    if (is_model(node.role)) any_call = true;
    if (is_model(node.role) || node.role == Role::kTool) {
      const std::string graph = graph_agent_of(node);
      const std::string& who = graph.empty() ? around : graph;
      if (!who.empty()) seen[who].own_work = true;
    }
    if (node.role == Role::kAgent && up >= 0 && around != node.own_agent) {
      seen[around].contains_agents = true;
    }
  }
  if (!any_call) return;
  for (RunNode& node : nodes_) {
    if (node.role != Role::kAgent) continue;
    const Seen& what = seen[node.own_agent];
    if (what.own_work || !what.contains_agents) continue;
    node.note = "wraps other agents and does nothing itself: a workflow";
    node.role = Role::kWorkflow;
    node.plumbing = true;
  }
}

// An agent's span around another span of the same agent: one invocation.
void RunBuilder::merge_same_agent() {
  for (const int at : order_) {
    RunNode& node = nodes_[at];
    if (node.role != Role::kAgent) continue;
    int up = node.parent;
    while (up >= 0 && nodes_[up].role != Role::kAgent) {
      if (nodes_[up].role == Role::kTool) break;  // really called again
      up = nodes_[up].parent;
    }
    if (up >= 0 && nodes_[up].role == Role::kAgent && nodes_[up].own_agent == node.own_agent) {
      node.note = "same invocation as the agent's span around it";
      node.role = Role::kStep;
      node.own_agent.clear();
    }
  }
}

// A delegation whose worker has no span of its own: the tool's span is the worker's invocation.
void RunBuilder::add_virtual_agents() {
  for (RunNode& node : nodes_) {
    if (node.role != Role::kTool) continue;
    std::string_view named;
    const std::string_view tool = node.fact->text(Text::kTool);
    if (!passes_control(tool, &named) || !is_delegation_tool(tool)) continue;
    const std::string target = resolve(named.empty() ? node.fact->text(Text::kTarget) : named);
    if (target.empty() || node.children.empty()) continue;
    const int index = static_cast<int>(&node - nodes_.data());
    if (agent_inside(index) >= 0) continue;
    node.virtual_agent = true;
    node.own_agent = target;
    node.control = true;
  }
}

void RunBuilder::learn_names() {
  const auto learn = [this](std::string_view name) {
    const std::string key = normalised_name(name);
    if (!key.empty()) known_.emplace(key, name);
  };
  for (const RunNode& node : nodes_) {
    if (node.role == Role::kAgent) {
      learn(node.own_agent);
      const std::string id(node.fact->text(Text::kAgentId));
      if (!id.empty()) known_ids_.emplace(id, node.own_agent);
    }
  }
  for (const RunNode& node : nodes_) {
    if (node.role == Role::kCreateAgent) learn(node.fact->text(Text::kAgent));
    const std::string_view members = node.fact->text(Text::kMembers);
    if (members.empty()) continue;
    for (const std::string_view member : base::split(members, '\n')) learn(member);
  }
}

std::string RunBuilder::resolve(std::string_view name) const {
  if (name.empty()) return {};
  const auto id = known_ids_.find(std::string(name));
  if (id != known_ids_.end()) return id->second;
  const auto found = known_.find(normalised_name(name));
  return found != known_.end() ? found->second : std::string(name);
}

// is_control_tool(), and verbs before the name of an agent of this run.
bool RunBuilder::passes_control(std::string_view tool, std::string_view* named) const {
  if (is_control_tool(tool, named)) return true;
  const std::string_view rest = named_by_verb(tool);
  if (rest.empty() || !known_.contains(normalised_name(rest))) return false;
  *named = rest;
  return true;
}

void RunBuilder::set_scopes() {
  for (const int at : order_) {
    RunNode& node = nodes_[at];
    const bool introduces = node.role == Role::kAgent && !node.own_agent.empty();
    node.scope = node.parent < 0 ? -1 : nodes_[node.parent].scope;
    if (node.parent >= 0 && nodes_[node.parent].virtual_agent) node.scope = node.parent;
    if (introduces) node.scope = at;
    const std::string graph = graph_agent_of(node);
    if (!graph.empty()) {
      node.agent = graph;
    } else if (node.scope >= 0) {
      node.agent = nodes_[node.scope].own_agent;
    } else {
      const std::string_view told = node.fact->text(Text::kAgent);
      if (!told.empty() && !is_plumbing_name(told)) node.agent = resolve(told);
    }
    if (introduces) {
      node.agent = node.own_agent;
      invoked_.push_back(at);
    }
    if (node.virtual_agent) invoked_.push_back(at);
  }
  std::sort(invoked_.begin(), invoked_.end());
}

}  // namespace honeyguide::agents
