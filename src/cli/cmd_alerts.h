// honeyguide alerts, ack, silence, escalations, rules: what a running server warns of, what people
// say to it, and rule files before they are put into force.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

int run_alerts(const std::vector<std::string>& args, CommandIo& io);
int run_ack(const std::vector<std::string>& args, CommandIo& io);
int run_silence(const std::vector<std::string>& args, CommandIo& io);
int run_escalations(const std::vector<std::string>& args, CommandIo& io);
int run_rules(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
