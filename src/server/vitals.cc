#include "server/vitals.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>

#include <pthread.h>

#include "base/strings.h"

namespace honeyguide::server {
namespace {

using health::State;

constexpr std::int64_t kLagDegradedNs = 30 * base::kNanosPerSecond;
constexpr std::int64_t kLagUnhealthyNs = 2 * base::kNanosPerMinute;
constexpr std::int64_t kRecentNs = 5 * base::kNanosPerMinute;
constexpr double kBudgetFull = 0.9;
constexpr std::int64_t kStallNs = 10 * base::kNanosPerMinute;
constexpr std::int64_t kLoopNs = 15 * base::kNanosPerMinute;
constexpr std::int64_t kSilenceKnownNs = base::kNanosPerHour;

// Silent detectors or analytics stop being judged; beats come each round.
constexpr std::int64_t kBeatMaxNs = 60 * base::kNanosPerSecond;

std::string seconds_text(std::int64_t ns) {
  return base::format_duration_ns(ns / base::kNanosPerSecond * base::kNanosPerSecond);
}

std::optional<double> median_of(std::vector<double> values, std::size_t needed) {
  if (values.size() < needed) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::optional<double> rate_of(std::uint64_t now, std::uint64_t before, double seconds) {
  if (seconds <= 0 || now < before) return std::nullopt;
  return static_cast<double>(now - before) / seconds;
}

watch::WatchedPoint own_point(std::string name, base::UnixNanos now, double value,
                              telemetry::Labels labels = {}) {
  telemetry::SeriesKey key{std::move(name), std::move(labels)};
  key.normalise();
  return {std::move(key),
          telemetry::SeriesKind::kGauge,
          {store::bucket_start(now, store::Resolution::k10s), value}};
}

}  // namespace

base::Result<std::unique_ptr<Vitals>> Vitals::create(
    VitalsDeps deps, const std::vector<watch::ConditionSpec>& conditions) {
  HG_ASSIGN_OR_RETURN(const auto checked, watch::ConditionBook::create(conditions));
  (void)checked;
  return std::unique_ptr<Vitals>(new Vitals(std::move(deps), conditions));
}

Vitals::Vitals(VitalsDeps deps, std::vector<watch::ConditionSpec> specs)
    : deps_(std::move(deps)),
      specs_(std::move(specs)),
      components_(deps_.clock),
      sampler_(deps_.fs, deps_.clock, deps_.data_directory),
      caught_up_(deps_.clock.steady_ns()) {
  const std::pair<const char*, const char*> kComponents[] = {
      {"ingest", "the receiver hangs: restart the server and keep its log"},
      {"store", "the store hangs: look at the disk"},
      {"analytics", "analytics hang: restart the server and keep its log"},
      {"detectors", "detection hangs: restart the server and keep its log"},
      {"clock", "look at the time synchronisation of the machine"},
  };
  for (const auto& [name, advice] : kComponents) {
    const auto added = components_.add(name, kBeatMaxNs, advice);
    if (!added) deps_.log(base::LogLevel::kError, added.error().message);
  }
}

Vitals::~Vitals() {
  stop();
}

void Vitals::start() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Vitals::stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Vitals::run() {
  while (true) {
    step();
    base::MutexLock lock(mutex_);
    if (!stopping_) woken_.wait_for(mutex_, std::chrono::nanoseconds(kVitalsIntervalNs));
    if (stopping_) return;
  }
}

Vitals::Counters Vitals::count() {
  const ReceiverStats& received = deps_.receiver.stats();
  const watch::WatchStats watched = deps_.engine.watch().stats();
  Counters out;
  for (const auto& accepted : received.accepted_items) out.accepted += accepted.load();
  out.overloaded = received.overloaded_requests.load();
  out.unavailable = received.unavailable_requests.load();
  out.analysed = deps_.engine.stats().feed.spans_total;
  out.judged = watched.series.judged_total;
  out.dropped = watched.dropped_points_total;
  out.jumps = watched.clock_jumps_total;
  out.quarantined = deps_.traces.stats().quarantined_records;
  return out;
}

void Vitals::note_silence(const Counters& now, std::int64_t steady) {
  const bool came = counted_ < 0 ? now.accepted > 0 : now.accepted > counters_.accepted;
  if (!came) return;
  if (receiving_ < 0) receiving_ = steady;
  if (received_ >= 0) longest_silence_ = std::max(longest_silence_, steady - received_);
  received_ = steady;
}

void Vitals::note(Stage stage, const char* component, std::string detail, std::string advice) {
  components_.report(component, stage.state, std::move(detail), std::move(advice));
  stages_.push_back(std::move(stage));
}

void Vitals::check_receiving(const Counters& now, double seconds) {
  const std::int64_t steady = deps_.clock.steady_ns();
  const std::uint64_t put_off = counted_ < 0 ? 0 : now.overloaded - counters_.overloaded;
  const bool refusing = counted_ >= 0 && now.unavailable > counters_.unavailable;
  const auto limit = static_cast<double>(deps_.ingest_budget.limit_bytes());
  const double used = static_cast<double>(deps_.ingest_budget.used_bytes()) / std::max(1.0, limit);
  const auto rate = rate_of(now.accepted, counters_.accepted, seconds);
  Stage receive{"receive", rate, std::nullopt, static_cast<double>(now.overloaded),
                State::kHealthy};
  if (put_off > 0 || used > kBudgetFull) {
    receive.state = State::kDegraded;
    note(std::move(receive), "ingest", std::to_string(put_off) + " requests were put off",
         "more comes in than is taken: raise --memory, or send less");
  } else {
    note(std::move(receive), "ingest", "", "");
  }
  if (refusing) refused_ = steady;
  Stage store{"store", rate, std::nullopt, static_cast<double>(now.unavailable), State::kHealthy};
  if (refused_ >= 0 && steady - refused_ < kRecentNs) {
    store.state = State::kUnhealthy;
    note(std::move(store), "store", "writes were refused",
         "look at the free space and the errors of the disk; senders try again");
  } else if (now.quarantined > 0) {
    store.state = State::kDegraded;
    note(std::move(store), "store",
         std::to_string(now.quarantined) + " damaged records were put aside",
         "check the disk; `honeyguide repair` rebuilds the indexes");
  } else {
    note(std::move(store), "store", "", "");
  }
}

void Vitals::check_judging(const Counters& now, double seconds) {
  const std::int64_t steady = deps_.clock.steady_ns();
  const engine::EngineStats engine = deps_.engine.stats();
  if (engine.analysed >= engine.committed) caught_up_ = steady;
  const std::int64_t lag = steady - caught_up_;
  Stage analyse{"analyse", rate_of(now.analysed, counters_.analysed, seconds),
                static_cast<double>(lag) / base::kNanosPerMilli, 0.0, State::kHealthy};
  if (lag > kLagDegradedNs) {
    analyse.state = lag > kLagUnhealthyNs ? State::kUnhealthy : State::kDegraded;
  }
  const std::string behind = "figures are " + seconds_text(lag) + " behind";
  note(std::move(analyse), "analytics", lag > kLagDegradedNs ? behind : "",
       "the machine is too slow for this load: nothing is lost, figures come late");
  const watch::WatchStats watched = deps_.engine.watch().stats();
  const std::int64_t round = deps_.clock.now() - watched.ticked;
  const std::uint64_t dropped = counted_ < 0 ? 0 : now.dropped - counters_.dropped;
  Stage detect{"detect", rate_of(now.judged, counters_.judged, seconds),
               static_cast<double>(watched.lag_ns) / base::kNanosPerMilli,
               static_cast<double>(now.dropped), State::kHealthy};
  if (round > kBeatMaxNs) {
    detect.state = State::kUnhealthy;
    note(std::move(detect), "detectors", "no round for " + seconds_text(round),
         "restart the server and keep its log");
  } else if (dropped > 0) {
    detect.state = State::kDegraded;
    note(std::move(detect), "detectors", std::to_string(dropped) + " points were not judged",
         "too many series for this machine");
  } else {
    note(std::move(detect), "detectors", "", "");
  }
}

void Vitals::check_components(const Counters& now, double seconds) {
  stages_.clear();
  check_receiving(now, seconds);
  check_judging(now, seconds);
  const std::int64_t steady = deps_.clock.steady_ns();
  if (counted_ >= 0 && now.jumps > counters_.jumps) jumped_ = steady;
  const bool jumped = jumped_ >= 0 && steady - jumped_ < kRecentNs;
  components_.report("clock", jumped ? State::kDegraded : State::kHealthy,
                     jumped ? "the wall clock jumped" : "",
                     "look at the time synchronisation of the machine");
}

void Vitals::step() {
  const base::UnixNanos now = deps_.clock.now();
  const std::int64_t steady = deps_.clock.steady_ns();
  const Counters counters = count();
  health::ResourceSample sample;
  {
    base::MutexLock lock(mutex_);
    sample_ = sample = sampler_.sample();
    note_silence(counters, steady);
    check_components(counters, counted_ < 0 ? 0 : static_cast<double>(steady - counted_) / 1e9);
    counters_ = counters;
    counted_ = steady;
  }
  write_series(now, sample);
  write_budgets(now);
  std::vector<store::TenantId> tenants = deps_.engine.analytics().tenants();
  if (std::find(tenants.begin(), tenants.end(), kOwnTenant) == tenants.end()) {
    tenants.push_back(kOwnTenant);
  }
  for (const store::TenantId tenant : tenants) evaluate(tenant, now);
}

void Vitals::write_series(base::UnixNanos now, const health::ResourceSample& sample) {
  std::vector<watch::WatchedPoint> points;
  const auto put = [&](const char* name, std::optional<double> value) {
    if (value) points.push_back(own_point("honeyguide_system_" + std::string(name), now, *value));
  };
  put("cpu_percent", sample.cpu_percent);
  put("memory_percent", sample.tightest_memory_percent());
  put("disk_percent", sample.disk_percent);
  put("process_cpu_percent", sample.process_cpu_percent);
  if (sample.process_memory_rss_bytes) {
    put("process_memory_bytes", static_cast<double>(*sample.process_memory_rss_bytes));
  }
  put("store_bytes", static_cast<double>(deps_.traces.stats().bytes));
  const auto written = deps_.engine.write_own(kOwnTenant, std::move(points));
  if (!written) {
    deps_.log(base::LogLevel::kWarning, "own series: " + written.error().message);
    components_.report("store", State::kUnhealthy, "series cannot be written",
                       "look at the free space and the errors of the disk");
  }
}

// What is spent of each budget in its present period, as a share.
void Vitals::write_budgets(base::UnixNanos now) {
  for (const store::TenantId tenant : deps_.engine.analytics().tenants()) {
    std::vector<watch::WatchedPoint> points;
    for (const engine::Budget& budget : deps_.budgets.list(tenant)) {
      const auto spent = deps_.budgets.spent(tenant, budget, budget.period_at(now), now);
      std::optional<double> share;
      if (budget.limit_usd > 0 && spent.usd) share = *spent.usd / budget.limit_usd;
      if (budget.limit_tokens > 0 && spent.tokens) {
        share =
            std::max(share.value_or(0), *spent.tokens / static_cast<double>(budget.limit_tokens));
      }
      if (!share) continue;
      points.push_back(
          own_point("honeyguide_budget_spent_ratio", now, *share, {{"budget", budget.name}}));
    }
    if (points.empty()) continue;
    if (const auto written = deps_.engine.write_own(tenant, std::move(points)); !written) {
      deps_.log(base::LogLevel::kWarning, "budget series: " + written.error().message);
    }
  }
}

const Vitals::Baselines& Vitals::baselines(store::TenantId tenant, base::UnixNanos now) {
  Baselines& of = baselines_[tenant];
  if (of.at != 0 && now - of.at < kBaselineIntervalNs && now >= of.at) return of;
  of = {};
  of.at = now;
  const auto learn = [&](const char* name, bool lower) -> std::optional<double> {
    const telemetry::SeriesKey key{name, {}};
    const base::UnixNanos begin = now - base::kNanosPerDay - base::kNanosPerHour / 2;
    const auto points = deps_.series.read(tenant, key.id(), store::Resolution::k1m,
                                          {begin, now - base::kNanosPerHour / 4});
    if (!points) return std::nullopt;
    std::vector<double> day;
    std::vector<double> same_time;
    for (const telemetry::Point& point : *points) {
      if (std::isnan(point.value)) continue;
      if (point.time >= now - base::kNanosPerDay) day.push_back(point.value);
      if (point.time < begin + base::kNanosPerHour) same_time.push_back(point.value);
    }
    const auto usual = median_of(std::move(day), kBaselinePointsMin);
    const auto yesterday = median_of(std::move(same_time), 10);
    if (!usual || !yesterday) return usual;
    return lower ? std::min(*usual, *yesterday) : std::max(*usual, *yesterday);
  };
  of.throughput = learn("honeyguide_task_throughput_per_hour", true);
  of.cost = learn("honeyguide_cost_usd_per_hour", false);
  const auto success = learn("honeyguide_task_success_ratio", true);
  if (success) of.errors = 1 - *success;
  return of;
}

namespace {

using PutInput = std::function<void(const char*, std::optional<double>)>;

void put_work(const agents::AgentMetrics& metrics, base::UnixNanos now, const PutInput& put) {
  const auto hour = metrics.system(agents::Window::kHour, now);
  if (hour.agents == 0) return;  // nobody to ask about
  const auto recent = metrics.system(agents::Window::kFiveMinutes, now);
  const auto counts = metrics.counts({}, agents::Window::kFiveMinutes, now);
  put("agents", static_cast<double>(hour.agents));
  put("agents_active", static_cast<double>(hour.agents_active));
  put("agents_failed", static_cast<double>(hour.agents_failed));
  put("conflicts_open", static_cast<double>(hour.conflicts_open));
  put("throughput_per_hour", recent.throughput_per_hour);
  put("cost_per_hour_usd", recent.cost_per_hour_usd);
  put("ended_tasks_5m", static_cast<double>(counts.get(agents::Measure::kTasksSucceeded) +
                                            counts.get(agents::Measure::kTasksFailed)));
  put("error_ratio", recent.error_rate);
  if (hour.coordination_ms) put("coordination_s", *hour.coordination_ms / 1000);
}

void put_stuck(const agents::AgentMetrics& metrics, base::UnixNanos now, const PutInput& put) {
  const auto waits = metrics.dependencies(agents::Window::kHour, now);
  put("deadlocks", static_cast<double>(waits.deadlocks.size()));
  double loops = 0;
  for (const agents::LoopRow& row : metrics.loops()) {
    loops += !row.loop.progress && now - row.loop.end <= kLoopNs ? 1 : 0;
  }
  put("loops", loops);
  std::map<std::string, base::UnixNanos> seen;
  for (const auto& report : metrics.agents(agents::Window::kDay, now)) {
    seen[report.agent] = report.last_seen;
  }
  double stalled = 0;
  for (const agents::RunRow& run : metrics.runs()) {
    if (run.end != 0 || run.agents.empty() || now - run.start > base::kNanosPerDay) continue;
    stalled += std::all_of(run.agents.begin(), run.agents.end(), [&](const std::string& agent) {
      return seen.contains(agent) && now - seen[agent] > kStallNs;
    });
  }
  put("stalled_runs", stalled);
}

}  // namespace

watch::ConditionInputs Vitals::inputs_of(store::TenantId tenant, base::UnixNanos now) {
  watch::ConditionInputs out;
  const PutInput put = [&](const char* name, std::optional<double> value) {
    if (value) out[name] = *value;
  };
  deps_.engine.analytics().read(tenant, now, [&](const agents::AgentMetrics& metrics) {
    put_work(metrics, now, put);
    put_stuck(metrics, now, put);
  });
  base::MutexLock lock(mutex_);
  const Baselines& usual = baselines(tenant, now);
  put("baseline_throughput_per_hour", usual.throughput);
  put("baseline_cost_per_hour_usd", usual.cost);
  put("baseline_error_ratio", usual.errors);
  put("cpu_percent", sample_.cpu_percent);
  put("memory_percent", sample_.tightest_memory_percent());
  put("disk_percent", sample_.disk_percent);
  const std::int64_t steady = deps_.clock.steady_ns();
  put("analytics_lag_s", static_cast<double>(steady - caught_up_) / 1e9);
  if (received_ >= 0) put("silence_s", static_cast<double>(steady - received_) / 1e9);
  // How long pauses usually are takes a while to know.
  if (receiving_ >= 0 && received_ - receiving_ > kSilenceKnownNs) {
    put("longest_silence_s", static_cast<double>(longest_silence_) / 1e9);
  }
  return out;
}

watch::ConditionBook* Vitals::book(store::TenantId tenant) {
  const auto found = books_.find(tenant);
  if (found != books_.end()) return &found->second;
  if (books_.size() >= engine::kAnalysedTenantsMax) return nullptr;
  auto made = watch::ConditionBook::create(specs_);
  watch::ConditionBook& out = books_.emplace(tenant, std::move(made).value()).first->second;
  const auto stored = deps_.state.get(store::kSharedShard, store::StateKind::kDetector,
                                      "conditions/" + std::to_string(tenant));
  if (stored && *stored) {
    out.load(**stored);
    saved_[tenant] = **stored;
  }
  return &out;
}

void Vitals::evaluate(store::TenantId tenant, base::UnixNanos now) {
  const watch::ConditionInputs inputs = inputs_of(tenant, now);
  base::MutexLock lock(mutex_);
  watch::ConditionBook* of = book(tenant);
  if (of == nullptr) return;
  of->evaluate(inputs, now);
  std::string bytes = of->save();
  if (saved_[tenant] == bytes) return;
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes.push_back(
      {store::StateKind::kDetector, "conditions/" + std::to_string(tenant), bytes});
  if (deps_.state.checkpoint(checkpoint)) saved_[tenant] = std::move(bytes);
}

health::WorkFigures Vitals::work_figures(store::TenantId tenant, base::UnixNanos now) {
  health::WorkFigures out;
  deps_.engine.analytics().read(tenant, now, [&](const agents::AgentMetrics& metrics) {
    const auto system = metrics.system(agents::Window::kHour, now);
    out.error_rate = system.error_rate;
    if (system.agents > 0 && system.throughput_per_hour) {
      out.throughput_per_hour = *system.throughput_per_hour / static_cast<double>(system.agents);
    }
    out.throughput_target_per_hour = metrics.thresholds().throughput_per_hour.target;
    out.coordination_efficiency = system.collaboration_efficiency;
    out.conflict_resolution_rate = metrics.conflicts(agents::Window::kHour, now).success_rate;
  });
  base::MutexLock lock(mutex_);
  if (watch::ConditionBook* of = book(tenant)) {
    for (const auto& status : of->status()) {
      out.active_alerts += status.state == watch::ConditionState::kFiring ? 1 : 0;
    }
  }
  return out;
}

health::HealthReport Vitals::report(store::TenantId tenant) {
  const health::WorkFigures work = work_figures(tenant, deps_.clock.now());
  const auto components = components_.snapshot();
  base::MutexLock lock(mutex_);
  return health::assess(components, sample_, work);
}

health::ResourceSample Vitals::resources() const {
  base::MutexLock lock(mutex_);
  return sample_;
}

std::vector<Stage> Vitals::stages() const {
  base::MutexLock lock(mutex_);
  return stages_;
}

std::vector<watch::ConditionStatus> Vitals::conditions(store::TenantId tenant) {
  base::MutexLock lock(mutex_);
  const watch::ConditionBook* of = book(tenant);
  return of == nullptr ? std::vector<watch::ConditionStatus>() : of->status();
}

std::string Vitals::not_ready() const {
  for (const auto& component : components_.snapshot()) {
    if (component.state != State::kUnhealthy) continue;
    if (component.name != "store" && component.name != "ingest") continue;
    return component.name + ": " + component.detail;
  }
  return "";
}

}  // namespace honeyguide::server
