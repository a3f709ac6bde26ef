#include "agents/metrics.h"

#include <algorithm>

#include "agents/metrics_state.h"
#include "base/bytes.h"

namespace honeyguide::agents {
namespace {

constexpr std::uint32_t kStateFormat = 2;

template <typename Rows, typename Keep>
void trim_rows(Rows& rows, std::size_t rows_max, Keep keep) {
  auto at = rows.end();
  while (rows.size() > rows_max && at != rows.begin()) {
    --at;
    if (!keep(at->second)) at = rows.erase(at);
  }
}

void put_times(std::string& out, const std::map<base::UnixNanos, std::int64_t>& times) {
  base::put_varint(out, times.size());
  for (const auto& [time, count] : times) {
    base::put_fixed(out, time);
    base::put_fixed(out, count);
  }
}

void put_names(std::string& out, const std::map<std::string, std::int64_t>& names) {
  base::put_varint(out, names.size());
  for (const auto& [name, count] : names) {
    base::put_bytes(out, name);
    base::put_fixed(out, count);
  }
}

void take_names(base::ByteReader& in, std::map<std::string, std::int64_t>& names) {
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const std::string name(in.bytes());
    names[name] = in.fixed<std::int64_t>();
  }
}

void put_entity(std::string& out, const Entity& entity) {
  std::string history;
  entity.history.save(history);
  base::put_bytes(out, history);
  put_times(out, entity.first.all());
  put_times(out, entity.last.all());
  base::put_varint(out, entity.busy.size());
  for (const auto& [interval, count] : entity.busy) {
    base::put_fixed(out, interval.first);
    base::put_fixed(out, interval.second);
    base::put_fixed(out, count);
  }
  base::put_fixed(out, entity.closed_busy_ns);
  put_names(out, entity.frameworks);
  put_names(out, entity.teams);
  put_names(out, entity.agents);
  put_times(out, entity.open);
}

bool take_entity(base::ByteReader& in, Entity& entity) {
  std::string_view history = in.bytes();
  if (!in.ok() || !entity.history.load(history)) return false;
  const auto take_extremes = [&in](Extremes& extremes) {
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      const auto time = in.fixed<base::UnixNanos>();
      extremes.put(time, in.fixed<std::int64_t>());
    }
  };
  take_extremes(entity.first);
  take_extremes(entity.last);
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const auto start = in.fixed<base::UnixNanos>();
    const auto end = in.fixed<base::UnixNanos>();
    entity.busy[{start, end}] = in.fixed<std::int64_t>();
    entity.longest_busy_ns = std::max(entity.longest_busy_ns, end - start);
  }
  entity.closed_busy_ns = in.fixed<std::int64_t>();
  take_names(in, entity.frameworks);
  take_names(in, entity.teams);
  take_names(in, entity.agents);
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const auto time = in.fixed<base::UnixNanos>();
    entity.open[time] = in.fixed<std::int64_t>();
  }
  return in.ok();
}

}  // namespace

AgentMetrics::AgentMetrics(const Conventions& conventions, const PriceTable& prices,
                           MetricsOptions options, RunSet::LoadTrace load_trace)
    : state_(std::make_unique<State>(conventions, prices, std::move(options),
                                     std::move(load_trace))) {}

AgentMetrics::~AgentMetrics() = default;

void AgentMetrics::add(const telemetry::SpanBatch& batch, base::UnixNanos now) {
  state_->now = std::max(state_->now, now);
  state_->set.add(batch);
}

void AgentMetrics::add(const telemetry::LogBatch& logs, base::UnixNanos now) {
  state_->now = std::max(state_->now, now);
  state_->set.add(logs);
}

void AgentMetrics::set_backfill(bool on) {
  state_->backfill = on;
}

void AgentMetrics::set_on_change(RunSet::OnChange on_change) {
  state_->on_change = std::move(on_change);
}

void AgentMetrics::set_thresholds(const Thresholds& thresholds) {
  state_->options.thresholds = thresholds;
}

const Thresholds& AgentMetrics::thresholds() const {
  return state_->options.thresholds;
}

void AgentMetrics::flush(base::UnixNanos now) {
  State& state = *state_;
  state.now = std::max(state.now, now);
  state.set.flush([&state](const RunFacts* before, const RunFacts* after) {
    if (before != nullptr) state.apply(*before, -1);
    if (after != nullptr) state.apply(*after, +1);
    if (state.on_change) state.on_change(before, after);
  });
  state.set.evict(state.options.live_bytes_max);
  trim_rows(state.run_rows, state.options.runs_max, [](const RunRow&) { return false; });
  trim_rows(state.loop_rows, kRowsMax, [](const LoopRow&) { return false; });
  trim_rows(state.conflict_rows, kRowsMax,
            [](const ConflictRow& row) { return row.conflict.state == ConflictState::kOpen; });
  if (state.run_by_id.size() > 4 * state.options.runs_max) {
    std::erase_if(state.run_by_id,
                  [&state](const auto& entry) { return !state.run_rows.contains(entry.second); });
  }
  if (state.dirty.empty()) state.prune(now);
}

