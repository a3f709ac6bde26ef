// The state behind AgentMetrics. Internal.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agents/metrics.h"

namespace honeyguide::agents {

// The smallest (or greatest) of many instants, each of which can be taken back. Keeps the outermost
// kKept; beyond them instants are not told apart, which only matters if so many are taken back.
class Extremes {
 public:
  explicit Extremes(bool earliest) : earliest_(earliest) {}
  void add(base::UnixNanos time, std::int64_t sign);
  base::UnixNanos get() const;  // 0 if there is none
  static constexpr std::size_t kKept = 256;
  const std::map<base::UnixNanos, std::int64_t>& all() const { return times_; }
  void put(base::UnixNanos time, std::int64_t count) { times_[time] = count; }

 private:
  bool earliest_;
  std::map<base::UnixNanos, std::int64_t> times_;
};

using Interval = std::pair<base::UnixNanos, base::UnixNanos>;

struct Entity {
  History history;
  Extremes first{true};
  Extremes last{false};
  // Agents only.
  std::map<Interval, std::int64_t> busy;  // with how many invocations have it
  std::int64_t longest_busy_ns = 0;       // at least as long as each interval in `busy`
  std::int64_t closed_busy_ns = 0;        // union of the intervals that were forgotten
  std::map<std::string, std::int64_t> frameworks;
  std::map<std::string, std::int64_t> teams;
  std::map<std::string, std::int64_t> agents;    // of a workflow, with the number of its runs
  std::map<base::UnixNanos, std::int64_t> open;  // starts of invocations that have not ended

  void count_busy(const Interval& interval, std::int64_t sign);
};

// Newest first.
struct NewestFirst {
  template <typename Key>
  bool operator()(const Key& a, const Key& b) const {
    return b < a;
  }
};
using RowKey = std::pair<base::UnixNanos, std::string>;  // (start, id): unique among rows

struct AgentMetrics::State {
  State(const Conventions& conventions, const PriceTable& prices, MetricsOptions metric_options,
        RunSet::LoadTrace load_trace)
      : options(std::move(metric_options)),
        set(conventions, prices, options.set, std::move(load_trace)),
        budgets(options.budgets) {}

  // metrics_contribute.cc
  void apply(const RunFacts& run, std::int64_t sign);
  void apply_tasks(const RunFacts& run, std::int64_t sign);
  void apply_calls(const RunFacts& run, std::int64_t sign);
  void apply_edges(const RunFacts& run, std::int64_t sign);
  void apply_conflicts(const RunFacts& run, std::int64_t sign);
  void apply_run(const RunFacts& run, std::int64_t sign);
  void apply_agents(const RunFacts& run, std::int64_t sign);
  void apply_rows(const RunFacts& run, std::int64_t sign);
  void apply_trouble_rows(const RunFacts& run, std::int64_t sign);
  // Listings only, after a checkpoint was loaded: the figures are in it already.
  void restore_rows(const RunFacts& run);
  Entity& entity(EntityKey key);
  const Entity* find(const EntityKey& key) const;
  void put(const EntityKey& key, base::UnixNanos time, const Counts& counts, std::int64_t sign);
  void put_total(const EntityKey& key, const Counts& counts, std::int64_t sign);
  void seen(const EntityKey& key, base::UnixNanos time, std::int64_t sign);

  // metrics_series.cc
  std::vector<SeriesPoint> take_points(base::UnixNanos time);
  void put_budgets(base::UnixNanos from, base::UnixNanos due, std::vector<SeriesPoint>& taken);

  // metrics_reports.cc
  AgentReport agent(const std::string& name, const Entity& what, Window window, base::UnixNanos at,
                    bool details) const;
  void fill_work(AgentReport& report, const Counts& counts, double hours) const;
  void fill_together(AgentReport& report, const Counts& counts, std::int64_t busy) const;
  std::vector<NamedCounts> named(EntityKind kind, std::string_view agent, Window window,
                                 base::UnixNanos at) const;

  // Busy time of an agent within [start, end).
  std::int64_t busy_ns(const Entity& entity, base::UnixNanos start, base::UnixNanos end) const;
  void prune(base::UnixNanos now);
  double age_hours(const Entity& entity, Window window, base::UnixNanos now) const;

  MetricsOptions options;
  RunSet set;
  RunSet::OnChange on_change;
  BudgetMeter budgets;
  std::optional<base::UnixNanos> budgets_dirty;  // earliest change since the last points
  base::UnixNanos now = 0;
  std::map<EntityKey, Entity> entities;
  std::map<RowKey, RunRow, NewestFirst> run_rows;
  std::map<std::string, RowKey> run_by_id;  // run id and trace ids in hex
  std::map<std::string, std::map<RowKey, TaskRow, NewestFirst>> task_rows;  // by agent
  std::map<RowKey, LoopRow, NewestFirst> loop_rows;
  std::map<RowKey, ConflictRow, NewestFirst> conflict_rows;  // open and closed
  std::map<RowKey, WaitRow> waits;                           // open, oldest first
  std::set<std::pair<base::UnixNanos, EntityKey>> dirty;     // buckets to publish
  base::UnixNanos published_until = 0;  // start of the last bucket that was published
  bool backfill = false;
  std::int64_t overflowed = 0;
  std::int64_t late = 0;
  std::int64_t future = 0;
  std::int64_t points = 0;
  base::UnixNanos pruned_at = 0;
};

// Rings in a graph of (consumer, producer), each starting with its smallest name; at most 1,000.
std::vector<std::vector<std::string>> find_wait_cycles(
    const std::vector<std::pair<std::string, std::string>>& edges);

inline constexpr std::size_t kRowsMax = 10'000;  // loops and conflicts kept for listings

}  // namespace honeyguide::agents
