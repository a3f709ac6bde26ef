// AlertService: evaluates rules and conditions of every tenant on a thread of its own, keeps their
// AlertBooks, stores what changed and hands notifications to the sender.
//
// Evaluation never waits for a receiver (the sender has queues of its own) and ingest never for an
// evaluation. One write stores alerts and outbox; only what is stored is sent.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "alerts/alert_book.h"
#include "alerts/rule_evaluator.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "engine/engine.h"
#include "store/series_store.h"
#include "store/state_store.h"

namespace honeyguide::server {

// Tenants whose rules are evaluated; beyond, a tenant has no alerts and the log says so.
inline constexpr std::size_t kAlertedTenantsMax = 1000;
// Alerts of tenant T are stored in shard kAlertShardBase + T.
inline constexpr std::uint32_t kAlertShardBase = 0x8000;
// Inert rules are reported in the log at the start and then once in this time.
inline constexpr std::int64_t kInertReportNs = base::kNanosPerHour;
// Alerts for which a trace is looked for in one evaluation; further ones wait for the next.
inline constexpr std::size_t kExemplarsPerEvaluation = 50;

// What a source says holds now.
struct SourceAnswer {
  std::vector<alerts::Finding> holding;
  std::set<std::string> unknown;  // ids of alerts that it cannot judge now
};

struct AlertServiceParts {
  engine::Engine& engine;
  store::SeriesStore& series;
  store::StateStore& state;
  const base::Clock& clock;
  base::LogSink log;
  // A tenant whose alerts reach nobody and are in no sum.
  std::optional<store::TenantId> quiet_tenant;
};

class AlertService {
 public:
  using Source = std::function<SourceAnswer(store::TenantId, base::UnixNanos now)>;
  // Hears every open alert that is not silenced with each evaluation (firing), and each that is
  // resolved (not firing). On the service's thread.
  using Listener = std::function<void(store::TenantId, const alerts::Alert&, bool firing)>;

  AlertService(alerts::AlertingConfig config, AlertServiceParts parts);
  ~AlertService();

  // Before start().
  void add_source(std::string name, Source source) {
    sources_.emplace_back(std::move(name), std::move(source));
  }
  void add_listener(Listener listener) { listeners_.push_back(std::move(listener)); }
  // Hears every alert that began to fire, was acknowledged, resolved or taken back, soon after; on
  // the thread that changed it, without our lock. Before start().
  using OnChange = std::function<void(store::TenantId, const alerts::Alert&)>;
  void set_on_change(OnChange on_change) { on_change_ = std::move(on_change); }
  // Before start(); must outlive stop(). Without one, notifications wait in the outbox.
  void set_sender(alerts::Sender& sender) { sender_ = &sender; }

  void start();
  // Stores what is left; idempotent.
  void stop();
  // One evaluation of all tenants, as the thread does it.
  void evaluate_now();

  // Runs `use` on the tenant's book and stores what it changed before it returns.
  base::Result<void> change(store::TenantId tenant,
                            const std::function<base::Result<void>(alerts::AlertBook&)>& use);
  void read(store::TenantId tenant, const std::function<void(const alerts::AlertBook&)>& use);

  // The sum over tenants.
  alerts::AlertBookStats stats();
  std::map<std::string, std::string> inert_rules(store::TenantId tenant);
  const std::vector<alerts::Rule>& rules() const { return rules_; }
  const alerts::AlertingConfig& config() const { return config_; }
  std::vector<std::string> receivers() const;
  base::UnixNanos evaluated() const { return evaluated_.load(); }
  std::int64_t evaluation_ns() const { return evaluation_ns_.load(); }

 private:
  struct Tenant {
    std::unique_ptr<alerts::AlertBook> book;
    std::unique_ptr<alerts::RuleEvaluator> evaluator;
    std::map<std::string, std::string> inert;
    base::UnixNanos inert_reported = 0;
    std::vector<alerts::Alert> resolved;  // since the last evaluation
    std::vector<alerts::Alert> changed;   // not told to on_change_ yet
  };

  void run();
  Tenant* tenant(store::TenantId id) HG_REQUIRES(mutex_);
  void evaluate(store::TenantId id);
  void find_exemplars(store::TenantId id, base::UnixNanos now);
  void report_inert(store::TenantId id, Tenant& tenant, base::UnixNanos now) HG_REQUIRES(mutex_);
  base::Result<void> store(store::TenantId id, alerts::AlertBook& book) HG_REQUIRES(mutex_);
  void dispatch(store::TenantId id);
  void tell_changes(store::TenantId id);
  std::vector<std::string> upstream(store::TenantId id, const std::string& agent);
  void refresh_upstream(store::TenantId id, base::UnixNanos now);

  const alerts::AlertingConfig config_;
  const std::vector<alerts::Rule> rules_;
  AlertServiceParts parts_;
  std::vector<std::pair<std::string, Source>> sources_;
  std::vector<Listener> listeners_;
  OnChange on_change_;
  alerts::Sender* sender_ = nullptr;
  std::atomic<base::UnixNanos> evaluated_{0};
  std::atomic<std::int64_t> evaluation_ns_{0};

  base::Mutex mutex_;
  std::map<store::TenantId, Tenant> tenants_ HG_GUARDED_BY(mutex_);
  // Of each tenant: agent -> agents whose work it gets or waits for.
  std::map<store::TenantId, std::map<std::string, std::vector<std::string>>> upstream_;
  std::set<store::TenantId> refused_ HG_GUARDED_BY(mutex_);

  base::Mutex run_mutex_;
  base::CondVar wake_;
  bool stopping_ HG_GUARDED_BY(run_mutex_) = false;
  std::thread thread_;
  // What deliveries call back into; outlives them.
  struct Link;
  std::shared_ptr<Link> link_;
};

}  // namespace honeyguide::server
