#include "agents/budget.h"

#include <algorithm>
#include <iterator>

#include "agents/measure.h"
#include "base/bytes.h"

namespace honeyguide::agents {
namespace {

constexpr std::string_view kLabels[] = {"agent", "workflow", "team"};

std::string_view label_of(const RunFacts& run, const ModelCall& call, std::string_view label) {
  if (label == "agent") return call.agent;
  if (label == "workflow") return run.name;
  if (label == "model") return call.model;
  if (label == "user") return run.user;
  if (label == "session") return run.session;
  const auto team = run.agent_teams.find(call.agent);
  return team == run.agent_teams.end() ? std::string_view(run.team) : team->second;
}

bool fits(std::string_view pattern, std::string_view value) {
  if (!pattern.ends_with('*')) return pattern == value;
  pattern.remove_suffix(1);
  return value.starts_with(pattern);
}

bool selects(const BudgetRule& rule, const RunFacts& run, const ModelCall& call) {
  return std::all_of(rule.selector.begin(), rule.selector.end(), [&](const auto& label) {
    return fits(label.second, label_of(run, call, label.first));
  });
}

double ratio(std::int64_t spent, std::int64_t limit) {
  return limit > 0 ? static_cast<double>(spent) / static_cast<double>(limit) : 0;
}

}  // namespace

bool is_budget_label(std::string_view label) {
  return std::find(std::begin(kLabels), std::end(kLabels), label) != std::end(kLabels);
}

BudgetMeter::BudgetMeter(std::vector<BudgetRule> rules) {
  for (BudgetRule& rule : rules) {
    const std::int64_t step = std::max(kFineNs, rule.period_ns / kStepsMax);
    rules_.push_back({std::move(rule), step, {}});
  }
}

std::optional<base::UnixNanos> BudgetMeter::apply(const RunFacts& run, std::int64_t sign) {
  std::optional<base::UnixNanos> earliest;
  for (Rule& rule : rules_) {
    for (const ModelCall& call : run.model_calls) {
      if (!selects(rule.rule, run, call)) continue;
      const base::UnixNanos time = call.end != 0 ? call.end : call.start;
      const base::UnixNanos step = bucket_of(time, rule.step_ns);
      Spent& spent = rule.steps[step];
      if (call.cost_micro_usd >= 0) {
        spent.micro_usd += sign * call.cost_micro_usd;
      } else if (call.tokens.total() > 0) {
        spent.unpriced += sign;
      }
      spent.tokens += sign * call.tokens.total();
      if (spent.micro_usd == 0 && spent.tokens == 0 && spent.unpriced == 0) rule.steps.erase(step);
      earliest = std::min(earliest.value_or(time), time);
    }
  }
  return earliest;
}

std::vector<BudgetReport> BudgetMeter::report(base::UnixNanos at) const {
  std::vector<BudgetReport> reports;
  for (const Rule& rule : rules_) {
    BudgetReport report;
    report.rule = rule.rule;
    report.period_start = bucket_of(at, rule.rule.period_ns);
    report.period_end = report.period_start + rule.rule.period_ns;
    for (auto step = rule.steps.lower_bound(bucket_of(report.period_start, rule.step_ns));
         step != rule.steps.end() && step->first <= at; ++step) {
      report.spent_micro_usd += step->second.micro_usd;
      report.spent_tokens += step->second.tokens;
      report.unpriced_calls += step->second.unpriced;
    }
    report.used_ratio = std::max(ratio(report.spent_micro_usd, rule.rule.limit_micro_usd),
                                 ratio(report.spent_tokens, rule.rule.limit_tokens));
    reports.push_back(std::move(report));
  }
  return reports;
}

void BudgetMeter::prune(base::UnixNanos now) {
  for (Rule& rule : rules_) {
    const base::UnixNanos oldest = bucket_of(now, rule.rule.period_ns) - rule.rule.period_ns;
    rule.steps.erase(rule.steps.begin(), rule.steps.lower_bound(oldest));
  }
}

void BudgetMeter::save(std::string& out) const {
  base::put_varint(out, rules_.size());
  for (const Rule& rule : rules_) {
    base::put_varint(out, rule.steps.size());
    for (const auto& [step, spent] : rule.steps) {
      base::put_fixed(out, step);
      base::put_fixed(out, spent.micro_usd);
      base::put_fixed(out, spent.tokens);
      base::put_fixed(out, spent.unpriced);
    }
  }
}

bool BudgetMeter::load(std::string_view bytes) {
  base::ByteReader in(bytes);
  if (in.varint() != rules_.size()) return false;
  for (Rule& rule : rules_) {
    rule.steps.clear();
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      const auto step = in.fixed<base::UnixNanos>();
      Spent& spent = rule.steps[step];
      spent.micro_usd = in.fixed<std::int64_t>();
      spent.tokens = in.fixed<std::int64_t>();
      spent.unpriced = in.fixed<std::int64_t>();
    }
  }
  return in.ok();
}

}  // namespace honeyguide::agents
