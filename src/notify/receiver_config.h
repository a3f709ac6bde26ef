// Receivers as the configuration file's `receivers:` gives them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace honeyguide::notify {

enum class ReceiverType : std::uint8_t {
  kWebhook = 0,
  kSlack = 1,
  kPagerDuty = 2,
  kEmail = 3,
  kAlertmanager = 4,
  kCommand = 5
};
inline constexpr int kReceiverTypes = 6;
// "webhook", "slack", "pagerduty", "email", "alertmanager", "command".
std::string_view receiver_type_name(ReceiverType type);

inline constexpr std::string_view kPagerDutyUrl = "https://events.pagerduty.com/v2/enqueue";
inline constexpr std::size_t kReceiversMax = 100;

struct ReceiverConfig {
  std::string name;
  ReceiverType type = ReceiverType::kWebhook;
  // Webhook, Slack, PagerDuty (kPagerDutyUrl by default), Alertmanager (its root), and for e-mail
  // smtp://HOST:PORT or smtps://HOST:PORT. A secret for Slack: never logged, never shown.
  std::string url;
  std::string token;        // webhook, Alertmanager: sent as a Bearer token
  std::string routing_key;  // PagerDuty
  // E-mail.
  std::string from;
  std::vector<std::string> to;
  std::string user;
  std::string password;
  bool require_tls = true;  // smtp:// must switch to TLS
  // Command: absolute path and fixed arguments; gets the webhook's JSON on stdin.
  std::vector<std::string> argv;
  std::int64_t timeout_ns = 30 * base::kNanosPerSecond;  // of one delivery, attempts included
  std::int64_t hold_ns = 6 * base::kNanosPerHour;        // Alertmanager: see alertmanager_json()
  std::string title;                                     // texts with {{ fields }}
  std::string text;
};

// Names and what each type needs. The message names the receiver and the entry, never a secret.
base::Result<void> validate(const std::vector<ReceiverConfig>& receivers, bool exec_enabled);

}  // namespace honeyguide::notify
