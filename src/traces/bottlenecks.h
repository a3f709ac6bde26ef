// Bottlenecks: where the time of many traces goes, by a label that the caller gives each span
// ("agent", "operation", "kind"), and how two sets of traces differ.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "traces/trace_tree.h"

namespace honeyguide::traces {

// The label of a span of a tree; an empty one counts as "(other)". The virtual root's own time is
// "(waiting)": nothing that is known ran.
using LabelOf = std::function<std::string(const TraceTree& tree, int span)>;

struct LabelTime {
  std::string label;
  std::int64_t spans = 0;
  std::int64_t errors = 0;
  std::int64_t traces = 0;  // in which it lies on the critical path
  std::int64_t self_ns = 0;
  std::int64_t critical_ns = 0;
  std::int64_t detached_ns = 0;                // self time of detached work, in self_ns too
  std::vector<std::int64_t> critical_ns_each;  // per trace, ascending; at most kTracesMax
};

class Bottlenecks {
 public:
  // Beyond these, traces are counted and not looked at, and new labels fold into "(other)".
  static constexpr std::size_t kTracesMax = 100'000;
  static constexpr std::size_t kLabelsMax = 10'000;

  explicit Bottlenecks(LabelOf label_of) : label_of_(std::move(label_of)) {}

  void add(const TraceTree& tree);

  // Most critical time first, then most self time, then by label.
  std::vector<LabelTime> rows() const;
  std::int64_t traces() const { return traces_; }
  std::int64_t skipped_traces() const { return skipped_; }
  // Sum of all traces' durations; equals the sum of critical_ns over all rows.
  std::int64_t wall_ns() const { return wall_ns_; }

 private:
  LabelTime& row(const std::string& label);

  LabelOf label_of_;
  std::map<std::string, LabelTime> rows_;
  std::int64_t traces_ = 0;
  std::int64_t skipped_ = 0;
  std::int64_t wall_ns_ = 0;
};

// Linear between the two nearest of ascending values; nothing if there are none.
std::optional<double> quantile_of(const std::vector<std::int64_t>& ascending, double quantile);

struct LabelChange {
  std::string label;
  // Per trace, in nanoseconds: mean critical and self time before and after.
  double critical_before_ns = 0;
  double critical_after_ns = 0;
  double self_before_ns = 0;
  double self_after_ns = 0;
  double spans_before = 0;
  double spans_after = 0;
};

// Largest change of critical time first. A set without traces counts as all zero. For one trace
// against another put one into each.
std::vector<LabelChange> compare(const Bottlenecks& before, const Bottlenecks& after);

// Two traces, aligned by the way from the root: "a/b/c" by names, equal ways numbered in order.
struct PathChange {
  std::string path;
  std::int64_t count_before = 0;
  std::int64_t count_after = 0;
  std::int64_t duration_before_ns = 0;
  std::int64_t duration_after_ns = 0;
  std::int64_t self_before_ns = 0;
  std::int64_t self_after_ns = 0;
};
// Largest change of self time first, then by path.
std::vector<PathChange> compare_paths(const TraceTree& before, const TraceTree& after);

}  // namespace honeyguide::traces
