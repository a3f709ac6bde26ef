#include "notify/payload.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <vector>

#include "base/hash.h"
#include "base/json_writer.h"
#include "base/strings.h"

namespace honeyguide::notify {
namespace {

using alerts::Alert;
using alerts::AlertState;
using alerts::Labels;
using alerts::Notification;
using alerts::Severity;
using base::JsonWriter;

constexpr std::size_t kSummaryBytesMax = 1024;  // PagerDuty's limit
constexpr std::size_t kDetailAlertsMax = 20;    // in PagerDuty's details
constexpr std::size_t kSlackTextMax = 2900;     // Slack's limit is 3,000 a section
constexpr std::size_t kSubjectBytesMax = 200;

bool resolved(const Alert& alert) {
  return alert.state == AlertState::kResolved;
}

std::string cut(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  text.resize(bytes_max);
  return text;
}

const Labels& labels_of(const Alert& alert) {
  return alert.labels;
}
const Labels& annotations_of(const Alert& alert) {
  return alert.finding.annotations;
}

// Entries that all alerts have in common.
template <typename Get>
Labels common(const Notification& notification, Get get) {
  if (notification.alerts.empty()) return {};
  Labels out = get(notification.alerts.front());
  for (const Alert& alert : notification.alerts) {
    const Labels& other = get(alert);
    std::erase_if(out, [&](const auto& entry) {
      const auto found = other.find(entry.first);
      return found == other.end() || found->second != entry.second;
    });
  }
  return out;
}

Severity worst(const Notification& notification) {
  Severity out = Severity::kLow;
  for (const Alert& alert : notification.alerts) out = std::max(out, alert.finding.severity);
  return out;
}

std::string link_of(const Notification& notification, const PayloadOptions& options) {
  if (options.external_url.empty()) return "";
  if (notification.alerts.size() != 1) return options.external_url + "/alerts";
  return options.external_url + "/alerts/" + notification.alerts.front().id;
}

std::string alert_link(const Alert& alert, const PayloadOptions& options) {
  return options.external_url.empty() ? "" : options.external_url + "/alerts/" + alert.id;
}

// One line: what it is, where, and the summary.
std::string alert_line(const Alert& alert) {
  const auto summary = alert.finding.annotations.find("summary");
  std::string out = resolved(alert) ? "resolved: " : "";
  out += alert.finding.rule;
  for (const std::string& agent : alert.finding.agents) out += " " + agent;
  if (summary != alert.finding.annotations.end()) out += ": " + summary->second;
  return base::strip_control(out);
}

std::string field(std::string_view name, const Notification& notification,
                  const PayloadOptions& options) {
  if (name == "status") return notification.resolved ? "RESOLVED" : "FIRING";
  if (name == "counts") {
    const std::size_t count = notification.alerts.size() + notification.truncated;
    return count == 1 ? "" : ":" + std::to_string(count);
  }
  if (name == "severity") return std::string(alerts::severity_name(worst(notification)));
  if (name == "receiver") return notification.receiver;
  if (name == "group") return notification.group_key;
  if (name == "link") return link_of(notification, options);
  if (name == "alerts") {
    std::string out;
    for (const Alert& alert : notification.alerts) out += alert_line(alert) + "\n";
    if (notification.truncated > 0) {
      out += "and " + std::to_string(notification.truncated) + " more\n";
    }
    return out;
  }
  for (const Labels& known :
       {common(notification, labels_of), common(notification, annotations_of)}) {
    const auto found = known.find(std::string(name));
    if (found != known.end()) return base::strip_control(found->second);
  }
  return "";
}

std::string title_of(const Notification& notification, const PayloadOptions& options) {
  const std::string_view text = options.title.empty() ? kDefaultTitle : options.title;
  return std::string(base::trim(expand(text, notification, options)));
}

std::string text_of(const Notification& notification, const PayloadOptions& options) {
  const std::string_view text = options.text.empty() ? kDefaultText : options.text;
  return expand(text, notification, options);
}

void write_labels(JsonWriter& out, std::string_view name, const Labels& labels) {
  out.key(name).begin_object();
  for (const auto& [key, value] : labels) out.field(key, value);
  out.end_object();
}

std::string slack_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string_view pagerduty_severity(Severity severity) {
  switch (severity) {
    case Severity::kLow:
      return "info";
    case Severity::kMedium:
      return "warning";
    case Severity::kHigh:
      return "error";
    case Severity::kCritical:
    case Severity::kEmergency:
      break;
  }
  return "critical";
}

std::string base64(std::string_view bytes) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    const std::size_t good = std::min<std::size_t>(3, bytes.size() - i) + 1;
    for (std::size_t j = 0; j < 4; ++j) {
      out.push_back(j < good ? kAlphabet[bits >> (18 - 6 * j) & 63] : '=');
    }
  }
  return out;
}

