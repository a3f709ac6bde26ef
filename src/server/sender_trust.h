// SenderTrust: whether the facts about an agent come from senders that may speak for it.
//
// Any sender can write any agent's name into its spans. Facts about an agent may steer only if,
// within the last hour, every sender of the tenant used a token whose agents= covers it, and at
// least one did. One sender without such a token in the tenant is enough to make every agent that
// it does not speak for a matter of notification only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "server/tokens.h"
#include "store/state_store.h"

namespace honeyguide::server {

inline constexpr std::int64_t kTrustNs = base::kNanosPerHour;
// Senders remembered of a tenant; while there are more, nobody is trusted.
inline constexpr std::size_t kTrustSendersMax = 256;

// Thread-safe. Remembers over restarts, to within kTrustStoreNs.
inline constexpr std::int64_t kTrustStoreNs = 5 * base::kNanosPerMinute;
class SenderTrust {
 public:
  static base::Result<std::unique_ptr<SenderTrust>> open(store::StateStore& state,
                                                         const base::Clock& clock);

  // The principal sent telemetry. Cheap: once a request.
  void saw(store::TenantId tenant, const Principal& principal);
  bool bound(store::TenantId tenant, std::string_view agent) const;

 private:
  struct Sender {
    std::vector<std::string> agents;
    base::UnixNanos seen = 0;
    base::UnixNanos stored = 0;
  };
  SenderTrust(store::StateStore& state, const base::Clock& clock) : state_(state), clock_(clock) {}

  store::StateStore& state_;
  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  std::map<store::TenantId, std::map<std::string, Sender>> senders_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::server
