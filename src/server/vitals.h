// Vitals: is the server well, and does anything critical hold? Every ten seconds it samples the
// machine, checks each component by what it did since, writes both as series, and asks the critical
// conditions of every tenant over real inputs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/log.h"
#include "base/mutex.h"
#include "engine/budget_book.h"
#include "engine/engine.h"
#include "health/components.h"
#include "health/resources.h"
#include "health/score.h"
#include "net/byte_budget.h"
#include "server/receiver.h"
#include "watch/condition.h"

namespace honeyguide::server {

inline constexpr std::int64_t kVitalsIntervalNs = 10 * base::kNanosPerSecond;
// Learned baselines are computed again that often.
inline constexpr std::int64_t kBaselineIntervalNs = 5 * base::kNanosPerMinute;
// Minutes with a value that a baseline needs; fewer: it is unknown.
inline constexpr std::size_t kBaselinePointsMin = 60;
// The server's own series belong to the tenant "default".
inline constexpr store::TenantId kOwnTenant = 0;

// Everything must outlive the object.
struct VitalsDeps {
  engine::Engine& engine;
  store::TraceStore& traces;
  store::SeriesStore& series;
  store::StateStore& state;
  const Receiver& receiver;
  const engine::BudgetBook& budgets;
  const net::ByteBudget& ingest_budget;
  base::FileSystem& fs;
  const base::Clock& clock;
  base::LogSink log;
  std::string data_directory;
};

struct Stage {
  std::string name;
  std::optional<double> rate_per_s;
  std::optional<double> lag_ms;
  std::optional<double> drops;  // since the start
  health::State state = health::State::kUnknown;
};

// Thread-safe. One thread, if started.
class Vitals {
 public:
  // kInvalidArgument for conditions that cannot be.
  static base::Result<std::unique_ptr<Vitals>> create(
      VitalsDeps deps, const std::vector<watch::ConditionSpec>& conditions);
  ~Vitals();

  void start();
  void stop();
  // One round. The thread calls it; tests do without a thread.
  void step();

  health::HealthReport report(store::TenantId tenant);
  health::ResourceSample resources() const;
  std::vector<Stage> stages() const;
  std::vector<watch::ConditionStatus> conditions(store::TenantId tenant);
  // Why requests should not be sent here now; empty: they may.
  std::string not_ready() const;

 private:
  struct Counters {
    std::uint64_t accepted = 0;
    std::uint64_t overloaded = 0;
    std::uint64_t unavailable = 0;
    std::uint64_t analysed = 0;
    std::uint64_t judged = 0;
    std::uint64_t dropped = 0;
    std::uint64_t jumps = 0;
    std::uint64_t quarantined = 0;
  };
  struct Baselines {
    base::UnixNanos at = 0;
    std::optional<double> throughput;
    std::optional<double> cost;
    std::optional<double> errors;
  };

  Vitals(VitalsDeps deps, std::vector<watch::ConditionSpec> specs);
  void run();
  Counters count();
  void note(Stage stage, const char* component, std::string detail, std::string advice)
      HG_REQUIRES(mutex_);
  void check_receiving(const Counters& now, double seconds) HG_REQUIRES(mutex_);
  void check_judging(const Counters& now, double seconds) HG_REQUIRES(mutex_);
  void check_components(const Counters& now, double seconds) HG_REQUIRES(mutex_);
  void note_silence(const Counters& now, std::int64_t steady) HG_REQUIRES(mutex_);
  void write_series(base::UnixNanos now, const health::ResourceSample& sample);
  void write_budgets(base::UnixNanos now);
  void evaluate(store::TenantId tenant, base::UnixNanos now);
  watch::ConditionInputs inputs_of(store::TenantId tenant, base::UnixNanos now);
  const Baselines& baselines(store::TenantId tenant, base::UnixNanos now) HG_REQUIRES(mutex_);
  watch::ConditionBook* book(store::TenantId tenant) HG_REQUIRES(mutex_);
  health::WorkFigures work_figures(store::TenantId tenant, base::UnixNanos now);

  const VitalsDeps deps_;
  const std::vector<watch::ConditionSpec> specs_;
  health::Components components_;

  mutable base::Mutex mutex_;
  base::CondVar woken_;
  health::ResourceSampler sampler_ HG_GUARDED_BY(mutex_);
  health::ResourceSample sample_ HG_GUARDED_BY(mutex_);
  Counters counters_ HG_GUARDED_BY(mutex_);
  std::int64_t counted_ HG_GUARDED_BY(mutex_) = -1;  // steady
  std::int64_t caught_up_ HG_GUARDED_BY(mutex_) =
      0;  // steady: analytics had all that was committed
  std::int64_t received_ HG_GUARDED_BY(mutex_) = -1;   // steady, -1: nothing yet
  std::int64_t receiving_ HG_GUARDED_BY(mutex_) = -1;  // steady: since when something comes
  std::int64_t longest_silence_ HG_GUARDED_BY(mutex_) = 0;
  std::int64_t jumped_ HG_GUARDED_BY(mutex_) = -1;   // steady of the last clock jump
  std::int64_t refused_ HG_GUARDED_BY(mutex_) = -1;  // steady of the last refused write
  std::vector<Stage> stages_ HG_GUARDED_BY(mutex_);
  std::map<store::TenantId, watch::ConditionBook> books_ HG_GUARDED_BY(mutex_);
  std::map<store::TenantId, Baselines> baselines_ HG_GUARDED_BY(mutex_);
  std::map<store::TenantId, std::string> saved_ HG_GUARDED_BY(mutex_);
  bool stopping_ HG_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace honeyguide::server
