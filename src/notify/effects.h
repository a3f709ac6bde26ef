// Effects: carries out the webhooks and commands of mitigation. Returns at once; a slow receiver
// costs a connection or one of the runner's threads, nothing else.
#pragma once

#include "control/mitigation_engine.h"
#include "net/http_client.h"
#include "notify/command_runner.h"

namespace honeyguide::notify {

// Attempts of one webhook: connection failures and 429, 502, 503, 504 are tried again within the
// action's timeout, under the same id.
inline constexpr int kWebhookAttemptsMax = 4;

class Effects final : public control::ActionExecutor {
 public:
  // Both must outlive it, and end before whoever waits for their callbacks.
  Effects(net::HttpClient& client, CommandRunner& runner) : client_(client), runner_(runner) {}

  // A webhook gets `body` by POST with the header Idempotency-Key: `id`; 2xx is success. A command
  // gets it on stdin; exit code 0 is success, and an agent id that is not safe (is_safe_id) fails
  // without running.
  void start(const control::ActionSpec& action, const std::string& id, const std::string& body,
             std::function<void(control::EffectResult)> done) override;

 private:
  net::HttpClient& client_;
  CommandRunner& runner_;
};

}  // namespace honeyguide::notify
