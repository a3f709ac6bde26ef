// honeyguide agents, agent, workflows, runs, conflicts, deps, loops: what a running server knows
// about agents and their work.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_agents(const std::vector<std::string>& args, CommandIo& io);
int run_agent(const std::vector<std::string>& args, CommandIo& io);
int run_workflows(const std::vector<std::string>& args, CommandIo& io);
int run_runs(const std::vector<std::string>& args, CommandIo& io);
int run_conflicts(const std::vector<std::string>& args, CommandIo& io);
int run_deps(const std::vector<std::string>& args, CommandIo& io);
int run_loops(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