// A header's text: one line, RFC 2047 where it is not plain ASCII.
std::string header_text(const std::string& text) {
  const std::string line = cut(base::strip_control(text), kSubjectBytesMax);
  const bool ascii = std::all_of(line.begin(), line.end(), [](char c) { return c >= 32; });
  if (ascii) return line;
  std::string out;
  // An encoded word has at most 75 characters: 45 bytes are 60 of base64.
  for (std::size_t at = 0; at < line.size();) {
    const std::string piece = cut(line.substr(at), 45);
    out += (at == 0 ? "" : "\r\n ") + ("=?UTF-8?B?" + base64(piece) + "?=");
    at += piece.size();
  }
  return out;
}

std::string mail_date(base::UnixNanos time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = time / base::kNanosPerSecond;
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  char rest[32];
  std::strftime(rest, sizeof(rest), "%Y %H:%M:%S +0000", &fields);
  return std::string(kDays[fields.tm_wday]) + ", " + std::to_string(fields.tm_mday) + " " +
         kMonths[fields.tm_mon] + " " + rest;
}

}  // namespace

std::string rfc3339(base::UnixNanos time) {
  if (time == 0) return "0001-01-01T00:00:00Z";
  const std::time_t seconds = time / base::kNanosPerSecond;
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &fields);
  std::string milliseconds = std::to_string(time % base::kNanosPerSecond / base::kNanosPerMilli);
  milliseconds.insert(0, 3 - std::min<std::size_t>(3, milliseconds.size()), '0');
  return std::string(text) + "." + milliseconds + "Z";
}

std::string expand(std::string_view text, const Notification& notification,
                   const PayloadOptions& options) {
  std::string out;
  while (!text.empty() && out.size() < kExpandedBytesMax) {
    const auto open = text.find("{{");
    const auto close = open == std::string_view::npos ? open : text.find("}}", open);
    if (close == std::string_view::npos) {
      out += text;
      break;
    }
    out += text.substr(0, open);
    std::string_view name = base::trim(text.substr(open + 2, close - open - 2));
    out += field(name, notification, options);
    text.remove_prefix(close + 2);
  }
  return cut(std::move(out), kExpandedBytesMax);
}

std::string webhook_json(const Notification& notification, const PayloadOptions& options) {
  JsonWriter out;
  out.begin_object().field("version", "4").field("groupKey", notification.group_key);
  out.field("truncatedAlerts", notification.truncated);
  out.field("status", notification.resolved ? "resolved" : "firing");
  out.field("receiver", notification.receiver);
  write_labels(out, "groupLabels", notification.group_labels);
  write_labels(out, "commonLabels", common(notification, labels_of));
  write_labels(out, "commonAnnotations", common(notification, annotations_of));
  out.field("externalURL", options.external_url).key("alerts").begin_array();
  for (const Alert& alert : notification.alerts) {
    out.begin_object().field("status", resolved(alert) ? "resolved" : "firing");
    write_labels(out, "labels", alert.labels);
    write_labels(out, "annotations", alert.finding.annotations);
    out.field("startsAt", rfc3339(alert.fired != 0 ? alert.fired : alert.since));
    out.field("endsAt", rfc3339(resolved(alert) ? alert.resolved : 0));
    out.field("generatorURL", alert_link(alert, options)).field("fingerprint", alert.id);
    out.end_object();
  }
  out.end_array().end_object();
  return out.take();
}

