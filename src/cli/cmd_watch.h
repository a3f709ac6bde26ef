// honeyguide anomalies: what is unusual on a running server.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_anomalies(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
