#include "control/mitigation_ledger.h"

#include <algorithm>
#include <array>
#include <set>

#include <nlohmann/json.hpp>

#include "base/json_writer.h"

namespace honeyguide::control {
namespace {

using nlohmann::json;

// The breaker judges from so many results on, or from as many as the budget allows if that is less:
// a spent budget without success must not be renewed.
constexpr std::size_t kJudgedMin = 3;

}  // namespace

std::string_view breaker_name(BreakerState state) {
  static constexpr std::array<std::string_view, 4> kNames = {"closed", "open", "trial", "locked"};
  return kNames[static_cast<std::size_t>(state)];
}

void Ledger::acted(const MitigationConfig& config, const std::string& target,
                   const std::string& policy, base::UnixNanos now) {
  acts_.push_back({target, policy, now});
  if (acts_.size() > kLedgerActsMax) acts_.erase(acts_.begin());
  if (breaker(config, now) == BreakerState::kTrial) breaker_ = BreakerState::kTrial;
}

void Ledger::judge(const MitigationConfig& config, base::UnixNanos now) {
  const auto budget = static_cast<std::size_t>(config.budget_targets);
  if (outcomes_.size() < std::min(kJudgedMin, budget)) return;
  if (success_ratio() >= config.success_min && recurrence_ratio() <= config.recurrence_max) return;
  if (breaker_ != BreakerState::kClosed) return;
  breaker_ = BreakerState::kOpen;
  opened_ = now;
}

void Ledger::ended(const MitigationConfig& config, bool verified, base::UnixNanos now) {
  if (breaker_ == BreakerState::kTrial) {
    breaker_ = verified ? BreakerState::kClosed : BreakerState::kLocked;
    outcomes_.clear();
  }
  outcomes_.push_back({verified, false});
  if (outcomes_.size() > static_cast<std::size_t>(config.breaker_outcomes)) {
    outcomes_.erase(outcomes_.begin());
  }
  judge(config, now);
}

void Ledger::recurred(const MitigationConfig& config, base::UnixNanos now) {
  const auto at = std::find_if(outcomes_.rbegin(), outcomes_.rend(), [](const Outcome& outcome) {
    return outcome.verified && !outcome.recurred;
  });
  if (at != outcomes_.rend()) at->recurred = true;
  judge(config, now);
}

void Ledger::triggered(const MitigationConfig& config, const std::string& target,
                       base::UnixNanos now) {
  std::erase_if(triggers_,
                [&](const auto& entry) { return now - entry.second >= config.storm_window_ns; });
  if (triggers_.size() < kStormTargetsTracked || triggers_.contains(target)) {
    triggers_[target] = now;
  }
  if (triggers_.size() > static_cast<std::size_t>(config.storm_targets)) {
    storm_until_ = now + config.storm_hold_ns;
  }
}

void Ledger::reset_breaker() {
  breaker_ = BreakerState::kClosed;
  outcomes_.clear();
}

int Ledger::targets_in_budget(const MitigationConfig& config, const std::string& besides,
                              base::UnixNanos now) const {
  std::set<std::string_view> targets;
  for (const Act& act : acts_) {
    if (now - act.at < config.budget_ns && act.target != besides) targets.insert(act.target);
  }
  return static_cast<int>(targets.size());
}

int Ledger::attempts(const Policy& policy, const std::string& target, base::UnixNanos now) const {
  return static_cast<int>(std::count_if(acts_.begin(), acts_.end(), [&](const Act& act) {
    return act.target == target && act.policy == policy.name && now - act.at < policy.attempts_ns;
  }));
}

base::UnixNanos Ledger::cooldown_end(const Policy& policy, const std::string& target) const {
  for (auto act = acts_.rbegin(); act != acts_.rend(); ++act) {
    if (act->target == target && act->policy == policy.name) return act->at + policy.cooldown_ns;
  }
  return 0;
}

bool Ledger::storm(const MitigationConfig&, base::UnixNanos now) const {
  return now < storm_until_;
}

BreakerState Ledger::breaker(const MitigationConfig& config, base::UnixNanos now) const {
  if (breaker_ == BreakerState::kOpen && now - opened_ >= config.breaker_open_ns) {
    return BreakerState::kTrial;
  }
  return breaker_;
}

bool Ledger::breaker_holds(const MitigationConfig& config, base::UnixNanos now) const {
  // While the result of the trial is awaited, nothing else is let through.
  if (breaker_ == BreakerState::kTrial) return true;
  const BreakerState state = breaker(config, now);
  return state == BreakerState::kOpen || state == BreakerState::kLocked;
}

double Ledger::success_ratio() const {
  if (outcomes_.empty()) return 1;
  const auto good = std::count_if(outcomes_.begin(), outcomes_.end(),
                                  [](const Outcome& outcome) { return outcome.verified; });
  return static_cast<double>(good) / static_cast<double>(outcomes_.size());
}

double Ledger::recurrence_ratio() const {
  if (outcomes_.empty()) return 0;
  const auto back = std::count_if(outcomes_.begin(), outcomes_.end(),
                                  [](const Outcome& outcome) { return outcome.recurred; });
  return static_cast<double>(back) / static_cast<double>(outcomes_.size());
}

std::string Ledger::to_json() const {
  base::JsonWriter out;
  out.begin_object().key("acts").begin_array();
  for (const Act& act : acts_) {
    out.begin_array().value(act.target).value(act.policy).value(act.at).end_array();
  }
  out.end_array().key("outcomes").begin_array();
  for (const Outcome& outcome : outcomes_) {
    out.begin_array().value(outcome.verified).value(outcome.recurred).end_array();
  }
  out.end_array().field("storm_until", storm_until_).field("breaker", breaker_name(breaker_));
  out.field("opened", opened_).end_object();
  return out.take();
}

std::optional<Ledger> Ledger::from_json(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  Ledger ledger;
  for (const json& act : object.value("acts", json::array())) {
    if (!act.is_array() || act.size() != 3 || !act[0].is_string() || !act[1].is_string() ||
        !act[2].is_number_integer()) {
      return std::nullopt;
    }
    ledger.acts_.push_back(
        {act[0].get<std::string>(), act[1].get<std::string>(), act[2].get<base::UnixNanos>()});
  }
  for (const json& outcome : object.value("outcomes", json::array())) {
    if (!outcome.is_array() || outcome.size() != 2 || !outcome[0].is_boolean() ||
        !outcome[1].is_boolean()) {
      return std::nullopt;
    }
    ledger.outcomes_.push_back({outcome[0].get<bool>(), outcome[1].get<bool>()});
  }
  ledger.storm_until_ = object.value("storm_until", base::UnixNanos{0});
  ledger.opened_ = object.value("opened", base::UnixNanos{0});
  const std::string breaker = object.value("breaker", "closed");
  for (int i = 0; i < 4; ++i) {
    const auto state = static_cast<BreakerState>(i);
    if (breaker_name(state) == breaker) ledger.breaker_ = state;
  }
  return ledger;
}

}  // namespace honeyguide::control
