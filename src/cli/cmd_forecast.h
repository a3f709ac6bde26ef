// honeyguide forecast FILE.csv --threshold X
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_forecast(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
