#include "server/tenants.h"

#include <algorithm>

#include "base/strings.h"

namespace honeyguide::server {

base::Result<store::TenantId> Tenants::id_of(const std::string& name) {
  if (name == "default") return store::TenantId{0};
  base::MutexLock lock(mutex_);
  if (!loaded_) HG_RETURN_IF_ERROR(load());
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  store::TenantId next = 1;
  for (const auto& [known, id] : ids_) next = std::max(next, id + 1);
  if (next > kTenantsMax) {
    return base::Error{base::ErrorCode::kResourceExhausted,
                       "there are " + std::to_string(kTenantsMax) + " tenants; no more fit"};
  }
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes.push_back({store::StateKind::kTenant, name, std::to_string(next)});
  HG_RETURN_IF_ERROR(state_.checkpoint(checkpoint));
  ids_[name] = next;
  return next;
}

base::Result<void> Tenants::load() {
  HG_ASSIGN_OR_RETURN(const auto stored,
                      state_.list(store::kSharedShard, store::StateKind::kTenant, "", kTenantsMax));
  for (const auto& [name, id] : stored) {
    const auto number = base::parse_uint64(id);
    if (!number) return base::Error{base::ErrorCode::kDataLoss, "tenant '" + name + "' is damaged"};
    ids_[name] = static_cast<store::TenantId>(*number);
  }
  loaded_ = true;
  return {};
}

}  // namespace honeyguide::server
