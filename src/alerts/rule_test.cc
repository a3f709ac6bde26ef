// Proves that rules are read, refused with the place of the mistake, and judged with hysteresis.
#include "alerts/rule.h"

#include <gtest/gtest.h>

namespace honeyguide::alerts {
namespace {

TEST(RuleTest, ExpressionsAreReadAndWrittenBack) {
  struct Case {
    const char* text;
    const char* canonical;
  };
  const Case cases[] = {
      {"cost > 5", "cost > 5"},
      {"cost{agent=\"x\"} >= 0.5", "cost{agent=\"x\"} >= 0.5"},
      {"cost{agent=~\"a,b.*\",team!=\"y\"}<1e3", "cost{agent=~\"a,b.*\",team!=\"y\"} < 1000"},
      {"avg_over_time(cost[5m]) <= -1", "avg_over_time(cost[300s]) <= -1"},
      {"increase( errors_total{agent!~\"z\"} [1h] ) == 0",
       "sum_over_time(errors_total{agent!~\"z\"}[3600s]) == 0"},
      {"rate(errors_total[10s]) != 2", "rate(errors_total[10s]) != 2"},
  };
  for (const Case& c : cases) {
    const auto expression = parse_expression(c.text);
    ASSERT_TRUE(expression.has_value()) << c.text << ": " << expression.error().message;
    EXPECT_EQ(to_string(*expression), c.canonical);
  }
}

TEST(RuleTest, MistakesAreNamedWithTheirColumn) {
  struct Case {
    const char* text;
    const char* says;
  };
  const Case cases[] = {
      {"", "column 1: expected the name of a series"},
      {"cost", "column 5: expected one of"},
      {"cost > ", "expected a number"},
      {"cost > 5 or 1", "column 7: expected a number"},
      {"cost{agent} > 5", "matcher 'agent': has no operator"},
      {"cost{agent=\"x\" > 5", "expected '}'"},
      {"avg_over_time(cost) > 5", "column 19: expected a window"},
      {"avg_over_time(cost[1s]) > 5", "a window from 10s to 15d"},
      {"avg_over_time(cost[5m] > 5", "expected ')'"},
  };
  for (const Case& c : cases) {
    const auto expression = parse_expression(c.text);
    ASSERT_FALSE(expression.has_value()) << c.text;
    EXPECT_NE(expression.error().message.find(c.says), std::string::npos)
        << c.text << ": " << expression.error().message;
  }
}

TEST(RuleTest, AClearValueLiesOnTheGoodSide) {
  Rule rule;
  rule.name = "r";
  rule.expression = parse_expression("cost > 5").value();
  rule.clear = 4;
  EXPECT_TRUE(check_rule(rule).has_value());
  rule.clear = 6;
  EXPECT_FALSE(check_rule(rule).has_value());
  rule.expression = parse_expression("cost < 5").value();
  EXPECT_TRUE(check_rule(rule).has_value());
  rule.expression = parse_expression("cost == 5").value();
  EXPECT_FALSE(check_rule(rule).has_value());
  rule.clear.reset();
  rule.expression.matchers = {{"agent", LabelMatcher::Op::kMatches, "("}};
  EXPECT_FALSE(check_rule(rule).has_value());
}

TEST(RuleTest, TemplatesFillWhatIsKnown) {
  const Labels labels = {{"agent", "coder"}};
  EXPECT_EQ(expand_template("{{ agent }}: {{ value }} > {{threshold}}", labels, 1.23456, 1),
            "coder: 1.235 > 1");
  EXPECT_EQ(expand_template("{{ $labels.agent }} {{ $value }}", labels, 2, 1), "coder 2");
  EXPECT_EQ(expand_template("{{ unknown }} {{ open", labels, 2, 1), "{{ unknown }} {{ open");
}

TEST(RuleTest, TheDefaultRulesAreValidAndHaveTheSeedsThresholds) {
  std::map<std::string, double> thresholds;
  for (const Rule& rule : default_rules()) {
    EXPECT_TRUE(check_rule(rule).has_value()) << rule.name;
    thresholds[rule.name] = rule.expression.threshold;
  }
  EXPECT_EQ(thresholds["task-throughput"], 5);
  EXPECT_EQ(thresholds["task-throughput-critical"], 2);
  EXPECT_EQ(thresholds["error-rate"], 0.05);
  EXPECT_EQ(thresholds["error-rate-critical"], 0.10);
  EXPECT_EQ(thresholds["conflict-resolution"], 0.7);
  EXPECT_EQ(thresholds["conflict-resolution-critical"], 0.5);
  EXPECT_EQ(thresholds["communication-latency"], 2);
  EXPECT_EQ(thresholds["communication-latency-critical"], 5);
  EXPECT_EQ(thresholds["cpu"], 80);
  EXPECT_EQ(thresholds["cpu-critical"], 95);
  EXPECT_EQ(thresholds["memory"], 85);
  EXPECT_EQ(thresholds["memory-critical"], 95);
  EXPECT_EQ(thresholds["disk"], 90);
  EXPECT_EQ(thresholds["disk-critical"], 98);
}

}  // namespace
}  // namespace honeyguide::alerts
