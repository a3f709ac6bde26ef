// Proves that a test file judges rules as the server would: values expand as promtool's, holds,
// clears and labels are compared, and mistakes are named with their place.
#include "cli/rule_tests.h"

#include <map>
#include <sstream>

#include <gtest/gtest.h>

namespace honeyguide::cli {
namespace {

using Files = std::map<std::string, std::string>;

ReadText reader(const Files& files) {
  return [files](const std::string& path) -> base::Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return base::Error{base::ErrorCode::kNotFound, "no " + path};
    return found->second;
  };
}

constexpr const char* kRules = R"(
groups:
- name: queues
  rules:
  - alert: long
    expr: queue_depth{team=~"o.*"} > 10
    for: 2m
    clear: 5
    labels: {severity: page}
    annotations: {summary: "{{ queue }} holds {{ value }}"}
  - alert: refused
    expr: increase(refused_total[5m]) >= 3
)";

std::string test_file(const std::string& tests) {
  return "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n" + tests;
}

constexpr const char* kSeries = R"(
- name: t
  interval: 1m
  input_series:
  - {series: 'queue_depth{queue="a",team="ops"}', values: 0 20x3 7x2 1x9}
  - {series: 'queue_depth{queue="b",team="dev"}', values: 99x20}
  - {series: 'refused_total', values: 5 5 6 2 2x9}
  alert_rule_test:
)";

TEST(RuleTestsTest, ValuesExpandAsPromtoolWritesThem) {
  struct Case {
    const char* text;
    const char* expect;
  };
  const Case cases[] = {
      {"0 5", "0 5"},
      {"1x4", "1 1 1 1 1"},
      {"-2+4x3", "-2 2 6 10"},
      {"1-2x4", "1 -1 -3 -5 -7"},
      {"1 _x3 2", "1 _ _ _ 2"},
      {"_ 1e-3", "_ 0.001"},
      {"", ""},
  };
  for (const Case& one : cases) {
    const auto values = parse_test_values(one.text);
    ASSERT_TRUE(values.has_value()) << one.text;
    std::string got;
    for (const auto& value : *values) {
      if (!got.empty()) got += " ";
      std::ostringstream number;
      if (value) number << *value;
      got += value ? number.str() : "_";
    }
    EXPECT_EQ(got, one.expect);
  }
  for (const char* bad : {"x3", "1y", "1x", "1+x3", "1x999999"}) {
    EXPECT_FALSE(parse_test_values(bad).has_value()) << bad;
  }
}

TEST(RuleTestsTest, FiringIsComparedAtEachTime) {
  struct Case {
    const char* name;
    const char* checks;
    std::size_t failures;
  };
  const Case cases[] = {
      {"pending is not firing", "  - {eval_time: 2m, alertname: long}\n", 0},
      {"fires when it held for 2m",
       "  - {eval_time: 3m, alertname: long, exp_alerts: [{exp_labels: {queue: a, severity: "
       "critical}, exp_annotations: {summary: a holds 20}}]}\n",
       0},
      {"hysteresis holds it between clear and threshold",
       "  - {eval_time: 6m, alertname: long, exp_alerts: [{exp_labels: {queue: a}}]}\n", 0},
      {"clears below", "  - {eval_time: 8m, alertname: long}\n", 0},
      {"a missing alert fails",
       "  - {eval_time: 8m, alertname: long, exp_alerts: [{exp_labels: {queue: a}}]}\n", 1},
      {"another label fails twice",
       "  - {eval_time: 3m, alertname: long, exp_alerts: [{exp_labels: {queue: b}}]}\n", 2},
      {"an unexpected alert fails", "  - {eval_time: 3m, alertname: long}\n", 1},
      {"a counter's reset counts from zero",
       "  - {eval_time: 3m, alertname: refused, exp_alerts: [{}]}\n", 0},
  };
  for (const Case& one : cases) {
    const auto done =
        run_rule_tests("d/t.yml", reader({{"d/t.yml", test_file(std::string(kSeries) + one.checks)},
                                          {"d/rules.yml", kRules}}));
    ASSERT_TRUE(done.has_value()) << one.name << ": " << done.error().message;
    EXPECT_EQ(done->checks, 1u) << one.name;
    EXPECT_EQ(done->failures.size(), one.failures)
        << one.name << ": " << (done->failures.empty() ? "" : done->failures[0]);
  }
}

TEST(RuleTestsTest, MistakesNameTheirPlace) {
  struct Case {
    const char* name;
    std::string text;
    const char* expect;
  };
  const Case cases[] = {
      {"no tests", "rule_files: [rules.yml]\n", "'rule_files' and 'tests'"},
      {"no such rule", test_file("- alert_rule_test:\n  - {eval_time: 1m, alertname: none}\n"),
       "t.yml:5:5: alertname: no rule is called 'none'"},
      {"bad series", test_file("- input_series:\n  - {series: 'a{b=~\"c\"}', values: 1}\n"),
       "labels have one value each"},
      {"bad values", test_file("- input_series:\n  - {series: a, values: 1 two}\n"), "'two'"},
      {"fine interval", test_file("- interval: 1s\n"), "multiple of 10s"},
      {"broken YAML", "rule_files: [\n", "t.yml:"},
      {"no rule file", "rule_files: [gone.yml]\ntests: []\n", "no gone.yml"},
  };
  for (const Case& one : cases) {
    const auto done = run_rule_tests("t.yml", reader({{"t.yml", one.text}, {"rules.yml", kRules}}));
    ASSERT_FALSE(done.has_value()) << one.name;
    EXPECT_NE(done.error().message.find(one.expect), std::string::npos)
        << one.name << ": " << done.error().message;
  }
}

TEST(RuleTestsTest, AConfigurationFileIsARuleFileToo) {
  alerts::AlertingConfig config;
  const auto loaded = load_rules(
      config, "honeyguide.yaml",
      reader({{"honeyguide.yaml",
               "alerting:\n  rules:\n  - {alert: x, expr: a > 1, severity: emergency}\n"}}));
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  ASSERT_EQ(config.rules.size(), 1u);
  EXPECT_EQ(config.rules[0].severity, alerts::Severity::kEmergency);
}

}  // namespace
}  // namespace honeyguide::cli
