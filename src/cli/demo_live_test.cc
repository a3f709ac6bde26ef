// Proves that the demo gives spans out when they end, tells its story, and that its agents obey.
#include "cli/demo_live.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace honeyguide::cli {
namespace {

constexpr base::UnixNanos kStart = 1'750'000'000 * base::kNanosPerSecond;

class DemoLiveTest : public testing::Test {
 protected:
  // Lives for `seconds`, half a second at a time, and counts what is seen.
  void live(int seconds) {
    for (int i = 0; i < 2 * seconds; ++i) {
      now_ += base::kNanosPerSecond / 2;
      const telemetry::SpanBatch batch = live_.advance(now_);
      for (const telemetry::Span& span : batch.spans()) {
        EXPECT_LE(span.end, now_) << span.name;
        EXPECT_LE(span.start, now_) << span.name;
        if (span.end == 0) open_.insert(span.span_id.to_hex());
        if (span.end != 0) open_.erase(span.span_id.to_hex());
        test_runs_ += span.name == "execute_tool run_tests" ? 1 : 0;
        stopped_ += span.status_message == "stopped by a directive" ? 1 : 0;
        ++spans_;
      }
    }
  }

  DemoSwarm swarm_{3};
  DemoLive live_{swarm_, kStart, 1};
  base::UnixNanos now_ = kStart;
  std::set<std::string> open_;
  int spans_ = 0;
  int test_runs_ = 0;
  int stopped_ = 0;
};

TEST_F(DemoLiveTest, SpansComeWhenTheyEndAndNoneIsLost) {
  live(60);
  EXPECT_GT(spans_, 20);
  const auto under_way = live_.runs_under_way();
  EXPECT_GT(under_way, 0u);
  EXPECT_LT(under_way, 20u);
}

TEST_F(DemoLiveTest, TheStoryHasALoopAndADeadlockThatEnds) {
  live(239);
  EXPECT_GT(test_runs_, 30);
  EXPECT_TRUE(open_.empty());
  live(10);
  EXPECT_EQ(open_.size(), 4u);  // the root and three waits
  live(430);
  EXPECT_TRUE(open_.empty());
}

TEST_F(DemoLiveTest, ABrokenWaitEndsTheDeadlock) {
  live(250);
  ASSERT_EQ(open_.size(), 4u);
  live_.direct("writer", DemoDirective{"break_wait", ""});
  live(1);
  EXPECT_TRUE(open_.empty());
}

TEST_F(DemoLiveTest, APausedAgentStandsStillAndGoesOn) {
  live(150);
  live_.direct("coder-2", DemoDirective{"pause", ""});
  live(5);
  test_runs_ = 0;
  live_.direct("tester", DemoDirective{"pause", ""});  // the only other one that runs tests
  live(5);
  test_runs_ = 0;
  live(60);
  EXPECT_EQ(test_runs_, 0);
  live_.direct("coder-2", std::nullopt);
  live(30);
  EXPECT_GT(test_runs_, 5);
}

TEST_F(DemoLiveTest, AStoppedAgentsRunsEndAsFailed) {
  live(150);
  live_.direct("coder-2", DemoDirective{"stop", ""});
  live(2);
  EXPECT_GT(stopped_, 0);
}

}  // namespace
}  // namespace honeyguide::cli
