#include "alerts/rule_evaluator.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace honeyguide::alerts {
namespace {

using base::Result;
using telemetry::Point;

constexpr std::int64_t kStepNs = base::kNanosPerMinute;

// Alert labels of a series' alert: what fingerprint() is taken of.
Labels identity(const Rule& rule, const store::SeriesInfo& info) {
  Labels labels = rule.labels;
  for (const auto& [name, value] : info.key.labels) labels[std::string(name)] = value;
  labels["alertname"] = rule.name;
  return labels;
}

// Holds now, given whether it held before.
bool holds(const Rule& rule, double value, bool held) {
  if (compare(rule.expression.comparison, value, rule.expression.threshold)) return true;
  return held && rule.clear && compare(rule.expression.comparison, value, *rule.clear);
}

std::int64_t window_ns(const Expression& expression) {
  return expression.over_ns != 0 ? expression.over_ns : kStalenessNs;
}

// One series through time, for a backtest.
class Replay {
 public:
  explicit Replay(const Rule& rule) : rule_(rule) {}

  // The value at `now`, if it is known.
  void step(std::optional<double> value, base::UnixNanos now, Backtest& out) {
    if (value) {
      held_ = holds(rule_, *value, held_);
      if (held_ && since_ == 0) since_ = now;
      if (held_) last_held_ = now;
      if (!held_) since_ = 0;
    }
    if (!firing_ && held_ && now - since_ >= rule_.for_ns) {
      firing_ = true;
      out.fired.push_back(now);
    } else if (firing_ && !held_ && now - last_held_ >= rule_.keep_firing_ns) {
      firing_ = false;
    }
    if (firing_) out.firing_ns += kStepNs;
  }

 private:
  const Rule& rule_;
  bool held_ = false;
  bool firing_ = false;
  base::UnixNanos since_ = 0;
  base::UnixNanos last_held_ = 0;
};

}  // namespace

std::optional<double> fold_points(const std::vector<Point>& points, Fold fold, std::int64_t over_ns,
                                  std::uint64_t samples_min) {
  std::uint64_t count = 0;
  double last = 0, sum = 0;
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const Point& point : points) {
    if (std::isnan(point.value)) continue;
    ++count;
    last = point.value;
    sum += point.value;
    low = std::min(low, point.value);
    high = std::max(high, point.value);
  }
  if (count < std::max<std::uint64_t>(samples_min, 1)) return std::nullopt;
  switch (fold) {
    case Fold::kLast:
      return last;
    case Fold::kAvg:
      return sum / static_cast<double>(count);
    case Fold::kMin:
      return low;
    case Fold::kMax:
      return high;
    case Fold::kSum:
      return sum;
    case Fold::kCount:
      return static_cast<double>(count);
    case Fold::kRate:
      return sum / (static_cast<double>(over_ns) / base::kNanosPerSecond);
  }
  return std::nullopt;
}

Finding finding_of(const Rule& rule, const store::SeriesInfo& info, double value) {
  Finding out;
  out.rule = rule.name;
  out.kind = AlertKind::kThreshold;
  out.severity = rule.severity;
  out.category = rule.category;
  out.labels = rule.labels;
  for (const auto& [name, text] : info.key.labels) out.labels[std::string(name)] = text;
  for (const auto& [name, text] : rule.annotations) {
    out.annotations[name] = expand_template(text, out.labels, value, rule.expression.threshold);
  }
  if (const auto agent = out.labels.find("agent"); agent != out.labels.end()) {
    out.agents = {agent->second};
  }
  if (const auto workflow = out.labels.find("workflow"); workflow != out.labels.end()) {
    out.workflow = workflow->second;
  }
  out.measure = rule.expression.series;
  out.unit = info.unit;
  out.value = value;
  out.threshold = rule.expression.threshold;
  out.what_to_do = rule.what_to_do;
  out.runbook_url = rule.runbook_url;
  out.for_ns = rule.for_ns;
  out.keep_firing_ns = rule.keep_firing_ns;
  return out;
}

Result<Evaluation> RuleEvaluator::evaluate(const std::vector<Rule>& rules, base::UnixNanos now) {
  Evaluation out;
  for (const Rule& rule : rules) HG_RETURN_IF_ERROR(evaluate_rule(rule, now, out));
  return out;
}

Result<void> RuleEvaluator::evaluate_rule(const Rule& rule, base::UnixNanos now, Evaluation& out) {
  const Expression& expression = rule.expression;
  HG_ASSIGN_OR_RETURN(auto found, series_.find_series(tenant_, expression.series,
                                                      expression.matchers, kSeriesPerRuleMax + 1));
  if (found.empty()) {
    out.inert[rule.name] = "no series matches " + to_string(expression);
    return {};
  }
  if (found.size() > kSeriesPerRuleMax) {
    found.resize(kSeriesPerRuleMax);
    ++out.left_out;
  }
  const store::TimeRange range{now - window_ns(expression), now + 1};
  const auto resolution =
      expression.over_ns > base::kNanosPerDay ? store::Resolution::k1m : store::Resolution::k10s;
  for (const store::SeriesInfo& info : found) {
    ++out.series;
    HG_ASSIGN_OR_RETURN(const auto points, series_.read(tenant_, info.key.id(), resolution, range));
    const std::string id = fingerprint(identity(rule, info));
    const auto value =
        fold_points(points, expression.fold, window_ns(expression), rule.samples_min);
    if (!value) {
      if (held_.contains(id)) out.unknown.insert(id);
      continue;
    }
    if (holds(rule, *value, held_.contains(id))) {
      held_.insert(id);
      out.holding.push_back(finding_of(rule, info, *value));
    } else {
      held_.erase(id);
    }
  }
  return {};
}

Result<Backtest> backtest(const Rule& rule, store::TenantId tenant, store::SeriesStore& series,
                          store::TimeRange range) {
  const Expression& expression = rule.expression;
  HG_ASSIGN_OR_RETURN(const auto found, series.find_series(tenant, expression.series,
                                                           expression.matchers, kSeriesPerRuleMax));
  Backtest out;
  std::size_t most = 0;
  const std::int64_t window = std::max(window_ns(expression), kStepNs);
  for (const store::SeriesInfo& info : found) {
    ++out.series;
    HG_ASSIGN_OR_RETURN(const auto points,
                        series.read(tenant, info.key.id(), store::Resolution::k1m,
                                    {range.begin - window, range.end}));
    Backtest one;
    Replay replay(rule);
    std::size_t begin = 0, end = 0;
    for (base::UnixNanos now = range.begin; now < range.end; now += kStepNs) {
      while (end < points.size() && points[end].time <= now) ++end;
      while (begin < end && points[begin].time <= now - window) ++begin;
      const std::vector<Point> inside(points.begin() + static_cast<std::ptrdiff_t>(begin),
                                      points.begin() + static_cast<std::ptrdiff_t>(end));
      replay.step(fold_points(inside, expression.fold, window, 1), now, one);
    }
    if (one.fired.size() > most || out.example.empty()) {
      most = one.fired.size();
      out.example = points;
    }
    out.fired.insert(out.fired.end(), one.fired.begin(), one.fired.end());
    out.firing_ns += one.firing_ns;
  }
  std::sort(out.fired.begin(), out.fired.end());
  return out;
}

}  // namespace honeyguide::alerts
