// honeyguide search, trace, services, stats, delete, snapshot: commands that ask a running server.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_search(const std::vector<std::string>& args, CommandIo& io);
int run_trace(const std::vector<std::string>& args, CommandIo& io);
int run_services(const std::vector<std::string>& args, CommandIo& io);
int run_stats(const std::vector<std::string>& args, CommandIo& io);
int run_delete(const std::vector<std::string>& args, CommandIo& io);
int run_snapshot(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
