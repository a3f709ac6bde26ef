// Proves what rules say about series: over, under, missing, inert; and what a backtest counts.
#include "alerts/rule_evaluator.h"

#include <cmath>

#include <gtest/gtest.h>

#include "store/model/model_series.h"

namespace honeyguide::alerts {
namespace {

constexpr base::UnixNanos kStart = 1'750'000'200 * base::kNanosPerSecond;
constexpr std::int64_t kTen = 10 * base::kNanosPerSecond;

class RuleEvaluatorTest : public testing::Test {
 protected:
  void write(const char* agent, base::UnixNanos at, double value) {
    store::SeriesInfo info;
    info.key.name = "errors_ratio";
    info.key.labels = {{"agent", agent}};
    info.unit = "1";
    ASSERT_TRUE(series_.register_series(0, info).has_value());
    ASSERT_TRUE(series_.write(0, {{info.key.id(), {at / kTen * kTen, value}}}).has_value());
  }
  static Rule rule(const char* expression) {
    Rule out;
    out.name = "errors";
    out.expression = parse_expression(expression).value();
    out.annotations["summary"] = "{{ agent }} {{ value }}";
    return out;
  }
  std::string agents(const Evaluation& evaluation) {
    std::string out;
    for (const Finding& finding : evaluation.holding) out += finding.labels.at("agent") + " ";
    return out;
  }

  store::ModelSeriesStore series_;
  RuleEvaluator evaluator_{0, series_};
};

TEST_F(RuleEvaluatorTest, EverySeriesIsJudgedByItself) {
  write("a", kStart, 0.2);
  write("b", kStart, 0.01);
  const auto result = evaluator_.evaluate({rule("errors_ratio > 0.1")}, kStart + kTen).value();
  EXPECT_EQ(agents(result), "a ");
  EXPECT_EQ(result.holding[0].annotations.at("summary"), "a 0.2");
  EXPECT_EQ(result.holding[0].agents, std::vector<std::string>{"a"});
  EXPECT_EQ(result.series, 2u);
}

TEST_F(RuleEvaluatorTest, BetweenClearAndThresholdAnAlertGoesOnAndNoneBegins) {
  Rule clear = rule("errors_ratio > 0.1");
  clear.clear = 0.05;
  write("a", kStart, 0.2);
  write("b", kStart, 0.07);
  EXPECT_EQ(agents(evaluator_.evaluate({clear}, kStart + kTen).value()), "a ");
  write("a", kStart + kTen, 0.07);
  EXPECT_EQ(agents(evaluator_.evaluate({clear}, kStart + 2 * kTen).value()), "a ");
  write("a", kStart + 2 * kTen, 0.04);
  EXPECT_EQ(agents(evaluator_.evaluate({clear}, kStart + 3 * kTen).value()), "");
}

TEST_F(RuleEvaluatorTest, MissingPointsMakeAnAlertUnknownAndStartNone) {
  write("a", kStart, 0.2);
  write("b", kStart, 0.02);
  EXPECT_EQ(agents(evaluator_.evaluate({rule("errors_ratio > 0.1")}, kStart + kTen).value()), "a ");
  const auto later =
      evaluator_.evaluate({rule("errors_ratio > 0.1")}, kStart + kStalenessNs + 2 * kTen).value();
  EXPECT_EQ(agents(later), "");
  EXPECT_EQ(later.unknown.size(), 1u);
}

TEST_F(RuleEvaluatorTest, ARuleWithoutSeriesIsInertAndSaysSo) {
  const auto result = evaluator_.evaluate({rule("gpu_temperature > 90")}, kStart).value();
  ASSERT_EQ(result.inert.size(), 1u);
  EXPECT_NE(result.inert.at("errors").find("gpu_temperature"), std::string::npos);
}

TEST_F(RuleEvaluatorTest, FoldsOfAWindow) {
  const std::vector<telemetry::Point> points = {{0, 1}, {1, 5}, {2, std::nan("")}, {3, 3}};
  struct Case {
    Fold fold;
    double value;
  };
  for (const Case& c : {Case{Fold::kLast, 3},
                        {Fold::kAvg, 3},
                        {Fold::kMin, 1},
                        {Fold::kMax, 5},
                        {Fold::kSum, 9},
                        {Fold::kCount, 3},
                        {Fold::kRate, 0.9}}) {
    EXPECT_EQ(fold_points(points, c.fold, 10 * base::kNanosPerSecond, 1), c.value);
  }
  EXPECT_FALSE(fold_points(points, Fold::kAvg, kTen, 4).has_value());
  EXPECT_FALSE(fold_points({}, Fold::kLast, kTen, 1).has_value());
}

TEST_F(RuleEvaluatorTest, ABacktestCountsFiringsWithForAndKeepFiring) {
  // Over the threshold in minutes 10-14 and 30-31 and 33-40.
  for (int minute = 0; minute < 60; ++minute) {
    const bool over = (minute >= 10 && minute < 15) || (minute >= 30 && minute < 32) ||
                      (minute >= 33 && minute < 41);
    write("a", kStart + minute * base::kNanosPerMinute, over ? 0.2 : 0.01);
  }
  Rule plain = rule("errors_ratio > 0.1");
  plain.expression.over_ns = base::kNanosPerMinute;
  const store::TimeRange range{kStart, kStart + 60 * base::kNanosPerMinute};
  EXPECT_EQ(backtest(plain, 0, series_, range).value().fired.size(), 3u);
  plain.for_ns = 3 * base::kNanosPerMinute;
  EXPECT_EQ(backtest(plain, 0, series_, range).value().fired.size(), 2u);
  plain.for_ns = 0;
  plain.keep_firing_ns = 5 * base::kNanosPerMinute;
  EXPECT_EQ(backtest(plain, 0, series_, range).value().fired.size(), 2u);
}

}  // namespace
}  // namespace honeyguide::alerts
