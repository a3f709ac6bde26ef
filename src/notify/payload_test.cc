// Proves the exact bytes that each receiver is sent, and that hostile text stays text.
#include "notify/payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace honeyguide::notify {
namespace {

using alerts::Alert;
using alerts::AlertState;
using alerts::Notification;
using alerts::Severity;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// 2025-11-25T02:12:00.500Z
constexpr base::UnixNanos kFired = 1'764'036'720'500'000'000;

Alert alert(const std::string& agent, Severity severity = Severity::kCritical) {
  Alert out;
  out.id = "1a30ba71cca2921f";
  out.finding.rule = "loop-guard";
  out.finding.category = "loop";
  out.finding.severity = severity;
  out.finding.agents = {agent};
  out.finding.workflow = "fix-issue";
  out.finding.annotations = {{"summary", "41 identical calls"}};
  out.labels = {{"alertname", "loop-guard"},
                {"agent", agent},
                {"severity", std::string(alerts::severity_name(severity))}};
  out.state = AlertState::kFiring;
  out.since = out.fired = kFired;
  return out;
}

Notification notification(std::vector<Alert> list) {
  Notification out;
  out.id = std::string(32, 'a');
  out.receiver = "ops";
  out.group_key = "{}/{}:{alertname=\"loop-guard\"}";
  out.group_labels = {{"alertname", "loop-guard"}};
  out.alerts = std::move(list);
  out.created = kFired + base::kNanosPerSecond;
  return out;
}

const PayloadOptions kOptions{"http://hg.example", "", ""};

TEST(PayloadTest, AWebhookGetsAlertmanagersVersionFour) {
  Alert gone = alert("coder-3");
  gone.state = AlertState::kResolved;
  gone.resolved = kFired + base::kNanosPerMinute;
  auto n = notification({alert("coder-2"), gone});
  n.truncated = 3;
  EXPECT_EQ(json::parse(webhook_json(n, kOptions)), json::parse(R"({
    "version": "4", "groupKey": "{}/{}:{alertname=\"loop-guard\"}", "truncatedAlerts": 3,
    "status": "firing", "receiver": "ops", "groupLabels": {"alertname": "loop-guard"},
    "commonLabels": {"alertname": "loop-guard", "severity": "critical"},
    "commonAnnotations": {"summary": "41 identical calls"}, "externalURL": "http://hg.example",
    "alerts": [
      {"status": "firing",
       "labels": {"alertname": "loop-guard", "agent": "coder-2", "severity": "critical"},
       "annotations": {"summary": "41 identical calls"},
       "startsAt": "2025-11-25T02:12:00.500Z", "endsAt": "0001-01-01T00:00:00Z",
       "generatorURL": "http://hg.example/alerts/1a30ba71cca2921f",
       "fingerprint": "1a30ba71cca2921f"},
      {"status": "resolved",
       "labels": {"alertname": "loop-guard", "agent": "coder-3", "severity": "critical"},
       "annotations": {"summary": "41 identical calls"},
       "startsAt": "2025-11-25T02:12:00.500Z", "endsAt": "2025-11-25T02:13:00.500Z",
       "generatorURL": "http://hg.example/alerts/1a30ba71cca2921f",
       "fingerprint": "1a30ba71cca2921f"}]})"));
}

TEST(PayloadTest, SlackGetsATextAndBlocks) {
  EXPECT_EQ(json::parse(slack_json(notification({alert("coder-2")}), kOptions)), json::parse(R"({
    "text": "[FIRING] loop-guard coder-2",
    "blocks": [
      {"type": "section",
       "text": {"type": "mrkdwn", "text": ":rotating_light: *[FIRING] loop-guard coder-2*"}},
      {"type": "section",
       "text": {"type": "mrkdwn", "text": "loop-guard coder-2: 41 identical calls"}},
      {"type": "section",
       "text": {"type": "mrkdwn",
                "text": "<http://hg.example/alerts/1a30ba71cca2921f|Open in honeyguide>"}}]})"));
}

TEST(PayloadTest, NoAlertCanMentionAChannelInSlack) {
  const std::string text = slack_json(notification({alert("<!channel> & <@U1>")}), kOptions);
  EXPECT_THAT(text, Not(HasSubstr("<!channel>")));
  EXPECT_THAT(text, HasSubstr("&lt;!channel&gt; &amp; &lt;@U1&gt;"));
}

TEST(PayloadTest, PagerDutyGetsATriggerAndAnEndForOneIncident) {
  auto n = notification({alert("coder-2", Severity::kHigh)});
  const json trigger = json::parse(pagerduty_json(n, kOptions, "R0UT1NG"));
  EXPECT_EQ(trigger, json::parse(R"({
    "routing_key": "R0UT1NG", "event_action": "trigger",
    "dedup_key": ")" + trigger["dedup_key"].get<std::string>() +
                                 R"(",
    "payload": {"summary": "[FIRING] loop-guard coder-2", "source": "coder-2",
      "severity": "error", "timestamp": "2025-11-25T02:12:00.500Z", "component": "coder-2",
      "group": "fix-issue", "class": "loop",
      "custom_details": {"alerts": 1, "lines": ["loop-guard coder-2: 41 identical calls"]}},
    "links": [{"href": "http://hg.example/alerts/1a30ba71cca2921f",
               "text": "Open in honeyguide"}],
    "client": "honeyguide", "client_url": "http://hg.example"})"));
  n.alerts[0].state = AlertState::kAcknowledged;
  EXPECT_EQ(json::parse(pagerduty_json(n, kOptions, "K"))["event_action"], "acknowledge");
  n.alerts[0].state = AlertState::kResolved;
  n.resolved = true;
  const json resolve = json::parse(pagerduty_json(n, kOptions, "K"));
  EXPECT_EQ(resolve["event_action"], "resolve");
  EXPECT_EQ(resolve["dedup_key"], trigger["dedup_key"]) << "it ends what was triggered";
  EXPECT_FALSE(resolve.contains("payload"));
  n.group_key = "other";
  EXPECT_NE(json::parse(pagerduty_json(n, kOptions, "K"))["dedup_key"], trigger["dedup_key"]);
}

TEST(PayloadTest, PagerDutysSeverityIsTheWorst) {
  const std::pair<Severity, const char*> kCases[] = {{Severity::kLow, "info"},
                                                     {Severity::kMedium, "warning"},
                                                     {Severity::kHigh, "error"},
                                                     {Severity::kCritical, "critical"},
                                                     {Severity::kEmergency, "critical"}};
  for (const auto& [severity, word] : kCases) {
    const auto n = notification({alert("a", Severity::kLow), alert("b", severity)});
    EXPECT_EQ(json::parse(pagerduty_json(n, kOptions, "K"))["payload"]["severity"], word);
  }
}

TEST(PayloadTest, AnAlertmanagerGetsAnEndSoThatALostServerIsNoAlertForEver) {
  Alert gone = alert("coder-3");
  gone.state = AlertState::kResolved;
  gone.resolved = kFired + base::kNanosPerMinute;
  const auto sent = json::parse(
      alertmanager_json(notification({alert("coder-2"), gone}), kOptions, base::kNanosPerHour));
  EXPECT_EQ(sent[0], json::parse(R"({
    "labels": {"alertname": "loop-guard", "agent": "coder-2", "severity": "critical"},
    "annotations": {"summary": "41 identical calls"}, "startsAt": "2025-11-25T02:12:00.500Z",
    "endsAt": "2025-11-25T03:12:01.500Z",
    "generatorURL": "http://hg.example/alerts/1a30ba71cca2921f"})"));
  EXPECT_EQ(sent[1]["endsAt"], "2025-11-25T02:13:00.500Z");
}

TEST(PayloadTest, AMailHasOneHeaderAndNothingForeignInIt) {
  auto n = notification({alert("coder-2\r\nBcc: all@x.example")});
  const std::string mail = mail_text(n, kOptions, "hg@a.example", "kim@b.example");
  EXPECT_THAT(mail, testing::StartsWith("From: hg@a.example\r\nTo: kim@b.example\r\nSubject: "));
  EXPECT_THAT(mail, Not(HasSubstr("\nBcc")));
  EXPECT_THAT(mail, HasSubstr("Date: Tue, 25 Nov 2025 02:12:01 +0000\r\n"));
  EXPECT_THAT(mail, HasSubstr("Message-ID: <" + n.id + "@honeyguide>\r\n"));
  n.alerts[0] = alert("Käthe");
  EXPECT_THAT(mail_text(n, kOptions, "a@b.example", "c@d.example"), HasSubstr("=?UTF-8?B?"));
}

TEST(PayloadTest, FieldsAreFilledAndUnknownOnesVanish) {
  auto n = notification({alert("a"), alert("b", Severity::kHigh)});
  n.truncated = 5;
  const struct {
    const char* text;
    const char* expect;
  } kCases[] = {
      {"plain", "plain"},
      {"{{ status }}{{counts}}", "FIRING:7"},
      {"{{ severity }} {{ receiver }}", "critical ops"},
      {"{{ alertname }}|{{ agent }}|{{ nothing }}", "loop-guard||"},
      {"{{ summary }}", "41 identical calls"},
      {"{{ link }}", "http://hg.example/alerts"},
      {"{{ alerts }}",
       "loop-guard a: 41 identical calls\nloop-guard b: 41 identical calls\nand 5 more\n"},
      {"open {{ status", "open {{ status"},
      {"}} {{", "}} {{"},
  };
  for (const auto& c : kCases) EXPECT_EQ(expand(c.text, n, kOptions), c.expect) << c.text;
  EXPECT_LE(expand(std::string(100'000, 'x'), n, kOptions).size(), kExpandedBytesMax);
}

TEST(PayloadTest, TemplatesReplaceTitleAndText) {
  const PayloadOptions own{"", "{{ severity }}: {{ alertname }}", "on {{ agent }}"};
  const auto sent = json::parse(slack_json(notification({alert("coder-2")}), own));
  EXPECT_EQ(sent["text"], "critical: loop-guard");
  EXPECT_EQ(sent["blocks"].size(), 2u) << "no link without external_url";
  EXPECT_EQ(sent["blocks"][1]["text"]["text"], "on coder-2");
}

}  // namespace
}  // namespace honeyguide::notify
