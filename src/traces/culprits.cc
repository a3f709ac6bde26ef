#include "traces/culprits.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace honeyguide::traces {
namespace {

// A moved label whose callee has at least this share of its suspicion yields to it.
constexpr double kYieldShare = 0.7;
constexpr double kYieldFactor = 0.5;
constexpr double kSuspicionMin = 0.15;
// A trace's own time of a label counts as slow from this many times the usual.
constexpr double kSlowTimes = 3;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// How far `after` lies from `before`, in robust deviations of `before`.
double deviations(const std::vector<double>& before, const std::vector<double>& after) {
  if (before.size() < kSideMin || after.size() < kSideMin) return 0;
  const double center = median(before);
  std::vector<double> distances;
  for (const double value : before) distances.push_back(std::abs(value - center));
  // The floor keeps a constant series from making a hair's breadth infinite.
  const double scale = std::max(1.4826 * median(distances), 0.01 * std::abs(center) + 1e-9);
  return (median(after) - center) / scale;
}

std::string number(double value) {
  const double rounded = std::round(value * 100) / 100;
  std::string text = std::to_string(rounded);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

struct Suspect {
  std::vector<double> own_before;  // own time per trace, ms
  std::vector<double> own_after;
  double moved = 0;  // deviations, the largest
  base::UnixNanos first_sign = INT64_MAX;
  std::int64_t bad_with = 0;   // bad traces in which it errs or is slow
  std::int64_t good_with = 0;  // good ones
  base::TraceId exemplar;
  std::set<std::string> callees;
  double suspicion = 0;
  std::vector<std::pair<double, std::string>> evidence;  // weight, sentence
};

// What one trace says of each label.
struct TraceSigns {
  std::map<std::string, double> own_ms;
  std::map<std::string, base::UnixNanos> errors;  // origin of an error: when it ended
};

class Ranking {
 public:
  Ranking(const Incident& incident, const LabelOf& label_of)
      : incident_(incident), label_of_(label_of) {}

  void add(const std::vector<IncidentTrace>& traces) {
    std::vector<TraceSigns> signs;
    for (const IncidentTrace& trace : traces) signs.push_back(read(*trace.tree));
    std::map<std::string, double> usual;
    for (auto& [label, suspect] : suspects_) usual[label] = median(suspect.own_before);
    for (std::size_t i = 0; i < traces.size(); ++i) count(traces[i], signs[i], usual);
    for (const IncidentTrace& trace : traces) bad_traces_ += trace.bad;
    for (auto& [label, suspect] : suspects_) {
      const double moved = deviations(suspect.own_before, suspect.own_after);
      if (moved < kMovedDeviations) continue;
      suspect.moved = std::max(suspect.moved, moved);
      suspect.evidence.emplace_back(moved, "its own time a trace went from " +
                                               number(median(suspect.own_before)) + " to " +
                                               number(median(suspect.own_after)) + " ms");
    }
  }

  void add(const LabelSeries& series) {
    if (!incident_.kind.empty() && series.kind != incident_.kind) return;
    std::vector<double> before;
    std::vector<double> after;
    for (const auto& [time, value] : series.points) {
      if (!std::isfinite(value)) continue;
      (time < incident_.onset ? before : after).push_back(value);
    }
    const double moved = std::abs(deviations(before, after));
    Suspect& suspect = suspects_[series.label];
    if (moved < kMovedDeviations) return;
    suspect.moved = std::max(suspect.moved, moved);
    note_first_sign(suspect, series, before);
    suspect.evidence.emplace_back(moved, series.kind + " went from " + number(median(before)) +
                                             " to " + number(median(after)));
  }

  std::vector<Culprit> result() {
    for (auto& [label, suspect] : suspects_) judge(suspect);
    yield_to_callees();
    std::vector<std::pair<std::string, const Suspect*>> order;
    for (const auto& [label, suspect] : suspects_) {
      if (suspect.suspicion >= kSuspicionMin) order.emplace_back(label, &suspect);
    }
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      if (a.second->suspicion != b.second->suspicion) {
        return a.second->suspicion > b.second->suspicion;
      }
      return a.second->first_sign < b.second->first_sign;
    });
    std::vector<Culprit> out;
    for (const auto& [label, suspect] : order) {
      if (out.size() >= kCulpritsMax) break;
      Culprit culprit{label, suspect->suspicion, {}, suspect->exemplar};
      auto evidence = suspect->evidence;
      std::stable_sort(evidence.begin(), evidence.end(),
                       [](const auto& a, const auto& b) { return a.first > b.first; });
      for (auto& [weight, sentence] : evidence) culprit.evidence.push_back(std::move(sentence));
      out.push_back(std::move(culprit));
    }
    return out;
  }

 private:
  std::string label_at(const TraceTree& tree, int span) const { return label_of_(tree, span); }

