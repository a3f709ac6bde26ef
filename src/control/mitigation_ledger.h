// Ledger: what automation did and how it turned out, per tenant: the memory of the guards that
// count. Plain value, stored as JSON with every action, so that a restart forgives nothing.
//
// A wall clock that goes back makes entries look younger, never older: it can only hold longer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "control/mitigation_policy.h"

namespace honeyguide::control {

inline constexpr std::size_t kLedgerActsMax = 2000;  // the oldest go
// Targets whose triggers are remembered for the storm guard; further ones count as a storm.
inline constexpr std::size_t kStormTargetsTracked = 1000;

enum class BreakerState : std::uint8_t {
  kClosed = 0,
  kOpen = 1,    // holds everything until breaker_open_ns has passed
  kTrial = 2,   // one action was let through; its result decides
  kLocked = 3,  // the trial failed: only a person resets it
};
std::string_view breaker_name(BreakerState state);  // "closed", "open", "trial", "locked"

class Ledger {
 public:
  // Automation acts on a target: counted before it acts.
  void acted(const MitigationConfig& config, const std::string& target, const std::string& policy,
             base::UnixNanos now);
  // An action's result: verified or not. Moves the breaker.
  void ended(const MitigationConfig& config, bool verified, base::UnixNanos now);
  // A condition came back after its action was verified.
  void recurred(const MitigationConfig& config, base::UnixNanos now);
  // A trigger is active on a target: for the storm guard.
  void triggered(const MitigationConfig& config, const std::string& target, base::UnixNanos now);
  void reset_breaker();

  // Different targets within the budget's window, `besides` not counted.
  int targets_in_budget(const MitigationConfig& config, const std::string& besides,
                        base::UnixNanos now) const;
  int attempts(const Policy& policy, const std::string& target, base::UnixNanos now) const;
  // When the policy may act on the target again; a time that has passed if now.
  base::UnixNanos cooldown_end(const Policy& policy, const std::string& target) const;
  bool storm(const MitigationConfig& config, base::UnixNanos now) const;
  base::UnixNanos storm_end() const { return storm_until_; }
  // kTrial only while the trial's result is awaited; an open breaker whose time has passed shows as
  // kTrial too: the next action is the trial.
  BreakerState breaker(const MitigationConfig& config, base::UnixNanos now) const;
  bool breaker_holds(const MitigationConfig& config, base::UnixNanos now) const;

  double success_ratio() const;     // of the counted results; 1 without any
  double recurrence_ratio() const;  // of the counted results; 0 without any

  std::string to_json() const;
  // Nothing on damaged text.
  static std::optional<Ledger> from_json(std::string_view text);

 private:
  struct Act {
    std::string target;
    std::string policy;
    base::UnixNanos at = 0;
  };
  struct Outcome {
    bool verified = false;
    bool recurred = false;
  };
  void judge(const MitigationConfig& config, base::UnixNanos now);

  std::vector<Act> acts_;          // oldest first
  std::vector<Outcome> outcomes_;  // oldest first, at most breaker_outcomes
  std::map<std::string, base::UnixNanos> triggers_;
  base::UnixNanos storm_until_ = 0;
  BreakerState breaker_ = BreakerState::kClosed;
  base::UnixNanos opened_ = 0;
};

}  // namespace honeyguide::control
