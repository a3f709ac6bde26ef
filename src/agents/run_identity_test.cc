// Proves how agents are named and grouped where services split them, where their team comes from,
// and when an open conflict counts as timed out.
#include <gtest/gtest.h>

#include "agents/analyze.h"
#include "agents/test_spans.h"

namespace honeyguide::agents {
namespace {

using test::attr;
using test::Spec;

// One batch per service: `agent` invoked, with a model call; further attributes on the agent.
telemetry::SpanBatchPtr invocation(const std::string& service, int trace, int id, int parent,
                                   const std::string& agent, std::vector<test::Attr> more = {}) {
  more.push_back(attr("gen_ai.operation.name", "invoke_agent"));
  more.push_back(attr("gen_ai.agent.name", agent));
  const Spec agent_span{trace, id, parent, "invoke_agent " + agent, id, id + 50, std::move(more)};
  const Spec call{
      trace,
      id + 1000,
      id,
      "chat",
      id + 1,
      id + 2,
      {attr("gen_ai.operation.name", "chat"), attr("gen_ai.request.model", "gpt-4o-mini"),
       attr("gen_ai.usage.input_tokens", 10)}};
  return test::make_batch({agent_span, call}, service);
}

Analysis analysis_of(const std::vector<telemetry::SpanBatchPtr>& batches, RunLimits limits) {
  AnalyzeOptions options;
  options.set.limits = std::move(limits);
  return analyze(batches, {}, options);
}

TEST(RunIdentityTest, ScopeServiceSplitsAnAgentByService) {
  const std::vector<telemetry::SpanBatchPtr> batches{invocation("shop", 1, 1, 0, "planner"),
                                                     invocation("shop", 1, 2, 1, "coder"),
                                                     invocation("bank", 2, 3, 0, "coder")};
  const Analysis one = analysis_of(batches, {});
  ASSERT_EQ(one.agents.size(), 2u);
  RunLimits split;
  split.split_by_service = true;
  const Analysis two = analysis_of(batches, split);
  ASSERT_EQ(two.agents.size(), 3u);
  EXPECT_EQ(two.agents[0].name, "bank/coder");
  EXPECT_EQ(two.agents[1].name, "shop/coder");
  EXPECT_EQ(two.agents[1].llm_calls, 1);
  ASSERT_EQ(two.handoffs.size(), 1u);
  EXPECT_EQ(two.handoffs[0].from, "shop/planner");
  EXPECT_EQ(two.handoffs[0].to, "shop/coder");
}

TEST(RunIdentityTest, RunsThatLinkToOneDeclarationStayApart) {
  const auto run_of = [](int trace, const char* name) {
    return Spec{trace,
                trace,
                0,
                "invoke_agent",
                trace,
                trace + 5,
                {attr("gen_ai.operation.name", "invoke_agent"), attr("gen_ai.agent.name", name)},
                telemetry::StatusCode::kUnset,
                "",
                "test",
                {{9, 9}}};
  };
  const Spec declaration{
      9, 9, 0, "create_agent", 0, 1, {attr("gen_ai.operation.name", "create_agent")}};
  const Spec parent = run_of(9, "boss");
  const auto runs = [](const std::vector<Spec>& specs) {
    return analysis_of({test::make_batch(specs)}, {}).runs.size();
  };
  EXPECT_EQ(runs({run_of(1, "a"), run_of(2, "b"), declaration}), 2u);
  EXPECT_EQ(runs({declaration, run_of(2, "b"), run_of(1, "a")}), 2u);
  EXPECT_EQ(runs({run_of(1, "a"), run_of(2, "b"), parent}), 1u);
}

TEST(RunIdentityTest, TheTeamIsTheAgentsOwnWordElseTheFiles) {
  const std::vector<telemetry::SpanBatchPtr> batches{
      invocation("shop", 1, 1, 0, "planner", {attr("agent.team", "leads")}),
      invocation("shop", 2, 2, 0, "coder"), invocation("shop", 3, 3, 0, "tester")};
  RunLimits limits;
  limits.teams = {{"planner", "others"}, {"coder", "code"}};
  const Analysis said = analysis_of(batches, limits);
  ASSERT_EQ(said.agents.size(), 3u);
  EXPECT_EQ(said.agents[0].team, "code");
  EXPECT_EQ(said.agents[1].team, "leads");
  EXPECT_EQ(said.agents[2].team, "");
}

TEST(RunIdentityTest, AnOpenConflictTimesOutWhereTheRunWentOn) {
  const auto conflict_of = [](std::int64_t end_ms) {
    Spec root{1,
              1,
              0,
              "invoke_workflow w",
              0,
              end_ms,
              {attr("gen_ai.operation.name", "invoke_workflow")}};
    Spec conflict{
        1, 2, 1, "conflict", 1000, -1, {attr("conflict.id", "c"), attr("conflict.agents", "a,b")}};
    RunLimits limits;
    limits.conflict_timeout_ns = 60 * base::kNanosPerSecond;
    return analysis_of({test::make_batch({root, conflict})}, limits).runs.at(0).conflicts.at(0);
  };
  EXPECT_EQ(conflict_of(60'999).state, ConflictState::kOpen);
  const Conflict late = conflict_of(61'000);
  EXPECT_EQ(late.state, ConflictState::kTimedOut);
  EXPECT_EQ(late.closed, late.opened + 60 * base::kNanosPerSecond);
}

}  // namespace
}  // namespace honeyguide::agents
