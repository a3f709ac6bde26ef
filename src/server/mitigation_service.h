// MitigationService: the mitigation engine with everything that it needs from a server: the fleet
// as analytics sees it, what fires now, webhooks and commands, and a thread that ticks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "control/mitigation_engine.h"
#include "engine/engine.h"
#include "net/http_client.h"
#include "net/io_pool.h"
#include "notify/command_runner.h"
#include "notify/effects.h"
#include "server/sender_trust.h"

namespace honeyguide::server {

inline constexpr std::int64_t kMitigationTickMs = 1000;

class AlertService;

// All that fires now for a tenant. `bound_sender` is filled in by the service.
using TriggerSource = std::function<std::vector<control::Trigger>(store::TenantId)>;

struct MitigationServiceParts {
  store::StateStore& state;
  control::DirectiveBook& book;
  control::AuditLog& audit;
  engine::Engine& engine;
  const SenderTrust& trust;
  net::IoPool& pool;
  const base::Clock& clock;
};

// Thread-safe.
class MitigationService {
 public:
  static base::Result<std::unique_ptr<MitigationService>> create(control::MitigationConfig config,
                                                                 MitigationServiceParts parts);
  ~MitigationService();

  // Begins to tick. `triggers` must be callable until stop(); `on_change` is told of every change.
  void start(TriggerSource triggers, std::function<void()> on_change);
  // Idempotent. Afterwards nothing is started any more; what runs is killed or cut off.
  void stop();

  control::MitigationEngine& engine() { return *engine_; }
  control::FleetView fleet(store::TenantId tenant) const;

 private:
  explicit MitigationService(MitigationServiceParts parts)
      : parts_(parts), runner_(std::make_unique<notify::CommandRunner>(parts.clock)) {}
  void run();
  void observe();

  const MitigationServiceParts parts_;
  TriggerSource triggers_;
  // Destroyed in this order's reverse: callbacks of the first two reach the engine.
  std::unique_ptr<control::MitigationEngine> engine_;
  std::unique_ptr<net::HttpClient> client_;
  std::unique_ptr<notify::CommandRunner> runner_;
  std::unique_ptr<notify::Effects> effects_;
  std::map<store::TenantId, std::set<std::string>> firing_;  // alert ids, of the last look
  base::Mutex mutex_;
  base::CondVar changed_;
  bool stopping_ HG_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// The open alerts about agents, as triggers.
std::vector<control::Trigger> triggers_of_alerts(AlertService& alerts, store::TenantId tenant);

}  // namespace honeyguide::server
