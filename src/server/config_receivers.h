// The `receivers:` list of the configuration file; docs/guide/notifications.md describes it.
#pragma once

#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "notify/receiver_config.h"
#include "server/yaml_section.h"

namespace honeyguide::server {

// Reads secrets from the files and environment variables that the entries name. Errors name file,
// line and column, never a secret. The result still needs notify::validate().
base::Result<std::vector<notify::ReceiverConfig>> read_receivers(
    const YamlSection& section, base::FileSystem& fs, const char* (*get_environment)(const char*));

}  // namespace honeyguide::server
