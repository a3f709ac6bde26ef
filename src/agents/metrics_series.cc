// Series: what is written every 10 s for charts, detectors and rules.
#include <algorithm>

#include "agents/metrics_state.h"

namespace honeyguide::agents {
namespace {

using telemetry::Labels;
using telemetry::SeriesKind;

constexpr std::int64_t kGaugeWindowNs = 5 * base::kNanosPerMinute;

struct CounterRow {
  const char* name;   // after the entity's prefix
  const char* label;  // of a second label, may be nullptr
  const char* value;
  Measure measure;
  double scale;
};

constexpr CounterRow kCounters[] = {
    {"tasks_total", "status", "succeeded", Measure::kTasksSucceeded, 1},
    {"tasks_total", "status", "failed", Measure::kTasksFailed, 1},
    {"tasks_total", "status", "cancelled", Measure::kTasksCancelled, 1},
    {"tasks_total", "status", "retried", Measure::kTasksRetried, 1},
    {"llm_calls_total", nullptr, nullptr, Measure::kModelCalls, 1},
    {"llm_errors_total", nullptr, nullptr, Measure::kModelErrors, 1},
    {"tokens_total", "type", "input", Measure::kTokensInput, 1},
    {"tokens_total", "type", "output", Measure::kTokensOutput, 1},
    {"cost_usd_total", nullptr, nullptr, Measure::kCostMicroUsd, 1e-6},
    {"tool_calls_total", nullptr, nullptr, Measure::kToolCalls, 1},
    {"tool_errors_total", nullptr, nullptr, Measure::kToolErrors, 1},
    {"handoffs_total", nullptr, nullptr, Measure::kHandoffsOut, 1},
    {"messages_total", nullptr, nullptr, Measure::kMessagesOut, 1},
    {"waiting_seconds_total", nullptr, nullptr, Measure::kWaitNs, 1e-9},
    {"conflicts_total", "state", "opened", Measure::kConflictsOpened, 1},
    {"conflicts_total", "state", "resolved", Measure::kConflictsResolved, 1},
    {"conflicts_total", "state", "failed", Measure::kConflictsFailed, 1},
    {"conflicts_total", "state", "timed_out", Measure::kConflictsTimedOut, 1},
    {"runs_total", "outcome", "success", Measure::kRunsSucceeded, 1},
    {"runs_total", "outcome", "failed", Measure::kRunsFailed, 1},
    {"runs_total", "outcome", "limit", Measure::kRunsLimit, 1},
    {"loops_total", nullptr, nullptr, Measure::kLoops, 1},
    {"loop_repeats_total", nullptr, nullptr, Measure::kLoopRepeats, 1},
};

// Prefix of the names and the labels of an entity.
std::string prefix_of(const EntityKey& key, Labels& labels) {
  switch (key.kind) {
    case EntityKind::kAgent:
      labels.emplace_back("agent", key.name);
      return "honeyguide_agent_";
    case EntityKind::kWorkflow:
      labels.emplace_back("workflow", key.name);
      return "honeyguide_workflow_";
    case EntityKind::kTaskType:
      labels.emplace_back("task_type", key.name);
      return "honeyguide_task_type_";
    case EntityKind::kPair: {
      const std::size_t line = key.other.find('\n');
      labels.emplace_back("source", key.name);
      labels.emplace_back("target", key.other.substr(0, line));
      if (line != std::string::npos) labels.emplace_back("kind", key.other.substr(line + 1));
      return "honeyguide_pair_";
    }
    default:
      return "honeyguide_";
  }
}

bool has_series(EntityKind kind) {
  return kind == EntityKind::kAll || kind == EntityKind::kAgent || kind == EntityKind::kWorkflow ||
         kind == EntityKind::kPair || kind == EntityKind::kTaskType;
}

class Publisher {
 public:
  Publisher(const EntityKey& key, base::UnixNanos bucket, bool first,
            std::vector<SeriesPoint>& points)
      : bucket_(bucket), first_(first), points_(points) {
    prefix_ = prefix_of(key, labels_);
  }

