// Tenants: names to small stable numbers, kept in the StateStore. "default" is 0.
#pragma once

#include <map>
#include <string>

#include "base/mutex.h"
#include "store/state_store.h"

namespace honeyguide::server {

inline constexpr store::TenantId kTenantsMax = 10'000;

// Thread-safe.
class Tenants {
 public:
  explicit Tenants(store::StateStore& state) : state_(state) {}

  // The tenant's number, made and stored on first sight. An error if it cannot be stored (a number
  // that is not stored could be another tenant's after a restart) or there are kTenantsMax.
  base::Result<store::TenantId> id_of(const std::string& name);

 private:
  base::Result<void> load() HG_REQUIRES(mutex_);

  store::StateStore& state_;
  base::Mutex mutex_;
  bool loaded_ HG_GUARDED_BY(mutex_) = false;
  std::map<std::string, store::TenantId> ids_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::server
