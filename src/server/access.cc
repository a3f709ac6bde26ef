#include "server/access.h"

#include <algorithm>

#include "base/strings.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;

std::string_view cookie_value(std::string_view header, std::string_view name) {
  for (std::string_view pair : base::split(header, ';')) {
    pair = base::trim(pair);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace

base::Result<Principal> Access::identify(const net::Headers& headers) const {
  const std::string_view authorization = headers.get("authorization");
  if (!authorization.empty()) {
    constexpr std::string_view kScheme = "bearer ";
    if (authorization.size() > kScheme.size() &&
        base::equals_ignore_case(authorization.substr(0, kScheme.size()), kScheme)) {
      const std::string_view token = base::trim(authorization.substr(kScheme.size()));
      auto found = options_.tokens.find(token);
      if (!found && options_.passing_tokens) found = options_.passing_tokens(token);
      if (found) return *std::move(found);
    }
    return Error{ErrorCode::kPermissionDenied,
                 "the token is not known here; send 'Authorization: Bearer TOKEN'"};
  }
  if (const auto principal = session(headers.get("cookie"))) return *principal;
  if (options_.anonymous_allowed) return anonymous_principal();
  return Error{ErrorCode::kPermissionDenied,
               "a token is needed; send 'Authorization: Bearer TOKEN'"};
}

std::optional<Principal> Access::session(std::string_view cookie_header) const {
  const std::string_view secret = cookie_value(cookie_header, kSessionCookie);
  if (secret.empty()) return std::nullopt;
  const std::string digest = sha256_hex(secret);
  base::MutexLock lock(mutex_);
  const auto found = sessions_.find(digest);
  if (found == sessions_.end()) return std::nullopt;
  if (clock_.steady_ns() - found->second > options_.session_age_ns_max) return std::nullopt;
  Principal principal;
  principal.name = "page:" + digest.substr(0, 8);
  principal.roles = kRoleIngest | kRoleRead | kRoleOperate;
  return principal;
}

std::string Access::make_login_code() {
  std::string code = make_token();
  base::MutexLock lock(mutex_);
  const std::int64_t now = clock_.steady_ns();
  std::erase_if(login_codes_, [&](const auto& entry) {
    return now - entry.second > options_.login_code_age_ns_max;
  });
  login_codes_[sha256_hex(code)] = now;
  return code;
}

std::optional<std::string> Access::redeem_login_code(const std::string& code) {
  const std::string digest = sha256_hex(code);
  base::MutexLock lock(mutex_);
  const auto found = login_codes_.find(digest);
  const std::int64_t now = clock_.steady_ns();
  if (found == login_codes_.end()) return std::nullopt;
  const bool fresh = now - found->second <= options_.login_code_age_ns_max;
  login_codes_.erase(found);
  if (!fresh) return std::nullopt;
  if (sessions_.size() >= kSessionsMax) {
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; }));
  }
  std::string secret = make_token();
  sessions_[sha256_hex(secret)] = now;
  return secret;
}

}  // namespace honeyguide::server
