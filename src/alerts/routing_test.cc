// Proves who is told: routes as Alertmanager walks them, mute intervals in their time zone.
#include "alerts/routing.h"

#include <gtest/gtest.h>

#include "alerts/time_zone.h"

namespace honeyguide::alerts {
namespace {

using Op = LabelMatcher::Op;

Matchers is(const char* label, const char* value) {
  return Matchers::compile({{label, Op::kEqual, value}}).value();
}

TEST(RoutingTest, TheDeepestMatchingRouteWinsAndContinueGoesOn) {
  Route root;
  root.receiver = "all";
  Route critical;
  critical.matchers = is("severity", "critical");
  critical.receiver = "page";
  critical.proceed = true;
  Route code;
  code.matchers = is("team", "code");
  code.receiver = "code";
  Route night;
  night.matchers = is("category", "budget");  // inherits its receiver
  code.routes = {night};
  root.routes = {critical, code};
  const auto receivers = [&](const Labels& labels) {
    std::string out;
    for (const auto& match : match_routes(root, labels)) out += match.receiver + " ";
    return out;
  };
  EXPECT_EQ(receivers({}), "all ");
  EXPECT_EQ(receivers({{"severity", "critical"}}), "page ");
  EXPECT_EQ(receivers({{"severity", "critical"}, {"team", "code"}}), "page code ");
  EXPECT_EQ(receivers({{"team", "code"}, {"category", "budget"}}), "code ");
  const auto match = match_routes(root, {{"team", "code"}, {"category", "budget"}});
  EXPECT_EQ(match.at(0).path, "{}/{team=\"code\"}/{category=\"budget\"}");
}

TEST(RoutingTest, MuteIntervalsFollowTheirZoneThroughSummerTime) {
  MuteInterval night;
  night.name = "night";
  night.begin_minute = 22 * 60;
  night.end_minute = 6 * 60;
  night.time_zone = "Europe/Vienna";
  ASSERT_TRUE(check_mute_interval(night).has_value());
  const auto at = [](std::int64_t unix_seconds) { return unix_seconds * base::kNanosPerSecond; };
  // 2026-07-01: UTC+2. 2026-12-01: UTC+1.
  EXPECT_FALSE(is_muted(night, at(1782935940)));  // 19:59 UTC = 21:59
  EXPECT_TRUE(is_muted(night, at(1782936000)));   // 20:00 UTC = 22:00
  EXPECT_FALSE(is_muted(night, at(1796155200)));  // 2026-12-01 20:00 UTC = 21:00
  EXPECT_TRUE(is_muted(night, at(1796158800)));   // 21:00 UTC = 22:00
  EXPECT_EQ(utc_offset_seconds("Europe/Vienna", 1782936000), 7200);
}

TEST(RoutingTest, AnIntervalOverMidnightBelongsToItsEvening) {
  MuteInterval friday;
  friday.name = "friday night";
  friday.weekdays = 1 << 5;
  friday.begin_minute = 20 * 60;
  friday.end_minute = 4 * 60;
  const base::UnixNanos friday_midnight = 1795737600 * base::kNanosPerSecond;  // 2026-11-27
  EXPECT_EQ(local_time("UTC", friday_midnight).weekday, 5);
  EXPECT_FALSE(is_muted(friday, friday_midnight + base::kNanosPerHour));
  EXPECT_TRUE(is_muted(friday, friday_midnight + 21 * base::kNanosPerHour));
  EXPECT_TRUE(is_muted(friday, friday_midnight + 27 * base::kNanosPerHour));
  EXPECT_FALSE(is_muted(friday, friday_midnight + 28 * base::kNanosPerHour));
}

TEST(RoutingTest, WhatDoesNotExistIsRefused) {
  AlertingConfig config;
  config.route.receiver = "nobody";
  auto checked = check_alerting(config, {"ops"});
  ASSERT_FALSE(checked.has_value());
  EXPECT_NE(checked.error().message.find("no receiver is called 'nobody'"), std::string::npos);
  config.route.receiver = "ops";
  EXPECT_TRUE(check_alerting(config, {"ops"}).has_value());
  config.policies = {{"p", {}, Severity::kHigh, {{10, {"ops"}, "", ""}, {5, {"ops"}, "", ""}}}};
  checked = check_alerting(config, {"ops"});
  ASSERT_FALSE(checked.has_value());
  EXPECT_NE(checked.error().message.find("in order"), std::string::npos);
  MuteInterval nowhere;
  nowhere.name = "x";
  nowhere.time_zone = "Europe/Nowhere";
  EXPECT_FALSE(check_mute_interval(nowhere).has_value());
}

TEST(RoutingTest, AFilesRuleReplacesTheDefaultOfItsName) {
  AlertingConfig config;
  Rule own;
  own.name = "error-rate";
  own.expression = parse_expression("mine > 1").value();
  config.rules = {own};
  int count = 0;
  for (const Rule& rule : rules_in_force(config)) {
    if (rule.name != "error-rate") continue;
    ++count;
    EXPECT_EQ(rule.expression.series, "mine");
  }
  EXPECT_EQ(count, 1);
  config.default_rules = false;
  EXPECT_EQ(rules_in_force(config).size(), 1u);
}

TEST(MatcherTest, FourOperatorsAndAbsentLabels) {
  struct Case {
    const char* text;
    bool matches;
  };
  const Labels labels = {{"agent", "coder-2"}};
  for (const Case& c : {Case{"agent=coder-2", true},
                        {"agent=\"coder\"", false},
                        {"agent!=\"x\"", true},
                        {"agent=~\"coder-.*\"", true},
                        {"agent=~\"coder\"", false},
                        {"agent!~\"coder-.*\"", false},
                        {"team=\"\"", true},
                        {"team!=\"\"", false}}) {
    const auto matcher = parse_matcher(c.text);
    ASSERT_TRUE(matcher.has_value()) << c.text;
    EXPECT_EQ(Matchers::compile({*matcher}).value().match(labels), c.matches) << c.text;
  }
  EXPECT_FALSE(parse_matcher("agent").has_value());
  EXPECT_FALSE(parse_matcher("=x").has_value());
  EXPECT_FALSE(Matchers::compile({{"a", Op::kMatches, "("}}).has_value());
}

}  // namespace
}  // namespace honeyguide::alerts
