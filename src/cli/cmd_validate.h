// honeyguide validate: checks a running server end to end.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_validate(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
