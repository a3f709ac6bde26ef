// honeyguide anomalies, predictions, conditions, health: what is unusual, what will break, what is
// broken on a running server.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_anomalies(const std::vector<std::string>& args, CommandIo& io);
int run_predictions(const std::vector<std::string>& args, CommandIo& io);
// Exit code 1 if one is firing.
int run_conditions(const std::vector<std::string>& args, CommandIo& io);
// Exit code 1 if the status is critical.
int run_health(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
