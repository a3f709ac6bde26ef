// RunBuilder: the passes of evaluate_run(), in the order in which they stand here. Internal.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agents/run.h"

namespace honeyguide::agents {

struct RunNode {
  const SpanFact* fact = nullptr;
  int parent = -1;
  int depth = 0;
  std::vector<int> children;  // in order of start
  Role role = Role::kNone;    // what the span is after looking at the run
  std::string own_agent;      // the agent that this node introduces, empty if none
  int scope = -1;             // nearest node at or above that introduces an agent
  std::string agent;          // whose node this is, empty: nobody's
  bool plumbing = false;      // looked like an agent and is the framework's own machinery
  bool control = false;       // a tool that only passes control
  bool counted = false;
  bool virtual_agent = false;  // a delegation tool stands for the invocation
  std::string note;
};

class RunBuilder {
 public:
  RunBuilder(const std::vector<const SpanFact*>& facts, const RunLimits& limits,
             const PriceTable& prices);

  RunFacts build(bool with_notes);

 private:
  // run_tree.cc
  void build_tree();
  void find_graph_agents();
  std::string graph_agent_of(const RunNode& node) const;
  void adopt_siblings();
  void demote_plumbing();
  void demote_wrappers();
  void merge_same_agent();
  void add_virtual_agents();
  void set_scopes();
  void learn_names();
  // run_calls.cc
  void count_model_calls();
  void count_message_calls();
  void count_agent_totals();
  bool has_model_below(int index) const;
  void add_model_call(RunNode& node, std::string evidence);
  void classify_tools();
  void classify_tool(int index);
  int agent_inside(int tool) const;
  int agent_beside(int tool) const;
  void count_tools();
  void count_planned_tools();
  std::uint64_t arguments_of_call(std::uint64_t call_id) const;
  // run_handoffs.cc
  void add_invocations();
  void add_explicit_handoffs();
  void add_jumps();
  void add_tool_handoffs();
  void add_executor_handoffs();
  void add_nested_handoffs();
  void add_message_handoffs();
  void add_planned_handoffs();
  void add_parent_handoffs();
  void add_selections();
  void add_order_handoffs();
  void keep_carried_out();
  std::string next_agent_after(base::UnixNanos time, std::string_view from, int* index) const;
  std::string resolve(std::string_view name) const;
  bool passes_control(std::string_view tool, std::string_view* named) const;
  bool has_edge(std::string_view from, std::string_view to) const;
  void add_handoff(Handoff handoff);
  // run_work.cc
  void add_messages();
  void add_tasks();
  void add_task_of(const RunNode& node);
  void add_conflicts();
  void add_dependencies();
  void add_scores();
  // run_outcome.cc
  void find_loops();
  void find_tool_loops(const std::string& agent, const std::vector<const ToolCall*>& calls);
  void find_ping_pong();
  void decide_outcome();
  bool has_unrecovered_error(std::string* reason) const;
  void name_run();
  void list_agents();
  void write_notes();
  // run_identity.cc
  void split_by_service();
  void assign_teams();
  void time_out_conflicts();
  int main_root() const;

  const RunLimits& limits_;
  const PriceTable& prices_;
  std::vector<RunNode> nodes_;                // in order of (start, span id)
  std::vector<int> order_;                    // depth first, parents before children
  std::vector<int> invoked_;                  // nodes that introduce an agent, in order of start
  std::map<std::string, std::string> known_;  // normalised name -> name
  std::map<std::string, std::string> known_ids_;                // agent id -> name
  std::map<std::uint64_t, const PlannedCall*> planned_;         // by call id
  std::map<std::uint64_t, std::uint64_t> results_;              // call id -> hash of its result
  std::vector<std::pair<int, std::string>> executor_handoffs_;  // tool node, target
  RunFacts run_;
};

// The key under which RunFacts::unrecognised counts hand-offs that never happened.
inline constexpr const char* kNotCarriedOut = "hand-off asked for and not carried out";

// Lower case, letters and digits only: "Research Agent" and "research_agent" are the same.
std::string normalised_name(std::string_view name);

}  // namespace honeyguide::agents
