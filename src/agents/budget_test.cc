// Proves that a budget counts exactly the calls that it selects, in its period, whatever the order,
// that its series only rises within a period, and that both survive a checkpoint.
#include "agents/budget.h"

#include <gtest/gtest.h>

#include "agents/metrics.h"
#include "agents/test_spans.h"

namespace honeyguide::agents {
namespace {

using test::attr;
using test::kBase;

RunFacts run_with(const std::string& agent, const std::string& model, std::int64_t micro_usd,
                  base::UnixNanos time) {
  RunFacts run;
  run.name = "build";
  run.team = "code";
  ModelCall call;
  call.agent = agent;
  call.model = model;
  call.start = time;
  call.end = time + 1;
  call.tokens = {100, 20, 0, 0};
  call.cost_micro_usd = micro_usd;
  run.model_calls.push_back(call);
  return run;
}

TEST(BudgetTest, CountsWhatItSelects) {
  const struct {
    std::map<std::string, std::string> selector;
    std::int64_t expect_micro_usd;
  } cases[] = {
      {{}, 7},
      {{{"agent", "coder"}}, 3},
      {{{"agent", "co*"}}, 3},
      {{{"model", "gpt*"}, {"agent", "tester"}}, 4},
      {{{"workflow", "build"}, {"team", "code"}}, 7},
      {{{"workflow", "review"}}, 0},
  };
  for (const auto& c : cases) {
    BudgetMeter book({{.name = "b", .selector = c.selector, .limit_micro_usd = 10}});
    book.apply(run_with("coder", "gpt-x", 3, kBase), +1);
    book.apply(run_with("tester", "gpt-x", 4, kBase), +1);
    const auto report = book.report(kBase + base::kNanosPerMinute).at(0);
    EXPECT_EQ(report.spent_micro_usd, c.expect_micro_usd);
    EXPECT_DOUBLE_EQ(report.used_ratio, static_cast<double>(c.expect_micro_usd) / 10);
  }
}

TEST(BudgetTest, StartsAnewWithEveryPeriodAndTakesBack) {
  BudgetMeter book({{.name = "b", .limit_tokens = 240, .period_ns = base::kNanosPerHour}});
  const base::UnixNanos hour = kBase - kBase % base::kNanosPerHour;
  book.apply(run_with("a", "m", 1, hour - base::kNanosPerMinute), +1);
  book.apply(run_with("a", "m", -1, hour + base::kNanosPerMinute), +1);
  const auto report = book.report(hour + 2 * base::kNanosPerMinute).at(0);
  EXPECT_EQ(report.period_start, hour);
  EXPECT_EQ(report.spent_tokens, 120);
  EXPECT_EQ(report.unpriced_calls, 1);
  EXPECT_DOUBLE_EQ(report.used_ratio, 0.5);
  book.apply(run_with("a", "m", -1, hour + base::kNanosPerMinute), -1);
  EXPECT_EQ(book.report(hour + 2 * base::kNanosPerMinute).at(0).spent_tokens, 0);
}

TEST(BudgetTest, TheSeriesRisesWithinAPeriodAndSurvivesACheckpoint) {
  const PriceTable prices = PriceTable::builtin();
  MetricsOptions options;
  options.budgets = {{.name = "day", .limit_micro_usd = 1000}};
  options.meaning = "one";
  AgentMetrics metrics(Conventions::builtin(), prices, options);
  std::vector<test::Spec> specs;
  for (int i = 0; i < 20; ++i) {
    specs.push_back(
        {i + 1,
         1,
         0,
         "chat",
         i * 9'000,
         i * 9'000 + 500,
         {attr("gen_ai.operation.name", "chat"), attr("gen_ai.agent.name", "coder"),
          attr("gen_ai.request.model", "gpt-4o-mini"), attr("gen_ai.usage.input_tokens", 1000)}});
  }
  double last = 0;
  std::size_t points = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const auto now = kBase + static_cast<std::int64_t>(i) * 9 * base::kNanosPerSecond;
    metrics.add(*test::make_batch({specs[i]}), now);
    metrics.flush(now);
    for (const SeriesPoint& point : metrics.take_points(now)) {
      if (point.key.name != "honeyguide_budget_spent_tokens" || !point.first) continue;
      EXPECT_GE(point.point.value, last);
      last = point.point.value;
      ++points;
    }
  }
  EXPECT_GE(points, 10u);
  EXPECT_GT(last, 0);
  const base::UnixNanos end = kBase + base::kNanosPerHour;
  EXPECT_EQ(metrics.budgets(end).at(0).spent_tokens, 20'000);
  std::string saved;
  metrics.save(saved);
  AgentMetrics same(Conventions::builtin(), prices, options);
  ASSERT_TRUE(same.load(saved));
  EXPECT_EQ(same.budgets(end).at(0).spent_micro_usd, metrics.budgets(end).at(0).spent_micro_usd);
  options.meaning = "other";
  AgentMetrics other(Conventions::builtin(), prices, options);
  EXPECT_FALSE(other.load(saved));
}

}  // namespace
}  // namespace honeyguide::agents
