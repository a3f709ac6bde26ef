// Proves that deliveries reach the right receiver with the right payload, that each answer means to
// the outbox what it must, and that a receiver which never answers delays nobody else.
#include "notify/notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "net/test_http_server.h"

namespace honeyguide::notify {
namespace {

using base::ErrorCode;
using nlohmann::json;

class NotifierTest : public net::HttpServerTest {
 protected:
  void SetUp() override {
    start_taking();
    url_ = "http://" + server_->address();
  }
  void TearDown() override {
    // In the order that a server stops in.
    if (notifier_) notifier_->stop();
    client_.reset();
    runner_.reset();
    notifier_.reset();
    while (taken_.size() > 0) taken_.take();
  }
  void open(std::vector<ReceiverConfig> receivers) {
    const auto valid = validate(receivers, true);
    ASSERT_TRUE(valid) << valid.error().message;
    client_ = net::HttpClient::create(*pool_, {}).value();
    runner_ = std::make_unique<CommandRunner>(clock_);
    notifier_ = std::make_unique<Notifier>(std::move(receivers), "http://hg.example/", *client_,
                                           *runner_, clock_);
  }
  ReceiverConfig receiver(ReceiverType type, const std::string& name = "ops") {
    ReceiverConfig out;
    out.name = name;
    out.type = type;
    out.url = url_ + "/" + name;
    out.routing_key = "R0UT1NG";
    return out;
  }
  static alerts::Notification notification(const std::string& receiver = "ops") {
    alerts::Notification out;
    out.id = std::string(32, 'b');
    out.receiver = receiver;
    out.group_key = "g";
    alerts::Alert alert;
    alert.id = "1a30ba71cca2921f";
    alert.labels = {{"alertname", "x"}};
    alert.state = alerts::AlertState::kFiring;
    alert.fired = 1'764'036'720'000'000'000;
    out.alerts = {alert};
    return out;
  }
  void send(const std::string& receiver = "ops") {
    notifier_->send(notification(receiver), [this, receiver](base::Result<void> result) {
      results_.put(
          {receiver, result ? "ok" : std::string(base::error_code_name(result.error().code))});
    });
  }
  void answer(net::Taken taken, int status, const std::string& body = "ok") {
    taken.responder->send(net::HttpResponse::with_body(status, "text/plain", body));
  }

