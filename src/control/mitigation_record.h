// ActionRecord: one action from proposal to verdict, as it is stored and shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "control/mitigation_guards.h"
#include "control/mitigation_policy.h"

namespace honeyguide::control {

enum class ActionState : std::uint8_t {
  kProposed = 0,    // waits for a person
  kApproved = 1,    // by a person, about to start
  kDenied = 2,      // by a person
  kRequested = 3,   // started; nobody has answered yet
  kDelivered = 4,   // the agent has the directive
  kObeyed = 5,      // done as asked; the condition is being watched
  kVerified = 6,    // the condition cleared and stayed clear
  kFailed = 7,      // it did not, or the action itself failed
  kRefused = 8,     // by a guard or by the agent
  kRolledBack = 9,  // failed and undone
  kExpired = 10,    // the proposal was not answered, or its reason went away
  kDryRun = 11,     // would have
};
inline constexpr int kActionStates = 12;
// "proposed", "approved", … "rolled_back", "expired", "dry_run".
std::string_view action_state_name(ActionState state);

// Which list of GET /api/v1/mitigations a state belongs to.
enum class ActionPhase : std::uint8_t { kPending = 0, kRunning = 1, kDone = 2, kRefused = 3 };
std::string_view action_phase_name(ActionPhase phase);  // "pending", "running", "done", "refused"

struct ActionRecord {
  std::string id;  // "mi-7"; also the key that receivers deduplicate by
  ActionState state = ActionState::kProposed;
  std::string policy;  // empty: a person's own directive
  std::string proposed_by;
  ActionSpec action;
  Trigger trigger;
  base::UnixNanos onset = 0;  // when the trigger's alert began to fire
  std::string target;         // the agent acted on; of break_wait it may differ from the trigger's
  std::string reason;
  std::vector<GuardResult> guards;
  std::string refused_by;  // a guard's name, or "agent"

  base::UnixNanos created = 0;
  base::UnixNanos expires = 0;  // of the proposal, then of the directive; 0: none
  base::UnixNanos requested = 0;
  base::UnixNanos delivered = 0;
  base::UnixNanos obeyed = 0;
  base::UnixNanos ended = 0;  // verified, failed, denied, …

  std::string decision;  // "approved", "denied"
  std::string decided_by;
  std::string decision_note;
  base::UnixNanos decided = 0;

  bool condition_firing = true;     // as last heard
  base::UnixNanos clear_since = 0;  // 0: it has not cleared since the action
  std::string verdict;              // "pending", "cleared", "not_cleared", "worse"; empty: none yet
  std::string verdict_text;
  std::int64_t sick_peers = 0;  // in the team when the action was done, the target aside
  bool recurred = false;        // came back within kRecurrenceNs after it was verified

  std::string dry_run_text;
  std::optional<double> saves_usd;
  std::int64_t saves_over_ns = 0;

  std::uint64_t directive_seq = 0;
  std::uint64_t directive_epoch = 0;

  bool open() const;  // proposed to obeyed by automation: something is still to come
  ActionPhase phase() const;
};

// A verified action whose condition fires again within this time counts as a recurrence.
inline constexpr std::int64_t kRecurrenceNs = base::kNanosPerHour;

std::string to_json(const ActionRecord& record);
// Nothing on damaged text.
std::optional<ActionRecord> action_from_json(std::string_view text);

// "Pause coder-2", "Run webhook tell-ops for coder-2".
std::string action_title(const ActionSpec& action, const std::string& target);
// One sentence on what it does.
std::string action_does(const ActionSpec& action);

}  // namespace honeyguide::control
