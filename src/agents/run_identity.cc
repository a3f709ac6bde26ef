// Whose name an agent carries where services split agents, and which team it belongs to.
#include <algorithm>

#include "agents/run_builder.h"

namespace honeyguide::agents {
namespace {

// Services that run an agent, the first one by time in front.
using Homes = std::map<std::string, std::vector<std::string>>;

std::string name_at(const Homes& homes, const std::string& agent, std::string_view service) {
  if (agent.empty()) return agent;
  const auto found = homes.find(agent);
  std::string_view home = service;
  if (found != homes.end()) {
    const auto& all = found->second;
    if (std::find(all.begin(), all.end(), service) == all.end()) home = all.front();
  }
  return home.empty() ? agent : std::string(home) + "/" + agent;
}

}  // namespace

// Scope "service": an agent is one per service that runs it, named "service/agent". What names an
// agent of another service (a hand-off's target, say) means that agent where it runs.
void RunBuilder::split_by_service() {
  if (!limits_.split_by_service) return;
  Homes homes;
  const auto learn = [&homes](const std::string& agent, std::string_view service) {
    auto& all = homes[agent];
    if (std::find(all.begin(), all.end(), service) == all.end()) all.emplace_back(service);
  };
  for (const int at : invoked_) {
    learn(nodes_[at].own_agent, nodes_[at].fact->text(Text::kService));
  }
  for (const RunNode& node : nodes_) {
    if (!node.agent.empty() && node.counted && !homes.contains(node.agent)) {
      learn(node.agent, node.fact->text(Text::kService));
    }
  }
  std::map<std::pair<base::TraceId, base::SpanId>, std::string_view> services;
  for (const RunNode& node : nodes_) {
    services.emplace(std::pair{node.fact->trace_id, node.fact->span_id},
                     node.fact->text(Text::kService));
  }
  const auto rename = [&](std::string& agent, const SpanRef& span) {
    const auto found = services.find({span.trace_id, span.span_id});
    agent = name_at(homes, agent, found == services.end() ? run_.service : found->second);
  };
  const auto rename_all = [&rename](auto& items, auto... members) {
    for (auto& item : items) (rename(item.*members, item.span), ...);
  };
  rename_all(run_.invocations, &Invocation::agent, &Invocation::caller);
  rename_all(run_.model_calls, &ModelCall::agent);
  rename_all(run_.tool_calls, &ToolCall::agent);
  rename_all(run_.handoffs, &Handoff::from, &Handoff::to);
  rename_all(run_.tasks, &Task::agent);
  rename_all(run_.dependencies, &Dependency::consumer, &Dependency::producer);
  rename_all(run_.notes, &SpanNote::agent);
  for (Conflict& conflict : run_.conflicts) {
    for (std::string& agent : conflict.agents) rename(agent, conflict.span);
  }
  const auto rename_here = [&](std::string& agent) { agent = name_at(homes, agent, run_.service); };
  for (Message& message : run_.messages) {
    rename_here(message.from);
    rename_here(message.to);
  }
  for (Loop& loop : run_.loops) {
    rename_here(loop.agent);
    rename_here(loop.peer);
  }
  for (Score& score : run_.scores) rename_here(score.agent);
  std::map<std::string, std::string> frameworks;
  for (const auto& [agent, framework] : run_.agent_frameworks) {
    const auto found = homes.find(agent);
    if (found == homes.end()) {
      frameworks.emplace(name_at(homes, agent, run_.service), framework);
      continue;
    }
    for (const std::string& service : found->second) {
      frameworks.emplace(name_at(homes, agent, service), framework);
    }
  }
  run_.agent_frameworks = std::move(frameworks);
}

// An agent's own word first (`agent.team`, `service.namespace`), then the file's, then what
// another span of the run says.
void RunBuilder::assign_teams() {
  std::map<std::string, std::string> told;
  for (const int at : invoked_) {
    const std::string_view team = nodes_[at].fact->text(Text::kTeam);
    if (!team.empty()) told.emplace(nodes_[at].own_agent, team);
  }
  for (const auto& [agent, framework] : run_.agent_frameworks) {
    const std::size_t slash = limits_.split_by_service ? agent.find('/') : std::string::npos;
    const std::string bare = slash == std::string::npos ? agent : agent.substr(slash + 1);
    std::string team = run_.team;
    if (const auto own = told.find(bare); own != told.end()) {
      team = own->second;
    } else if (const auto file = limits_.teams.find(agent); file != limits_.teams.end()) {
      team = file->second;
    } else if (const auto name = limits_.teams.find(bare); name != limits_.teams.end()) {
      team = name->second;
    }
    if (!team.empty()) run_.agent_teams.emplace(agent, std::move(team));
  }
}

// An open conflict counts as timed out once the run went on, or ended, that much later.
void RunBuilder::time_out_conflicts() {
  base::UnixNanos last = 0;
  for (const RunNode& node : nodes_) last = std::max({last, node.fact->start, node.fact->end});
  for (Conflict& conflict : run_.conflicts) {
    if (conflict.state != ConflictState::kOpen) continue;
    if (last - conflict.opened < limits_.conflict_timeout_ns) continue;
    conflict.state = ConflictState::kTimedOut;
    conflict.closed = conflict.opened + limits_.conflict_timeout_ns;
  }
}

}  // namespace honeyguide::agents
