// honeyguide load: a load generator over OTLP/HTTP or OTLP/gRPC.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_load(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
