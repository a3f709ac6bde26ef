#include "server/mitigation_service.h"

#include <chrono>
#include <csignal>
#include <utility>

#include <pthread.h>

#include "server/alert_service.h"
#include "server/outbound.h"

namespace honeyguide::server {
namespace {

using base::MutexLock;
using base::Result;

// An agent that was silent longer is not counted as healthy.
constexpr std::int64_t kSilentNs = base::kNanosPerHour;

}  // namespace

Result<std::unique_ptr<MitigationService>> MitigationService::create(
    control::MitigationConfig config, MitigationServiceParts parts) {
  std::unique_ptr<MitigationService> service(new MitigationService(parts));
  net::HttpClientOptions options;
  options.address_allowed = outbound_address_allowed;
  HG_ASSIGN_OR_RETURN(service->client_, net::HttpClient::create(parts.pool, std::move(options)));
  service->effects_ = std::make_unique<notify::Effects>(*service->client_, *service->runner_);
  HG_ASSIGN_OR_RETURN(
      service->engine_,
      control::MitigationEngine::open(
          std::move(config),
          {parts.state, parts.book, parts.audit, *service->effects_,
           [self = service.get()](store::TenantId tenant) { return self->fleet(tenant); },
           parts.clock}));
  parts.book.set_on_ack([self = service.get()](const auto& key, const auto& directive) {
    self->engine_->on_ack(key, directive);
  });
  return service;
}

MitigationService::~MitigationService() {
  stop();
}

void MitigationService::start(TriggerSource triggers, std::function<void()> on_change) {
  triggers_ = std::move(triggers);
  engine_->set_on_change([on_change = std::move(on_change)](const auto&) { on_change(); });
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void MitigationService::stop() {
  {
    MutexLock lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  parts_.book.set_on_ack(nullptr);
  engine_->stop();
  // Their callbacks reach the engine, so they end before it.
  runner_.reset();
  client_.reset();
}

void MitigationService::run() {
  for (;;) {
    {
      MutexLock lock(mutex_);
      if (!stopping_) changed_.wait_for(mutex_, std::chrono::milliseconds(kMitigationTickMs));
      if (stopping_) return;
    }
    observe();
    engine_->tick();
  }
}

void MitigationService::observe() {
  for (const store::TenantId tenant : parts_.engine.analytics().tenants()) {
    auto known = firing_.find(tenant);
    if (known == firing_.end()) {
      // What fired when the last process ended and does not any more has cleared meanwhile.
      known = firing_.emplace(tenant, engine_->watched(tenant)).first;
    }
    std::set<std::string> now_firing;
    for (control::Trigger& trigger : triggers_(tenant)) {
      trigger.tenant = tenant;
      trigger.bound_sender = trigger.bound_sender && parts_.trust.bound(tenant, trigger.agent);
      now_firing.insert(trigger.alert_id);
      // A missing input is no reason to act, and no proof that an action helped.
      if (!trigger.unknown) engine_->observe(trigger);
    }
    std::set<std::string>& before = known->second;
    for (const std::string& id : before) {
      if (!now_firing.contains(id)) engine_->cleared(tenant, id);
    }
    before = std::move(now_firing);
  }
}

control::FleetView MitigationService::fleet(store::TenantId tenant) const {
  control::FleetView out;
  const base::UnixNanos now = parts_.clock.now();
  parts_.engine.analytics().read(tenant, now, [&](const agents::AgentMetrics& metrics) {
    for (const auto& report : metrics.agents(agents::Window::kHour, now)) {
      control::FleetAgent& agent = out.agents[report.agent];
      agent.team = report.team;
      agent.healthy = report.state != "error" && now - report.last_seen <= kSilentNs;
      agent.running_tasks = report.tasks.open;
      agent.cost_per_hour_usd = report.cost_per_hour_usd;
    }
    const auto dependencies = metrics.dependencies(agents::Window::kHour, now);
    for (const auto& wait : dependencies.waiting) {
      out.waits.push_back({wait.consumer, wait.producer, wait.since});
      // Known by its wait alone, as long as it has done nothing else.
      out.agents.try_emplace(wait.consumer);
      out.agents.try_emplace(wait.producer);
    }
    out.rings = dependencies.deadlocks;
  });
  return out;
}

std::vector<control::Trigger> triggers_of_alerts(AlertService& service, store::TenantId tenant) {
  std::vector<alerts::Alert> open;
  service.read(tenant, [&](const alerts::AlertBook& book) { open = book.open_alerts(); });
  std::vector<control::Trigger> out;
  for (const alerts::Alert& alert : open) {
    if (alert.finding.agents.empty()) continue;
    control::Trigger trigger;
    trigger.alert_id = alert.id;
    trigger.rule = alert.finding.rule;
    trigger.category = alert.finding.category;
    trigger.severity = alerts::severity_name(alert.finding.severity);
    trigger.agent = alert.finding.agents.front();
    trigger.prediction = alert.finding.kind == alerts::AlertKind::kPrediction;
    trigger.confidence = alert.finding.confidence_percent / 100.0;
    trigger.bound_sender = alert.finding.bound_sender;  // the service asks the senders besides
    trigger.silenced = alert.quiet();
    trigger.unknown = alert.unknown;
    trigger.labels = {alert.labels.begin(), alert.labels.end()};
    out.push_back(std::move(trigger));
  }
  return out;
}

}  // namespace honeyguide::server
