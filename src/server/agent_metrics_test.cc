// Proves that /metrics is bounded in its labels and loses nothing by it: what has no samples of its
// own is in the overflow's, and who has samples keeps them.
#include "server/agent_metrics.h"

#include <gtest/gtest.h>

#include "agents/test_spans.h"
#include "base/strings.h"

namespace honeyguide::server {
namespace {

constexpr base::UnixNanos kNow = agents::test::kBase + 3600 * base::kNanosPerSecond;

std::string page_of(AgentMetricsPage& exposed, const agents::AgentMetrics& metrics) {
  MetricsPage page;
  exposed.write(page, 1, metrics, kNow);
  return page.take();
}

// Sum of the samples whose line starts with `start`, and how many there are.
std::pair<double, int> sum_of(const std::string& page, const std::string& start) {
  std::pair<double, int> sum{0, 0};
  for (const std::string_view line : base::split(page, '\n')) {
    if (!line.starts_with(start)) continue;
    sum.first += base::parse_double(line.substr(line.rfind(' ') + 1)).value_or(-1e9);
    ++sum.second;
  }
  return sum;
}

class AgentMetricsPageTest : public testing::Test {
 protected:
  AgentMetricsPageTest() : metrics_(agents::Conventions::builtin(), prices_, {}) {
    metrics_.add(*agents::test::make_batch(agents::test::random_history(3, 40)), kNow);
    metrics_.flush(kNow);
  }

  const agents::PriceTable prices_ = agents::PriceTable::builtin();
  agents::AgentMetrics metrics_;
};

TEST_F(AgentMetricsPageTest, TheOverflowKeepsEverySumWhole) {
  AgentMetricsPage all;
  AgentMetricsPage two(2);
  const std::string whole = page_of(all, metrics_);
  const std::string folded = page_of(two, metrics_);
  for (const std::string name :
       {"honeyguide_agent_invocations_total{", "honeyguide_agent_tasks_total{",
        "gen_ai_client_inference_usage_input_tokens_total{",
        "gen_ai_execute_tool_duration_seconds_count{", "honeyguide_workflow_runs_total{"}) {
    EXPECT_GT(sum_of(whole, name).first, 0) << name;
    EXPECT_EQ(sum_of(whole, name).first, sum_of(folded, name).first) << name;
  }
  EXPECT_EQ(sum_of(whole, "honeyguide_agent_invocations_total{").second, 4);
  EXPECT_EQ(sum_of(folded, "honeyguide_agent_invocations_total{").second, 3);
  EXPECT_EQ(sum_of(folded, "honeyguide_agent_invocations_total{agent=\"__overflow__\"").second, 1);
  EXPECT_EQ(sum_of(whole, "honeyguide_metrics_folded{").first, 0);
  EXPECT_EQ(sum_of(folded, "honeyguide_metrics_folded{kind=\"agent\"").first, 2);
}

TEST_F(AgentMetricsPageTest, WhoHasSamplesKeepsThemWhenOthersCome) {
  AgentMetricsPage two(2);
  const std::string before = page_of(two, metrics_);
  agents::test::Spec early{900, 1, 0, "invoke_agent aaa", 0, 10};
  early.attributes = {agents::test::attr("gen_ai.operation.name", "invoke_agent"),
                      agents::test::attr("gen_ai.agent.name", "aaa")};
  metrics_.add(*agents::test::make_batch({early}), kNow);
  metrics_.flush(kNow);
  const std::string after = page_of(two, metrics_);
  EXPECT_EQ(sum_of(after, "honeyguide_agent_invocations_total{agent=\"aaa\"").second, 0);
  EXPECT_EQ(sum_of(after, "honeyguide_agent_invocations_total{").first,
            sum_of(before, "honeyguide_agent_invocations_total{").first + 1);
}

TEST_F(AgentMetricsPageTest, BucketsRiseAndEndWithTheCount) {
  AgentMetricsPage all;
  const std::string page = page_of(all, metrics_);
  double last = 0;
  int buckets = 0;
  const std::string name = "gen_ai_execute_tool_duration_seconds";
  for (const std::string_view line : base::split(page, '\n')) {
    if (line.starts_with(name + "_bucket{")) {
      const double value = base::parse_double(line.substr(line.rfind(' ') + 1)).value_or(-1);
      EXPECT_GE(value, last) << line;
      last = value;
      ++buckets;
    } else if (line.starts_with(name + "_count{")) {
      EXPECT_EQ(base::parse_double(line.substr(line.rfind(' ') + 1)), last) << line;
      last = 0;
    }
  }
  EXPECT_GT(buckets, 0);
}

}  // namespace
}  // namespace honeyguide::server
