// Reports of what is between agents: topology, conflicts, dependencies, listings, dashboard.
#include <algorithm>
#include <functional>

#include "agents/metrics_state.h"

namespace honeyguide::agents {
namespace {

std::optional<double> ms_of(const Counts& counts, Sketch sketch, double quantile) {
  const std::int64_t ns = counts.quantile_ns(sketch, quantile);
  if (ns < 0) return std::nullopt;
  return static_cast<double>(ns) / 1e6;
}

ConflictGroup group_of(const std::string& name, const Counts& counts) {
  ConflictGroup group;
  group.name = name;
  group.resolved = counts.get(Measure::kConflictsResolved);
  group.failed = counts.get(Measure::kConflictsFailed);
  group.timed_out = counts.get(Measure::kConflictsTimedOut);
  const std::int64_t closed = group.resolved + group.failed + group.timed_out;
  if (closed > 0) group.rate = static_cast<double>(group.resolved) / static_cast<double>(closed);
  group.p50_ms = ms_of(counts, Sketch::kConflictResolution, 0.5);
  return group;
}

}  // namespace

std::vector<std::vector<std::string>> find_wait_cycles(
    const std::vector<std::pair<std::string, std::string>>& edges) {
  std::map<std::string, std::set<std::string>> next;
  for (const auto& [consumer, producer] : edges) next[consumer].insert(producer);
  std::set<std::vector<std::string>> cycles;
  // From each node the way along waits, depth first; a node met again on the way closes a ring.
  for (const auto& [root, unused] : next) {
    std::vector<std::string> way{root};
    std::vector<std::set<std::string>::const_iterator> at{next.at(root).begin()};
    std::set<std::string> done;
    while (!way.empty() && cycles.size() < 1000) {
      const auto& targets = next.at(way.back());
      if (at.back() == targets.end()) {
        done.insert(way.back());
        way.pop_back();
        at.pop_back();
        continue;
      }
      const std::string target = *at.back()++;
      const auto met = std::find(way.begin(), way.end(), target);
      if (met != way.end()) {
        std::vector<std::string> ring(met, way.end());
        std::rotate(ring.begin(), std::min_element(ring.begin(), ring.end()), ring.end());
        cycles.insert(std::move(ring));
      } else if (next.contains(target) && !done.contains(target)) {
        way.push_back(target);
        at.push_back(next.at(target).begin());
      }
    }
  }
  return {cycles.begin(), cycles.end()};
}

std::vector<EdgeReport> AgentMetrics::topology(Window window, base::UnixNanos now) const {
  std::map<std::pair<std::string, std::string>, EdgeReport> edges;
  std::map<std::pair<std::string, std::string>, Counts> sums;
  const double hours =
      static_cast<double>(window_length_ns(window)) / static_cast<double>(base::kNanosPerHour);
  for (const auto& [key, what] : state_->entities) {
    if (key.kind != EntityKind::kPair) continue;
    const Counts counts = what.history.window(window, now);
    if (counts.empty()) continue;
    const std::size_t line = key.other.find('\n');
    const std::string target = key.other.substr(0, line);
    const std::string kind = line == std::string::npos ? "" : key.other.substr(line + 1);
    EdgeReport& edge = edges[{key.name, target}];
    edge.source = key.name;
    edge.target = target;
    const std::int64_t count =
        counts.get(Measure::kHandoffsOut) + counts.get(Measure::kMessagesOut);
    edge.kinds[kind] += count;
    edge.count += count;
    edge.errors += counts.get(Measure::kHandoffErrors) + counts.get(Measure::kMessageErrors);
    sums[{key.name, target}].add(counts);
  }
  // Who waits is linked to whom it waits for, also where no message ever went that way.
  for (const auto& [key, wait] : state_->waits) {
    EdgeReport& edge = edges[{wait.consumer, wait.producer}];
    edge.source = wait.consumer;
    edge.target = wait.producer;
  }
  for (auto& [pair, edge] : edges) {
    const Counts& counts = sums[pair];
    const Sketch sketch = counts.sketch_count(Sketch::kHandoffLatency) > 0
                              ? Sketch::kHandoffLatency
                              : Sketch::kMessageLatency;
    edge.latency_p50_ms = ms_of(counts, sketch, 0.5);
    edge.latency_p95_ms = ms_of(counts, sketch, 0.95);
    if (hours > 0) edge.rate_per_hour = static_cast<double>(edge.count) / hours;
    const Counts waited =
        this->counts({EntityKind::kDependency, pair.first, pair.second}, window, now);
    edge.wait_ms = waited.get(Measure::kWaitNs) / base::kNanosPerMilli;
    for (const auto& [key, wait] : state_->waits) {
      if (wait.consumer != pair.first || wait.producer != pair.second) continue;
      ++edge.waiting_now;
      if (edge.waiting_since == 0) edge.waiting_since = wait.since;
    }
  }
  std::vector<EdgeReport> reports;
  for (auto& [pair, edge] : edges) reports.push_back(std::move(edge));
  return reports;
}

ConflictReport AgentMetrics::conflicts(Window window, base::UnixNanos now) const {
  ConflictReport report;
  report.thresholds = state_->options.thresholds.conflict_resolution_rate;
  report.time_period_hours =
      static_cast<double>(window_length_ns(window)) / static_cast<double>(base::kNanosPerHour);
  const Counts counts = this->counts({EntityKind::kAll, "", ""}, window, now);
  const ConflictGroup all = group_of("", counts);
  report.resolved = all.resolved;
  report.failed = all.failed;
  report.timed_out = all.timed_out;
  report.total = all.resolved + all.failed + all.timed_out;
  report.success_rate = all.rate;
  report.status = status_of(report.thresholds, report.success_rate);
  const std::int64_t weight = counts.get(Measure::kConflictComplexityE6);
  if (weight > 0) {
    report.complexity_weighted_rate =
        static_cast<double>(counts.get(Measure::kConflictResolvedComplexityE6)) /
        static_cast<double>(weight);
  }
  report.resolution_p50_ms = ms_of(counts, Sketch::kConflictResolution, 0.5);
  report.resolution_p90_ms = ms_of(counts, Sketch::kConflictResolution, 0.9);
  const auto groups = [&](EntityKind kind, std::vector<ConflictGroup>& into) {
    for (const auto& [key, what] : state_->entities) {
      if (key.kind != kind) continue;
      ConflictGroup group = group_of(key.name, what.history.window(window, now));
      if (group.resolved + group.failed + group.timed_out > 0) into.push_back(std::move(group));
    }
  };
  groups(EntityKind::kConflictType, report.by_type);
  groups(EntityKind::kConflictMethod, report.by_method);
  groups(EntityKind::kAgent, report.by_agent);
  for (const auto& [key, row] : state_->conflict_rows) {
    ConflictRow item = row;
    const bool open = row.conflict.state == ConflictState::kOpen;
    item.age_ms = ((open ? now : row.conflict.closed) - row.conflict.opened) / base::kNanosPerMilli;
    if (open) {
      ++report.open;
      const auto age = static_cast<double>(item.age_ms);
      if (!report.oldest_open_ms || age > *report.oldest_open_ms) report.oldest_open_ms = age;
    }
    report.items.push_back(std::move(item));
  }
  std::stable_partition(report.items.begin(), report.items.end(), [](const ConflictRow& row) {
    return row.conflict.state == ConflictState::kOpen;
  });
  return report;
}

DependencyReport AgentMetrics::dependencies(Window window, base::UnixNanos now) const {
  DependencyReport report;
  std::map<std::pair<std::string, std::string>, std::int64_t> waiting;
  std::vector<std::pair<std::string, std::string>> edges;
  for (const auto& [key, wait] : state_->waits) {
    report.waiting.push_back(wait);
    if (++waiting[{wait.consumer, wait.producer}] == 1) {
      edges.emplace_back(wait.consumer, wait.producer);
    }
  }
  for (const auto& [key, what] : state_->entities) {
    if (key.kind != EntityKind::kDependency) continue;
    const Counts counts = what.history.window(window, now);
    DependencyEdge edge;
    edge.consumer = key.name;
    edge.producer = key.other;
    edge.count = counts.get(Measure::kWaits);
    edge.wait_p50_ms = ms_of(counts, Sketch::kWait, 0.5);
    edge.wait_p95_ms = ms_of(counts, Sketch::kWait, 0.95);
    const auto now_waiting = waiting.find({key.name, key.other});
    if (now_waiting != waiting.end()) {
      edge.waiting_now = now_waiting->second;
      waiting.erase(now_waiting);
    }
    if (edge.count > 0 || edge.waiting_now > 0) report.edges.push_back(std::move(edge));
  }
  for (const auto& [pair, count] : waiting) {
    report.edges.push_back({pair.first, pair.second, 0, std::nullopt, std::nullopt, count});
  }
  report.deadlocks = find_wait_cycles(edges);
  const Counts all = counts({EntityKind::kAll, "", ""}, window, now);
  report.resolution_p50_ms = ms_of(all, Sketch::kWait, 0.5);
  report.resolution_p90_ms = ms_of(all, Sketch::kWait, 0.9);
  return report;
}

std::vector<LoopRow> AgentMetrics::loops() const {
  std::vector<LoopRow> rows;
  for (const auto& [key, row] : state_->loop_rows) rows.push_back(row);
  return rows;
}

std::vector<RunRow> AgentMetrics::runs() const {
  std::vector<RunRow> rows;
  for (const auto& [key, row] : state_->run_rows) rows.push_back(row);
  return rows;
}

std::optional<RunRow> AgentMetrics::run(std::string_view id) const {
  const auto found = state_->run_by_id.find(std::string(id));
  if (found == state_->run_by_id.end()) return std::nullopt;
  const auto row = state_->run_rows.find(found->second);
  if (row == state_->run_rows.end()) return std::nullopt;
  return row->second;
}

std::vector<TaskRow> AgentMetrics::tasks() const {
  std::map<RowKey, const TaskRow*, NewestFirst> all;
  for (const auto& [agent, rows] : state_->task_rows) {
    for (const auto& [key, row] : rows) all[key] = &row;
  }
  std::vector<TaskRow> rows;
  for (const auto& [key, row] : all) rows.push_back(*row);
  return rows;
}

Dashboard AgentMetrics::dashboard(base::UnixNanos now) const {
  Dashboard dashboard;
  dashboard.timestamp = now;
  dashboard.system_health = "no_data";
  const SystemReport all = system(Window::kHour, now);
  dashboard.active_tasks = all.tasks_open;
  dashboard.active_conflicts = all.conflicts_open;
  for (const AgentReport& agent : agents(Window::kHour, now)) {
    dashboard.agent_status[agent.agent] = {agent.throughput_status, agent.tasks.open};
    dashboard.total_hourly_throughput += agent.throughput_per_hour.value_or(0);
  }
  if (dashboard.agent_status.empty()) return dashboard;
  dashboard.system_health = "healthy";
  const bool stuck =
      std::any_of(state_->loop_rows.begin(), state_->loop_rows.end(), [now](const auto& entry) {
        return !entry.second.loop.progress &&
               entry.second.loop.end > now - 5 * base::kNanosPerMinute;
      });
  if (stuck) dashboard.system_health = "stuck";
  if (all.conflicts_open > 0) dashboard.system_health = "conflicts_active";
  if (!dependencies(Window::kHour, now).deadlocks.empty()) dashboard.system_health = "deadlocked";
  return dashboard;
}

std::string AgentMetrics::strip(std::string_view agent, base::UnixNanos start, std::int64_t cell_ns,
                                int cells) const {
  const Entity* what = state_->find({EntityKind::kAgent, std::string(agent), ""});
  std::string strip;
  cell_ns = std::max(cell_ns, kFineNs);
  for (int i = 0; i < std::clamp(cells, 0, 400); ++i) {
    const base::UnixNanos from = start + i * cell_ns;
    const base::UnixNanos to = from + cell_ns;
    if (what == nullptr || what->first.get() == 0 || to <= what->first.get()) {
      strip += 'n';
      continue;
    }
    Counts counts;
    const auto& buckets = what->history.fine_buckets();
    for (auto at = buckets.lower_bound(bucket_of(from, kFineNs));
         at != buckets.end() && at->first < to; ++at) {
      counts.add(at->second);
    }
    const bool failed = counts.get(Measure::kInvocationErrors) > 0 ||
                        counts.get(Measure::kModelErrors) > 0 ||
                        counts.get(Measure::kTasksFailed) > 0;
    const bool waiting =
        std::any_of(state_->waits.begin(), state_->waits.end(), [&](const auto& entry) {
          return entry.second.consumer == agent && entry.second.since < to;
        });
    const std::int64_t busy = state_->busy_ns(*what, from, to);
    strip += failed                                                   ? 'e'
             : waiting || counts.get(Measure::kWaitNs) > busy / 2 + 1 ? 'w'
             : busy > 0                                               ? 'b'
                                                                      : 'i';
  }
  return strip;
}

}  // namespace honeyguide::agents
