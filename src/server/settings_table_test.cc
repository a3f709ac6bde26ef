// Proves that every setting that a file, a variable or a flag can set is described, and nothing
// else.
#include "server/settings_table.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace honeyguide::server {
namespace {

TEST(SettingsTableTest, HoldsExactlyTheSettingsThatCanBeSet) {
  std::vector<std::string> names;
  for (const SettingRow& row : settings_table()) names.emplace_back(row.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, setting_names());
}

TEST(SettingsTableTest, EveryValueIsJson) {
  for (const SettingRow& row : settings_table()) {
    const auto value = nlohmann::json::parse(row.value(ServeConfig{}), nullptr, false);
    EXPECT_FALSE(value.is_discarded()) << row.name;
    EXPECT_FALSE(row.help.empty() || row.title.empty() || row.section.empty()) << row.name;
  }
}

TEST(SettingsTableTest, ASettingKnowsWhereItsValueComesFrom) {
  ServeConfig config;
  ASSERT_TRUE(apply_environment(config, [](const char* name) -> const char* {
    return std::string_view(name) == "HONEYGUIDE_MEMORY" ? "128MB" : nullptr;
  }));
  EXPECT_EQ(config.sources.at("memory").source, "environment");
  EXPECT_EQ(config.sources.at("memory").detail, "HONEYGUIDE_MEMORY");
  EXPECT_FALSE(config.sources.contains("disk"));
}

}  // namespace
}  // namespace honeyguide::server
