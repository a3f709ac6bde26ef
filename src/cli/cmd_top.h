// honeyguide top: a terminal screen of what the agents of a running server do now.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/command.h"

namespace honeyguide::cli {

int run_top(const std::vector<std::string>& args, CommandIo& io);

// One screen of exactly `rows` lines of at most `columns` columns. `state` has the answers of
// /overview, /agents, /dependencies, /conflicts and /topology under those names, and "error" where
// the server did not answer.
std::string top_screen(const nlohmann::json& state, std::size_t columns, std::size_t rows);

}  // namespace honeyguide::cli
