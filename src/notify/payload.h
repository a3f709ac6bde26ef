// Payloads: what each kind of receiver is sent for a notification. Pure functions; foreign text is
// escaped for where it goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "alerts/notification.h"
#include "base/clock.h"

namespace honeyguide::notify {

struct PayloadOptions {
  std::string external_url;  // of this server, for links; empty: no links
  // Texts with {{ fields }}, see expand(). Empty: the defaults below.
  std::string title;
  std::string text;
};
inline constexpr std::string_view kDefaultTitle =
    "[{{ status }}{{ counts }}] {{ alertname }} {{ agent }}";
inline constexpr std::string_view kDefaultText = "{{ alerts }}";

// Bytes of an expanded text; longer ones are cut.
inline constexpr std::size_t kExpandedBytesMax = 16'000;

// Replaces {{ name }}: status ("FIRING" or "RESOLVED"), counts (":2" alerts, empty for one),
// severity (the worst), receiver, group, link, alerts (a line each), label names (the value that
// all alerts share, else nothing) and annotation names likewise. Unknown names become nothing.
std::string expand(std::string_view text, const alerts::Notification& notification,
                   const PayloadOptions& options);

// Alertmanager's webhook, version 4.
std::string webhook_json(const alerts::Notification& notification, const PayloadOptions& options);
// Slack's incoming webhook: text and blocks; '&', '<' and '>' of foreign text escaped, so that no
// alert can mention a channel.
std::string slack_json(const alerts::Notification& notification, const PayloadOptions& options);
// PagerDuty Events v2: trigger, acknowledge (all firing alerts are acknowledged) or resolve; one
// incident for a group.
std::string pagerduty_json(const alerts::Notification& notification, const PayloadOptions& options,
                           const std::string& routing_key);
// POST /api/v2/alerts of an Alertmanager. A firing alert holds there for `hold_ns` after the
// notification, unless it is sent again or resolved.
std::string alertmanager_json(const alerts::Notification& notification,
                              const PayloadOptions& options, std::int64_t hold_ns);
// A mail with its headers (CRLF), text in base64: no line of it can be mistaken for a header.
std::string mail_text(const alerts::Notification& notification, const PayloadOptions& options,
                      const std::string& from, const std::string& to);

// "2026-11-24T18:50:00.123Z"; "0001-01-01T00:00:00Z" for 0.
std::string rfc3339(base::UnixNanos time);

}  // namespace honeyguide::notify
