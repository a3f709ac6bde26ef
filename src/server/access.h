// Access: turns a request's credentials into a Principal: a Bearer token, the page's session
// cookie, or nothing (on loopback, or where the server was told to be insecure).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "net/headers.h"
#include "server/tokens.h"

namespace honeyguide::server {

struct AccessOptions {
  TokenSet tokens;
  // Requests without credentials get anonymous_principal(); else they are refused.
  bool anonymous_allowed = true;
  // Tokens that come and go while the server runs; may be empty.
  std::function<std::optional<Principal>(std::string_view token)> passing_tokens;
  std::int64_t login_code_age_ns_max = 15 * base::kNanosPerMinute;
  std::int64_t session_age_ns_max = 30 * base::kNanosPerDay;
};

inline constexpr std::string_view kSessionCookie = "honeyguide_session";
inline constexpr std::size_t kSessionsMax = 1000;  // beyond it the oldest ends

// Thread-safe.
class Access {
 public:
  Access(AccessOptions options, const base::Clock& clock)
      : options_(std::move(options)), clock_(clock) {}

  // kPermissionDenied: a token that is unknown, or none where one is needed. A wrong token is never
  // taken for none.
  base::Result<Principal> identify(const net::Headers& headers) const;

  // A one-time code for /login?code=…, and its exchange for a session cookie's value.
  std::string make_login_code();
  std::optional<std::string> redeem_login_code(const std::string& code);

 private:
  std::optional<Principal> session(std::string_view cookie_header) const;

  const AccessOptions options_;
  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  // SHA-256 of the secret -> when it was made (steady).
  std::map<std::string, std::int64_t> login_codes_ HG_GUARDED_BY(mutex_);
  std::map<std::string, std::int64_t> sessions_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::server
