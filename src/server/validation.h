// Validation: a check of the running server by a client, in a tenant of its own that no token of
// the token file can name. begin() gives a token for it, finish() takes what the client found and
// forgets what it sent.
//
// The tenant is real: its spans take the way of all spans, its alerts are raised. But it has no
// receivers and no mitigation, and sums over tenants leave it out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "server/tokens.h"
#include "store/trace_store.h"

namespace honeyguide::server {

inline constexpr std::string_view kValidationTenant = "~validation";
// After it the token is worth nothing and the next validation may begin.
inline constexpr std::int64_t kValidationAgeNsMax = 2 * base::kNanosPerMinute;
inline constexpr std::size_t kValidationResultsMax = 100;

struct ValidationResult {
  std::string name;
  std::string status;  // "ok", "warning", "failed"
  std::string text;    // what was seen
  std::string fix;     // what to do; empty where nothing is to be done
};

struct ValidationReport {
  base::UnixNanos finished = 0;  // 0: none since the server started
  std::vector<ValidationResult> results;
};

// Thread-safe.
class Validation {
 public:
  explicit Validation(const base::Clock& clock) : clock_(clock) {}

  struct Grant {
    std::string token;
    base::UnixNanos expires = 0;
  };
  // kResourceExhausted while another one runs.
  base::Result<Grant> begin();
  // The principal of a running validation's token.
  std::optional<Principal> find(std::string_view token) const;
  // Ends the running validation and keeps its results. kInvalidArgument for more than
  // kValidationResultsMax of them or an unknown status.
  base::Result<void> finish(std::vector<ValidationResult> results);
  ValidationReport report() const;

 private:
  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  std::string digest_ HG_GUARDED_BY(mutex_);      // of the running one's token; empty: none
  std::int64_t begun_ HG_GUARDED_BY(mutex_) = 0;  // steady
  ValidationReport report_ HG_GUARDED_BY(mutex_);
};

// Deletes every trace of `tenant` and counts them. Logs without a trace go with retention.
base::Result<std::uint64_t> forget_traces(store::TraceStore& traces, store::TenantId tenant);

}  // namespace honeyguide::server
