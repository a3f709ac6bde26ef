// RuleEvaluator: reads the series of each rule and says what holds, what does not and what cannot
// be told. Keeps which alerts hold for hysteresis; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "alerts/rule.h"
#include "base/result.h"
#include "store/series_store.h"

namespace honeyguide::alerts {

// A series without a point for longer says nothing: its alerts are unknown, neither true nor over.
inline constexpr std::int64_t kStalenessNs = 5 * base::kNanosPerMinute;
// Series of one rule; further ones are left out and counted.
inline constexpr std::uint32_t kSeriesPerRuleMax = 20'000;

struct Evaluation {
  std::vector<Finding> holding;
  std::set<std::string> unknown;             // alert ids whose input is missing now
  std::map<std::string, std::string> inert;  // rule -> why it matches nothing
  std::uint64_t series = 0;
  std::uint64_t left_out = 0;
};

class RuleEvaluator {
 public:
  // `tenant` and the store it reads; both outlive it.
  RuleEvaluator(store::TenantId tenant, store::SeriesStore& series)
      : tenant_(tenant), series_(series) {}

  // An alert of a rule that was open before this evaluator lived: hysteresis and missing points
  // are judged as if it had held at the last evaluation.
  void note_held(const std::string& id) { held_.insert(id); }

  base::Result<Evaluation> evaluate(const std::vector<Rule>& rules, base::UnixNanos now);

 private:
  base::Result<void> evaluate_rule(const Rule& rule, base::UnixNanos now, Evaluation& out);

  const store::TenantId tenant_;
  store::SeriesStore& series_;
  std::set<std::string> held_;  // ids that held at the last evaluation
};

// The finding of one series of a rule whose value is `value`.
Finding finding_of(const Rule& rule, const store::SeriesInfo& info, double value);

// The value of a window [now - over, now] at one resolution; nothing without enough points.
std::optional<double> fold_points(const std::vector<telemetry::Point>& points, Fold fold,
                                  std::int64_t over_ns, std::uint64_t samples_min);

// What a rule would have done over stored history.
struct Backtest {
  std::vector<base::UnixNanos> fired;  // over all series, ascending
  std::uint64_t series = 0;
  std::int64_t firing_ns = 0;  // in all
  // The series that fired most, for a chart.
  std::vector<telemetry::Point> example;
};
// Steps through [range.begin, range.end) a minute at a time with `for`, clear and keep_firing.
base::Result<Backtest> backtest(const Rule& rule, store::TenantId tenant,
                                store::SeriesStore& series, store::TimeRange range);

}  // namespace honeyguide::alerts