void AgentMetrics::State::prune(base::UnixNanos time) {
  if (time - pruned_at < base::kNanosPerMinute) return;
  pruned_at = time;
  budgets.prune(time);
  const base::UnixNanos horizon = time - 25 * base::kNanosPerHour;
  for (auto& [key, entity] : entities) {
    entity.history.prune(time);
    // Intervals of the past become a plain number: they cannot be taken back any more.
    std::vector<Interval> past;
    for (auto at = entity.busy.begin(); at != entity.busy.end();) {
      if (at->first.first >= horizon) break;
      if (at->first.second < horizon) {
        past.push_back(at->first);
        at = entity.busy.erase(at);
      } else {
        ++at;
      }
    }
    entity.closed_busy_ns += union_length_ns(std::move(past));
  }
}

void Entity::count_busy(const Interval& interval, std::int64_t sign) {
  longest_busy_ns = std::max(longest_busy_ns, interval.second - interval.first);
  std::int64_t& count = busy[interval];
  count += sign;
  if (count == 0) busy.erase(interval);
}

std::int64_t AgentMetrics::State::busy_ns(const Entity& entity, base::UnixNanos start,
                                          base::UnixNanos end) const {
  std::vector<Interval> inside;
  // No interval that begins earlier reaches into the window: days of history stay out of it.
  auto at = entity.busy.lower_bound({start - entity.longest_busy_ns, 0});
  for (; at != entity.busy.end(); ++at) {
    const auto& [interval, count] = *at;
    if (interval.first >= end) break;
    if (interval.second <= start || count <= 0) continue;
    inside.emplace_back(std::max(interval.first, start), std::min(interval.second, end));
  }
  for (const auto& [since, count] : entity.open) {
    if (since < end && count > 0) inside.emplace_back(std::max(since, start), end);
  }
  return union_length_ns(std::move(inside));
}

double AgentMetrics::State::age_hours(const Entity& entity, Window window,
                                      base::UnixNanos at) const {
  const base::UnixNanos first = entity.first.get();
  std::int64_t age = first != 0 && at > first ? at - first : 0;
  if (window != Window::kSinceStart) age = std::min(age, window_length_ns(window));
  return static_cast<double>(age) / static_cast<double>(base::kNanosPerHour);
}

std::vector<SeriesPoint> AgentMetrics::take_points(base::UnixNanos now) {
  std::vector<SeriesPoint> points = state_->take_points(now);
  state_->points += static_cast<std::int64_t>(points.size());
  state_->prune(now);
  return points;
}

std::vector<BudgetReport> AgentMetrics::budgets(base::UnixNanos now) const {
  return state_->budgets.report(now);
}

const RunFacts* AgentMetrics::run_facts(const base::TraceId& trace_id) const {
  return state_->set.run_of_trace(trace_id);
}

MetricsStats AgentMetrics::stats() const {
  MetricsStats stats;
  stats.runs = state_->set.stats();
  stats.entities = static_cast<std::int64_t>(state_->entities.size());
  stats.overflowed = state_->overflowed;
  stats.late_spans_total = state_->late;
  stats.future_spans_total = state_->future;
  stats.points_total = state_->points;
  stats.state_bytes = stats.runs.live_bytes;
  return stats;
}

void AgentMetrics::save(std::string& out) const {
  const State& state = *state_;
  base::put_fixed(out, kStateFormat);
  base::put_bytes(out, state.options.meaning);
  base::put_fixed(out, state.now);
  base::put_fixed(out, state.published_until);
  base::put_fixed(out, state.overflowed);
  base::put_fixed(out, state.late);
  base::put_fixed(out, state.future);
  base::put_fixed(out, state.points);
  base::put_varint(out, state.entities.size());
  for (const auto& [key, entity] : state.entities) {
    base::put_fixed(out, key.kind);
    base::put_bytes(out, key.name);
    base::put_bytes(out, key.other);
    put_entity(out, entity);
  }
  std::string runs;
  state.set.save(runs);
  base::put_bytes(out, runs);
  std::string budgets;
  state.budgets.save(budgets);
  base::put_bytes(out, budgets);
}

bool AgentMetrics::load(std::string_view bytes) {
  State& state = *state_;
  base::ByteReader in(bytes);
  if (in.fixed<std::uint32_t>() != kStateFormat) return false;
  if (in.bytes() != state.options.meaning) return false;
  state.now = in.fixed<base::UnixNanos>();
  state.published_until = in.fixed<base::UnixNanos>();
  state.overflowed = in.fixed<std::int64_t>();
  state.late = in.fixed<std::int64_t>();
  state.future = in.fixed<std::int64_t>();
  state.points = in.fixed<std::int64_t>();
  bool ok = true;
  for (std::uint64_t left = in.varint(); left > 0 && ok && in.ok(); --left) {
    EntityKey key;
    key.kind = in.fixed<EntityKind>();
    key.name = in.bytes();
    key.other = in.bytes();
    ok = take_entity(in, state.entities[key]);
  }
  std::string_view runs = in.bytes();
  ok = ok && in.ok() && state.set.load(runs) && state.budgets.load(in.bytes());
  if (!ok) {
    state.entities.clear();
    return false;
  }
  // Rows of the runs that are held; those of evicted runs come back with the runs.
  for (const RunFacts* run : state.set.runs()) state.restore_rows(*run);
  return true;
}

}  // namespace honeyguide::agents
