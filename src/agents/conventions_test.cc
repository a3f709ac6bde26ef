// Proves the tables and word lists, and that a file's mappings add to them.
#include "agents/conventions.h"

#include <gtest/gtest.h>

#include "agents/analyze.h"
#include "agents/prices.h"
#include "agents/test_spans.h"

namespace honeyguide::agents {
namespace {

TEST(ConventionsTest, EveryRowIsReachable) {
  const Conventions& tables = Conventions::builtin();
  for (const KeyRow& row : builtin_keys())
    EXPECT_EQ(tables.key(row.key).field, row.field) << row.key;
  for (const ValueRow& row : builtin_values()) {
    const auto rule = tables.rule_of(row.field, row.value);
    EXPECT_EQ(tables.rules()[rule].id, row.id) << row.id;
  }
}

TEST(ConventionsTest, ControlToolsAreKnownByTheirNames) {
  const struct {
    const char* tool;
    bool control;
    const char* target;
  } cases[] = {
      {"transfer_to_writer", true, "writer"},  {"transfer_to_agent", true, ""},
      {"handoff_to_agent", true, ""},          {"handoff", true, ""},
      {"Delegate work to coworker", true, ""}, {"delegate_task_to_member", true, ""},
      {"transfer_back_to_boss", true, "boss"}, {"web_search", false, ""},
      {"transfer_money", false, ""},           {"to_writer", false, ""},
  };
  for (const auto& c : cases) {
    std::string_view target;
    EXPECT_EQ(is_control_tool(c.tool, &target), c.control) << c.tool;
    EXPECT_EQ(target, c.target) << c.tool;
  }
}

TEST(ConventionsTest, AVerbBeforeAnAgentsNameNamesIt) {
  EXPECT_EQ(named_by_verb("ask_critic"), "critic");
  EXPECT_EQ(named_by_verb("call_critic_agent"), "critic");
  EXPECT_EQ(named_by_verb("Route_To_Critic"), "Critic");
  EXPECT_EQ(named_by_verb("web_search"), "");
  EXPECT_EQ(named_by_verb("ask_"), "");
}

TEST(ConventionsTest, LimitsAreNotRateLimits) {
  EXPECT_TRUE(is_limit_error("langgraph.errors.GraphRecursionError", ""));
  EXPECT_TRUE(is_limit_error("", "Max turns exceeded"));
  EXPECT_FALSE(is_limit_error("openai.RateLimitError", "rate limit exceeded"));
  EXPECT_FALSE(is_limit_error("BadRequestError", "context_length_exceeded"));
}

TEST(ConventionsTest, AFileAddsMappings) {
  const std::vector<MappingOverride> overrides{{"acme.agent", "agent_name", "", ""},
                                               {"acme.step", "", "think", "model_call"},
                                               {"acme.step", "", "act", "agent"}};
  const auto tables = Conventions::create(overrides);
  ASSERT_TRUE(tables);
  test::Spec agent{
      1, 1, 0, "x", 0, 10, {test::attr("acme.step", "act"), test::attr("acme.agent", "kim")}};
  test::Spec call{1, 2, 1, "y", 1, 5, {test::attr("acme.step", "think")}};
  AnalyzeOptions options;
  options.conventions = &*tables;
  const std::vector<telemetry::SpanBatchPtr> batches{test::make_batch({agent, call})};
  const Analysis analysis = analyze(batches, {}, options);
  ASSERT_EQ(analysis.agents.size(), 1u);
  EXPECT_EQ(analysis.agents[0].name, "kim");
  EXPECT_EQ(analysis.agents[0].llm_calls, 1);
}

TEST(ConventionsTest, WrongMappingsAreNamed) {
  const std::vector<MappingOverride> field{{"a", "no_such_field", "", ""}};
  EXPECT_FALSE(Conventions::create(field));
  const std::vector<MappingOverride> role{{"a", "", "v", "no_such_role"}};
  EXPECT_FALSE(Conventions::create(role));
}

TEST(PriceTableTest, UnknownModelsHaveNoPrice) {
  const PriceTable prices = PriceTable::builtin();
  EXPECT_EQ(prices.cost_micro_usd("gpt-4o-mini", 1'000'000, 0, 0), 150'000);
  EXPECT_EQ(prices.cost_micro_usd("openai/gpt-4o-mini-2024-07-18", 1'000'000, 500'000, 1'000'000),
            75'000 + 37'500 + 600'000);
  EXPECT_EQ(prices.cost_micro_usd("nobody-knows", 10, 0, 10), -1);
  EXPECT_FALSE(prices.find("gpt-4o-mini-2").has_value());
}

}  // namespace
}  // namespace honeyguide::agents
