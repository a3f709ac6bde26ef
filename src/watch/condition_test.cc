// Proves that conditions are judged over what is known, that what is not known is unknown and
// never a trigger, and that what fires goes on firing until it is known to be over.
#include "watch/condition.h"

#include <gtest/gtest.h>

namespace honeyguide::watch {
namespace {

constexpr base::UnixNanos kNow = 1'750'000'000 * base::kNanosPerSecond;

Truth truth(const char* text, const ConditionInputs& inputs) {
  const auto expression = Expression::parse(text);
  EXPECT_TRUE(expression) << text << ": " << expression.error().message;
  return expression->evaluate([&](std::string_view name) -> std::optional<double> {
    const auto found = inputs.find(name);
    return found == inputs.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(Expression, FollowsTheUsualOrderAndKleenesLogic) {
  const ConditionInputs inputs = {{"a", 2}, {"b", 3}, {"zero", 0}};
  const struct {
    const char* text;
    Truth wanted;
  } kCases[] = {
      {"a + b * 2 == 8", Truth::kTrue},
      {"(a + b) * 2 == 10", Truth::kTrue},
      {"a - b - 1 == -2", Truth::kTrue},
      {"-a * -b == 6", Truth::kTrue},
      {"12 / b / a == 2", Truth::kTrue},
      {"a < b and not b <= a", Truth::kTrue},
      {"a > b or a != 2 or a >= 2", Truth::kTrue},
      {"a > b and missing > 1", Truth::kFalse},
      {"a < b and missing > 1", Truth::kUnknown},
      {"a < b or missing > 1", Truth::kTrue},
      {"a > b or missing > 1", Truth::kUnknown},
      {"not missing > 1", Truth::kUnknown},
      {"missing == missing", Truth::kUnknown},
      {"a / zero > 1", Truth::kUnknown},
      {"a > 1 or b > 5 and b > 6", Truth::kTrue},
      {"(a > 1 or b > 5) and b > 6", Truth::kFalse},
      {"a > 1.5e0", Truth::kTrue},
  };
  for (const auto& test : kCases) EXPECT_EQ(truth(test.text, inputs), test.wanted) << test.text;
}

TEST(Expression, SaysWhereItIsNotUnderstood) {
  const struct {
    const char* text;
    const char* says;
  } kCases[] = {
      {"", "a number or a name is needed at position 0"},
      {"a", "a comparison is needed"},
      {"a > ", "a number or a name is needed at position 4"},
      {"a > 1 b", "something is left over at position 6"},
      {"(a > 1", "')' is missing at position 6"},
      {"a and b > 1", "combine comparisons"},
      {"(a > 1) + 2 > 3", "a comparison is no number"},
      {"a > 1..2", "'1..2' is no number"},
      {"a.b > 1", "is no name"},
  };
  for (const auto& test : kCases) {
    const auto parsed = Expression::parse(test.text);
    ASSERT_FALSE(parsed) << test.text;
    EXPECT_NE(parsed.error().message.find(test.says), std::string::npos)
        << test.text << ": " << parsed.error().message;
  }
  EXPECT_FALSE(Expression::parse(std::string(Expression::kLengthMax + 1, ' ')));
  EXPECT_FALSE(Expression::parse(std::string(100, '(') + "a > 1" + std::string(100, ')')));
}

const ConditionStatus& named(const ConditionBook& book, std::string_view name) {
  for (const ConditionStatus& status : book.status()) {
    if (status.spec.name == name) return status;
  }
  ADD_FAILURE() << name;
  return book.status().front();
}

TEST(ConditionBook, NothingIsKnownWithoutInputsAndNothingFires) {
  auto book = ConditionBook::create({}).value();
  for (int i = 0; i < 100; ++i) book.evaluate({}, kNow + i * base::kNanosPerMinute);
  EXPECT_EQ(book.status().size(), 9u);
  for (const ConditionStatus& status : book.status()) {
    EXPECT_EQ(status.state, ConditionState::kUnknown) << status.spec.name;
    EXPECT_FALSE(status.missing.empty()) << status.spec.name;
  }
}

TEST(ConditionBook, EachBuiltInFiresOnItsOwnInputs) {
  const struct {
    const char* name;
    ConditionInputs fires;
    ConditionInputs rests;
  } kCases[] = {
      {"agent_cascade_failure",
       {{"agents", 10}, {"agents_failed", 4}},
       {{"agents", 10}, {"agents_failed", 3}}},
      {"coordination_deadlock",
       {{"deadlocks", 1}},
       {{"deadlocks", 0}, {"coordination_s", 400}, {"conflicts_open", 5}}},
      {"coordination_deadlock",
       {{"deadlocks", 0}, {"coordination_s", 301}, {"conflicts_open", 6}},
       {{"deadlocks", 0}, {"coordination_s", 299}, {"conflicts_open", 60}}},
      {"resource_exhaustion",
       {{"memory_percent", 96}},
       {{"memory_percent", 94}, {"cpu_percent", 97}, {"disk_percent", 97}}},
      {"task_throughput_collapse",
       {{"throughput_per_hour", 0}, {"baseline_throughput_per_hour", 60}},
       {{"throughput_per_hour", 0}, {"baseline_throughput_per_hour", 0}}},
      {"loop", {{"loops", 1}}, {{"loops", 0}}},
      {"stall", {{"stalled_runs", 1}}, {{"stalled_runs", 0}}},
      {"cost_velocity",
       {{"cost_per_hour_usd", 31}, {"baseline_cost_per_hour_usd", 10}},
       {{"cost_per_hour_usd", 0.9}, {"baseline_cost_per_hour_usd", 0.1}}},
      {"error_rate_burst",
       {{"ended_tasks_5m", 5}, {"error_ratio", 0.4}, {"baseline_error_ratio", 0.1}},
       {{"ended_tasks_5m", 4}, {"error_ratio", 1}, {"baseline_error_ratio", 0}}},
      {"monitoring_blind",
       {{"analytics_lag_s", 61}},
       {{"analytics_lag_s", 1}, {"silence_s", 301}, {"longest_silence_s", 200}}},
  };
  for (const auto& test : kCases) {
    auto book = ConditionBook::create({}).value();
    for (int i = 0; i <= 30; ++i) book.evaluate(test.fires, kNow + i * 10 * base::kNanosPerSecond);
    EXPECT_EQ(named(book, test.name).state, ConditionState::kFiring) << test.name;
    EXPECT_EQ(named(book, test.name).since, kNow) << test.name;
    auto calm = ConditionBook::create({}).value();
    for (int i = 0; i <= 30; ++i) calm.evaluate(test.rests, kNow + i * 10 * base::kNanosPerSecond);
    EXPECT_EQ(named(calm, test.name).state, ConditionState::kOk) << test.name;
  }
}

TEST(ConditionBook, PendingComesFirstAndClearingTakesAMinute) {
  auto book = ConditionBook::create({}).value();
  const ConditionInputs full = {{"memory_percent", 99}, {"cpu_percent", 1}, {"disk_percent", 1}};
  const ConditionInputs calm = {{"memory_percent", 9}, {"cpu_percent", 1}, {"disk_percent", 1}};
  const auto state = [&] { return named(book, "resource_exhaustion").state; };
  const auto at = [&](int seconds, const ConditionInputs& inputs) {
    book.evaluate(inputs, kNow + seconds * base::kNanosPerSecond);
    return state();
  };
  EXPECT_EQ(at(0, full), ConditionState::kPending);
  EXPECT_EQ(at(30, calm), ConditionState::kOk);
  EXPECT_EQ(at(40, full), ConditionState::kPending);
  EXPECT_EQ(at(99, full), ConditionState::kPending);
  EXPECT_EQ(at(100, full), ConditionState::kFiring);
  EXPECT_EQ(at(110, calm), ConditionState::kFiring);
  EXPECT_EQ(at(120, {}), ConditionState::kFiring) << "not known to be over";
  EXPECT_EQ(at(161, calm), ConditionState::kOk);
  EXPECT_EQ(at(170, {}), ConditionState::kUnknown);
}

TEST(ConditionBook, AFiringOneGoesOnAfterARestart) {
  auto book = ConditionBook::create({}).value();
  book.evaluate({{"loops", 2}}, kNow);
  auto next = ConditionBook::create({}).value();
  next.load(book.save());
  EXPECT_EQ(named(next, "loop").state, ConditionState::kFiring);
  EXPECT_EQ(named(next, "loop").since, kNow);
  next.evaluate({}, kNow + base::kNanosPerHour);
  EXPECT_EQ(named(next, "loop").state, ConditionState::kFiring);
  next.evaluate({{"loops", 0}}, kNow + base::kNanosPerHour);
  EXPECT_EQ(named(next, "loop").state, ConditionState::kOk);
  auto damaged = ConditionBook::create({}).value();
  damaged.load("nonsense, but long enough");
  EXPECT_EQ(named(damaged, "loop").state, ConditionState::kUnknown);
}

TEST(ConditionBook, OwnConditionsAddOrReplaceAndMistakesAreNamed) {
  ConditionSpec own{"night_shift", "", "low", "performance", "agents_active < 2", 0, ""};
  ConditionSpec loop{"loop", "", "medium", "loop", "loops >= 5", 0, ""};
  auto book = ConditionBook::create({own, loop}).value();
  EXPECT_EQ(book.status().size(), 10u);
  book.evaluate({{"loops", 4}, {"agents_active", 1}}, kNow);
  EXPECT_EQ(named(book, "loop").state, ConditionState::kOk);
  EXPECT_EQ(named(book, "night_shift").state, ConditionState::kFiring);
  const auto message = [](ConditionSpec spec) {
    const auto made = ConditionBook::create({std::move(spec)});
    return made ? std::string() : made.error().message;
  };
  EXPECT_NE(message({"x", "", "low", "", "agnts > 1", 0, ""}).find("no input 'agnts'"),
            std::string::npos);
  EXPECT_NE(message({"x", "", "dire", "", "agents > 1", 0, ""}).find("severity"),
            std::string::npos);
  EXPECT_NE(message({"X!", "", "low", "", "agents > 1", 0, ""}).find("a name has"),
            std::string::npos);
  EXPECT_NE(message({"x", "", "low", "", "agents >", 0, ""}).find("position"), std::string::npos);
}

}  // namespace
}  // namespace honeyguide::watch
