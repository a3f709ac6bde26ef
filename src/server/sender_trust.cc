#include "server/sender_trust.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace honeyguide::server {
namespace {

using base::MutexLock;
using store::StateKind;

constexpr std::string_view kPrefix = "trust/";
constexpr std::uint32_t kLoadPage = 1000;

// "trust/TENANT/NAME" -> "SEEN pattern,pattern".
std::string state_id(store::TenantId tenant, const std::string& name) {
  return std::string(kPrefix) + std::to_string(tenant) + "/" + name;
}

}  // namespace

base::Result<std::unique_ptr<SenderTrust>> SenderTrust::open(store::StateStore& state,
                                                             const base::Clock& clock) {
  std::unique_ptr<SenderTrust> trust(new SenderTrust(state, clock));
  MutexLock lock(trust->mutex_);
  std::string from(kPrefix);
  for (bool more = true; more;) {
    HG_ASSIGN_OR_RETURN(const auto page,
                        state.list(store::kSharedShard, StateKind::kSetting, from, kLoadPage));
    more = page.size() == kLoadPage;
    for (const auto& [id, value] : page) {
      if (!id.starts_with(kPrefix)) {
        more = false;
        break;
      }
      const auto parts = base::split(std::string_view(id).substr(kPrefix.size()), '/');
      const auto tenant = base::parse_uint64(parts.front());
      const auto space = value.find(' ');
      const auto seen = base::parse_int64(value.substr(0, space));
      if (parts.size() != 2 || !tenant || !seen || space == std::string::npos) continue;
      Sender& sender =
          trust->senders_[static_cast<store::TenantId>(*tenant)][std::string(parts[1])];
      sender.seen = sender.stored = *seen;
      for (const auto pattern : base::split(std::string_view(value).substr(space + 1), ',')) {
        if (!pattern.empty()) sender.agents.emplace_back(pattern);
      }
    }
    if (!page.empty()) from = page.back().first + '\0';
  }
  return trust;
}

void SenderTrust::saw(store::TenantId tenant, const Principal& principal) {
  const base::UnixNanos now = clock_.now();
  store::Checkpoint checkpoint;
  {
    MutexLock lock(mutex_);
    auto& senders = senders_[tenant];
    if (senders.size() > kTrustSendersMax && !senders.contains(principal.name)) {
      std::erase_if(senders, [&](const auto& entry) { return now - entry.second.seen > kTrustNs; });
      // The one over the limit stays remembered: bound() sees that there are too many.
      if (senders.size() > kTrustSendersMax) return;
    }
    Sender& sender = senders[principal.name];
    sender.agents = principal.agents;
    sender.seen = now;
    if (now - sender.stored < kTrustStoreNs && sender.stored <= now) return;
    sender.stored = now;
    std::string value = std::to_string(now) + " ";
    for (const std::string& pattern : sender.agents) value += pattern + ",";
    checkpoint.shard = store::kSharedShard;
    checkpoint.changes.push_back(
        {StateKind::kSetting, state_id(tenant, principal.name), std::move(value)});
  }
  // Not written: a restart would forget this sender. It is seen again with its next request.
  (void)state_.checkpoint(checkpoint);
}

bool SenderTrust::bound(store::TenantId tenant, std::string_view agent) const {
  MutexLock lock(mutex_);
  const auto found = senders_.find(tenant);
  if (found == senders_.end() || found->second.size() > kTrustSendersMax) return false;
  const base::UnixNanos now = clock_.now();
  bool any = false;
  for (const auto& [name, sender] : found->second) {
    if (now - sender.seen > kTrustNs) continue;
    Principal principal;
    principal.agents = sender.agents;
    if (!principal.speaks_for(agent)) return false;
    any = true;
  }
  return any;
}

}  // namespace honeyguide::server
