// The guards: every reason not to act, judged together. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "control/fleet_view.h"
#include "control/mitigation_ledger.h"
#include "control/mitigation_policy.h"

namespace honeyguide::control {

struct GuardResult {
  std::string name;  // "bound_sender", "confidence", "forecast", "silence", "storm", "breaker",
                     // "cooldown", "attempts", "budget", "blast_radius", "one_at_a_time",
                     // "listening", "exec", "approval"
  bool passed = true;
  std::string text;  // for people
};

struct GuardInput {
  const MitigationConfig& config;
  const Policy* policy = nullptr;  // nullptr: a person's own directive
  const ActionSpec& action;
  const Trigger& trigger;
  const FleetView& fleet;
  const Ledger& ledger;
  // The agent that the alert names; of break_wait it need not be the target. The alert itself is no
  // further sickness.
  std::string cause;
  // Agents with an active trigger, and how many.
  const std::map<std::string, int>& sick;
  const std::set<std::string>& restricted;  // agents under a directive but run
  std::set<std::string> in_flight;          // targets whose action is not judged yet
  bool listening = false;                   // the target asks for directives
  bool approved = false;
  base::UnixNanos now = 0;
};

// All guards that apply, passed or not, in a fixed order. "approval" is last: an action that fails
// nothing else may be proposed to a person.
std::vector<GuardResult> judge(const GuardInput& input);

// The first that did not pass, approval aside; nullptr if none.
const GuardResult* refusing(const std::vector<GuardResult>& guards);
bool needs_approval(const std::vector<GuardResult>& guards);

}  // namespace honeyguide::control
