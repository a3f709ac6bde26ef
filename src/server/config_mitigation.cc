#include "server/config_mitigation.h"

#include <optional>

namespace honeyguide::server {
namespace {

using base::Result;
using control::ActionSpec;
using control::ActionType;
using control::MitigationConfig;
using control::Policy;
using control::PolicyMode;

Result<void> read_mode(const YamlSection& in, PolicyMode& out) {
  std::string word(control::policy_mode_name(out));
  HG_RETURN_IF_ERROR(in.text("mode", word));
  for (const PolicyMode mode : {PolicyMode::kOff, PolicyMode::kDryRun, PolicyMode::kLive}) {
    if (control::policy_mode_name(mode) != word) continue;
    out = mode;
    return {};
  }
  return in.error("mode", "is off, dry_run or live");
}

Result<ActionSpec> read_action(const YamlSection& in, const std::string& name) {
  HG_RETURN_IF_ERROR(in.check_keys({"directive", "params", "expires", "webhook", "command",
                                    "timeout", "reversible", "rollback"}));
  if (in.has("directive") + in.has("webhook") + in.has("command") != 1) {
    return in.error("takes one of directive, webhook and command");
  }
  ActionSpec action;
  action.name = name;
  if (in.has("directive")) {
    std::string word;
    HG_RETURN_IF_ERROR(in.text("directive", word));
    const auto kind = control::parse_directive(word);
    if (!kind) {
      return in.error("directive",
                      "is run, throttle, pause, stop, reassign, break_wait or switch_model");
    }
    action.directive = *kind;
    if (in.has("reversible") || in.has("rollback") || in.has("timeout")) {
      return in.error("reversible, rollback and timeout are of webhooks and commands");
    }
  }
  HG_RETURN_IF_ERROR(in.json_object("params", action.params));
  HG_RETURN_IF_ERROR(in.duration("expires", action.expires_ns));
  if (in.has("webhook")) action.type = ActionType::kWebhook;
  HG_RETURN_IF_ERROR(in.text("webhook", action.url));
  if (in.has("command")) action.type = ActionType::kCommand;
  HG_RETURN_IF_ERROR(in.texts("command", action.argv));
  HG_RETURN_IF_ERROR(in.duration("timeout", action.timeout_ns));
  HG_RETURN_IF_ERROR(in.flag("reversible", action.declared_reversible));
  HG_RETURN_IF_ERROR(in.text("rollback", action.rollback));
  return action;
}

Result<Policy> read_policy(const YamlSection& in) {
  HG_RETURN_IF_ERROR(in.check_keys({"name", "match", "action", "mode", "approval", "confidence",
                                    "cooldown", "attempts", "attempts_per", "approval_expires",
                                    "clear_within", "stay_clear", "rollback"}));
  Policy policy;
  HG_RETURN_IF_ERROR(in.text("name", policy.name));
  HG_RETURN_IF_ERROR(in.text("action", policy.action));
  HG_RETURN_IF_ERROR(read_mode(in, policy.mode));
  if (in.has("match")) {
    const YamlSection match = in.section("match", "policy '" + policy.name + "': match");
    if (!in.node("match").IsMap()) return in.error("match", "takes 'label: value' entries");
    for (const auto& entry : in.node("match")) {
      const auto label = entry.first.as<std::string>("");
      HG_RETURN_IF_ERROR(match.texts(label.c_str(), policy.match[label]));
    }
  }
  HG_RETURN_IF_ERROR(in.flag("approval", policy.approval));
  HG_RETURN_IF_ERROR(in.real("confidence", policy.confidence_min));
  HG_RETURN_IF_ERROR(in.duration("cooldown", policy.cooldown_ns));
  HG_RETURN_IF_ERROR(in.integer("attempts", policy.attempts_max));
  HG_RETURN_IF_ERROR(in.duration("attempts_per", policy.attempts_ns));
  HG_RETURN_IF_ERROR(in.duration("approval_expires", policy.approval_ns));
  HG_RETURN_IF_ERROR(in.duration("clear_within", policy.clear_within_ns));
  HG_RETURN_IF_ERROR(in.duration("stay_clear", policy.stay_clear_ns));
  HG_RETURN_IF_ERROR(in.flag("rollback", policy.rollback));
  return policy;
}

Result<void> read_guards(const YamlSection& in, MitigationConfig& config) {
  HG_RETURN_IF_ERROR(in.real("healthy_min", config.healthy_min));
  if (in.has("budget")) {
    const YamlSection budget = in.section("budget", "mitigation.budget");
    HG_RETURN_IF_ERROR(budget.check_keys({"targets", "per"}));
    HG_RETURN_IF_ERROR(budget.integer("targets", config.budget_targets));
    HG_RETURN_IF_ERROR(budget.duration("per", config.budget_ns));
  }
  if (in.has("storm")) {
    const YamlSection storm = in.section("storm", "mitigation.storm");
    HG_RETURN_IF_ERROR(storm.check_keys({"targets", "window", "hold"}));
    HG_RETURN_IF_ERROR(storm.integer("targets", config.storm_targets));
    HG_RETURN_IF_ERROR(storm.duration("window", config.storm_window_ns));
    HG_RETURN_IF_ERROR(storm.duration("hold", config.storm_hold_ns));
  }
  if (in.has("breaker")) {
    const YamlSection breaker = in.section("breaker", "mitigation.breaker");
    HG_RETURN_IF_ERROR(breaker.check_keys({"outcomes", "success_min", "recurrence_max", "open"}));
    HG_RETURN_IF_ERROR(breaker.integer("outcomes", config.breaker_outcomes));
    HG_RETURN_IF_ERROR(breaker.real("success_min", config.success_min));
    HG_RETURN_IF_ERROR(breaker.real("recurrence_max", config.recurrence_max));
    HG_RETURN_IF_ERROR(breaker.duration("open", config.breaker_open_ns));
  }
  return {};
}

}  // namespace

Result<MitigationConfig> read_mitigation(const YamlSection& in) {
  HG_RETURN_IF_ERROR(
      in.check_keys({"mode", "budget", "healthy_min", "storm", "breaker", "actions", "policies"}));
  MitigationConfig config;
  HG_RETURN_IF_ERROR(read_mode(in, config.mode));
  HG_RETURN_IF_ERROR(read_guards(in, config));
  if (in.has("actions")) {
    if (!in.node("actions").IsMap()) return in.error("actions", "takes 'name: action' entries");
    for (const auto& entry : in.node("actions")) {
      const auto name = entry.first.as<std::string>("");
      HG_ASSIGN_OR_RETURN(ActionSpec action,
                          read_action(in.of(entry.second, "action '" + name + "'"), name));
      config.actions.push_back(std::move(action));
    }
  }
  if (in.has("policies")) {
    if (!in.node("policies").IsSequence()) return in.error("policies", "takes a list");
    for (const auto& item : in.node("policies")) {
      const auto name = item.IsMap() ? item["name"].as<std::string>("") : std::string();
      HG_ASSIGN_OR_RETURN(Policy policy, read_policy(in.of(item, "policy '" + name + "'")));
      config.policies.push_back(std::move(policy));
    }
  }
  return config;
}

}  // namespace honeyguide::server
