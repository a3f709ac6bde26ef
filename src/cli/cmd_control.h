// `honeyguide directive`, `honeyguide mitigations`, `honeyguide audit`: what agents are told, what
// was done about alerts, and the log of who did what.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_directive(const std::vector<std::string>& args, CommandIo& io);
int run_receivers(const std::vector<std::string>& args, CommandIo& io);
int run_mitigations(const std::vector<std::string>& args, CommandIo& io);
int run_audit(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
