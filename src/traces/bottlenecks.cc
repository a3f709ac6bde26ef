#include "traces/bottlenecks.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace honeyguide::traces {
namespace {

constexpr const char* kOther = "(other)";
constexpr const char* kWaiting = "(waiting)";

double per_trace(std::int64_t value, std::int64_t traces) {
  return traces > 0 ? static_cast<double>(value) / static_cast<double>(traces) : 0;
}

void add_paths(const TraceTree& tree, bool before, std::map<std::string, PathChange>& rows) {
  const std::vector<std::int64_t> self = self_times_ns(tree);
  std::vector<std::string> paths(tree.spans().size());
  for (std::size_t i = 0; i < tree.spans().size(); ++i) {
    const TreeSpan& node = tree.spans()[i];
    if (node.span == nullptr) continue;
    if (node.parent >= 0 && !paths[node.parent].empty()) paths[i] = paths[node.parent] + "/";
    paths[i] += node.span->name;
    PathChange& row = rows[paths[i]];
    row.path = paths[i];
    (before ? row.count_before : row.count_after) += 1;
    (before ? row.duration_before_ns : row.duration_after_ns) += node.duration_ns();
    (before ? row.self_before_ns : row.self_after_ns) += self[i];
  }
}

}  // namespace

LabelTime& Bottlenecks::row(const std::string& label) {
  const auto found = rows_.find(label);
  if (found != rows_.end()) return found->second;
  const std::string name = label.empty() || rows_.size() >= kLabelsMax ? kOther : label;
  LabelTime& fresh = rows_[name];
  fresh.label = name;
  return fresh;
}

void Bottlenecks::add(const TraceTree& tree) {
  if (tree.empty()) return;
  if (static_cast<std::size_t>(traces_) >= kTracesMax) {
    ++skipped_;
    return;
  }
  ++traces_;
  wall_ns_ += tree.root().duration_ns();
  const std::vector<std::int64_t> self = self_times_ns(tree);
  std::vector<std::string> labels(tree.spans().size());
  for (std::size_t i = 0; i < tree.spans().size(); ++i) {
    const TreeSpan& node = tree.spans()[i];
    labels[i] = node.span == nullptr ? kWaiting : label_of_(tree, static_cast<int>(i));
    LabelTime& time = row(labels[i]);
    if (node.span != nullptr) ++time.spans;
    if (node.span != nullptr && node.span->status == telemetry::StatusCode::kError) ++time.errors;
    time.self_ns += self[i];
    if (node.under_detached) time.detached_ns += self[i];
  }
  std::map<std::string, std::int64_t> critical;
  for (const PathSegment& segment : critical_path(tree)) {
    critical[row(labels[segment.span]).label] += segment.end - segment.start;
  }
  for (const auto& [label, ns] : critical) {
    LabelTime& time = rows_.at(label);
    time.critical_ns += ns;
    ++time.traces;
    time.critical_ns_each.push_back(ns);
  }
}

std::vector<LabelTime> Bottlenecks::rows() const {
  std::vector<LabelTime> rows;
  for (const auto& [label, time] : rows_) {
    rows.push_back(time);
    std::sort(rows.back().critical_ns_each.begin(), rows.back().critical_ns_each.end());
  }
  std::sort(rows.begin(), rows.end(), [](const LabelTime& a, const LabelTime& b) {
    if (a.critical_ns != b.critical_ns) return a.critical_ns > b.critical_ns;
    if (a.self_ns != b.self_ns) return a.self_ns > b.self_ns;
    return a.label < b.label;
  });
  return rows;
}

std::optional<double> quantile_of(const std::vector<std::int64_t>& ascending, double quantile) {
  if (ascending.empty()) return std::nullopt;
  const double at = std::clamp(quantile, 0.0, 1.0) * static_cast<double>(ascending.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, ascending.size() - 1);
  const double share = at - static_cast<double>(low);
  return static_cast<double>(ascending[low]) * (1 - share) +
         static_cast<double>(ascending[high]) * share;
}

std::vector<LabelChange> compare(const Bottlenecks& before, const Bottlenecks& after) {
  std::map<std::string, LabelChange> changes;
  for (const LabelTime& time : before.rows()) {
    LabelChange& change = changes[time.label];
    change.critical_before_ns = per_trace(time.critical_ns, before.traces());
    change.self_before_ns = per_trace(time.self_ns, before.traces());
    change.spans_before = per_trace(time.spans, before.traces());
  }
  for (const LabelTime& time : after.rows()) {
    LabelChange& change = changes[time.label];
    change.critical_after_ns = per_trace(time.critical_ns, after.traces());
    change.self_after_ns = per_trace(time.self_ns, after.traces());
    change.spans_after = per_trace(time.spans, after.traces());
  }
  std::vector<LabelChange> rows;
  for (auto& [label, change] : changes) {
    change.label = label;
    rows.push_back(change);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const LabelChange& a, const LabelChange& b) {
    return std::abs(a.critical_after_ns - a.critical_before_ns) >
           std::abs(b.critical_after_ns - b.critical_before_ns);
  });
  return rows;
}

std::vector<PathChange> compare_paths(const TraceTree& before, const TraceTree& after) {
  std::map<std::string, PathChange> changes;
  add_paths(before, true, changes);
  add_paths(after, false, changes);
  std::vector<PathChange> rows;
  for (auto& [path, change] : changes) rows.push_back(std::move(change));
  std::stable_sort(rows.begin(), rows.end(), [](const PathChange& a, const PathChange& b) {
    return std::abs(a.self_after_ns - a.self_before_ns) >
           std::abs(b.self_after_ns - b.self_before_ns);
  });
  return rows;
}

}  // namespace honeyguide::traces
