// Proves the life of alerts: states against a simple reference over random events, groups, storms,
// silences, inhibition, flapping, escalation, and that a restart at any moment loses none of it.
#include "alerts/alert_book.h"

#include <random>

#include <gtest/gtest.h>

#include "alerts/alert_codec.h"
#include "store/model/model_state.h"

namespace honeyguide::alerts {
namespace {

constexpr base::UnixNanos kStart = 1'750'000'000 * base::kNanosPerSecond;
constexpr std::int64_t kSecond = base::kNanosPerSecond;
constexpr std::int64_t kMinute = base::kNanosPerMinute;

Finding finding(const std::string& rule, const std::string& agent,
                Severity severity = Severity::kHigh) {
  Finding out;
  out.rule = rule;
  out.kind = AlertKind::kThreshold;
  out.severity = severity;
  out.category = "performance";
  out.labels = {{"agent", agent}};
  out.agents = {agent};
  out.annotations["summary"] = rule + " of " + agent;
  return out;
}

AlertingConfig config() {
  AlertingConfig out;
  out.route.receiver = "ops";
  out.route.group_wait_ns = 30 * kSecond;
  out.route.group_interval_ns = 5 * kMinute;
  out.policies = {{"oncall",
                   {},
                   Severity::kCritical,
                   {{0, {"chat"}, "chat", ""}, {5 * kMinute, {"phone"}, "phone", ""}},
                   15 * kMinute,
                   1}};
  return out;
}

class AlertBookTest : public testing::Test {
 protected:
  void say(std::vector<Finding> findings, std::set<std::string> unknown = {}) {
    said_ = std::move(findings);
    unknown_ = std::move(unknown);
  }
  // Lives for `ns`, ten seconds at a time, storing and delivering as a server does.
  void live(std::int64_t ns) {
    for (const base::UnixNanos end = now_ + ns; now_ < end;) {
      now_ += 10 * kSecond;
      step();
    }
  }
  void step() {
    book_->update("rules", said_, unknown_, now_);
    book_->advance(now_);
    store();
    for (const Notification& notification : book_->take_due(now_)) {
      sent_.push_back(notification);
      if (deliver_) book_->delivered(notification.id, now_);
    }
  }
  void store() {
    store::Checkpoint checkpoint;
    checkpoint.shard = store::kSharedShard;
    checkpoint.changes = book_->take_changes();
    ASSERT_TRUE(state_.checkpoint(checkpoint).has_value());
  }
  void restart() {
    book_ = std::make_unique<AlertBook>(config_);
    std::uint64_t damaged = 0;
    ASSERT_TRUE(book_->load(state_, store::kSharedShard, damaged).has_value());
    EXPECT_EQ(damaged, 0u);
  }
  std::vector<std::string> told(const std::string& receiver) const {
    std::vector<std::string> out;
    for (const Notification& notification : sent_) {
      if (notification.receiver == receiver)
        out.push_back(notification.resolved ? "resolved" : "firing");
    }
    return out;
  }
  std::string id_of(const Finding& of) const {
    Labels labels = of.labels;
    labels["alertname"] = of.rule;
    return fingerprint(labels);
  }

