#include "server/validation.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/ids.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::array<std::string_view, 3> kStatuses = {"ok", "warning", "failed"};

}  // namespace

Result<Validation::Grant> Validation::begin() {
  base::MutexLock lock(mutex_);
  const std::int64_t now = clock_.steady_ns();
  const std::int64_t left = begun_ + kValidationAgeNsMax - now;
  if (!digest_.empty() && left > 0) {
    return Error{ErrorCode::kResourceExhausted,
                 "another validation is running; try again when it has ended, in at most " +
                     std::to_string(left / base::kNanosPerSecond + 1) + " s"};
  }
  Grant grant{make_token(), clock_.now() + kValidationAgeNsMax};
  digest_ = sha256_hex(grant.token);
  begun_ = now;
  return grant;
}

std::optional<Principal> Validation::find(std::string_view token) const {
  const std::string digest = sha256_hex(token);
  base::MutexLock lock(mutex_);
  if (digest_.empty() || digest != digest_) return std::nullopt;
  if (clock_.steady_ns() - begun_ >= kValidationAgeNsMax) return std::nullopt;
  Principal principal;
  principal.name = "validation";
  principal.tenant = kValidationTenant;
  principal.roles = kRoleIngest | kRoleAgent | kRoleRead;
  principal.agents = {"*"};
  return principal;
}

Result<void> Validation::finish(std::vector<ValidationResult> results) {
  if (results.size() > kValidationResultsMax) {
    return Error{ErrorCode::kInvalidArgument,
                 "results: at most " + std::to_string(kValidationResultsMax)};
  }
  for (const ValidationResult& result : results) {
    if (std::find(kStatuses.begin(), kStatuses.end(), result.status) == kStatuses.end()) {
      return Error{ErrorCode::kInvalidArgument, "status: ok, warning or failed"};
    }
  }
  base::MutexLock lock(mutex_);
  digest_.clear();
  report_.finished = clock_.now();
  report_.results = std::move(results);
  return {};
}

ValidationReport Validation::report() const {
  base::MutexLock lock(mutex_);
  return report_;
}

Result<std::uint64_t> forget_traces(store::TraceStore& traces, store::TenantId tenant) {
  std::uint64_t count = 0;
  for (;;) {
    HG_ASSIGN_OR_RETURN(const auto found, traces.search(tenant, store::SpanSearch{}));
    if (found.hits.empty()) return count;
    std::set<base::TraceId> ids;
    for (const store::SpanHit& hit : found.hits) ids.insert(hit.trace_id);
    for (const base::TraceId& id : ids) HG_RETURN_IF_ERROR(traces.delete_trace(tenant, id));
    count += ids.size();
  }
}

}  // namespace honeyguide::server
