// Proves over random lives, refusals and kills at every point that nobody is told too often, too
// late, twice without need or not at all, and that no step of an escalation is skipped.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "alerts/alert_book.h"
#include "store/model/model_state.h"

namespace honeyguide::alerts {
namespace {

constexpr std::int64_t kSecond = base::kNanosPerSecond;
constexpr std::int64_t kMinute = base::kNanosPerMinute;
constexpr std::int64_t kStepMax = 40 * kSecond;
constexpr std::size_t kAlerts = 9;

AlertingConfig config() {
  AlertingConfig out;
  out.route.receiver = "ops";
  out.route.group_wait_ns = 30 * kSecond;
  out.route.group_interval_ns = 5 * kMinute;
  out.route.repeat_interval_ns = base::kNanosPerHour;
  out.policies = {{"oncall",
                   {},
                   Severity::kCritical,
                   {{0, {"chat"}, "", ""}, {3 * kMinute, {"phone"}, "", ""}},
                   6 * kMinute,
                   2}};
  return out;
}

Finding finding(std::size_t index) {
  Finding out;
  out.rule = "r" + std::to_string(index % 3);
  out.kind = AlertKind::kThreshold;
  out.severity = index % 3 == 0 ? Severity::kCritical : Severity::kHigh;
  out.labels = {{"agent", "a" + std::to_string(index)}};
  out.agents = {out.labels["agent"]};
  out.measure = "m" + std::to_string(index);
  return out;
}

// A server's life in one thread: it evaluates, stores, sends; it can die between any two of these.
class World {
 public:
  explicit World(std::uint64_t seed) : seed_(seed), random_(seed) { holds_.resize(kAlerts); }

  void live(int steps, bool calm) {
    for (int i = 0; i < steps; ++i) {
      now_ += static_cast<std::int64_t>(1 + random_() % (kStepMax / kSecond)) * kSecond;
      step(calm);
      check_told();
    }
  }

  // After a calm time all that was decided has arrived.
  void check_arrived() {
    EXPECT_TRUE(book_->outbox().empty()) << "seed " << seed_;
    for (const auto& [id, notification] : made_) {
      EXPECT_GE(sent_[id], 1) << "seed " << seed_ << ": never sent to " << notification.receiver;
      EXPECT_LE(sent_[id], 1 + excused_[id]) << "seed " << seed_ << ": repeated without need";
    }
    check_groups();
    check_escalations();
    EXPECT_GT(made_.size(), 20u) << "nothing happened";
  }

 private:
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

  void step(bool calm) {
    std::vector<Finding> findings;
    for (std::size_t i = 0; i < kAlerts; ++i) {
      if (!calm && chance(3)) holds_[i] = !holds_[i];
      if (holds_[i]) findings.push_back(finding(i));
    }
    book_->update("rules", findings, {}, now_);
    book_->advance(now_);
    if (!calm && chance(5)) return restart();  // dies before the write
    store();
    for (const Notification& notification : book_->outbox()) {
      made_.try_emplace(notification.id, notification);
    }
    if (!calm && chance(5)) return restart();  // dies before sending
    for (const Notification& notification : book_->take_due(now_)) {
      ++sent_[notification.id];
      if (!calm && chance(20)) {
        ++excused_[notification.id];
        book_->not_delivered(notification.id, {base::ErrorCode::kUnavailable, "busy"}, now_);
      } else if (!calm && chance(10)) {
        ++excused_[notification.id];
        return restart();  // dies between sending and recording
      } else {
        book_->delivered(notification.id, now_);
        store();
      }
    }
  }

  void store() {
    store::Checkpoint checkpoint;
    checkpoint.shard = store::kSharedShard;
    checkpoint.changes = book_->take_changes();
    ASSERT_TRUE(state_.checkpoint(checkpoint).has_value());
  }

  void restart() {
    book_ = std::make_unique<AlertBook>(config());
    std::uint64_t damaged = 0;
    ASSERT_TRUE(book_->load(state_, store::kSharedShard, damaged).has_value());
    ASSERT_EQ(damaged, 0u);
  }

  static std::set<std::string> firing_of(const Notification& notification) {
    std::set<std::string> out;
    for (const Alert& alert : notification.alerts) {
      if (alert.open() || alert.flapping) out.insert(alert.id);
    }
    return out;
  }

  std::vector<const Notification*> in_order(const std::string& receiver) const {
    std::vector<const Notification*> out;
    for (const auto& [id, notification] : made_) {
      if (notification.receiver == receiver) out.push_back(&notification);
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const auto* a, const auto* b) { return a->created < b->created; });
    return out;
  }

  // What fires for longer than a group may wait is in a notification.
  void check_told() {
    std::set<std::string> told;
    std::map<std::string, const Notification*> newest;
    for (const Notification* notification : in_order("ops")) {
      newest[notification->group_key] = notification;
    }
    for (const auto& [key, notification] : newest) told.merge(firing_of(*notification));
    const std::int64_t latest = 5 * kMinute + 30 * kSecond + 8 * kStepMax;  // some steps were lost
    for (const Alert& alert : book_->open_alerts()) {
      if (now_ - alert.fired < latest) continue;
      EXPECT_TRUE(told.contains(alert.id)) << "seed " << seed_ << ": " << alert.finding.rule;
    }
  }

