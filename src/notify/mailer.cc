#include "notify/mailer.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include <curl/curl.h>

namespace honeyguide::notify {
namespace {

using base::Error;
using base::ErrorCode;

std::size_t read_text(char* out, std::size_t size, std::size_t count, void* context) {
  auto& rest = *static_cast<std::string_view*>(context);
  const std::size_t bytes = std::min(rest.size(), size * count);
  std::memcpy(out, rest.data(), bytes);
  rest.remove_prefix(bytes);
  return bytes;
}

Error error_of(CURLcode code, long answer) {
  std::string message = curl_easy_strerror(code);
  if (answer > 0) message += " (the mail server answered " + std::to_string(answer) + ")";
  if (code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED ||
      code == CURLE_PEER_FAILED_VERIFICATION) {
    return {ErrorCode::kPermissionDenied, message};
  }
  if (answer >= 500 && answer < 600) return {ErrorCode::kInvalidArgument, message};
  return {ErrorCode::kUnavailable, message};
}

}  // namespace

base::Result<void> send_mail(const Mail& mail) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (ready != CURLE_OK || !curl) return Error{ErrorCode::kUnavailable, "libcurl does not start"};
  curl_slist* recipients = nullptr;
  for (const std::string& to : mail.to) {
    recipients = curl_slist_append(recipients, ("<" + to + ">").c_str());
  }
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> owner(recipients, curl_slist_free_all);
  const std::string from = "<" + mail.from + ">";
  std::string_view rest = mail.text;
  CURL* const c = curl.get();
  curl_easy_setopt(c, CURLOPT_URL, mail.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(c, CURLOPT_USE_SSL,
                   static_cast<long>(mail.require_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
  if (!mail.user.empty()) {
    curl_easy_setopt(c, CURLOPT_USERNAME, mail.user.c_str());
    curl_easy_setopt(c, CURLOPT_PASSWORD, mail.password.c_str());
  }
  curl_easy_setopt(c, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(c, CURLOPT_MAIL_RCPT, recipients);
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, read_text);
  curl_easy_setopt(c, CURLOPT_READDATA, &rest);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(mail.timeout_ms));
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  const CURLcode code = curl_easy_perform(c);
  if (code == CURLE_OK) return {};
  long answer = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &answer);
  return error_of(code, answer);
}

}  // namespace honeyguide::notify
