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
  EXPECT_EQ(config.budgets.at(0).limit_micro_usd, 120'000'000);
  EXPECT_EQ(config.budgets.at(0).selector.at("team"), "code");
}

TEST(ConfigTest, AFileMapsAttributesAndPricesModels) {
  ServeConfig config;
  const auto applied = apply_config_text(config,
                                         "conventions:\n"
                                         "  - {attribute: acme.agent, field: agent_name}\n"
                                         "  - {attribute: acme.step, value: act, role: agent}\n"
                                         "prices:\n  acme-1: {input: 1.5, output: 6}\n"
                                         "agents: {conflict_timeout: 30m}\n",
                                         "hg.yaml");
  ASSERT_TRUE(applied) << applied.error().message;
  ASSERT_TRUE(apply_prices_text(config, "acme-2*: {input: 1, cached: 0.25, output: 2}\n", "p"));
  ASSERT_TRUE(apply_conventions_text(config, "- {attribute: b, field: tool_name}\n", "c"));
  EXPECT_EQ(config.conventions.size(), 3u);
  EXPECT_EQ(config.conventions.at(1).role, "agent");
  EXPECT_EQ(config.prices.at("acme-1").input_nano, 1500);
  EXPECT_EQ(config.prices.at("acme-1").cached_nano, 1500);
  EXPECT_EQ(config.prices.at("acme-2*").cached_nano, 250);
  EXPECT_EQ(config.conflict_timeout_ns, 30 * base::kNanosPerMinute);
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
      {"agents: {teams: red}\n", "f:1:17: 'agents.teams' takes 'agent: team' pairs"},
      {"agents: {scope: pod}\n", "f:1:17: agents.scope is 'name' or 'service'"},
      {"agents: {conflict_timeout: 0}\n", "'conflict_timeout' is a duration"},
      {"budgets:\n  - {name: x, usd: -1}\n", "f:2:20: 'usd' is an amount above 0"},
      {"budgets:\n  - {name: x, usd: 1, period: 1s}\n", "'period' is a duration from 1m"},
      {"budgets:\n  - {name: x, usd: 1, selector: {colour: red}}\n",
       "f:2:34: a budget selects by agent"},
      {"budgets:\n  - {name: x, usd: 1}\n  - {name: x, usd: 2}\n", "two budgets 'x'"},
      {"conventions: {a: b}\n", "'conventions' takes a list"},
      {"conventions:\n  - {attribute: a}\n", "f:2:5: a mapping needs 'field', or"},
      {"conventions:\n  - {attribute: a, field: nose}\n", "f:2:5: mapping of 'a': unknown field"},
      {"conventions:\n  - {attribute: a, value: b, role: nose}\n", "unknown role 'nose'"},
      {"conventions:\n  - {attribute: a, colour: red}\n", "unknown key 'colour' of a mapping"},
      {"prices: [1]\n", "'prices' takes 'model:"},
      {"prices: {m: {input: 1}}\n", "f:1:13: a price is {input: USD, output: USD}"},
      {"prices: {m: {input: x, output: 1}}\n", "f:1:21: 'input' is an amount in USD"},
      {"tls: {cert: x}\n", "f:1:1: 'tls' is not there yet"},
      {"redaction: []\n", "f:1:1: 'redaction' is not there yet"},
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

TEST(ConfigTest, SettingsThatDoNothingYetAreRefused) {
  for (const char* text : {"forward: http://127.0.0.1:1"}) {
    ServeConfig config;
    ASSERT_TRUE(apply_config_text(config, text, "f")) << text;
    const auto valid = validate(config);
    ASSERT_FALSE(valid) << text;
    EXPECT_NE(valid.error().message.find("not do that yet"), std::string::npos);
  }
}

}  // namespace
}  // namespace honeyguide::server
