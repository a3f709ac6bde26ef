// The `mitigation:` section of the configuration file; docs/guide/mitigation.md describes it.
#pragma once

#include "base/result.h"
#include "control/mitigation_policy.h"
#include "server/yaml_section.h"

namespace honeyguide::server {

// Errors name file, line and column. The result still needs control::validate().
base::Result<control::MitigationConfig> read_mitigation(const YamlSection& section);

}  // namespace honeyguide::server