  AlertingConfig config_ = config();
  store::ModelStateStore state_;
  std::unique_ptr<AlertBook> book_ = std::make_unique<AlertBook>(config_);
  base::UnixNanos now_ = kStart;
  std::vector<Finding> said_;
  std::set<std::string> unknown_;
  std::vector<Notification> sent_;
  bool deliver_ = true;
};

using Told = std::vector<std::string>;

TEST_F(AlertBookTest, PendingUntilItHeldLongEnoughThenToldOnceThenResolved) {
  Finding slow = finding("slow", "a");
  slow.for_ns = kMinute;
  say({slow});
  live(50 * kSecond);
  EXPECT_EQ(book_->stats().pending, 1u);
  EXPECT_TRUE(book_->open_alerts().empty());
  live(30 * kSecond);
  EXPECT_EQ(book_->stats().firing, 1u);
  live(10 * kMinute);
  EXPECT_EQ(told("ops"), (Told{"firing"}));
  say({});
  live(10 * kMinute);
  EXPECT_EQ(told("ops"), (Told{"firing", "resolved"}));
  EXPECT_EQ(book_->history(0, now_).size(), 1u);
  EXPECT_TRUE(book_->stats().mean_resolve_ns.has_value());
  live(20 * kMinute);
  EXPECT_EQ(told("ops").size(), 2u);
}

TEST_F(AlertBookTest, AWindowOfKeepFiringBridgesGaps) {
  Finding slow = finding("slow", "a");
  slow.keep_firing_ns = 5 * kMinute;
  say({slow});
  live(kMinute);
  say({});
  live(4 * kMinute);
  EXPECT_EQ(book_->stats().firing, 1u);
  live(2 * kMinute);
  EXPECT_EQ(book_->stats().firing, 0u);
}

TEST_F(AlertBookTest, AMissingInputNeitherFiresNorResolvesUntilItIsGoneForLong) {
  const Finding slow = finding("slow", "a");
  say({slow});
  live(kMinute);
  say({}, {id_of(slow)});
  live(10 * kMinute);
  ASSERT_EQ(book_->open_alerts().size(), 1u);
  EXPECT_TRUE(book_->open_alerts()[0].unknown);
  live(6 * kMinute);
  EXPECT_TRUE(book_->open_alerts().empty());
}

TEST_F(AlertBookTest, TenThousandAlertsMakeOneNotificationAGroup) {
  std::vector<Finding> storm;
  for (int i = 0; i < 10'000; ++i) storm.push_back(finding("slow", "a" + std::to_string(i)));
  say(storm);
  live(6 * kMinute);
  EXPECT_EQ(told("ops").size(), 1u);
  EXPECT_EQ(sent_.at(0).alerts.size() + sent_.at(0).truncated, 10'000u);
  EXPECT_TRUE(book_->stats().storm);
}

TEST_F(AlertBookTest, InAStormOneEscalationRunsAGroup) {
  std::vector<Finding> storm;
  for (int i = 0; i < 500; ++i) {
    storm.push_back(finding("down", "a" + std::to_string(i), Severity::kCritical));
  }
  say(storm);
  live(10 * kSecond);
  EXPECT_EQ(told("chat").size(), 1u);
}

TEST_F(AlertBookTest, ASilenceHidesAndItsEndShowsAgain) {
  say({finding("slow", "a"), finding("slow", "b")});
  Silence silence;
  silence.matchers = Matchers::compile({{"agent", LabelMatcher::Op::kEqual, "a"}}).value();
  silence.ends = now_ + 30 * kMinute;
  silence.created_by = "kim";
  const auto made = book_->add_silence(silence, now_);
  ASSERT_TRUE(made.has_value());
  live(10 * kMinute);
  ASSERT_EQ(sent_.size(), 1u);
  ASSERT_EQ(sent_[0].alerts.size(), 1u);
  EXPECT_EQ(sent_[0].alerts[0].labels.at("agent"), "b");
  EXPECT_EQ(book_->stats().quiet, 1u);
  ASSERT_TRUE(book_->expire_silence(made->id, now_).has_value());
  live(10 * kMinute);
  EXPECT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[1].alerts.size(), 2u);
}

TEST_F(AlertBookTest, ASilenceUntilResolvedEndsWithItsAlert) {
  const Finding slow = finding("slow", "a");
  say({slow});
  live(10 * kSecond);
  Silence silence;
  silence.matchers = Matchers::compile({{"agent", LabelMatcher::Op::kEqual, "a"}}).value();
  silence.alert_id = id_of(slow);
  ASSERT_TRUE(book_->add_silence(silence, now_).has_value());
  live(kMinute);
  EXPECT_TRUE(sent_.empty());
  say({});
  live(kMinute);
  EXPECT_TRUE(book_->silences().at(0).expired(now_));
}

TEST_F(AlertBookTest, AWorseAlertMutesAMilderOneAboutTheSame) {
  Finding mild = finding("errors", "a", Severity::kMedium);
  Finding bad = finding("errors-critical", "a", Severity::kHigh);
  mild.measure = bad.measure = "errors_ratio";
  say({mild, bad, finding("errors", "b", Severity::kMedium)});
  live(kMinute);
  EXPECT_EQ(book_->find(id_of(mild))->inhibited_by, id_of(bad));
  EXPECT_EQ(book_->stats().quiet, 1u);
}

TEST_F(AlertBookTest, AnAlertIsMutedByItsCauseUpstream) {
  book_ = std::make_unique<AlertBook>(config_, [](const std::string& agent) {
    return agent == "tester" ? std::vector<std::string>{"coder"} : std::vector<std::string>{};
  });
  say({finding("slow", "coder")});
  live(kMinute);
  say({finding("slow", "coder"), finding("starved", "tester", Severity::kMedium)});
  live(kMinute);
  EXPECT_EQ(book_->find(id_of(finding("starved", "tester")))->inhibited_by,
            id_of(finding("slow", "coder")));
  say({finding("starved", "tester", Severity::kMedium)});
  live(kMinute);
  EXPECT_TRUE(book_->find(id_of(finding("starved", "tester")))->inhibited_by.empty());
}

TEST_F(AlertBookTest, FlappingIsToldOnce) {
  config_.route.group_interval_ns = 10 * kSecond;
  config_.route.group_wait_ns = 0;
  book_ = std::make_unique<AlertBook>(config_);
  for (int i = 0; i < 20; ++i) {
    say(i % 2 == 0 ? std::vector<Finding>{finding("slow", "a")} : std::vector<Finding>{});
    live(kMinute);
  }
  EXPECT_LT(sent_.size(), 8u);
  const std::size_t before = sent_.size();
  say({});
  live(40 * kMinute);
  EXPECT_EQ(book_->stats().flapping, 0u);
  EXPECT_EQ(sent_.size(), before + 1);
  EXPECT_TRUE(sent_.back().resolved);
}

TEST_F(AlertBookTest, EscalationTakesItsStepsRepeatsAndStops) {
  say({finding("down", "a", Severity::kCritical)});
  live(20 * kSecond);
  EXPECT_EQ(told("chat").size(), 1u);
  live(4 * kMinute);
  EXPECT_EQ(told("phone").size(), 0u);
  live(kMinute);
  EXPECT_EQ(told("phone").size(), 1u);
  live(60 * kMinute);
  EXPECT_EQ(told("chat").size(), 2u);
  EXPECT_EQ(told("phone").size(), 2u);
}

TEST_F(AlertBookTest, AnAcknowledgementStopsTheEscalationAndTakingItBackStartsItAnew) {
  const Finding down = finding("down", "a", Severity::kCritical);
  say({down});
  live(20 * kSecond);
  ASSERT_TRUE(book_->acknowledge(id_of(down), "kim", "on it", now_).has_value());
  live(30 * kMinute);
  EXPECT_EQ(told("phone").size(), 0u);
  EXPECT_EQ(book_->open_alerts().at(0).state, AlertState::kAcknowledged);
  ASSERT_TRUE(book_->unacknowledge(id_of(down), "kim", now_).has_value());
  live(6 * kMinute);
  EXPECT_EQ(told("phone").size(), 1u);
  EXPECT_FALSE(book_->acknowledge("nothing", "kim", "", now_).has_value());
}

TEST_F(AlertBookTest, ARestartInTheMiddleSkipsNoStepAndRepeatsNothing) {
  say({finding("down", "a", Severity::kCritical)});
  for (int i = 0; i < 60; ++i) {
    live(10 * kSecond);
    store();
    restart();
  }
  EXPECT_EQ(told("chat").size(), 1u);
  EXPECT_EQ(told("phone").size(), 1u);
  EXPECT_EQ(told("ops").size(), 1u);
}

TEST_F(AlertBookTest, AfterADowntimeTheStepsKeepTheirDistances) {
  say({finding("down", "a", Severity::kCritical)});
  live(20 * kSecond);
  now_ += 3 * base::kNanosPerHour;
  restart();
  step();
  EXPECT_EQ(told("phone").size(), 1u);
  EXPECT_EQ(told("chat").size(), 1u);
}

TEST_F(AlertBookTest, WhatWasSentAndNotRecordedIsSentAgainWithTheSameId) {
  say({finding("slow", "a")});
  deliver_ = false;
  live(kMinute);
  ASSERT_EQ(sent_.size(), 1u);
  restart();
  deliver_ = true;
  live(kMinute);
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[0].id, sent_[1].id);
  store();
  restart();
  live(kMinute);
  EXPECT_EQ(sent_.size(), 2u);
}

TEST_F(AlertBookTest, ARefusedNotificationWaitsLongerEachTimeAndIsGivenUpAfterADay) {
  say({finding("slow", "a")});
  deliver_ = false;
  std::vector<base::UnixNanos> tries;
  for (int i = 0; i < 6 * 60 * 25; ++i) {
    now_ += 10 * kSecond;
    book_->update("rules", said_, {}, now_);
    book_->advance(now_);
    for (const Notification& notification : book_->take_due(now_)) {
      if (notification.id == (sent_.empty() ? notification.id : sent_[0].id)) tries.push_back(now_);
      if (sent_.empty()) sent_.push_back(notification);
      book_->not_delivered(notification.id, {base::ErrorCode::kUnavailable, "no answer"}, now_);
    }
  }
  ASSERT_GT(tries.size(), 10u);
  EXPECT_LE(tries[1] - tries[0], 10 * kSecond);
  EXPECT_EQ(tries[10] - tries[9], kRetryMaxNs);
  EXPECT_LE(tries.back() - tries.front(), kGiveUpNs + kRetryMaxNs);
  EXPECT_GE(book_->stats().given_up_total, 1u);
}

TEST_F(AlertBookTest, AClockThatJumpsBackMovesTheTimersAlong) {
  say({finding("down", "a", Severity::kCritical)});
  live(20 * kSecond);
  now_ -= 5 * base::kNanosPerHour;
  live(6 * kMinute);
  EXPECT_EQ(told("phone").size(), 1u);
  EXPECT_EQ(told("ops").size(), 1u);
}

TEST_F(AlertBookTest, ExternalAlertsHoldUntilTheyEnd) {
  Finding disk = finding("DiskFull", "node-1");
  disk.kind = AlertKind::kExternal;
  disk.ends = now_ + 5 * kMinute;
  book_->add_external({disk}, now_);
  live(4 * kMinute);
  EXPECT_EQ(book_->stats().firing, 1u);
  live(2 * kMinute);
  EXPECT_EQ(book_->stats().firing, 0u);
}

TEST_F(AlertBookTest, StoredBytesAreReadBackAndDamageIsCounted) {
  say({finding("down", "a", Severity::kCritical)});
  live(2 * kMinute);
  const Alert alert = book_->open_alerts().at(0);
  const std::string bytes = encode_alert(alert);
  EXPECT_EQ(encode_alert(decode_alert(bytes).value()), bytes);
  EXPECT_EQ(encode_notification(decode_notification(encode_notification(sent_.at(0))).value()),
            encode_notification(sent_.at(0)));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_alert(std::string_view(bytes).substr(0, size)).has_value()) << size;
  }
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes = {{store::StateKind::kAlert, "torn", "x"}};
  ASSERT_TRUE(state_.checkpoint(checkpoint).has_value());
  AlertBook other(config_);
  std::uint64_t damaged = 0;
  ASSERT_TRUE(other.load(state_, store::kSharedShard, damaged).has_value());
  EXPECT_EQ(damaged, 1u);
  EXPECT_EQ(other.open_alerts().size(), 1u);
}

