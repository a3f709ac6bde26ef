// AgentMetrics: the figures of a team of agents, kept up to date as spans arrive.
//
// A run that changes is taken out of every figure and put in again as it is now: all figures are
// integers that can be taken back, so after flush() each equals what analyze() and a fresh
// evaluation over the whole set of spans would give, whatever the order of arrival.
//
//   AgentMetrics metrics(conventions, prices, options, load_trace);
//   metrics.add(batch, now);           // cheap; any number of times
//   metrics.flush(now);                // joins and evaluates what changed
//   for (auto& point : metrics.take_points(now)) series_store.write(point);
//   auto report = metrics.agent_report("planner", now);
//
// One tenant. Not thread-safe: one owner, which hands out reports (plain values).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "agents/budget.h"
#include "agents/measure.h"
#include "agents/report.h"
#include "agents/run_set.h"
#include "telemetry/series.h"

namespace honeyguide::agents {

// What an entity is: everything, or one agent, task type, workflow, pair, ... Append only.
enum class EntityKind : std::uint8_t {
  kAll = 0,    // name empty
  kAgent = 1,  // name: the agent
  kTaskType = 2,
  kWorkflow = 3,
  kPair = 4,  // name: source, other: target
  kSession = 5,
  kModel = 6,  // name: model, other: agent
  kTool = 7,   // name: tool, other: agent
  kConflictType = 8,
  kConflictMethod = 9,
  kUser = 10,
  kDependency = 11,  // name: consumer, other: producer
};

struct EntityKey {
  EntityKind kind = EntityKind::kAll;
  std::string name;
  std::string other;
  auto operator<=>(const EntityKey&) const = default;
};

struct MetricsOptions {
  RunSetOptions set;
  Thresholds thresholds;
  std::vector<BudgetRule> budgets;
  // Stands for everything that decides what spans mean: tables, prices, scope, teams, budgets. A
  // checkpoint made under other ones is not loaded.
  std::string meaning;
  std::size_t live_bytes_max = 48u << 20;  // facts of live runs; the rest is read back when needed
  std::size_t entities_max = 200'000;      // beyond, new ones fold into the name "__overflow__"
  std::size_t runs_max = 100'000;          // rows kept for listings; the oldest go first
  std::size_t tasks_per_agent_max = 200;   // newest rows kept for listings
  std::int64_t watermark_ns = 30 * base::kNanosPerSecond;  // a bucket is published that late
  std::int64_t revise_ns = base::kNanosPerHour;            // and revised until then
};

inline constexpr std::string_view kOverflowName = "__overflow__";

// One value of one series in a 10 s bucket. Full values: writing it again overwrites.
struct SeriesPoint {
  telemetry::SeriesKey key;
  telemetry::SeriesKind kind = telemetry::SeriesKind::kGauge;
  telemetry::Point point;  // time: the bucket's start
  bool first = true;       // false: revises a value that was published before
};

struct MetricsStats {
  RunSetStats runs;
  std::int64_t entities = 0;
  std::int64_t overflowed = 0;          // contributions that went to the overflow name
  std::int64_t late_spans_total = 0;    // changed a bucket too old to be revised
  std::int64_t future_spans_total = 0;  // beyond now + 5 min, clamped for bucketing only
  std::int64_t points_total = 0;
  std::int64_t state_bytes = 0;
};

class AgentMetrics {
 public:
  // `conventions` and `prices` must outlive it. `load_trace`: see RunSet::LoadTrace.
  AgentMetrics(const Conventions& conventions, const PriceTable& prices, MetricsOptions options,
               RunSet::LoadTrace load_trace = nullptr);
  ~AgentMetrics();

  // `now`: arrival time; it bounds event times of the future.
  void add(const telemetry::SpanBatch& batch, base::UnixNanos now);
  void add(const telemetry::LogBatch& logs, base::UnixNanos now);
  // While on, buckets are published however old they are: for imports and demos, whose points
  // detectors learn from and do not judge.
  void set_backfill(bool on);
  // Evaluates what changed, forgets what is old, evicts down to the limits. Call about once a
  // second and before reading.
  void flush(base::UnixNanos now);

  // Points of the buckets that became due or changed since the last call, in order of series and
  // time.
  std::vector<SeriesPoint> take_points(base::UnixNanos now);

  // Called for every change of a run during flush(): what live views and rules listen to.
  void set_on_change(RunSet::OnChange on_change);

  void set_thresholds(const Thresholds& thresholds);
  const Thresholds& thresholds() const;

  // --- Reports; all of the state at the last flush(). ---
  std::vector<AgentReport> agents(Window window, base::UnixNanos now) const;
  // Nothing if the agent is unknown.
  std::optional<AgentReport> agent_report(std::string_view agent, Window window,
                                          base::UnixNanos now) const;
  std::vector<TaskTypeReport> task_types(Window window, base::UnixNanos now) const;
  std::vector<WorkflowReport> workflows(Window window, base::UnixNanos now) const;
  std::vector<EdgeReport> topology(Window window, base::UnixNanos now) const;
  ConflictReport conflicts(Window window, base::UnixNanos now) const;
  DependencyReport dependencies(Window window, base::UnixNanos now) const;
  std::vector<LoopRow> loops() const;  // newest first
  std::vector<SessionReport> sessions(Window window, base::UnixNanos now) const;
  std::vector<RunRow> runs() const;                      // newest first
  std::optional<RunRow> run(std::string_view id) const;  // run id, workflow id or trace id in hex
  std::vector<TaskRow> tasks() const;                    // newest first
  ThroughputReport throughput(std::string_view agent, Window window, base::UnixNanos now) const;
  Dashboard dashboard(base::UnixNanos now) const;
  std::vector<BudgetReport> budgets(base::UnixNanos now) const;
  SystemReport system(Window window, base::UnixNanos now) const;

  // Counts of one entity: for whoever needs a figure that no report has.
  Counts counts(const EntityKey& key, Window window, base::UnixNanos now) const;
  std::vector<EntityKey> entities(EntityKind kind) const;
  // One letter a cell, oldest first: b busy, w waiting, i idle, e error while busy, n no data.
  // Cells are multiples of 10 s; at most 400, none older than 70 min.
  std::string strip(std::string_view agent, base::UnixNanos start, std::int64_t cell_ns,
                    int cells) const;

  // The evaluated run of a trace that is in memory, nullptr otherwise. Valid until the next call.
  const RunFacts* run_facts(const base::TraceId& trace_id) const;

  MetricsStats stats() const;

  // For checkpoints; call after flush() and take_points(). load() on a fresh object with the same
  // options; false on malformed bytes, and the object is then empty.
  void save(std::string& out) const;
  bool load(std::string_view bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace honeyguide::agents