  // Groups keep their distances and say nothing twice within the repeat interval.
  void check_groups() const {
    std::map<std::string, const Notification*> before;
    for (const Notification* now : in_order("ops")) {
      const Notification*& last = before[now->group_key];
      if (last != nullptr) {
        const std::int64_t gap = now->created - last->created;
        EXPECT_GE(gap, last->resolved ? 30 * kSecond : 5 * kMinute) << "seed " << seed_;
        const auto firing = firing_of(*now);
        if (firing == firing_of(*last) && firing.size() == now->alerts.size()) {
          EXPECT_GE(gap, base::kNanosPerHour) << "seed " << seed_;
        }
      }
      last = now;
    }
  }

  // Steps 0 1 0 1 0 1 of each episode, at their distances, without a hole.
  void check_escalations() const {
    std::map<std::pair<std::string, base::UnixNanos>, std::vector<const Notification*>> episodes;
    for (const char* receiver : {"chat", "phone"}) {
      for (const Notification* one : in_order(receiver)) {
        episodes[{one->alerts.at(0).id, one->alerts.at(0).fired}].push_back(one);
      }
    }
    EXPECT_FALSE(episodes.empty());
    for (auto& [key, steps] : episodes) {
      std::stable_sort(steps.begin(), steps.end(),
                       [](const auto* a, const auto* b) { return a->created < b->created; });
      EXPECT_LE(steps.size(), 6u) << "seed " << seed_;
      for (std::size_t i = 0; i < steps.size(); ++i) {
        EXPECT_EQ(steps[i]->step, i % 2) << "seed " << seed_ << " at " << i;
        if (i == 0) continue;
        EXPECT_GE(steps[i]->created - steps[i - 1]->created, (i % 2 == 1 ? 3 : 6) * kMinute);
      }
    }
  }

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  base::UnixNanos now_ = 1'750'000'000 * kSecond;
  store::ModelStateStore state_;
  std::unique_ptr<AlertBook> book_ = std::make_unique<AlertBook>(config());
  std::vector<bool> holds_;
  std::map<std::string, Notification> made_;  // stored once, by id
  std::map<std::string, int> sent_;
  std::map<std::string, int> excused_;  // repeats that are allowed
};

TEST(AlertNotifyTest, RandomLivesWithRefusalsAndKillsKeepEveryPromise) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    World world(seed);
    world.live(400, false);
    world.live(60, true);
    world.check_arrived();
  }
}

TEST(AlertNotifyTest, AFlappingAlertsEndIsToldAlsoWhereItsGroupIsNotDueWhenItKeepsStill) {
  AlertBook book(config());
  base::UnixNanos now = 1'750'000'000 * kSecond;
  std::vector<bool> told;  // resolved?
  const auto live = [&](bool holds, std::int64_t ns) {
    for (const base::UnixNanos end = now + ns; now < end; now += 10 * kSecond) {
      book.update("rules", holds ? std::vector{finding(1)} : std::vector<Finding>{}, {}, now);
      book.advance(now);
      for (const Notification& one : book.take_due(now)) {
        told.push_back(one.resolved);
        book.delivered(one.id, now);
      }
    }
  };
  for (int i = 0; i < 3; ++i) {
    live(true, kMinute);
    live(false, kMinute + i * 10 * kSecond);
  }
  ASSERT_EQ(book.stats().flapping, 1u);
  live(false, 40 * kMinute);
  EXPECT_EQ(told, (std::vector<bool>{false, true}));
}

TEST(AlertNotifyTest, AnEscalationThatStartsAnewIsNotTakenForARepetition) {
  AlertBook book(config());
  base::UnixNanos now = 1'750'000'000 * kSecond;
  const auto step = [&] {
    book.update("rules", {finding(0)}, {}, now);
    book.advance(now);
    std::set<std::string> ids;
    for (const Notification& one : book.take_due(now)) {
      if (one.receiver == "chat") ids.insert(one.id);
      book.delivered(one.id, now);
    }
    return ids;
  };
  const auto first = step();
  ASSERT_EQ(first.size(), 1u);
  const std::string id = book.open_alerts().at(0).id;
  ASSERT_TRUE(book.acknowledge(id, "kim", "", now).has_value());
  now += kMinute;
  ASSERT_TRUE(book.unacknowledge(id, "kim", now).has_value());
  const auto second = step();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_NE(*first.begin(), *second.begin());
}

TEST(AlertNotifyTest, TheExemplarOfAnEpisodeStaysThoughTheRuleNamesNone) {
  AlertBook book(config());
  base::UnixNanos now = 1'750'000'000 * kSecond;
  book.update("rules", {finding(1)}, {}, now);
  ASSERT_EQ(book.without_exemplar(10).size(), 1u);
  book.set_exemplar(book.open_alerts().at(0).id, "0123456789abcdef0123456789abcdef");
  EXPECT_TRUE(book.without_exemplar(10).empty());
  book.update("rules", {finding(1)}, {}, now + kMinute);
  EXPECT_EQ(book.open_alerts().at(0).finding.trace_id, "0123456789abcdef0123456789abcdef");
  book.update("rules", {}, {}, now + 2 * kMinute);
  book.update("rules", {finding(1)}, {}, now + 3 * kMinute);
  EXPECT_TRUE(book.open_alerts().at(0).finding.trace_id.empty());
  book.set_exemplar(book.open_alerts().at(0).id, "");  // there is none
  EXPECT_TRUE(book.without_exemplar(10).empty());
}

}  // namespace
}  // namespace honeyguide::alerts
