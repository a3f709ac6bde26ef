// Every setting of ServeConfig with what it means, for people: the settings page, the reference and
// the help of `serve`. A test compares the names with setting_names().
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/config.h"

namespace honeyguide::server {

struct SettingRow {
  std::string_view name;     // as in the file: "otlp_http"
  std::string_view section;  // of the settings page: "access", "retention", ...
  std::string_view title;
  std::string_view help;  // one sentence
  std::string_view type;  // "text", "boolean", "number", "duration_ms", "list"
  // The value as JSON.
  std::string (*value)(const ServeConfig& config);
};

// In the order of the reference.
std::span<const SettingRow> settings_table();

}  // namespace honeyguide::server
