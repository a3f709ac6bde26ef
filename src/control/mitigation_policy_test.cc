// Proves that a configuration which could do harm by mistake is refused with the place, and that a
// policy fits exactly what it names.
#include "control/mitigation_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace honeyguide::control {
namespace {

MitigationConfig good() {
  MitigationConfig config;
  config.actions = {{.name = "pause", .directive = DirectiveKind::kPause},
                    {.name = "hook", .type = ActionType::kWebhook, .url = "https://ops/x"}};
  Policy policy;
  policy.name = "loop";
  policy.match = {{"category", {"loop"}}};
  policy.action = "pause";
  config.policies = {policy};
  return config;
}

struct Case {
  const char* name;
  std::function<void(MitigationConfig&)> change;
  const char* words;  // of the error
};

TEST(MitigationPolicyTest, HarmByMistakeIsRefusedWithThePlace) {
  ASSERT_TRUE(validate(good())) << validate(good()).error().message;
  const Case kCases[] = {
      {"a policy for everything", [](auto& c) { c.policies[0].match.clear(); }, "policy 'loop'"},
      {"an unknown action", [](auto& c) { c.policies[0].action = "x"; }, "no action 'x'"},
      {"less confidence", [](auto& c) { c.policies[0].confidence_min = 0.5; }, "from 0.9"},
      {"no attempts", [](auto& c) { c.policies[0].attempts_max = 0; }, "attempts"},
      {"twice a policy", [](auto& c) { c.policies.push_back(c.policies[0]); }, "twice"},
      {"twice an action", [](auto& c) { c.actions.push_back(c.actions[0]); }, "twice"},
      {"a command without the flag",
       [](auto& c) {
         c.actions.push_back({.name = "x", .type = ActionType::kCommand, .argv = {"/bin/true"}});
       },
       "--enable-exec"},
      {"a relative command",
       [](auto& c) {
         c.exec_enabled = true;
         c.actions.push_back({.name = "x", .type = ActionType::kCommand, .argv = {"true"}});
       },
       "absolute path"},
      {"a strange URL", [](auto& c) { c.actions[1].url = "file:///etc/passwd"; }, "http"},
      {"reversible without the way back", [](auto& c) { c.actions[1].declared_reversible = true; },
       "rollback"},
      {"undone by itself", [](auto& c) { c.actions[1].rollback = "hook"; }, "itself"},
      {"undone by a directive", [](auto& c) { c.actions[1].rollback = "pause"; }, "webhook"},
      {"a throttle without a number",
       [](auto& c) { c.actions[0].directive = DirectiveKind::kThrottle; }, "max_concurrency"},
      {"no budget", [](auto& c) { c.budget_targets = 0; }, "budget"},
      {"everybody may be sick", [](auto& c) { c.healthy_min = 0; }, "healthy_min"},
      {"no storm window", [](auto& c) { c.storm_window_ns = 0; }, "storm"},
      {"a breaker that never opens", [](auto& c) { c.success_min = 0; }, "breaker"},
      {"a long command", [](auto& c) { c.actions[0].timeout_ns = base::kNanosPerHour; }, "10m"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    MitigationConfig config = good();
    c.change(config);
    const auto valid = validate(config);
    ASSERT_FALSE(valid);
    EXPECT_THAT(valid.error().message, testing::HasSubstr(c.words));
  }
}

TEST(MitigationPolicyTest, EveryNamedLabelMustFit) {
  Trigger trigger;
  trigger.category = "loop";
  trigger.severity = "critical";
  trigger.agent = "coder-2";
  trigger.labels["workflow"] = "fix-issue";
  const struct {
    std::map<std::string, std::vector<std::string>> match;
    bool fits;
  } kCases[] = {
      {{{"category", {"loop"}}}, true},
      {{{"category", {"cost", "loop"}}}, true},
      {{{"category", {"loop"}}, {"severity", {"high"}}}, false},
      {{{"agent", {"coder-*"}}}, true},
      {{{"agent", {"coder"}}}, false},
      {{{"team", {"code"}}}, true},
      {{{"workflow", {"fix-*"}}}, true},
      {{{"absent", {"x"}}}, false},
      {{{"absent", {"*"}}}, true},
  };
  for (const auto& c : kCases) {
    Policy policy;
    policy.match = c.match;
    EXPECT_EQ(matches(policy, trigger, "code"), c.fits) << c.match.begin()->first;
  }
}

}  // namespace
}  // namespace honeyguide::control
