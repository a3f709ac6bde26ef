#include "tests/sim/simulation.h"

#include <algorithm>

#include "agents/metrics.h"
#include "agents/test_spans.h"

namespace honeyguide::sim {
namespace {

constexpr base::UnixNanos kStart = 1'750'000'000 * base::kNanosPerSecond;
constexpr std::uint32_t kStateShard = 9;
constexpr std::uint64_t kNever = std::uint64_t{1} << 40;

telemetry::SeriesKey series_key() {
  telemetry::SeriesKey key;
  key.name = "sim_value";
  return key;
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, int steps)
    : seed_(seed),
      steps_(steps),
      forgets_(seed % 2 == 1),
      random_(seed),
      clock_(kStart),
      fs_(seed),
      data_(seed) {
  options_.sync =
      seed % 3 == 0 ? store::segment::SyncPolicy::kCommit : store::segment::SyncPolicy::kInterval;
  if (!forgets_) {
    options_.retention.age_ns = 300 * base::kNanosPerDay;
    options_.retention.errors_age_ns = 300 * base::kNanosPerDay;
  }
  auto history = agents::test::random_history(seed, 12);
  std::set<std::pair<int, int>> seen;
  std::erase_if(history, [&](const auto& spec) {
    return !seen.insert({spec.trace, spec.id}).second;
  });
  for (std::size_t at = 0; at < history.size();) {
    const std::size_t size = std::min(history.size() - at, std::size_t{1 + below(9)});
    agent_batches_.push_back(
        agents::test::make_batch({history.begin() + static_cast<std::ptrdiff_t>(at),
                                  history.begin() + static_cast<std::ptrdiff_t>(at + size)}));
    at += size;
  }
  std::shuffle(agent_batches_.begin(), agent_batches_.end(), random_);
}

void Simulation::send(std::size_t number, bool backfill) {
  SentBatch& sent = ledger_.batch(number);
  node_->engine().append(sent.request, backfill, [this, number](base::Result<store::Ack> ack) {
    if (ack) {
      ledger_.acknowledged(number, clock_.steady_ns(),
                           options_.sync == store::segment::SyncPolicy::kCommit);
    } else {
      ++stats_.refused_batches;
    }
  });
}

void Simulation::ingest() {
  const std::uint64_t count = 1 + below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    store::AppendRequest request;
    request.batch_id = data_.batch_id();
    request.arrival = clock_.now();
    if (one_in(3) && next_agent_batch_ < agent_batches_.size()) {
      request.spans = agent_batches_[next_agent_batch_++];
    } else {
      request.tenant = static_cast<store::TenantId>(below(3));
      request.spans = data_.spans(static_cast<std::uint32_t>(1 + below(60)), 12, clock_.now());
      if (one_in(4))
        request.logs = data_.logs(static_cast<std::uint32_t>(1 + below(9)), 12, kStart);
    }
    send(ledger_.add(std::move(request)), false);
  }
  // A sender tries again what was refused, with the id of the first time.
  if (one_in(2) && ledger_.size() > 0) {
    const std::size_t number = below(ledger_.size());
    SentBatch& sent = ledger_.batch(number);
    if (!sent.acknowledged && sent.may_be_resent) {
      ledger_.sent_again(number);
      send(number, false);
    }
  }
  poll();
}

void Simulation::poll() {
  node_->traces().poll();
  note_durable();
}

void Simulation::note_durable() {
  if (fs_.stopped()) return;
  // Interval policy: what is older than an interval without failing syncs is on the disk.
  const std::int64_t until = clock_.steady_ns() - base::kNanosPerSecond;
  if (until >= syncs_fail_until_) ledger_.durable_until(until);
}

void Simulation::pass_time() {
  std::int64_t ns = static_cast<std::int64_t>(below(4000)) * base::kNanosPerMilli;
  if (one_in(6)) ns = static_cast<std::int64_t>(below(20)) * base::kNanosPerMinute;
  if (forgets_ && one_in(12)) ns = static_cast<std::int64_t>(below(30)) * base::kNanosPerHour;
  clock_.advance(ns);
  ledger_.expire(options_.retention, clock_.now());
  poll();
}

void Simulation::erase() {
  const auto traces = ledger_.traces();
  if (!forgets_ || traces.empty()) return;
  const auto [tenant, trace] = traces[below(traces.size())];
  const bool done = node_->traces().delete_trace(tenant, trace).has_value();
  ledger_.deleted(tenant, trace, done);
  ledger_.expire(options_.retention, clock_.now());  // an error may have kept others
}

void Simulation::write_series() {
  store::SeriesInfo info;
  info.key = series_key();
  if (!node_->series().register_series(0, info)) return;
  const base::UnixNanos time = store::bucket_start(
      kStart + static_cast<base::UnixNanos>(below(4000)) * base::kNanosPerSecond,
      store::Resolution::k10s);
  const auto value = static_cast<double>(below(1000));
  Written& written = points_[time];
  if (node_->series().write(0, {{info.key.id(), {time, value}}})) {
    written = {value, 0, false, true, false};
  } else {
    written.maybe = value;
    written.has_maybe = true;
  }
  if (one_in(3) && node_->series().sync()) {
    for (auto& [at, point] : points_) point.durable = true;
  }
}

void Simulation::write_state() {
  store::Checkpoint checkpoint;
  checkpoint.shard = kStateShard;
  if (epoch_ == 0) {
    const auto epoch = node_->state().acquire_epoch(kStateShard);
    if (!epoch) return;
    epoch_ = *epoch;
  }
  checkpoint.epoch = epoch_;
  const std::string id = std::to_string(below(8));
  const std::string value = std::to_string(random_());
  checkpoint.changes.push_back({store::StateKind::kAlert, id, value});
  auto& entry = entries_[id];
  entry.second = value;
  if (node_->state().checkpoint(checkpoint)) entry.first = value;
}

void Simulation::calm() {
  fs_.set_plan({});
  fs_.set_capacity_bytes(kNever);
  if (storm_) syncs_fail_until_ = clock_.steady_ns();
  storm_ = false;
}

void Simulation::change_weather() {
  calm();
  if (one_in(2)) return;
  storm_ = true;
  syncs_fail_until_ = std::numeric_limits<std::int64_t>::max();
  if (one_in(3)) {
    fs_.set_capacity_bytes(kNever - fs_.space_left() + below(40'000));
    return;
  }
  const auto chance = [&] { return one_in(2) ? static_cast<double>(below(30)) / 100 : 0; };
  fs_.set_plan({chance(), chance(), chance() / 3, chance() / 10, chance()});
}

std::string Simulation::step() {
  ++stats_.steps;
  if (one_in(9)) fs_.stop_after(below(60));
  std::string problem;
  switch (below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      ingest();
      break;
    case 5:
    case 6:
      pass_time();
      break;
    case 7:
    case 8:
      // Spans that cannot be read are missing from figures (and said so): the figures are checked,
      // so the disk gives all that is asked for here.
      fs_.set_plan({.torn_append_chance = 0.1, .failed_sync_chance = 0.1});
      (void)node_->engine().poll(below(20));
      calm();
      break;
    case 9:
      (void)node_->traces().settle_now();
      break;
    case 10:
      if (node_->traces().sync()) ledger_.durable_until(clock_.steady_ns());
      break;
    case 11:
      erase();
      break;
    case 12:
      write_series();
      break;
    case 13:
      write_state();
      break;
    case 14:
      change_weather();
      break;
    default:
      if (one_in(3)) fs_.stop_after(0);
      if (!fs_.stopped() && one_in(3)) problem = quiesce();
  }
  if (!problem.empty()) return problem;
  if (fs_.stopped() || one_in(25)) return restart(one_in(2));
  return "";
}

std::string Simulation::start() {
  epoch_ = 0;
  // A first try under faults, or one that is killed on the way, may fail and must do no harm.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (one_in(2)) continue;
    if (one_in(2)) fs_.stop_after(below(12));
    if (one_in(2)) fs_.set_plan({0.1, 0.1, 0.1, 0.05, 0.1});
    {
      const auto node = Node::start(fs_, clock_, options_);
      fs_.stop_after(0);
    }
    fs_.restart();
  }
  auto node = Node::start(fs_, clock_, options_);
  if (!node) return "the node does not start: " + node.error().to_string();
  node_ = std::move(*node);
  return "";
}

std::string Simulation::restart(bool power_cut) {
  if (!fs_.stopped() && one_in(3)) {
    calm();
    node_.reset();  // in good order, unless it is killed on the way
    if (!fs_.stopped()) ledger_.durable_until(clock_.steady_ns());
  } else {
    ++stats_.kills;
    fs_.stop_after(0);
    node_.reset();
  }
  fs_.restart();
  calm();
  if (power_cut) {
    ++stats_.power_cuts;
    fs_.crash();
    ledger_.power_lost();
    ledger_.expire(options_.retention, clock_.now());
    std::erase_if(points_, [](const auto& item) { return !item.second.durable; });
    for (auto& [time, point] : points_) point.certain = point.certain && point.durable;
  }
  if (std::string problem = start(); !problem.empty()) return problem;
  // Recovery has synced what it found.
  ledger_.durable_until(clock_.steady_ns());
  return check_all(true);
}

std::string Simulation::quiesce() {
  calm();
  clock_.advance(11 * base::kNanosPerSecond);
  ledger_.expire(options_.retention, clock_.now());
  poll();
  for (int i = 0; i < 1000; ++i) {
    const auto consumed = node_->engine().poll(1000);
    if (fs_.stopped()) return "";
    if (!consumed) return "analytics: " + consumed.error().to_string();
    if (*consumed == 0) break;
  }
  clock_.advance(11 * base::kNanosPerSecond);
  (void)node_->engine().poll(1);
  if (fs_.stopped()) return "";
  const auto settled = node_->traces().settle_now();
  if (fs_.stopped()) return "";
  if (!settled) return "settle: " + settled.error().to_string();
  ledger_.expire(options_.retention, clock_.now());
  const auto retained = node_->traces().apply_retention(options_.retention, clock_.now());
  if (fs_.stopped()) return "";
  if (!retained) return "retention: " + retained.error().to_string();
  if (node_->traces().stats().young_blocks != 0) return "something did not settle";
  if (node_->traces().stats().quarantined_records != 0) return "records are damaged";
  ledger_.expired_is_gone(options_.retention, clock_.now());
  if (std::string problem = check_all(false); !problem.empty()) return problem;
  return check_figures();
}

std::string Simulation::check_all(bool settled_fate) {
  if (auto problem = ledger_.check(node_->traces(), settled_fate); !problem.empty()) return problem;
  if (auto problem = check_queries(); !problem.empty()) return problem;
  return check_series_and_state(settled_fate);
}

std::string Simulation::check_queries() {
  const auto model = ledger_.model();
  const auto ids = [](const store::SearchResult& result) {
    std::set<std::tuple<base::UnixNanos, base::TraceId, base::SpanId>> out;
    for (const auto& hit : result.hits) out.insert({hit.start, hit.trace_id, hit.span_id});
    return out;
  };
  for (int i = 0; i < 6; ++i) {
    const auto tenant = static_cast<store::TenantId>(below(3));
    store::SpanSearch search;
    search.where = data_.predicate(3);
    search.limit = 1'000'000;
    if (one_in(3)) search.time = {kStart, clock_.now()};
    const auto found = node_->traces().search(tenant, search);
    const auto wanted = model->search(tenant, search);
    if (!found) return "no search: " + found.error().to_string();
    if (found->partial != store::Partial::kNo) return "a search is answered in part only";
    if (ids(*found) != ids(*wanted)) {
      return "a search finds " + std::to_string(found->hits.size()) + " spans, the model " +
             std::to_string(wanted->hits.size());
    }
  }
  return "";
}

std::string Simulation::check_series_and_state(bool settled_fate) {
  for (auto& [id, entry] : entries_) {
    const auto value = node_->state().get(kStateShard, store::StateKind::kAlert, id);
    if (!value) return "state: " + value.error().to_string();
    const std::string now = value->value_or("");
    if (now != entry.first && now != entry.second) return "state entry " + id + " is lost";
    if (settled_fate) entry = {now, now};
  }
  const auto points = node_->series().read(0, series_key().id(), store::Resolution::k10s, {});
  if (!points && points.error().code != base::ErrorCode::kNotFound) {
    return "series: " + points.error().to_string();
  }
  std::map<base::UnixNanos, double> there;
  for (const auto& point : points ? *points : std::vector<telemetry::Point>()) {
    there[point.time] = point.value;
  }
  for (auto& [time, written] : points_) {
    const auto found = there.find(time);
    if (found == there.end()) {
      if (written.certain) return "a point of a series is lost";
      continue;
    }
    const bool known =
        found->second == written.value || (written.has_maybe && found->second == written.maybe);
    if (written.certain && !known) return "a point of a series has a value that nobody wrote last";
    if (settled_fate) written = {found->second, 0, false, true, written.durable};
  }
  return "";
}

std::string Simulation::check_figures() {
  if (forgets_) return "";
  // What a fresh evaluation over the stored spans says, whatever the crashes on the way.
  const engine::Analytics& analytics = node_->engine().analytics();
  const auto model = ledger_.model();
  for (const store::TenantId tenant : ledger_.tenants()) {
    agents::MetricsOptions whole;
    whole.set.keep_silent_traces = true;
    agents::AgentMetrics fresh(analytics.conventions(), analytics.prices(), whole);
    (void)model->replay({}, [&](const store::CommittedBatch& batch) {
      if (batch.tenant == tenant) fresh.add(*batch.spans, batch.arrival);
      return true;
    });
    fresh.flush(clock_.now());
    std::string problem;
    node_->engine().analytics().read(tenant, clock_.now(), [&](const agents::AgentMetrics& live) {
      for (const auto kind : {agents::EntityKind::kAll, agents::EntityKind::kAgent,
                              agents::EntityKind::kTool, agents::EntityKind::kModel}) {
        std::set<agents::EntityKey> keys;
        for (const auto& key : live.entities(kind)) keys.insert(key);
        for (const auto& key : fresh.entities(kind)) keys.insert(key);
        for (const auto& key : keys) {
          const auto window = agents::Window::kSinceStart;
          if (!(live.counts(key, window, clock_.now()) ==
                fresh.counts(key, window, clock_.now()))) {
            problem = "figures of '" + key.name + "' are not those of the stored spans";
          }
        }
      }
    });
    if (!problem.empty()) return problem;
  }
  return "";
}

std::string Simulation::run() {
  if (std::string problem = start(); !problem.empty()) return problem;
  for (int i = 0; i < steps_; ++i) {
    if (std::string problem = step(); !problem.empty()) {
      return "step " + std::to_string(i) + ": " + problem;
    }
  }
  fs_.restart();
  if (std::string problem = restart(false); !problem.empty()) return "at the end: " + problem;
  if (std::string problem = quiesce(); !problem.empty()) return "at the end: " + problem;
  stats_.spans_promised = ledger_.spans_promised();
  return "";
}

}  // namespace honeyguide::sim
