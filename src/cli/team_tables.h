// What the API answers about agents and their work, as tables for a terminal.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "cli/text_table.h"

namespace honeyguide::cli {

// Each takes the whole answer of its route.
TextTable agents_table(const nlohmann::json& answer);
TextTable workflows_table(const nlohmann::json& answer);
TextTable runs_table(const nlohmann::json& answer);
TextTable conflicts_table(const nlohmann::json& answer);
TextTable loops_table(const nlohmann::json& answer);
// Who waits for whom now, longest first; a deadlock says so.
TextTable waits_table(const nlohmann::json& dependencies);
TextTable waited_pairs_table(const nlohmann::json& dependencies);
// Who passes what to whom, busiest first.
TextTable edges_table(const nlohmann::json& topology);
TextTable tasks_table(const nlohmann::json& agent);

// "-" for what is missing or null; the number in at most three significant places.
std::string number_text(const nlohmann::json& object, const char* name);
std::string ratio_text(const nlohmann::json& object, const char* name);  // "97.5 %"
std::string ms_text(const nlohmann::json& object, const char* name);     // "1.2 s"
std::string usd_text(const nlohmann::json& object, const char* name);    // "$0.0123"
std::string word(const nlohmann::json& object, const char* name);

}  // namespace honeyguide::cli
