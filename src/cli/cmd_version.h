// honeyguide version
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_version(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
