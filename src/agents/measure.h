// What is counted about an entity: integers that can be taken back, in sparse vectors over time.
// Quantiles come from fixed-bound sketches whose bins are counts like all others.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace honeyguide::agents {

// Additive quantities. Append only: checkpoints hold the numbers.
enum class Measure : std::uint16_t {
  kTasksSucceeded = 0,
  kTasksFailed,
  kTasksCancelled,
  kTasksRetried,
  kTasksUnknown,
  kTasksOpen,  // in totals only: open tasks have no time yet
  kInvocations,
  kInvocationErrors,
  kModelCalls,
  kModelErrors,
  kTokensInput,
  kTokensOutput,
  kTokensCached,
  kTokensReasoning,
  kCostMicroUsd,
  kUnpricedCalls,
  kToolCalls,
  kToolErrors,
  kHandoffsOut,
  kHandoffsIn,
  kHandoffErrors,
  kMessagesOut,
  kMessagesIn,
  kMessageErrors,
  kWaitNs,  // waiting for another agent, by the time the wait ended
  kWaits,
  kCommunicationNs,  // time spent on messages and hand-offs
  kConflictsOpened,
  kConflictsResolved,
  kConflictsFailed,
  kConflictsTimedOut,
  kConflictComplexityE6,  // of closed ones
  kConflictResolvedComplexityE6,
  kQualityE6,  // sum of scores
  kQualityCount,
  kRunsSucceeded,
  kRunsFailed,
  kRunsLimit,
  kRunsUnknown,
  kRunsRunning,  // in totals only
  kLoops,
  kLoopRepeats,
  kBusyNs,  // invocations' time, overlaps counted twice; utilisation uses intervals, of tasks too
  kSpans,
  kErrorSpans,
  kCount,
};

// Sketches: bin i holds values below kSketchUnitNs * 2^((i + 1) / 4). 128 bins reach 2^32 us.
enum class Sketch : std::uint16_t {
  kTaskDuration = 0,
  kRunDuration,
  kModelDuration,
  kToolDuration,
  kHandoffLatency,
  kMessageLatency,
  kWait,
  kConflictResolution,
  kCount,
};
inline constexpr std::int64_t kSketchUnitNs = 1000;
inline constexpr int kSketchBins = 128;

int sketch_bin(std::int64_t ns);
// Where Counts keeps a bin.
std::uint16_t sketch_key(Sketch sketch, int bin);
// Geometric middle of a bin, in nanoseconds.
std::int64_t sketch_value_ns(int bin);

// Sorted sparse vector from (measure or sketch bin) to an integer. Zeroes are not kept, so equal
// content means equal vectors.
class Counts {
 public:
  void add(Measure measure, std::int64_t value) {
    add_at(static_cast<std::uint16_t>(measure), value);
  }
  void add(Sketch sketch, std::int64_t ns, std::int64_t count);
  void add(const Counts& other, std::int64_t sign = 1);
  std::int64_t get(Measure measure) const { return get_at(static_cast<std::uint16_t>(measure)); }
  // Value below which `quantile` (0 to 1) of the values lie; -1 if there are none. Relative error
  // at most 9 %.
  std::int64_t quantile_ns(Sketch sketch, double quantile) const;
  std::int64_t sketch_count(Sketch sketch) const;
  std::int64_t sketch_bin_count(Sketch sketch, int bin) const {
    return get_at(sketch_key(sketch, bin));
  }
  bool empty() const { return entries_.empty(); }
  bool operator==(const Counts&) const = default;
  const std::vector<std::pair<std::uint16_t, std::int64_t>>& entries() const { return entries_; }
  void set_entries(std::vector<std::pair<std::uint16_t, std::int64_t>> entries) {
    entries_ = std::move(entries);
  }

 private:
  void add_at(std::uint16_t key, std::int64_t value);
  std::int64_t get_at(std::uint16_t key) const;

  std::vector<std::pair<std::uint16_t, std::int64_t>> entries_;
};

inline constexpr std::int64_t kFineNs = 10 * base::kNanosPerSecond;
inline constexpr std::int64_t kCoarseNs = 10 * base::kNanosPerMinute;

// Windows of every figure. A window reaches from the bucket that holds (now - length) to the one
// that holds `now`: 10 s buckets for 5 min and 1 h, 10 min buckets for 24 h.
enum class Window : std::uint8_t { kFiveMinutes = 0, kHour = 1, kDay = 2, kSinceStart = 3 };
std::int64_t window_length_ns(Window window);  // 0 for kSinceStart
std::string_view window_name(Window window);   // "5m", "1h", "24h", "total"

// One entity's counts over time.
class History {
 public:
  void add(base::UnixNanos time, const Counts& counts, std::int64_t sign);
  // Without a time: only in the total.
  void add_total(const Counts& counts, std::int64_t sign) { total_.add(counts, sign); }
  Counts window(Window window, base::UnixNanos now) const;
  const Counts& total() const { return total_; }
  // The 10 s bucket that starts at `start`, nullptr if empty.
  const Counts* fine(base::UnixNanos start) const;
  const std::map<base::UnixNanos, Counts>& fine_buckets() const { return fine_; }
  // Forgets buckets that no window reaches any more; totals stay.
  void prune(base::UnixNanos now);
  bool empty() const { return total_.empty() && fine_.empty() && coarse_.empty(); }

  void save(std::string& out) const;
  bool load(std::string_view& bytes);

 private:
  Counts total_;
  std::map<base::UnixNanos, Counts> fine_;
  std::map<base::UnixNanos, Counts> coarse_;
};

// Start of the bucket that holds `time`.
constexpr base::UnixNanos bucket_of(base::UnixNanos time, std::int64_t width_ns) {
  const std::int64_t rest = time % width_ns;
  return time - (rest < 0 ? rest + width_ns : rest);
}

}  // namespace honeyguide::agents
