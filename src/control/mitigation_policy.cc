#include "control/mitigation_policy.h"

#include <algorithm>
#include <array>
#include <set>

namespace honeyguide::control {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

Error wrong(const std::string& where, const std::string& what) {
  return {ErrorCode::kInvalidArgument, "mitigation: " + where + ": " + what};
}

bool word_fits(const std::string& pattern, std::string_view text) {
  if (!pattern.ends_with('*')) return text == pattern;
  return text.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
}

std::string label_of(const Trigger& trigger, const std::string& name, std::string_view team) {
  if (name == "agent") return trigger.agent;
  if (name == "team") return std::string(team);
  if (name == "category") return trigger.category;
  if (name == "severity") return trigger.severity;
  if (name == "rule") return trigger.rule;
  if (name == "kind" && trigger.prediction) return "prediction";
  const auto found = trigger.labels.find(name);
  return found == trigger.labels.end() ? std::string() : found->second;
}

Result<void> check_action(const MitigationConfig& config, const ActionSpec& action) {
  const std::string where = "action '" + action.name + "'";
  if (action.name.empty()) return wrong("actions", "an action needs a name");
  switch (action.type) {
    case ActionType::kDirective: {
      // break_wait without params: the victim and its wait come from the waiting graph.
      if (action.directive == DirectiveKind::kBreakWait && action.params == "{}") break;
      const auto good = check_directive({action.directive, action.params, "", "", 0});
      if (!good) return wrong(where, good.error().message);
      break;
    }
    case ActionType::kWebhook:
      if (!action.url.starts_with("http://") && !action.url.starts_with("https://")) {
        return wrong(where, "webhook takes an http or https URL");
      }
      break;
    case ActionType::kCommand:
      if (action.argv.empty() || !action.argv.front().starts_with('/')) {
        return wrong(where, "command takes a list that starts with an absolute path");
      }
      if (!config.exec_enabled) return wrong(where, "commands need --enable-exec");
      break;
  }
  if (action.timeout_ns <= 0 || action.timeout_ns > kCommandTimeoutMaxNs) {
    return wrong(where, "timeout is above 0 and at most 10m");
  }
  if (action.rollback.empty()) {
    if (action.declared_reversible) {
      return wrong(where, "what is reversible names the action that undoes it: rollback: NAME");
    }
    return {};
  }
  const ActionSpec* undo = config.action(action.rollback);
  if (undo == nullptr) return wrong(where, "there is no action '" + action.rollback + "'");
  if (undo == &action) return wrong(where, "an action cannot undo itself");
  if (undo->type == ActionType::kDirective) {
    return wrong(where, "a webhook or command is undone by a webhook or command");
  }
  return {};
}

Result<void> check_policy(const MitigationConfig& config, const Policy& policy) {
  const std::string where = "policy '" + policy.name + "'";
  if (policy.name.empty()) return wrong("policies", "a policy needs a name");
  if (config.action(policy.action) == nullptr) {
    return wrong(where, "there is no action '" + policy.action + "'");
  }
  if (policy.match.empty()) {
    return wrong(where, "match is empty; a policy for everything is an accident");
  }
  if (!(policy.confidence_min >= kConfidenceFloor && policy.confidence_min <= 1)) {
    return wrong(where, "confidence is from 0.9 to 1");
  }
  if (policy.attempts_max < 1 || policy.attempts_ns <= 0 || policy.cooldown_ns < 0 ||
      policy.approval_ns <= 0 || policy.clear_within_ns <= 0 || policy.stay_clear_ns <= 0) {
    return wrong(where, "attempts and durations are above 0");
  }
  return {};
}

}  // namespace

const ActionSpec* MitigationConfig::action(std::string_view name) const {
  const auto at = std::find_if(actions.begin(), actions.end(),
                               [&](const ActionSpec& action) { return action.name == name; });
  return at == actions.end() ? nullptr : &*at;
}

const Policy* MitigationConfig::policy(std::string_view name) const {
  const auto at = std::find_if(policies.begin(), policies.end(),
                               [&](const Policy& policy) { return policy.name == name; });
  return at == policies.end() ? nullptr : &*at;
}

Result<void> validate(const MitigationConfig& config) {
  if (config.actions.size() > kActionSpecsMax || config.policies.size() > kPoliciesMax) {
    return wrong("actions, policies", "at most 100 of each");
  }
  if (config.budget_targets < 1 || config.budget_ns <= 0) {
    return wrong("budget", "targets from 1, per above 0; 'mode: off' turns everything off");
  }
  if (!(config.healthy_min > 0 && config.healthy_min <= 1)) {
    return wrong("healthy_min", "a share above 0, at most 1");
  }
  if (config.storm_targets < 1 || config.storm_window_ns <= 0 || config.storm_hold_ns <= 0) {
    return wrong("storm", "targets from 1, window and hold above 0");
  }
  const bool shares = config.success_min > 0 && config.success_min <= 1 &&
                      config.recurrence_max >= 0 && config.recurrence_max < 1;
  if (config.breaker_outcomes < 1 || config.breaker_outcomes > 1000 || !shares ||
      config.breaker_open_ns <= 0) {
    return wrong("breaker", "outcomes from 1 to 1000, shares from 0 to 1, open above 0");
  }
  std::set<std::string_view> names;
  for (const ActionSpec& action : config.actions) {
    HG_RETURN_IF_ERROR(check_action(config, action));
    if (!names.insert(action.name).second) return wrong("action '" + action.name + "'", "twice");
  }
  names.clear();
  for (const Policy& policy : config.policies) {
    HG_RETURN_IF_ERROR(check_policy(config, policy));
    if (!names.insert(policy.name).second) return wrong("policy '" + policy.name + "'", "twice");
  }
  return {};
}

std::string_view policy_mode_name(PolicyMode mode) {
  static constexpr std::array<std::string_view, 3> kNames = {"off", "dry_run", "live"};
  return kNames[static_cast<std::size_t>(mode)];
}

std::string_view action_type_name(ActionType type) {
  static constexpr std::array<std::string_view, 3> kNames = {"directive", "webhook", "command"};
  return kNames[static_cast<std::size_t>(type)];
}

bool matches(const Policy& policy, const Trigger& trigger, std::string_view team) {
  return std::all_of(policy.match.begin(), policy.match.end(), [&](const auto& wanted) {
    const std::string text = label_of(trigger, wanted.first, team);
    return std::any_of(wanted.second.begin(), wanted.second.end(),
                       [&](const std::string& word) { return word_fits(word, text); });
  });
}

}  // namespace honeyguide::control