  TraceSigns read(const TraceTree& tree) {
    TraceSigns signs;
    if (tree.empty()) return signs;
    const auto own = self_times_ns(tree);
    const auto& spans = tree.spans();
    std::vector<bool> failing_child(spans.size(), false);
    for (std::size_t i = spans.size(); i-- > 0;) {
      const TreeSpan& span = spans[i];
      if (span.span == nullptr) continue;
      const std::string label = label_at(tree, static_cast<int>(i));
      if (label.empty()) continue;
      signs.own_ms[label] += static_cast<double>(own[i]) / 1e6;
      if (span.parent >= 0) {
        const std::string caller = label_at(tree, span.parent);
        if (!caller.empty() && caller != label) suspects_[caller].callees.insert(label);
      }
      if (span.span->status != telemetry::StatusCode::kError) continue;
      if (span.parent >= 0) failing_child[static_cast<std::size_t>(span.parent)] = true;
      if (!failing_child[i]) signs.errors.emplace(label, span.end);
    }
    const bool after = tree.root().start >= incident_.onset;
    for (const auto& [label, ms] : signs.own_ms) {
      Suspect& suspect = suspects_[label];
      (after ? suspect.own_after : suspect.own_before).push_back(ms);
    }
    return signs;
  }

  void count(const IncidentTrace& trace, const TraceSigns& signs,
             const std::map<std::string, double>& usual) {
    for (const auto& [label, ms] : signs.own_ms) {
      const auto error = signs.errors.find(label);
      const auto known = usual.find(label);
      const bool slow =
          known != usual.end() && known->second > 0 && ms > kSlowTimes * known->second;
      if (error == signs.errors.end() && !slow) continue;
      Suspect& suspect = suspects_[label];
      ++(trace.bad ? suspect.bad_with : suspect.good_with);
      if (!trace.bad) continue;
      const base::UnixNanos sign =
          error != signs.errors.end() ? error->second : trace.tree->root().start;
      suspect.first_sign = std::min(suspect.first_sign, sign);
      for (const TreeSpan& span : trace.tree->spans()) {
        if (span.span != nullptr) suspect.exemplar = span.span->trace_id;
      }
    }
  }

  void note_first_sign(Suspect& suspect, const LabelSeries& series,
                       const std::vector<double>& before) const {
    const double center = median(before);
    std::vector<double> distances;
    for (const double value : before) distances.push_back(std::abs(value - center));
    const double scale = std::max(1.4826 * median(distances), 0.01 * std::abs(center) + 1e-9);
    for (const auto& [time, value] : series.points) {
      if (time < incident_.onset || std::abs(value - center) < kMovedDeviations * scale) continue;
      suspect.first_sign = std::min(suspect.first_sign, time);
      return;
    }
  }

  void judge(Suspect& suspect) const {
    // Ochiai: 1 if it shows in every bad trace and in no good one.
    const std::int64_t with = suspect.bad_with + suspect.good_with;
    double spectrum = 0;
    if (with > 0 && bad_traces_ > 0) {
      spectrum = static_cast<double>(suspect.bad_with) /
                 std::sqrt(static_cast<double>(bad_traces_) * static_cast<double>(with));
      if (suspect.bad_with > 0) {
        suspect.evidence.emplace_back(spectrum * 100,
                                      "its own errors or slowness are in " +
                                          std::to_string(suspect.bad_with) + " of " +
                                          std::to_string(bad_traces_) + " bad traces and in " +
                                          std::to_string(suspect.good_with) + " good ones");
      }
    }
    const double moved =
        suspect.moved < kMovedDeviations ? 0 : suspect.moved / (suspect.moved + kMovedDeviations);
    suspect.suspicion = bad_traces_ > 0 ? 0.5 * moved + 0.5 * spectrum : moved;
  }

  // A caller waits for whom it calls: the callee that is as suspicious is the nearer cause.
  void yield_to_callees() {
    std::map<std::string, double> judged;
    for (const auto& [label, suspect] : suspects_) judged[label] = suspect.suspicion;
    for (auto& [label, suspect] : suspects_) {
      const bool yields =
          std::any_of(suspect.callees.begin(), suspect.callees.end(), [&](const auto& callee) {
            return judged[callee] >= kSuspicionMin &&
                   judged[callee] >= kYieldShare * suspect.suspicion;
          });
      if (yields) suspect.suspicion *= kYieldFactor;
    }
  }

  const Incident& incident_;
  const LabelOf& label_of_;
  std::map<std::string, Suspect> suspects_;
  std::int64_t bad_traces_ = 0;
};

}  // namespace

std::vector<Culprit> rank_culprits(const Incident& incident,
                                   const std::vector<IncidentTrace>& traces,
                                   const LabelOf& label_of,
                                   const std::vector<LabelSeries>& series) {
  Ranking ranking(incident, label_of);
  ranking.add(traces);
  for (const LabelSeries& one : series) ranking.add(one);
  return ranking.result();
}

}  // namespace honeyguide::traces