  std::string url_;
  std::unique_ptr<net::HttpClient> client_;
  std::unique_ptr<CommandRunner> runner_;
  std::unique_ptr<Notifier> notifier_;
  net::Mailbox<std::pair<std::string, std::string>> results_;
};

struct TypeCase {
  ReceiverType type;
  const char* path;
  const char* has;  // a key of the payload that only this type has
};

TEST_F(NotifierTest, EveryHttpReceiverGetsItsOwnPayload) {
  const TypeCase kCases[] = {
      {ReceiverType::kWebhook, "/webhook", "truncatedAlerts"},
      {ReceiverType::kSlack, "/slack", "blocks"},
      {ReceiverType::kPagerDuty, "/pagerduty", "routing_key"},
      {ReceiverType::kAlertmanager, "/alertmanager/api/v2/alerts", "endsAt"},
  };
  std::vector<ReceiverConfig> receivers;
  for (const TypeCase& c : kCases) {
    receivers.push_back(receiver(c.type, std::string(receiver_type_name(c.type))));
    receivers.back().token = "t0ken";
  }
  open(receivers);
  for (const TypeCase& c : kCases) {
    send(std::string(receiver_type_name(c.type)));
    net::Taken taken = taken_.take();
    EXPECT_EQ(taken.request.path(), c.path);
    EXPECT_EQ(taken.request.method, "POST");
    EXPECT_EQ(taken.request.headers.get("content-type"), "application/json");
    EXPECT_EQ(taken.request.headers.get("authorization"), "Bearer t0ken");
    const json body = json::parse(taken.request.body);
    EXPECT_TRUE((body.is_array() ? body[0] : body).contains(c.has)) << body;
    if (c.type == ReceiverType::kWebhook) {
      EXPECT_EQ(taken.request.headers.get("idempotency-key"), std::string(32, 'b'));
    }
    answer(std::move(taken), c.type == ReceiverType::kPagerDuty ? 202 : 200);
    EXPECT_EQ(results_.take().second, "ok");
  }
}

TEST_F(NotifierTest, AnAnswerIsDoneForGoodOrForLater) {
  ReceiverConfig ops = receiver(ReceiverType::kSlack);
  open({ops});
  const std::pair<int, const char*> kCases[] = {
      {200, "ok"},
      {302, "invalid_argument"},  // a redirect is never followed
      {400, "invalid_argument"},
      {403, "invalid_argument"},
      {404, "invalid_argument"},
      {500, "unavailable"},
  };
  for (const auto& [status, code] : kCases) {
    send();
    answer(taken_.take(), status, "because");
    EXPECT_EQ(results_.take().second, code) << status;
  }
  const auto status = notifier_->status();
  EXPECT_EQ(status[0].delivered, 1u);
  EXPECT_EQ(status[0].failed, 4u);
  EXPECT_EQ(status[0].deferred, 1u);
  EXPECT_THAT(status[0].last_error, testing::HasSubstr("500 because"));
}

TEST_F(NotifierTest, AThrottledReceiverIsTriedAgainWithTheSameId) {
  open({receiver(ReceiverType::kWebhook)});
  send();
  for (const int status : {503, 429, 200}) {
    net::Taken taken = taken_.take();
    EXPECT_EQ(taken.request.headers.get("idempotency-key"), std::string(32, 'b'));
    answer(std::move(taken), status);
  }
  EXPECT_EQ(results_.take().second, "ok");
}

TEST_F(NotifierTest, AReceiverThatNeverAnswersDelaysNobodyElse) {
  open({receiver(ReceiverType::kWebhook, "dead"), receiver(ReceiverType::kWebhook, "live")});
  for (int i = 0; i < 5; ++i) send("dead");
  net::Taken held = taken_.take();
  EXPECT_EQ(held.request.path(), "/dead");
  for (int i = 0; i < 5; ++i) {
    send("live");
    net::Taken taken = taken_.take();
    EXPECT_EQ(taken.request.path(), "/live") << "one delivery at a time to the dead one";
    answer(std::move(taken), 200);
    EXPECT_EQ(results_.take().first, "live");
  }
  answer(std::move(held), 200);
  EXPECT_EQ(results_.take().first, "dead");
}

TEST_F(NotifierTest, BeyondTheQueueTheOutboxKeepsThem) {
  open({receiver(ReceiverType::kWebhook)});
  for (std::size_t i = 0; i < kReceiverQueueMax + 2; ++i) send();
  EXPECT_EQ(results_.take().second, "unavailable");
  net::Taken held = taken_.take();
}

TEST_F(NotifierTest, AnUnknownReceiverAndADeadPortAreToldApart) {
  ReceiverConfig gone = receiver(ReceiverType::kWebhook);
  gone.url = "http://127.0.0.1:1/";
  gone.timeout_ns = base::kNanosPerSecond;
  open({gone});
  send("nobody");
  EXPECT_EQ(results_.take().second, "not_found");
  send();
  EXPECT_EQ(results_.take().second, "unavailable");
}

TEST_F(NotifierTest, ACommandGetsTheWebhooksJsonAndItsExitCodeCounts) {
  ReceiverConfig good = receiver(ReceiverType::kCommand, "good");
  good.argv = {"/bin/grep", "-q", "\"truncatedAlerts\":0"};
  ReceiverConfig bad = receiver(ReceiverType::kCommand, "bad");
  bad.argv = {"/bin/false"};
  ReceiverConfig later = receiver(ReceiverType::kCommand, "later");
  later.argv = {"/bin/sh", "-c", "exit 75"};
  open({good, bad, later});
  const std::pair<const char*, const char*> kCases[] = {
      {"good", "ok"}, {"bad", "invalid_argument"}, {"later", "unavailable"}};
  for (const auto& [name, code] : kCases) {
    send(name);
    EXPECT_EQ(results_.take().second, code) << name;
  }
}

TEST_F(NotifierTest, AMailServerThatIsGoneIsForLater) {
  ReceiverConfig mail = receiver(ReceiverType::kEmail);
  mail.url = "smtp://127.0.0.1:1";
  mail.from = "hg@a.example";
  mail.to = {"kim@b.example"};
  open({mail});
  send();
  EXPECT_EQ(results_.take().second, "unavailable");
}

TEST(ReceiverConfigTest, WhatIsMissingIsNamedAndNoSecretIs) {
  ReceiverConfig good;
  good.name = "ops";
  good.url = "https://hooks.example/T/B/S3CRET";
  ASSERT_TRUE(validate({good}, false));
  const struct {
    const char* name;
    std::function<void(ReceiverConfig&)> change;
    const char* words;
  } kCases[] = {
      {"no name", [](auto& r) { r.name = ""; }, "name"},
      {"no url", [](auto& r) { r.url = "S3CRET"; }, "url"},
      {"no key", [](auto& r) { r.type = ReceiverType::kPagerDuty; }, "routing_key"},
      {"no flag",
       [](auto& r) {
         r.type = ReceiverType::kCommand;
         r.argv = {"/bin/true"};
       },
       "--enable-exec"},
      {"no mail server", [](auto& r) { r.type = ReceiverType::kEmail; }, "smtp://"},
      {"no timeout", [](auto& r) { r.timeout_ns = 0; }, "timeout"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    ReceiverConfig receiver = good;
    c.change(receiver);
    const auto valid = validate({receiver}, false);
    ASSERT_FALSE(valid);
    EXPECT_THAT(valid.error().message, testing::HasSubstr(c.words));
    EXPECT_THAT(valid.error().message, testing::Not(testing::HasSubstr("S3CRET")));
  }
  EXPECT_THAT(validate({good, good}, false).error().message, testing::HasSubstr("twice"));
}

}  // namespace
}  // namespace honeyguide::notify
