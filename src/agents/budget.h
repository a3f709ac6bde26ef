// Budgets: what model calls spent in the current period, as a series that only rises within one.
// Integers that can be taken back, like every other figure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/run.h"

namespace honeyguide::agents {

struct BudgetRule {
  std::string name;
  // Label -> value, all of which must fit: agent, workflow, team, model, user, session. A trailing
  // '*' stands for any rest. Empty: every model call.
  std::map<std::string, std::string> selector;
  std::int64_t limit_micro_usd = 0;  // 0: not limited in money
  std::int64_t limit_tokens = 0;     // 0: not limited in tokens
  // Periods follow each other from 1970-01-01 00:00 UTC.
  std::int64_t period_ns = 24 * base::kNanosPerHour;
};
// Labels that a selector of a file may name.
bool is_budget_label(std::string_view label);

struct BudgetReport {
  BudgetRule rule;
  base::UnixNanos period_start = 0;
  base::UnixNanos period_end = 0;
  std::int64_t spent_micro_usd = 0;
  std::int64_t spent_tokens = 0;
  std::int64_t unpriced_calls = 0;  // whose cost is unknown and not in the sum
  double used_ratio = 0;            // of the limit that is nearest; above 1: overspent
};

class BudgetMeter {
 public:
  explicit BudgetMeter(std::vector<BudgetRule> rules);

  // Adds (+1) or takes back (-1) the model calls of a run. Gives the time of the earliest call that
  // changed a budget, nothing if none did.
  std::optional<base::UnixNanos> apply(const RunFacts& run, std::int64_t sign);
  bool empty() const { return rules_.empty(); }

  // What was spent in the period that holds `at`, from its start up to and with `at`.
  std::vector<BudgetReport> report(base::UnixNanos at) const;
  // Forgets periods before the last one.
  void prune(base::UnixNanos now);

  void save(std::string& out) const;
  bool load(std::string_view bytes);

  // A period is counted in steps of 10 s, of a long one in kStepsMax steps.
  static constexpr std::int64_t kStepsMax = 8640;

 private:
  struct Spent {
    std::int64_t micro_usd = 0;
    std::int64_t tokens = 0;
    std::int64_t unpriced = 0;
  };
  struct Rule {
    BudgetRule rule;
    std::int64_t step_ns = 0;
    std::map<base::UnixNanos, Spent> steps;
  };
  std::vector<Rule> rules_;
};

}  // namespace honeyguide::agents
