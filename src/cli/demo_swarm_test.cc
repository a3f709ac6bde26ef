// Proves that the demo's spans say to the analyser what the simulation did, and the same for a
// seed.
#include "cli/demo_swarm.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "agents/metrics.h"

namespace honeyguide::cli {
namespace {

constexpr base::UnixNanos kStart = 1'750'000'000 * base::kNanosPerSecond;

class DemoSwarmTest : public testing::Test {
 protected:
  void hear(const DemoRun& run) {
    now_ = std::max(now_, run.end);
    metrics_.add(run.batch, now_);
  }
  void evaluate(base::UnixNanos now) {
    now_ = std::max(now_, now);
    metrics_.flush(now_);
  }

  DemoSwarm swarm_{1};
  const agents::PriceTable prices_ = agents::PriceTable::builtin();
  agents::AgentMetrics metrics_{agents::Conventions::builtin(), prices_, {}};
  base::UnixNanos now_ = kStart;
};

TEST_F(DemoSwarmTest, ItsRunsHaveThreeTeamsWithTasksScoresAndCosts) {
  for (int i = 0; i < 40; ++i) hear(swarm_.next_run(now_));
  evaluate(now_);
  std::vector<std::string> names;
  for (const auto& report : metrics_.agents(agents::Window::kSinceStart, now_)) {
    names.push_back(report.agent);
    EXPECT_GT(report.tasks.succeeded, 0) << report.agent;
    EXPECT_GT(report.cost_usd.value_or(0), 0) << report.agent;
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, demo_agents());
  EXPECT_EQ(metrics_.workflows(agents::Window::kSinceStart, now_).size(), 3u);
  const auto writer = metrics_.agent_report("writer", agents::Window::kSinceStart, now_);
  ASSERT_TRUE(writer.has_value());
  EXPECT_NEAR(writer->quality.value_or(0), 0.88, 0.06);
}

TEST_F(DemoSwarmTest, ItsLoopIsFoundAndDear) {
  const DemoRun loop = swarm_.loop_run(now_, 41);
  hear(loop);
  evaluate(loop.end);
  const auto loops = metrics_.loops();
  ASSERT_FALSE(loops.empty());
  EXPECT_EQ(loops.front().loop.agent, "coder-2");
  EXPECT_EQ(loops.front().loop.tool, "run_tests");
  EXPECT_EQ(loops.front().loop.repeats, 41);
  const auto coder = metrics_.agent_report("coder-2", agents::Window::kSinceStart, now_);
  EXPECT_GT(coder->cost_usd.value_or(0), 0.5);
}

TEST_F(DemoSwarmTest, ItsDeadlockIsFoundAndEndsWithTheSameSpans) {
  const base::UnixNanos later = kStart + base::kNanosPerMinute;
  hear(swarm_.deadlock(kStart, 7, 0));
  evaluate(later);
  const auto report = metrics_.dependencies(agents::Window::kHour, later);
  ASSERT_EQ(report.deadlocks.size(), 1u);
  EXPECT_EQ(report.deadlocks.front().size(), 3u);
  hear(swarm_.deadlock(kStart, 7, later));
  evaluate(later);
  EXPECT_TRUE(metrics_.dependencies(agents::Window::kHour, later).deadlocks.empty());
}

TEST_F(DemoSwarmTest, ASeedGivesTheSameRuns) {
  DemoSwarm other(1);
  const DemoRun a = swarm_.next_run(kStart);
  const DemoRun b = other.next_run(kStart);
  EXPECT_EQ(a.end, b.end);
  ASSERT_EQ(a.batch.size(), b.batch.size());
  EXPECT_EQ(telemetry::span_content_hash(a.batch, a.batch.spans()[0]),
            telemetry::span_content_hash(b.batch, b.batch.spans()[0]));
}

TEST_F(DemoSwarmTest, NightsAndWeekendsAreQuieter) {
  const auto mean_s = [&](base::UnixNanos at) {
    double sum = 0;
    for (int i = 0; i < 200; ++i) sum += static_cast<double>(swarm_.interval_ns(at)) / 1e9;
    return sum / 200;
  };
  constexpr base::UnixNanos kMonday = 1'749'427'200 * base::kNanosPerSecond;  // 2025-06-09
  const double noon = mean_s(kMonday + 13 * base::kNanosPerHour);
  EXPECT_NEAR(noon, 12, 1);
  EXPECT_NEAR(mean_s(kMonday + 2 * base::kNanosPerHour), 30, 2);
  EXPECT_NEAR(mean_s(kMonday + (5 * 24 + 13) * base::kNanosPerHour), noon / 0.6, 2);
}

}  // namespace
}  // namespace honeyguide::cli
