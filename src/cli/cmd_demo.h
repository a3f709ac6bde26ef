// honeyguide demo: a live demo swarm that sends to a server over OTLP.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_demo(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
