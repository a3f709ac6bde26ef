#include "server/alert_service.h"

#include <utility>

#include "engine/exemplar.h"

namespace honeyguide::server {
namespace {

using alerts::Alert;
using alerts::AlertBook;
using base::Result;

}  // namespace

// Deliveries end on threads of the sender, maybe after the service is gone.
struct AlertService::Link {
  base::Mutex mutex;
  AlertService* service HG_GUARDED_BY(mutex) = nullptr;
};

AlertService::AlertService(alerts::AlertingConfig config, AlertServiceParts parts)
    : config_(std::move(config)),
      rules_(alerts::rules_in_force(config_)),
      parts_(std::move(parts)),
      link_(std::make_shared<Link>()) {
  base::MutexLock lock(link_->mutex);
  link_->service = this;
}

AlertService::~AlertService() {
  stop();
  base::MutexLock lock(link_->mutex);
  link_->service = nullptr;
}

void AlertService::start() {
  thread_ = std::thread([this] { run(); });
}

void AlertService::stop() {
  {
    base::MutexLock lock(run_mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  base::MutexLock lock(mutex_);
  for (auto& [id, owner] : tenants_) (void)store(id, *owner.book);
}

void AlertService::run() {
  for (;;) {
    const std::int64_t begin = parts_.clock.steady_ns();
    evaluate_now();
    evaluation_ns_ = parts_.clock.steady_ns() - begin;
    base::MutexLock lock(run_mutex_);
    if (stopping_) return;
    wake_.wait_for(run_mutex_, std::chrono::nanoseconds(config_.evaluation_interval_ns));
    if (stopping_) return;
  }
}

void AlertService::evaluate_now() {
  std::set<store::TenantId> ids;
  for (const store::TenantId id : parts_.engine.analytics().tenants()) ids.insert(id);
  ids.insert(0);  // the default tenant has alerts of its own: of the machine, of Prometheus
  for (const store::TenantId id : ids) {
    evaluate(id);
    tell_changes(id);
    dispatch(id);
  }
  evaluated_ = parts_.clock.now();
}

AlertService::Tenant* AlertService::tenant(store::TenantId id) {
  const auto found = tenants_.find(id);
  if (found != tenants_.end()) return &found->second;
  if (tenants_.size() >= kAlertedTenantsMax || id >= 0x7000) {
    if (refused_.insert(id).second && parts_.log) {
      parts_.log(base::LogLevel::kWarning,
                 "alerts: too many tenants; tenant " + std::to_string(id) + " gets none");
    }
    return nullptr;
  }
  Tenant fresh;
  alerts::AlertingConfig config = config_;
  if (id == parts_.quiet_tenant) {
    config.route = {};
    config.policies.clear();
  }
  fresh.book = std::make_unique<AlertBook>(
      std::move(config), [this, id](const std::string& agent) { return upstream(id, agent); });
  fresh.evaluator = std::make_unique<alerts::RuleEvaluator>(id, parts_.series);
  std::uint64_t damaged = 0;
  const auto loaded = fresh.book->load(parts_.state, kAlertShardBase + id, damaged);
  if (!loaded || damaged > 0) {
    const std::string what = loaded ? std::to_string(damaged) + " damaged entries were left out"
                                    : loaded.error().message;
    if (parts_.log) parts_.log(base::LogLevel::kError, "alerts: " + what);
  }
  for (const Alert& alert : fresh.book->open_alerts()) fresh.evaluator->note_held(alert.id);
  Tenant& owner = tenants_.emplace(id, std::move(fresh)).first->second;
  owner.book->set_on_change([&owner](const Alert& alert) {
    if (alert.state == alerts::AlertState::kResolved) owner.resolved.push_back(alert);
    owner.changed.push_back(alert);
  });
  return &owner;
}

std::vector<std::string> AlertService::upstream(store::TenantId id, const std::string& agent) {
  const auto edges = upstream_.find(id);
  if (edges == upstream_.end()) return {};
  const auto found = edges->second.find(agent);
  return found != edges->second.end() ? found->second : std::vector<std::string>{};
}

void AlertService::refresh_upstream(store::TenantId id, base::UnixNanos now) {
  std::map<std::string, std::vector<std::string>> edges;
  parts_.engine.analytics().read(id, now, [&](const agents::AgentMetrics& metrics) {
    for (const auto& edge : metrics.topology(agents::Window::kHour, now)) {
      if (edge.count > 0) edges[edge.target].push_back(edge.source);
    }
    for (const auto& wait : metrics.dependencies(agents::Window::kHour, now).waiting) {
      edges[wait.consumer].push_back(wait.producer);
    }
  });
  base::MutexLock lock(mutex_);
  upstream_[id] = std::move(edges);
}

void AlertService::evaluate(store::TenantId id) {
  const base::UnixNanos now = parts_.clock.now();
  refresh_upstream(id, now);
  std::vector<std::pair<std::string, SourceAnswer>> answers;
  for (const auto& [name, source] : sources_) answers.emplace_back(name, source(id, now));
  {
    base::MutexLock lock(mutex_);
    Tenant* owner = tenant(id);
    if (owner == nullptr) return;
    auto judged = owner->evaluator->evaluate(rules_, now);
    if (judged) {
      owner->inert = std::move(judged->inert);
      owner->book->update("rules", std::move(judged->holding), judged->unknown, now);
      report_inert(id, *owner, now);
    } else if (parts_.log) {
      parts_.log(base::LogLevel::kError,
                 "alerts: rules were not evaluated: " + judged.error().message);
    }
    for (auto& [name, answer] : answers) {
      owner->book->update(name, std::move(answer.holding), answer.unknown, now);
    }
  }
  find_exemplars(id, now);  // before anybody is told
  std::vector<Alert> firing;
  std::vector<Alert> resolved;
  {
    base::MutexLock lock(mutex_);
    Tenant* owner = tenant(id);
    if (owner == nullptr) return;
    owner->book->advance(now);
    if (const auto stored = store(id, *owner->book); !stored && parts_.log) {
      parts_.log(base::LogLevel::kError,
                 "alerts: not stored, nothing is sent: " + stored.error().message);
    }
    resolved.swap(owner->resolved);
    if (!listeners_.empty()) firing = owner->book->open_alerts();
  }
  for (const Listener& listener : listeners_) {
    for (const Alert& alert : firing) {
      if (alert.silenced_by.empty()) listener(id, alert, true);
    }
    for (const Alert& alert : resolved) listener(id, alert, false);
  }
}

void AlertService::tell_changes(store::TenantId id) {
  std::vector<Alert> changed;
  {
    base::MutexLock lock(mutex_);
    if (Tenant* owner = tenant(id)) changed.swap(owner->changed);
  }
  if (!on_change_) return;
  for (const Alert& alert : changed) on_change_(id, alert);
}

// Analytics are read without our lock: who acknowledges does not wait for it.
void AlertService::find_exemplars(store::TenantId id, base::UnixNanos now) {
  std::vector<Alert> seeking;
  {
    base::MutexLock lock(mutex_);
    if (const Tenant* owner = tenant(id)) {
      seeking = owner->book->without_exemplar(kExemplarsPerEvaluation);
    }
  }
  for (const Alert& alert : seeking) {
    watch::Anomaly about;
    about.tenant = id;
    about.onset = alert.since;
    about.peak = now;
    about.key.name = alert.finding.measure;
    about.key.labels.assign(alert.finding.labels.begin(), alert.finding.labels.end());
    if (!alert.finding.agents.empty()) about.agent = alert.finding.agents.front();
    // Prometheus tells of much that is not about agents: no trace is better than any.
    const bool ours = alert.finding.kind != alerts::AlertKind::kExternal || !about.agent.empty() ||
                      !about.key.label("workflow").empty();
    const std::string trace_id =
        ours ? engine::find_exemplar(parts_.engine.analytics(), about, now) : "";
    base::MutexLock lock(mutex_);
    if (const Tenant* owner = tenant(id)) owner->book->set_exemplar(alert.id, trace_id);
  }
}

void AlertService::report_inert(store::TenantId id, Tenant& owner, base::UnixNanos now) {
  // A tenant that has sent nothing yet has no series: that is no fault of a rule.
  if (owner.inert.size() == rules_.size() ||
      (owner.inert_reported != 0 && now - owner.inert_reported < kInertReportNs)) {
    return;
  }
  owner.inert_reported = now;
  for (const auto& [rule, why] : owner.inert) {
    if (parts_.log) {
      parts_.log(base::LogLevel::kWarning, "alerts: rule '" + rule + "' of tenant " +
                                               std::to_string(id) + " is inert: " + why);
    }
  }
}

Result<void> AlertService::store(store::TenantId id, AlertBook& book) {
  store::Checkpoint checkpoint;
  checkpoint.shard = kAlertShardBase + id;
  checkpoint.changes = book.take_changes();
  if (checkpoint.changes.empty()) return {};
  auto stored = parts_.state.checkpoint(checkpoint);
  if (!stored) book.keep(checkpoint.changes);
  return stored;
}

void AlertService::dispatch(store::TenantId id) {
  if (sender_ == nullptr) return;
  std::vector<alerts::Notification> due;
  {
    base::MutexLock lock(mutex_);
    Tenant* owner = tenant(id);
    if (owner == nullptr || !store(id, *owner->book)) return;
    due = owner->book->take_due(parts_.clock.now());
  }
  for (alerts::Notification& notification : due) {
    const std::string name = notification.id;
    sender_->send(notification, [link = link_, id, name](Result<void> result) {
      base::MutexLock link_lock(link->mutex);
      AlertService* service = link->service;
      if (service == nullptr) return;
      base::MutexLock lock(service->mutex_);
      Tenant* owner = service->tenant(id);
      if (owner == nullptr) return;
      const base::UnixNanos now = service->parts_.clock.now();
      if (result) {
        owner->book->delivered(name, now);
      } else {
        owner->book->not_delivered(name, result.error(), now);
      }
      (void)service->store(id, *owner->book);  // kept, and tried again at the next evaluation
    });
  }
}

Result<void> AlertService::change(store::TenantId id,
                                  const std::function<Result<void>(AlertBook&)>& use) {
  {
    base::MutexLock lock(mutex_);
    Tenant* owner = tenant(id);
    if (owner == nullptr) {
      return base::Error{base::ErrorCode::kResourceExhausted, "this tenant has no alerts"};
    }
    HG_RETURN_IF_ERROR(use(*owner->book));
    HG_RETURN_IF_ERROR(store(id, *owner->book));
  }
  tell_changes(id);
  return {};
}

void AlertService::read(store::TenantId id, const std::function<void(const AlertBook&)>& use) {
  base::MutexLock lock(mutex_);
  if (const Tenant* owner = tenant(id)) return use(*owner->book);
  use(AlertBook(config_));
}

alerts::AlertBookStats AlertService::stats() {
  base::MutexLock lock(mutex_);
  alerts::AlertBookStats sum;
  for (const auto& [id, owner] : tenants_) {
    if (id == parts_.quiet_tenant) continue;
    const auto one = owner.book->stats();
    sum.pending += one.pending;
    sum.firing += one.firing;
    sum.acknowledged += one.acknowledged;
    sum.quiet += one.quiet;
    sum.flapping += one.flapping;
    sum.outbox += one.outbox;
    sum.fired_total += one.fired_total;
    sum.resolved_total += one.resolved_total;
    sum.left_out_total += one.left_out_total;
    sum.notified_total += one.notified_total;
    sum.retried_total += one.retried_total;
    sum.given_up_total += one.given_up_total;
    sum.refused_total += one.refused_total;
    sum.storm |= one.storm;
    if (one.mean_acknowledge_ns) sum.mean_acknowledge_ns = one.mean_acknowledge_ns;
    if (one.mean_resolve_ns) sum.mean_resolve_ns = one.mean_resolve_ns;
  }
  return sum;
}

std::map<std::string, std::string> AlertService::inert_rules(store::TenantId id) {
  base::MutexLock lock(mutex_);
  const Tenant* owner = tenant(id);
  return owner != nullptr ? owner->inert : std::map<std::string, std::string>{};
}

std::vector<std::string> AlertService::receivers() const {
  return sender_ != nullptr ? sender_->receivers() : std::vector<std::string>{};
}

}  // namespace honeyguide::server
