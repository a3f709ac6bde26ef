// Mailer: sends one mail by SMTP. Blocks; libcurl stays in its .cc.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace honeyguide::notify {

struct Mail {
  std::string url;  // smtp://HOST:PORT or smtps://HOST:PORT
  std::string user;
  std::string password;
  bool require_tls = true;
  std::string from;
  std::vector<std::string> to;
  std::string text;  // headers and body, CRLF
  std::int64_t timeout_ms = 30'000;
};

// kUnavailable: the server cannot be reached or says "later" (4xx); kPermissionDenied: login or
// TLS; kInvalidArgument: it refuses the mail for good. No message holds the password.
base::Result<void> send_mail(const Mail& mail);

}  // namespace honeyguide::notify
