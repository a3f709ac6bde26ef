// honeyguide serve, check-config, repair, token
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_serve(const std::vector<std::string>& args, CommandIo& io);
int run_check_config(const std::vector<std::string>& args, CommandIo& io);
int run_repair(const std::vector<std::string>& args, CommandIo& io);
int run_token(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
