// What may be done about which alert: actions and policies, as the configuration file's
// `mitigation:` section gives them. Everything is guarded and nothing acts by default: without a
// `mode: live` a policy only tells what it would have done.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "control/directive.h"
#include "store/trace_store.h"

namespace honeyguide::control {

// A policy's actions come from these three; commands run only under --enable-exec.
enum class ActionType : std::uint8_t { kDirective = 0, kWebhook = 1, kCommand = 2 };

struct ActionSpec {
  std::string name;
  ActionType type = ActionType::kDirective;
  // Directive.
  DirectiveKind directive = DirectiveKind::kRun;
  std::string params = "{}";
  std::int64_t expires_ns = 0;  // 0: the kind's default
  // Webhook: gets the action as JSON by POST.
  std::string url;
  // Command: absolute path and fixed arguments; gets the action as JSON on stdin.
  std::vector<std::string> argv;
  std::int64_t timeout_ns = 30 * base::kNanosPerSecond;
  // Of webhooks and commands: nothing is lost and `rollback` (another action's name) undoes it.
  // Directives know it of themselves.
  bool declared_reversible = false;
  std::string rollback;

  bool reversible() const {
    return type == ActionType::kDirective ? directive_traits(directive).reversible
                                          : declared_reversible;
  }
};

inline constexpr std::int64_t kCommandTimeoutMaxNs = 10 * base::kNanosPerMinute;
inline constexpr std::size_t kActionSpecsMax = 100;
inline constexpr std::size_t kPoliciesMax = 100;

enum class PolicyMode : std::uint8_t { kOff = 0, kDryRun = 1, kLive = 2 };

// Below this no fact triggers more than a notification; a policy can only ask for more.
inline constexpr double kConfidenceFloor = 0.9;

struct Policy {
  std::string name;
  // Label -> words, any of which fits; a word may end in '*'. Labels of a trigger: category,
  // severity, rule, agent, team, kind, and its own. Every label named must fit.
  std::map<std::string, std::vector<std::string>> match;
  std::string action;
  PolicyMode mode = PolicyMode::kDryRun;
  bool approval = false;  // also asked for what is reversible; the rest always needs it
  double confidence_min = kConfidenceFloor;
  std::int64_t cooldown_ns = 15 * base::kNanosPerMinute;  // for one target
  int attempts_max = 2;                                   // on one target in attempts_ns
  std::int64_t attempts_ns = base::kNanosPerHour;
  std::int64_t approval_ns = 15 * base::kNanosPerMinute;     // then a proposal expires
  std::int64_t clear_within_ns = 5 * base::kNanosPerMinute;  // the condition must clear
  std::int64_t stay_clear_ns = 10 * base::kNanosPerMinute;   // and stay so
  bool rollback = true;  // of what did not help, where it can be undone
};

struct MitigationConfig {
  // The most that any policy may do.
  PolicyMode mode = PolicyMode::kLive;
  // Different targets that automation may act on within budget_ns, all policies of a tenant.
  int budget_targets = 3;
  std::int64_t budget_ns = base::kNanosPerHour;
  // Blast radius: act only while that share of the target's team (or of all agents) is healthy.
  double healthy_min = 0.6;
  // Storm: triggers on more targets than this within storm_window_ns hold everything until it has
  // been quiet for storm_hold_ns.
  int storm_targets = 5;
  std::int64_t storm_window_ns = base::kNanosPerMinute;
  std::int64_t storm_hold_ns = 10 * base::kNanosPerMinute;
  // Breaker: over the last breaker_outcomes results it opens if fewer than success_min were
  // verified or more than recurrence_max came back. After breaker_open_ns one action is tried; if
  // that fails too, a person must reset it.
  int breaker_outcomes = 10;
  double success_min = 0.7;
  double recurrence_max = 0.3;
  std::int64_t breaker_open_ns = base::kNanosPerHour;
  std::vector<ActionSpec> actions;
  std::vector<Policy> policies;
  bool exec_enabled = false;  // --enable-exec

  const ActionSpec* action(std::string_view name) const;
  const Policy* policy(std::string_view name) const;
};

// Names, references, ranges. The message names the action or policy and what to write.
base::Result<void> validate(const MitigationConfig& config);

std::string_view policy_mode_name(PolicyMode mode);  // "off", "dry_run", "live"
std::string_view action_type_name(ActionType type);  // "directive", "webhook", "command"

// What raised the question: an alert with what is known of its cause.
struct Trigger {
  store::TenantId tenant = 0;
  std::string alert_id;
  std::string rule;
  std::string category;
  std::string severity;
  std::string agent;        // the target
  bool prediction = false;  // a forecast alone
  // Of the fact behind it, 0 to 1, and whether its sender's token is bound to the agent.
  double confidence = 0;
  bool bound_sender = false;
  bool silenced = false;  // or in a maintenance window
  // Its input is missing now: it neither fires nor has it cleared. For sources; not stored.
  bool unknown = false;
  std::map<std::string, std::string> labels;
};

// True if every label that the policy names fits.
bool matches(const Policy& policy, const Trigger& trigger, std::string_view team);

}  // namespace honeyguide::control