std::string slack_json(const Notification& notification, const PayloadOptions& options) {
  const std::string title = slack_escape(title_of(notification, options));
  const std::string text =
      cut(slack_escape(base::trim(text_of(notification, options))), kSlackTextMax);
  const std::string link = link_of(notification, options);
  JsonWriter out;
  out.begin_object().field("text", title).key("blocks").begin_array();
  const auto section = [&](const std::string& markdown) {
    out.begin_object().field("type", "section").key("text").begin_object();
    out.field("type", "mrkdwn").field("text", markdown).end_object().end_object();
  };
  const std::string mark = notification.resolved ? ":white_check_mark:" : ":rotating_light:";
  section(mark + " *" + title + "*");
  if (!text.empty()) section(text);
  if (!link.empty()) section("<" + link + "|Open in honeyguide>");
  out.end_array().end_object();
  return out.take();
}

std::string pagerduty_json(const Notification& notification, const PayloadOptions& options,
                           const std::string& routing_key) {
  const bool acknowledged =
      !notification.resolved &&
      std::all_of(notification.alerts.begin(), notification.alerts.end(), [](const Alert& alert) {
        return alert.state == AlertState::kAcknowledged || resolved(alert);
      });
  const std::string_view action =
      notification.resolved ? "resolve" : (acknowledged ? "acknowledge" : "trigger");
  const base::Hash128 key = base::hash128(notification.receiver + "\n" + notification.group_key);
  JsonWriter out;
  out.begin_object().field("routing_key", routing_key).field("event_action", action);
  char dedup[64];
  std::snprintf(dedup, sizeof(dedup), "honeyguide-%016llx%016llx",
                static_cast<unsigned long long>(key.high),
                static_cast<unsigned long long>(key.low));
  out.field("dedup_key", std::string(dedup));
  if (action == "trigger" && !notification.alerts.empty()) {
    const Alert& first = notification.alerts.front();
    out.key("payload").begin_object();
    out.field("summary", cut(title_of(notification, options), kSummaryBytesMax));
    out.field("source", first.finding.agents.empty() ? "honeyguide" : first.finding.agents.front());
    out.field("severity", pagerduty_severity(worst(notification)));
    out.field("timestamp", rfc3339(first.fired != 0 ? first.fired : first.since));
    if (!first.finding.agents.empty()) out.field("component", first.finding.agents.front());
    if (!first.finding.workflow.empty()) out.field("group", first.finding.workflow);
    out.field("class", first.finding.category).key("custom_details").begin_object();
    out.field("alerts", notification.alerts.size() + notification.truncated);
    out.key("lines").begin_array();
    for (std::size_t i = 0; i < std::min(notification.alerts.size(), kDetailAlertsMax); ++i) {
      out.value(alert_line(notification.alerts[i]));
    }
    out.end_array().end_object().end_object();
    const std::string link = link_of(notification, options);
    if (!link.empty()) {
      out.key("links").begin_array().begin_object().field("href", link);
      out.field("text", "Open in honeyguide").end_object().end_array();
    }
  }
  out.field("client", "honeyguide");
  if (!options.external_url.empty()) out.field("client_url", options.external_url);
  out.end_object();
  return out.take();
}

std::string alertmanager_json(const Notification& notification, const PayloadOptions& options,
                              std::int64_t hold_ns) {
  JsonWriter out;
  out.begin_array();
  for (const Alert& alert : notification.alerts) {
    out.begin_object();
    write_labels(out, "labels", alert.labels);
    write_labels(out, "annotations", alert.finding.annotations);
    out.field("startsAt", rfc3339(alert.fired != 0 ? alert.fired : alert.since));
    out.field("endsAt", rfc3339(resolved(alert) ? alert.resolved : notification.created + hold_ns));
    const std::string link = alert_link(alert, options);
    if (!link.empty()) out.field("generatorURL", link);
    out.end_object();
  }
  out.end_array();
  return out.take();
}

std::string mail_text(const Notification& notification, const PayloadOptions& options,
                      const std::string& from, const std::string& to) {
  std::string body = text_of(notification, options);
  const std::string link = link_of(notification, options);
  if (!link.empty()) body += "\n" + link + "\n";
  std::string out = "From: " + header_text(from) + "\r\nTo: " + header_text(to) +
                    "\r\nSubject: " + header_text(title_of(notification, options)) +
                    "\r\nDate: " + mail_date(notification.created) + "\r\nMessage-ID: <" +
                    notification.id + "@honeyguide>\r\n" +
                    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n";
  const std::string coded = base64(body);
  for (std::size_t at = 0; at < coded.size(); at += 76) out += coded.substr(at, 76) + "\r\n";
  return out;
}

}  // namespace honeyguide::notify
