#include "control/mitigation_guards.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"

namespace honeyguide::control {
namespace {

std::string percent(double ratio) {
  return std::to_string(static_cast<int>(std::lround(ratio * 100))) + " %";
}

class Judge {
 public:
  explicit Judge(const GuardInput& input) : in_(input) {}

  std::vector<GuardResult> run() {
    if (in_.policy != nullptr) automation(*in_.policy);
    target();
    if (in_.policy != nullptr) approval(*in_.policy);
    return std::move(out_);
  }

 private:
  void add(std::string name, bool passed, std::string good, std::string bad) {
    out_.push_back({std::move(name), passed, passed ? std::move(good) : std::move(bad)});
  }

  // What holds for automation only.
  void automation(const Policy& policy) {
    const Trigger& trigger = in_.trigger;
    add("bound_sender", trigger.bound_sender, "The sender speaks for this agent",
        "The facts come from a sender that is not bound to this agent");
    const double wanted = std::max(kConfidenceFloor, policy.confidence_min);
    add("confidence", trigger.confidence >= wanted, "Confidence " + percent(trigger.confidence),
        "Confidence " + percent(trigger.confidence) + ", " + percent(wanted) + " are needed");
    if (trigger.prediction) {
      add("forecast", in_.action.reversible(), "A forecast, but a reversible action",
          "A forecast alone may only trigger what can be taken back");
    }
    add("silence", !trigger.silenced, "Not silenced", "Silenced, or in maintenance");
    add("storm", !in_.ledger.storm(in_.config, in_.now), "No storm",
        "Too many targets at once: it is the monitoring or something they share");
    const BreakerState breaker = in_.ledger.breaker(in_.config, in_.now);
    add("breaker", !in_.ledger.breaker_holds(in_.config, in_.now),
        breaker == BreakerState::kTrial ? "Breaker: this is the trial" : "Breaker closed",
        breaker == BreakerState::kLocked
            ? "Breaker locked: actions did not help; a person must reset it"
            : "Breaker open: " + percent(in_.ledger.success_ratio()) +
                  " of the last actions helped");
    const base::UnixNanos end = in_.ledger.cooldown_end(policy, trigger.agent);
    add("cooldown", in_.now >= end, "Cooldown over",
        "Cooldown for another " + base::format_duration_ns(end - in_.now));
    const int attempts = in_.ledger.attempts(policy, trigger.agent, in_.now);
    add("attempts", attempts < policy.attempts_max,
        "Attempt " + std::to_string(attempts + 1) + " of " + std::to_string(policy.attempts_max),
        "Tried " + std::to_string(attempts) + " times already; a person is needed");
    const int targets = in_.ledger.targets_in_budget(in_.config, trigger.agent, in_.now);
    add("budget", targets < in_.config.budget_targets,
        std::to_string(targets + 1) + " of " + std::to_string(in_.config.budget_targets) +
            " targets",
        "The budget of " + std::to_string(in_.config.budget_targets) + " targets is spent");
  }

  // Agents that share a fate with the target: its team, or all.
  std::vector<std::string> peers() const {
    const std::string team = in_.fleet.team_of(in_.trigger.agent);
    std::vector<std::string> out;
    for (const auto& [name, agent] : in_.fleet.agents) {
      if (team.empty() || agent.team == team) out.push_back(name);
    }
    return out;
  }

  void target() {
    const bool directive = in_.action.type == ActionType::kDirective;
    const bool run = directive && in_.action.directive == DirectiveKind::kRun;
    if (!run) {
      blast_radius();
      one_at_a_time();
    }
    // A person may leave a directive for an agent that is not there yet.
    if (directive && in_.policy != nullptr) {
      add("listening", in_.listening, "The agent listens", "The agent does not ask for directives");
    }
    if (in_.action.type == ActionType::kCommand) {
      add("exec", in_.config.exec_enabled, "Commands are enabled", "Commands need --enable-exec");
    }
  }

  bool sick(const std::string& name) const {
    const auto found = in_.sick.find(name);
    return found != in_.sick.end() && found->second > (name == in_.cause ? 1 : 0);
  }

  void blast_radius() {
    const bool known = in_.fleet.agents.contains(in_.trigger.agent);
    if (!known && in_.policy != nullptr) {
      add("blast_radius", false, "", "The agent is unknown: nobody can tell who depends on it");
      return;
    }
    const auto group = peers();
    std::size_t unhealthy = 0;
    for (const std::string& name : group) {
      const bool healthy = in_.fleet.agents.at(name).healthy && name != in_.trigger.agent &&
                           !sick(name) && !in_.restricted.contains(name);
      if (!healthy) ++unhealthy;
    }
    const double share = 1 - in_.config.healthy_min;
    // The small excess keeps 0.4 x 5 at 2.
    const auto allowed = std::max<std::size_t>(
        1, static_cast<std::size_t>(std::floor(share * static_cast<double>(group.size()) + 1e-9)));
    const std::string text = std::to_string(group.size() - std::min(unhealthy, group.size())) +
                             " of " + std::to_string(group.size()) + " peers are left healthy";
    add("blast_radius", unhealthy <= allowed, text,
        text + ", " + percent(in_.config.healthy_min) + " are needed");
  }

  void one_at_a_time() {
    if (in_.policy == nullptr) return;
    const auto group = peers();
    const auto busy = std::find_if(group.begin(), group.end(), [&](const std::string& name) {
      return in_.in_flight.contains(name);
    });
    const bool free = busy == group.end() && !in_.in_flight.contains(in_.trigger.agent);
    add("one_at_a_time", free, "No other action is running",
        "Another action in this team is not judged yet");
  }

  void approval(const Policy& policy) {
    const bool needed = policy.approval || !in_.action.reversible();
    add("approval", !needed || in_.approved, needed ? "Approved" : "Needs no approval",
        in_.action.reversible() ? "Needs your approval"
                                : "Cannot be taken back: needs your approval");
  }

  const GuardInput& in_;
  std::vector<GuardResult> out_;
};

}  // namespace

std::vector<GuardResult> judge(const GuardInput& input) {
  return Judge(input).run();
}

const GuardResult* refusing(const std::vector<GuardResult>& guards) {
  const auto at = std::find_if(guards.begin(), guards.end(), [](const GuardResult& guard) {
    return !guard.passed && guard.name != "approval";
  });
  return at == guards.end() ? nullptr : &*at;
}

bool needs_approval(const std::vector<GuardResult>& guards) {
  return std::any_of(guards.begin(), guards.end(), [](const GuardResult& guard) {
    return guard.name == "approval" && !guard.passed;
  });
}

}  // namespace honeyguide::control
