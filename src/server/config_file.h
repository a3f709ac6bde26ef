// The YAML configuration file: one mapping of setting names to values, plus the nested sections
// `agents`, `budgets`, `conventions` and `prices`. Errors carry file, line and column.
#pragma once

#include <string>

#include "base/result.h"
#include "server/config.h"

namespace honeyguide::server {

// Applies the text of a file to `config`. `file_name` is for messages only.
base::Result<void> apply_config_text(ServeConfig& config, const std::string& text,
                                     const std::string& file_name);

// The files of `conventions_file` (a list) and `prices_file` (a map): as those sections.
base::Result<void> apply_conventions_text(ServeConfig& config, const std::string& text,
                                          const std::string& file_name);
base::Result<void> apply_prices_text(ServeConfig& config, const std::string& text,
                                     const std::string& file_name);

}  // namespace honeyguide::server