// The reference: one alert's state by its definition, from the whole list of what was said.
struct Reference {
  base::UnixNanos since = 0, last = 0;
  bool firing = false;
  void hear(bool holds, base::UnixNanos now, const Finding& rule) {
    if (holds) {
      if (since == 0) since = now;
      last = now;
      firing |= now - since >= rule.for_ns;
    } else if (firing ? now - last >= rule.keep_firing_ns : true) {
      since = 0;
      firing = false;
    }
  }
};

TEST_F(AlertBookTest, StatesEqualTheReferenceOverRandomEventsAndRestarts) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    state_.purge().value();
    restart();
    sent_.clear();
    std::vector<Finding> rules;
    std::vector<Reference> references(8);
    for (int i = 0; i < 8; ++i) {
      rules.push_back(finding("r" + std::to_string(i), "a" + std::to_string(i % 3)));
      rules.back().for_ns = static_cast<std::int64_t>(random() % 4) * 30 * kSecond;
      rules.back().keep_firing_ns = static_cast<std::int64_t>(random() % 3) * kMinute;
    }
    for (int i = 0; i < 300; ++i) {
      now_ += static_cast<std::int64_t>(1 + random() % 40) * kSecond;
      std::vector<Finding> holding;
      for (std::size_t r = 0; r < rules.size(); ++r) {
        const bool holds = random() % 3 != 0;
        if (holds) holding.push_back(rules[r]);
        references[r].hear(holds, now_, rules[r]);
      }
      say(holding);
      step();
      if (random() % 10 == 0) restart();  // as after kill -9: what was not stored is lost
      for (std::size_t r = 0; r < rules.size(); ++r) {
        const auto alert = book_->find(id_of(rules[r]));
        EXPECT_EQ(alert && alert->open(), references[r].firing) << "seed " << seed << " step " << i;
      }
    }
  }
}

}  // namespace
}  // namespace honeyguide::alerts
