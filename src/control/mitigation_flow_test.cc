// Proves in a simulated fleet that automation stops by itself when its health signal lies: whatever
// the lie and whenever the server restarts, at most one agent over the budget is touched.
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/mem_fs.h"
#include "control/mitigation_engine.h"
#include "store/model/model_state.h"

namespace honeyguide::control {
namespace {

using base::kNanosPerMinute;
using base::kNanosPerSecond;

constexpr int kAgents = 40;
constexpr int kBudget = 3;

class NoEffects final : public ActionExecutor {
 public:
  void start(const ActionSpec&, const std::string&, const std::string&,
             std::function<void(EffectResult)>) override {}
};

// What the signal says of an agent at a time; the agents themselves are well all along.
struct Lie {
  const char* name;
  // One after the other, or all at once?
  int new_alerts_per_minute;
  // Does the alert of an agent that was acted on go on to fire?
  bool (*fires)(int agent, std::int64_t minutes_since_action, std::mt19937_64& random);
};

const Lie kLies[] = {
    {"all fire at once and never clear", kAgents, [](int, std::int64_t, auto&) { return true; }},
    {"one after the other, none clears", 1, [](int, std::int64_t, auto&) { return true; }},
    {"one every ten minutes, none clears", 0, [](int, std::int64_t, auto&) { return true; }},
    {"each clears at once and comes back", 1,
     [](int, std::int64_t minutes, auto&) { return minutes < 1 || minutes >= 4; }},
    {"each flaps at random", 1,
     [](int, std::int64_t, std::mt19937_64& random) { return random() % 2 == 0; }},
};

class FleetTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override {
    MitigationConfig config;
    config.budget_targets = kBudget;
    config.actions = {{.name = "pause", .directive = DirectiveKind::kPause}};
    Policy policy;
    policy.name = "sick";
    policy.match = {{"category", {"health"}}};
    policy.action = "pause";
    policy.mode = PolicyMode::kLive;
    config.policies = {policy};
    config_ = config;
    // The view of the fleet lies too: everybody is well, so that the blast radius never holds.
    for (int i = 0; i < kAgents; ++i) {
      fleet_.agents[name(i)] = {"team-" + std::to_string(i), true, 1, 10.0};
    }
    open();
  }
  static std::string name(int agent) { return "agent-" + std::to_string(agent); }
  void open() {
    engine_.reset();
    book_.reset();
    audit_.reset();
    audit_ = AuditLog::open(fs_, "audit", clock_).value();
    book_ = DirectiveBook::open(state_, clock_).value();
    engine_ = MitigationEngine::open(config_, {state_, *book_, *audit_, effects_,
                                               [this](auto) { return fleet_; }, clock_})
                  .value();
    book_->set_on_ack(
        [this](const auto& key, const auto& directive) { engine_->on_ack(key, directive); });
  }
  // Agents obey whatever they are told.
  void obey() {
    for (int i = 0; i < kAgents; ++i) {
      const AgentKey key{0, name(i)};
      book_->heard_from(key);
      const auto told = book_->current(key, 0);
      if (!told || told->ack != AckState::kNone) continue;
      ASSERT_TRUE(book_->acknowledge(key, told->seq, AckState::kObeyed, ""));
      if (told->kind != DirectiveKind::kRun) acted_[i] = clock_.now();
    }
  }
  void observe(int agent, bool fires) {
    Trigger trigger;
    trigger.alert_id = "health/" + name(agent);
    trigger.category = "health";
    trigger.agent = name(agent);
    trigger.confidence = 1;
    trigger.bound_sender = true;
    if (fires) {
      engine_->observe(trigger);
    } else {
      engine_->cleared(0, trigger.alert_id);
    }
  }

  // Eight hours, a look every twenty seconds, restarts now and then. Gives the agents acted on.
  std::set<int> live_with(const Lie& lie, std::mt19937_64& random) {
    int alerting = 0;
    for (std::int64_t step = 0; step < 8 * 180; ++step) {
      const bool minute = step % 3 == 0;
      const int more =
          lie.new_alerts_per_minute > 0 ? lie.new_alerts_per_minute : (step % 30 == 0 ? 1 : 0);
      if (minute) alerting = std::min(kAgents, alerting + more);
      for (int i = 0; i < alerting; ++i) {
        const auto at = acted_.find(i);
        const bool fires = at == acted_.end() ||
                           lie.fires(i, (clock_.now() - at->second) / kNanosPerMinute, random);
        observe(i, fires);
      }
      engine_->tick();
      obey();
      if (random() % 200 == 0) open();
      clock_.advance(20 * kNanosPerSecond);
    }
    std::set<int> out;
    for (const auto& [agent, when] : acted_) out.insert(agent);
    return out;
  }

  base::SimClock clock_;
  base::MemFs fs_;
  store::ModelStateStore state_;
  NoEffects effects_;
  MitigationConfig config_;
  FleetView fleet_;
  std::map<int, base::UnixNanos> acted_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<DirectiveBook> book_;
  std::unique_ptr<MitigationEngine> engine_;
};

TEST_P(FleetTest, WithALyingHealthSignalAutomationStopsAfterAtMostOneTargetOverItsBudget) {
  std::mt19937_64 random(GetParam());
  for (const Lie& lie : kLies) {
    SCOPED_TRACE(lie.name);
    ASSERT_TRUE(state_.purge());
    fs_.remove_tree("audit").value();
    acted_.clear();
    SetUp();
    const std::set<int> touched = live_with(lie, random);
    EXPECT_LE(touched.size(), static_cast<std::size_t>(kBudget + 1));
    if (lie.new_alerts_per_minute != kAgents) {
      EXPECT_GE(touched.size(), 1u) << "a test in which nothing ever acts proves nothing";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FleetTest, testing::Range<std::uint64_t>(1, 3));

}  // namespace
}  // namespace honeyguide::control
