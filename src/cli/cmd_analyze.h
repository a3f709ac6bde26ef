// `honeyguide analyze FILE|FOLDER...` and `honeyguide explain TRACE_ID FILE|FOLDER...`: what
// happened in recorded telemetry, without a server.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_analyze(const std::vector<std::string>& args, CommandIo& io);
int run_explain(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
