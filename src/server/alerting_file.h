// The `alerting:` section of the configuration file, and rule files of Prometheus' form
// (docs/guide/alerting.md lists every key).
#pragma once

#include <string>

#include "alerts/routing.h"
#include "base/result.h"

namespace YAML {
class Node;
}

namespace honeyguide::server {

// Applies the section. kInvalidArgument names file, line and column, what is wrong and what to
// write. Names of receivers are checked by validate(), which knows them.
base::Result<void> apply_alerting(alerts::AlertingConfig& config, const YAML::Node& section,
                                  const std::string& file_name);

// The text of a rule file: `groups:` as Prometheus has them (record rules are refused), or `rules:`
// as in the section. Adds to the rules.
base::Result<void> apply_rule_file(alerts::AlertingConfig& config, const std::string& text,
                                   const std::string& file_name);

}  // namespace honeyguide::server
