// Outbound: everything by which notifications leave the server, stopped in the right order.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_client.h"
#include "net/io_pool.h"
#include "notify/command_runner.h"
#include "notify/notifier.h"
#include "server/api.h"
#include "server/self_metrics.h"

namespace honeyguide::server {

// Where we may connect to: not to link-local addresses, where clouds keep credentials; no receiver
// and no webhook lives there.
bool outbound_address_allowed(std::string_view address);

class Outbound {
 public:
  // `receivers` must have passed validate(). Pool and clock must outlive it.
  static base::Result<std::unique_ptr<Outbound>> create(
      std::vector<notify::ReceiverConfig> receivers, const std::string& external_url,
      net::IoPool& pool, const base::Clock& clock);
  ~Outbound();

  // Begins nothing more; what is on its way is answered or cut off. Idempotent.
  void stop();

  notify::Notifier& notifier() { return *notifier_; }
  // For the alert service; after stop() it answers everything with kUnavailable.
  std::shared_ptr<alerts::Sender> sender() { return notifier_; }

 private:
  Outbound() = default;
  // First, so that it goes last: the others' callbacks reach it. Shared with whoever sends.
  std::shared_ptr<notify::Notifier> notifier_;
  std::unique_ptr<net::HttpClient> client_;
  std::unique_ptr<notify::CommandRunner> runner_;
};

// GET /api/v1/notifications/receivers; POST /api/v1/notifications/receivers/{name}/test sends one
// notification and answers how it went.
void add_notification_routes(RouteTable& routes, Outbound& outbound, const base::Clock& clock);

void write_notification_metrics(MetricsPage& page, const notify::Notifier& notifier);

}  // namespace honeyguide::server
