// honeyguide detect FILE.csv...
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_detect(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
