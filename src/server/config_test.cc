// Proves that settings from file, environment and flags land in the typed configuration, and that a
// wrong one is named with its line and with what to write.
#include "server/config.h"

#include <gtest/gtest.h>

#include "server/config_file.h"

namespace honeyguide::server {
namespace {

TEST(ConfigTest, TheDefaultsAreValidAndOnLoopback) {
  const ServeConfig config;
  EXPECT_TRUE(validate(config));
  EXPECT_TRUE(parse_listen_address(config.http)->loopback);
}

TEST(ConfigTest, AFileSetsValuesListsAndSections) {
  ServeConfig config;
  const auto applied =
      apply_config_text(config,
                        "retention: 72h\n"
                        "memory: 256MB\n"
                        "allowed_hosts: [hive.example, bees.example]\n"
                        "agents:\n  scope: service\n  teams: {coder: code}\n"
                        "budgets:\n  - name: month\n    usd: 120\n    period: 30d\n"
                        "    selector: {team: code}\n",
                        "hg.yaml");
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(config.retention_ns, 72 * base::kNanosPerHour);
  EXPECT_EQ(config.memory_bytes, 256'000'000);
  EXPECT_EQ(config.allowed_hosts.size(), 2u);
  EXPECT_EQ(config.agents_scope, "service");
  EXPECT_EQ(config.agent_teams.at("coder"), "code");
  EXPECT_EQ(config.budgets.at(0).limit_usd, 120);
}

struct BadCase {
  const char* text;
  const char* expect;
};

TEST(ConfigTest, ErrorsCarryFileLineColumnAndAdvice) {
  const BadCase kCases[] = {
      {"retention: soon\n", "f:1:12: retention: 'soon' is not a duration"},
      {"\nretentoin: 1h\n", "f:2:1: unknown setting 'retentoin'; did you mean 'retention'?"},
      {"io_threads: 0\n", "f:1:13: io_threads: '0' is not a number from 1 to 64"},
      {"a: [1\n", "f:2:1: "},
      {"- x\n", "f:1:1: expected settings"},
      {"budgets:\n  - name: x\n", "f:2:5: a budget needs 'usd' or 'tokens'"},
      {"agents: {colour: red}\n", "unknown setting 'agents.colour'"},
  };
  for (const BadCase& c : kCases) {
    ServeConfig config;
    const auto applied = apply_config_text(config, c.text, "f");
    ASSERT_FALSE(applied) << c.text;
    EXPECT_NE(applied.error().message.find(c.expect), std::string::npos) << applied.error().message;
  }
}

TEST(ConfigTest, AListenerBeyondLoopbackNeedsTokensOrSaysInsecure) {
  ServeConfig config;
  config.http = "0.0.0.0:8321";
  EXPECT_FALSE(validate(config));
  config.token_file = "tokens";
  EXPECT_TRUE(validate(config));
  config.token_file.clear();
  config.insecure = true;
  EXPECT_TRUE(validate(config));
}

TEST(ConfigTest, TheEnvironmentSetsWhatFlagsSet) {
  ServeConfig config;
  const auto get = [](const char* name) -> const char* {
    if (std::string(name) == "HONEYGUIDE_RETENTION") return "48h";
    if (std::string(name) == "LOG_LEVEL") return "DEBUG";
    return nullptr;
  };
  ASSERT_TRUE(apply_environment(config, get));
  EXPECT_EQ(config.retention_ns, 48 * base::kNanosPerHour);
  EXPECT_EQ(config.log_level, "debug");
}

}  // namespace
}  // namespace honeyguide::server
