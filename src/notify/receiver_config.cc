#include "notify/receiver_config.h"

#include <array>
#include <set>

#include "net/http_text.h"

namespace honeyguide::notify {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

Error wrong(const ReceiverConfig& receiver, const std::string& what) {
  return {ErrorCode::kInvalidArgument, "receiver '" + receiver.name + "': " + what};
}

Result<void> check_mail(const ReceiverConfig& receiver) {
  if (!receiver.url.starts_with("smtp://") && !receiver.url.starts_with("smtps://")) {
    return wrong(receiver, "url is smtp://HOST:PORT or smtps://HOST:PORT");
  }
  if (receiver.from.find('@') == std::string::npos || receiver.to.empty()) {
    return wrong(receiver, "e-mail needs 'from' and 'to'");
  }
  for (const std::string& address : receiver.to) {
    const bool plain = address.find_first_of("\r\n<>,") == std::string::npos;
    if (!plain || address.find('@') == std::string::npos) {
      return wrong(receiver, "'to' takes plain addresses: a@b.example");
    }
  }
  if (receiver.from.find_first_of("\r\n<>,") != std::string::npos) {
    return wrong(receiver, "'from' is a plain address: a@b.example");
  }
  return {};
}

Result<void> check_one(const ReceiverConfig& receiver, bool exec_enabled) {
  if (receiver.name.empty()) return Error{ErrorCode::kInvalidArgument, "a receiver needs a name"};
  if (receiver.timeout_ns <= 0 || receiver.hold_ns <= 0) {
    return wrong(receiver, "timeout and hold are above 0");
  }
  if (receiver.type == ReceiverType::kEmail) return check_mail(receiver);
  if (receiver.type == ReceiverType::kCommand) {
    if (receiver.argv.empty() || !receiver.argv.front().starts_with('/')) {
      return wrong(receiver, "command takes a list that starts with an absolute path");
    }
    if (!exec_enabled) return wrong(receiver, "commands need --enable-exec");
    return {};
  }
  if (!net::parse_url(receiver.url)) return wrong(receiver, "url is an http or https address");
  const bool key = receiver.type != ReceiverType::kPagerDuty || !receiver.routing_key.empty();
  if (!key) return wrong(receiver, "PagerDuty needs routing_key, or routing_key_file");
  return {};
}

}  // namespace

std::string_view receiver_type_name(ReceiverType type) {
  static constexpr std::array<std::string_view, kReceiverTypes> kNames = {
      "webhook", "slack", "pagerduty", "email", "alertmanager", "command"};
  return kNames[static_cast<std::size_t>(type)];
}

Result<void> validate(const std::vector<ReceiverConfig>& receivers, bool exec_enabled) {
  if (receivers.size() > kReceiversMax) {
    return Error{ErrorCode::kInvalidArgument,
                 "at most " + std::to_string(kReceiversMax) + " receivers"};
  }
  std::set<std::string_view> names;
  for (const ReceiverConfig& receiver : receivers) {
    HG_RETURN_IF_ERROR(check_one(receiver, exec_enabled));
    if (!names.insert(receiver.name).second) return wrong(receiver, "the name stands twice");
  }
  return {};
}

}  // namespace honeyguide::notify