  void put(std::string_view name, SeriesKind kind, double value, const char* label = nullptr,
           const char* label_value = nullptr) {
    SeriesPoint point;
    point.key.name = prefix_ + std::string(name);
    point.key.labels = labels_;
    if (label != nullptr) point.key.labels.emplace_back(label, label_value);
    point.key.normalise();
    point.kind = kind;
    point.point = {bucket_, value};
    point.first = first_;
    points_.push_back(std::move(point));
  }

 private:
  base::UnixNanos bucket_;
  bool first_;
  std::vector<SeriesPoint>& points_;
  Labels labels_;
  std::string prefix_;
};

void put_counters(const Counts& counts, Publisher& publisher) {
  for (const CounterRow& row : kCounters) {
    const std::int64_t value = counts.get(row.measure);
    if (value == 0) continue;
    publisher.put(row.name, SeriesKind::kCounter, static_cast<double>(value) * row.scale, row.label,
                  row.value);
  }
}

// Figures of the five minutes that end with the bucket.
void put_gauges(const EntityKey& key, const Counts& counts, Publisher& publisher) {
  const auto ok = counts.get(Measure::kTasksSucceeded);
  const auto failed = counts.get(Measure::kTasksFailed);
  const double hours =
      static_cast<double>(kGaugeWindowNs) / static_cast<double>(base::kNanosPerHour);
  if (key.kind != EntityKind::kPair && key.kind != EntityKind::kWorkflow) {
    publisher.put("task_throughput_per_hour", SeriesKind::kGauge, static_cast<double>(ok) / hours);
    if (ok + failed > 0) {
      publisher.put("task_success_ratio", SeriesKind::kRatio,
                    static_cast<double>(ok) / static_cast<double>(ok + failed));
    }
    const auto settled = counts.get(Measure::kConflictsResolved);
    const auto ended =
        settled + counts.get(Measure::kConflictsFailed) + counts.get(Measure::kConflictsTimedOut);
    if (ended > 0) {
      publisher.put("conflict_resolution_ratio", SeriesKind::kRatio,
                    static_cast<double>(settled) / static_cast<double>(ended));
    }
    const std::int64_t p90 = counts.quantile_ns(Sketch::kTaskDuration, 0.9);
    if (p90 >= 0) {
      publisher.put("task_duration_seconds", SeriesKind::kGauge, static_cast<double>(p90) / 1e9,
                    "quantile", "0.9");
    }
    const std::int64_t scores = counts.get(Measure::kQualityCount);
    if (scores > 0) {
      publisher.put(
          "quality_score", SeriesKind::kGauge,
          static_cast<double>(counts.get(Measure::kQualityE6)) / 1e6 / static_cast<double>(scores));
    }
  }
  if (key.kind == EntityKind::kPair) {
    const std::int64_t p95 = counts.quantile_ns(Sketch::kHandoffLatency, 0.95);
    const std::int64_t message = counts.quantile_ns(Sketch::kMessageLatency, 0.95);
    const std::int64_t latency = std::max(p95, message);
    if (latency >= 0) {
      publisher.put("latency_seconds", SeriesKind::kGauge, static_cast<double>(latency) / 1e9,
                    "quantile", "0.95");
    }
    return;
  }
  const std::int64_t run = counts.quantile_ns(Sketch::kRunDuration, 0.9);
  if (run >= 0 && key.kind == EntityKind::kWorkflow) {
    publisher.put("run_duration_seconds", SeriesKind::kGauge, static_cast<double>(run) / 1e9,
                  "quantile", "0.9");
  }
  const std::int64_t cost = counts.get(Measure::kCostMicroUsd);
  const std::int64_t tokens =
      counts.get(Measure::kTokensInput) + counts.get(Measure::kTokensOutput);
  publisher.put("cost_usd_per_hour", SeriesKind::kGauge, static_cast<double>(cost) / 1e6 / hours);
  publisher.put("tokens_per_hour", SeriesKind::kGauge, static_cast<double>(tokens) / hours);
  const std::int64_t calls = counts.get(Measure::kModelCalls) + counts.get(Measure::kToolCalls);
  if (calls > 0) {
    const std::int64_t errors =
        counts.get(Measure::kModelErrors) + counts.get(Measure::kToolErrors);
    publisher.put("call_error_ratio", SeriesKind::kRatio,
                  static_cast<double>(errors) / static_cast<double>(calls));
  }
}

// Counts of the buckets in (bucket - 5 min, bucket].
Counts gauge_counts(const History& history, base::UnixNanos bucket) {
  Counts sum;
  const auto& buckets = history.fine_buckets();
  for (auto at = buckets.upper_bound(bucket - kGaugeWindowNs);
       at != buckets.end() && at->first <= bucket; ++at) {
    sum.add(at->second);
  }
  return sum;
}

}  // namespace

// One value of each budget per bucket in [from, due]; buckets that a late call changed once more.
void AgentMetrics::State::put_budgets(base::UnixNanos from, base::UnixNanos due,
                                      std::vector<SeriesPoint>& taken) {
  if (budgets.empty()) return;
  const base::UnixNanos fresh = from;
  if (budgets_dirty) {
    from = std::min(from, bucket_of(std::max(*budgets_dirty, due - options.revise_ns), kFineNs));
  }
  if (budgets_dirty && *budgets_dirty < due + kFineNs) budgets_dirty.reset();
  for (base::UnixNanos bucket = from; bucket <= due; bucket += kFineNs) {
    for (const BudgetReport& report : budgets.report(bucket + kFineNs - 1)) {
      const auto put = [&](const char* name, double value) {
        SeriesPoint point;
        point.key.name = std::string("honeyguide_budget_") + name;
        point.key.labels = {{"budget", report.rule.name}};
        point.kind = SeriesKind::kGauge;
        point.point = {bucket, value};
        point.first = bucket >= fresh;
        taken.push_back(std::move(point));
      };
      put("spent_usd", static_cast<double>(report.spent_micro_usd) / 1e6);
      put("spent_tokens", static_cast<double>(report.spent_tokens));
      put("used_ratio", report.used_ratio);
    }
  }
}

std::vector<SeriesPoint> AgentMetrics::State::take_points(base::UnixNanos time) {
  std::vector<SeriesPoint> taken;
  const base::UnixNanos due = bucket_of(time - options.watermark_ns, kFineNs) - kFineNs;
  const base::UnixNanos until_before = published_until;
  const auto publish = [&](const EntityKey& key, const Entity& what, base::UnixNanos bucket,
                           bool with_counters, bool first) {
    const Counts gauges = gauge_counts(what.history, bucket);
    const Counts* counters = what.history.fine(bucket);
    Publisher publisher(key, bucket, first, taken);
    if (counters != nullptr && with_counters) put_counters(*counters, publisher);
    if (gauges.empty() && first) return;
    put_gauges(key, gauges, publisher);
    if (key.kind != EntityKind::kAgent) return;
    const std::int64_t busy = busy_ns(what, bucket, bucket + kFineNs);
    publisher.put("utilization_ratio", SeriesKind::kRatio,
                  static_cast<double>(busy) / static_cast<double>(kFineNs));
  };
  // Buckets that became due: every entity that did something in the window before them.
  const base::UnixNanos oldest = due - options.revise_ns;
  base::UnixNanos from = published_until == 0 ? due : published_until + kFineNs;
  from = std::max(from, oldest);
  for (base::UnixNanos bucket = from; bucket <= due; bucket += kFineNs) {
    for (const auto& [key, what] : entities) {
      if (has_series(key.kind)) publish(key, what, bucket, true, true);
    }
  }
  put_budgets(from, due, taken);
  published_until = std::max(published_until, due);
  // Buckets that changed after they were published, and the windows that reach back to them.
  std::set<std::pair<base::UnixNanos, EntityKey>> gauges;
  for (auto at = dirty.begin(); at != dirty.end();) {
    const auto& [bucket, key] = *at;
    if (bucket > due) break;
    const Entity* what = find(key);
    const bool old = bucket <= until_before || bucket < from;
    if (what != nullptr && old) {
      publish(key, *what, bucket, true, false);
      const base::UnixNanos last = std::min(bucket + kGaugeWindowNs - kFineNs, until_before);
      for (base::UnixNanos next = bucket + kFineNs; next <= last && !backfill; next += kFineNs) {
        gauges.emplace(next, key);
      }
    }
    at = dirty.erase(at);
  }
  for (const auto& [bucket, key] : gauges) publish(key, *find(key), bucket, false, false);
  return taken;
}

}  // namespace honeyguide::agents
