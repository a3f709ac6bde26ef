// Proves that the demo's spans say to the analyser what the simulation did, and the same for a
// seed.
#include "cli/demo_swarm.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "agents/metrics.h"

namespace honeyguide::cli {
namespace {

constexpr base::UnixNanos kStart = 1'750'000'000 * base::kNanosPerSecond;

TEST(DemoSwarmTest, ItsRunsHaveAgentsTasksAndALoop) {
  DemoSwarm swarm(1);
  const auto prices = agents::PriceTable::builtin();
  agents::AgentMetrics metrics(agents::Conventions::builtin(), prices, {});
  base::UnixNanos now = kStart;
  for (int i = 0; i < 30; ++i) {
    base::UnixNanos end = 0;
    metrics.add(swarm.next_run(now, end), end);
    now = end;
  }
  metrics.flush(now);
  const auto reports = metrics.agents(agents::Window::kSinceStart, now);
  std::vector<std::string> names;
  for (const auto& report : reports) names.push_back(report.agent);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names,
            (std::vector<std::string>{"coder-1", "coder-2", "editor", "fact-checker", "planner",
                                      "researcher", "reviewer", "tester", "writer"}));
  const auto loops = metrics.loops();
  ASSERT_FALSE(loops.empty());
  EXPECT_EQ(loops.front().loop.agent, "coder-2");
  EXPECT_EQ(metrics.workflows(agents::Window::kSinceStart, now).size(), 2u);
}

TEST(DemoSwarmTest, ItsDeadlockIsFound) {
  DemoSwarm swarm(1);
  const auto prices = agents::PriceTable::builtin();
  agents::AgentMetrics metrics(agents::Conventions::builtin(), prices, {});
  const base::UnixNanos now = kStart + base::kNanosPerMinute;
  metrics.add(swarm.deadlock(kStart), now);
  metrics.flush(now);
  const auto report = metrics.dependencies(agents::Window::kHour, now);
  ASSERT_EQ(report.deadlocks.size(), 1u);
  EXPECT_EQ(report.deadlocks.front().size(), 3u);
}

TEST(DemoSwarmTest, ASeedGivesTheSameRuns) {
  DemoSwarm one(7);
  DemoSwarm two(7);
  base::UnixNanos end_one = 0;
  base::UnixNanos end_two = 0;
  const auto a = one.next_run(kStart, end_one);
  const auto b = two.next_run(kStart, end_two);
  EXPECT_EQ(end_one, end_two);
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(telemetry::span_content_hash(a, a.spans()[0]),
            telemetry::span_content_hash(b, b.spans()[0]));
}

}  // namespace
}  // namespace honeyguide::cli
