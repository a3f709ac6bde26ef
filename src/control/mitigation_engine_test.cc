// Proves the life of an action: every guard refuses what it must, a person decides, the raising
// condition alone judges, what did not help is undone, and a restart forgets and repeats nothing.
#include "control/mitigation_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/mem_fs.h"
#include "store/model/model_state.h"

namespace honeyguide::control {
namespace {

using base::ErrorCode;
using base::kNanosPerMinute;
using base::kNanosPerSecond;
using testing::HasSubstr;

class RecordingExecutor final : public ActionExecutor {
 public:
  void start(const ActionSpec& action, const std::string& id, const std::string& body,
             std::function<void(EffectResult)> done) override {
    started.push_back(action.name + " " + id);
    bodies.push_back(body);
    pending.push_back(std::move(done));
  }
  std::vector<std::string> started;
  std::vector<std::string> bodies;
  std::vector<std::function<void(EffectResult)>> pending;
};

MitigationConfig test_config() {
  MitigationConfig config;
  config.exec_enabled = true;
  config.actions = {
      {.name = "pause", .directive = DirectiveKind::kPause},
      {.name = "stop", .directive = DirectiveKind::kStop},
      {.name = "break", .directive = DirectiveKind::kBreakWait},
      {.name = "slow", .directive = DirectiveKind::kThrottle, .params = R"({"ratio":0.25})"},
      {.name = "undo-hook", .type = ActionType::kWebhook, .url = "http://ops/undo"},
      {.name = "hook",
       .type = ActionType::kWebhook,
       .url = "http://ops/hook",
       .declared_reversible = true,
       .rollback = "undo-hook"},
      {.name = "restart", .type = ActionType::kCommand, .argv = {"/usr/bin/true"}},
  };
  const auto policy = [&](const char* name, const char* category, const char* action) {
    Policy out;
    out.name = name;
    out.match = {{"category", {category}}};
    out.action = action;
    out.mode = PolicyMode::kLive;
    config.policies.push_back(out);
  };
  policy("loop", "loop", "pause");
  policy("runaway", "runaway", "stop");
  policy("deadlock", "deadlock", "break");
  policy("hooked", "hooked", "hook");
  policy("crash", "crash", "restart");
  policy("cost", "cost", "slow");
  policy("rehearsal", "rehearsal", "pause");
  config.policies.back().mode = PolicyMode::kDryRun;
  return config;
}

class MitigationEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 10; ++i) {
      fleet_.agents["coder-" + std::to_string(i)] = {"code", true, 1, 40.0};
    }
    reopen();
  }
  void reopen() {
    engine_.reset();
    book_.reset();
    audit_.reset();
    auto audit = AuditLog::open(fs_, "audit", clock_);
    ASSERT_TRUE(audit);
    audit_ = std::move(audit).value();
    auto book = DirectiveBook::open(state_, clock_);
    ASSERT_TRUE(book);
    book_ = std::move(book).value();
    const auto valid = validate(config_);
    ASSERT_TRUE(valid) << valid.error().message;
    auto engine = MitigationEngine::open(
        config_, {state_, *book_, *audit_, executor_, [this](auto) { return fleet_; }, clock_});
    ASSERT_TRUE(engine) << engine.error().message;
    engine_ = std::move(engine).value();
    book_->set_on_ack(
        [this](const auto& key, const auto& directive) { engine_->on_ack(key, directive); });
    for (const auto& [name, agent] : fleet_.agents) book_->heard_from({0, name});
  }
  static Trigger trigger(const std::string& category = "loop",
                         const std::string& agent = "coder-2") {
    Trigger out;
    out.alert_id = category + "/" + agent;
    out.rule = category + "-guard";
    out.category = category;
    out.severity = "critical";
    out.agent = agent;
    out.confidence = 0.95;
    out.bound_sender = true;
    return out;
  }
  // One second passes; whoever listens goes on listening.
  void tick(std::int64_t ns = kNanosPerSecond) {
    clock_.advance(ns);
    for (const auto& [name, agent] : fleet_.agents) book_->heard_from({0, name});
    engine_->tick();
  }
  void fire(const Trigger& t) {
    engine_->observe(t);
    tick();
  }
  ActionRecord last() {
    const auto all = engine_->list(0);
    EXPECT_FALSE(all.empty());
    return all.empty() ? ActionRecord{} : all.front();
  }
  DirectiveKind told(const std::string& agent) {
    const auto newest = book_->current({0, agent}, 0);
    return newest ? newest->kind : DirectiveKind::kRun;
  }
  void obey(const std::string& agent) {
    const auto newest = book_->newest({0, agent});
    ASSERT_TRUE(newest);
    ASSERT_TRUE(book_->acknowledge({0, agent}, newest->seq, AckState::kObeyed, ""));
  }
  // One action that helps, from alert to verdict.
  void help(const std::string& category, const std::string& agent) {
    Trigger t = trigger(category, agent);
    t.alert_id += "/" + std::to_string(clock_.now());  // never the same: nothing comes back
    fire(t);
    obey(agent);
    engine_->cleared(0, t.alert_id);
    tick();
    tick(10 * kNanosPerMinute);
    ASSERT_EQ(last().state, ActionState::kVerified) << last().refused_by;
    ASSERT_TRUE(book_->issue({0, agent}, {DirectiveKind::kRun, "{}", "", "kim", 0}));
  }
  std::vector<std::string> audited() {
    std::vector<std::string> out;
    const auto page = audit_->list({.limit = 1000});
    for (const auto& entry : page->entries) {
      out.insert(out.begin(), entry.event.action);
    }
    return out;
  }
  std::size_t starts() {
    const auto all = audited();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), "mitigation.start"));
  }

  base::SimClock clock_;
  base::MemFs fs_;
  store::ModelStateStore state_;
  RecordingExecutor executor_;
  FleetView fleet_;
  MitigationConfig config_ = test_config();
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<DirectiveBook> book_;
  std::unique_ptr<MitigationEngine> engine_;
};

TEST_F(MitigationEngineTest, ALoopIsPausedVerifiedAndWrittenDown) {
  fire(trigger());
  EXPECT_EQ(last().state, ActionState::kRequested);
  EXPECT_EQ(told("coder-2"), DirectiveKind::kPause);
  ASSERT_TRUE(book_->acknowledge({0, "coder-2"}, 1, AckState::kReceived, ""));
  EXPECT_EQ(last().state, ActionState::kDelivered);
  obey("coder-2");
  EXPECT_EQ(last().state, ActionState::kObeyed);
  engine_->cleared(0, "loop/coder-2");
  tick();
  EXPECT_EQ(last().state, ActionState::kObeyed) << "cleared is not yet stayed clear";
  tick(10 * kNanosPerMinute);
  EXPECT_EQ(last().state, ActionState::kVerified);
  EXPECT_EQ(last().verdict, "cleared");
  EXPECT_THAT(audited(), testing::ElementsAre("mitigation.start", "mitigation.verify"));
}

TEST_F(MitigationEngineTest, WhatDoesNotClearInTimeFailsAndIsRolledBack) {
  fire(trigger());
  obey("coder-2");
  tick(5 * kNanosPerMinute);
  EXPECT_EQ(last().state, ActionState::kRolledBack);
  EXPECT_EQ(last().verdict, "not_cleared");
  EXPECT_EQ(told("coder-2"), DirectiveKind::kRun);
  EXPECT_EQ(book_->newest({0, "coder-2"})->kind, DirectiveKind::kRun);
  EXPECT_THAT(audited(),
              testing::ElementsAre("mitigation.start", "mitigation.fail", "mitigation.roll_back"));
}

TEST_F(MitigationEngineTest, WhatClearsAndComesBackFails) {
  fire(trigger());
  obey("coder-2");
  engine_->cleared(0, "loop/coder-2");
  tick();
  clock_.advance(kNanosPerMinute);
  fire(trigger());
  EXPECT_EQ(engine_->find(0, "mi-1")->state, ActionState::kRolledBack);
  EXPECT_THAT(engine_->find(0, "mi-1")->verdict_text, HasSubstr("came back"));
}

TEST_F(MitigationEngineTest, AnActionThatMakesMorePeersSickIsWorse) {
  fire(trigger());
  obey("coder-2");
  fleet_.agents["coder-3"].healthy = false;
  tick();
  EXPECT_EQ(last().state, ActionState::kObeyed) << "one may be chance";
  fleet_.agents["coder-4"].healthy = false;
  tick();
  EXPECT_EQ(last().state, ActionState::kRolledBack);
  EXPECT_EQ(last().verdict, "worse");
}

TEST_F(MitigationEngineTest, AnAgentThatDoesNotObeyIsReleasedAgain) {
  fire(trigger());
  ASSERT_TRUE(book_->acknowledge({0, "coder-2"}, 1, AckState::kReceived, ""));
  tick(kObeyDeadlineNs);
  EXPECT_EQ(last().state, ActionState::kRolledBack);
  EXPECT_THAT(last().verdict_text, HasSubstr("did not obey in time"));
  EXPECT_EQ(told("coder-2"), DirectiveKind::kRun);
}

TEST_F(MitigationEngineTest, AnAgentMayRefuse) {
  fire(trigger());
  ASSERT_TRUE(book_->acknowledge({0, "coder-2"}, 1, AckState::kRefused, "in a transaction"));
  EXPECT_EQ(last().state, ActionState::kRefused);
  EXPECT_EQ(last().refused_by, "agent");
  EXPECT_THAT(last().verdict_text, HasSubstr("in a transaction"));
}

TEST_F(MitigationEngineTest, APersonsNewerDirectiveIsNotRolledOver) {
  fire(trigger());
  obey("coder-2");
  ASSERT_TRUE(engine_->order({0, "coder-2"}, {DirectiveKind::kStop, "{}", "", "kim", 0}, true));
  tick(5 * kNanosPerMinute);
  EXPECT_EQ(engine_->find(0, "mi-1")->state, ActionState::kFailed);
  EXPECT_EQ(told("coder-2"), DirectiveKind::kStop);
}

struct GuardCase {
  const char* name;
  std::function<void(Trigger&, FleetView&)> change;
  const char* refused_by;  // nullptr: acts
};

TEST_F(MitigationEngineTest, EveryGuardRefusesWhatItMust) {
  const auto make_sick = [](FleetView& fleet, int count) {
    for (int i = 3; i < 3 + count; ++i) fleet.agents["coder-" + std::to_string(i)].healthy = false;
  };
  const GuardCase kCases[] = {
      {"nothing wrong", [](auto&, auto&) {}, nullptr},
      {"unbound sender", [](auto& t, auto&) { t.bound_sender = false; }, "bound_sender"},
      {"confidence .89", [](auto& t, auto&) { t.confidence = 0.89; }, "confidence"},
      {"confidence .9", [](auto& t, auto&) { t.confidence = 0.9; }, nullptr},
      {"unknown confidence", [](auto& t, auto&) { t.confidence = 0; }, "confidence"},
      {"a forecast may pause", [](auto& t, auto&) { t.prediction = true; }, nullptr},
      {"silenced", [](auto& t, auto&) { t.silenced = true; }, "silence"},
      {"three more sick of ten", [&](auto&, auto& f) { make_sick(f, 3); }, nullptr},
      {"four more sick of ten", [&](auto&, auto& f) { make_sick(f, 4); }, "blast_radius"},
      {"an agent nobody knows", [](auto& t, auto&) { t.agent = "stranger"; }, "blast_radius"},
      {"alone in its team", [](auto&, auto& f) { f.agents["coder-2"].team = "solo"; }, nullptr},
  };
  for (const GuardCase& c : kCases) {
    SCOPED_TRACE(c.name);
    state_.purge().value();
    fleet_ = {};
    SetUp();
    Trigger t = trigger();
    c.change(t, fleet_);
    fire(t);
    if (c.refused_by == nullptr) {
      EXPECT_EQ(last().state, ActionState::kRequested) << last().refused_by;
      continue;
    }
    EXPECT_EQ(last().state, ActionState::kRefused);
    EXPECT_EQ(last().refused_by, c.refused_by);
    EXPECT_EQ(book_->history({0, t.agent}).size(), 0u);
  }
}

TEST_F(MitigationEngineTest, AForecastAloneNeverStopsAnAgentNotEvenWithApproval) {
  Trigger t = trigger("runaway");
  t.prediction = true;
  fire(t);
  EXPECT_EQ(last().state, ActionState::kRefused);
  EXPECT_EQ(last().refused_by, "forecast");
}

TEST_F(MitigationEngineTest, AnAgentThatDoesNotListenIsNotTold) {
  clock_.advance(kListeningNs + 1);
  engine_->observe(trigger());
  engine_->tick();
  EXPECT_EQ(last().refused_by, "listening");
}

TEST_F(MitigationEngineTest, ARefusalIsJudgedAgainInPlaceWhileTheAlertFires) {
  Trigger t = trigger();
  t.silenced = true;
  fire(t);
  for (int i = 0; i < 60; ++i) fire(t);
  EXPECT_EQ(engine_->list(0).size(), 1u);
  EXPECT_EQ(audited().size(), 1u) << "the same refusal is noted once";
  t.silenced = false;
  engine_->observe(t);
  tick(kJudgeAgainNs);
  EXPECT_EQ(engine_->list(0).size(), 1u);
  EXPECT_EQ(last().state, ActionState::kRequested);
}

TEST_F(MitigationEngineTest, ADryRunTellsWhatItWouldSaveAndTouchesNothing) {
  fire(trigger("rehearsal"));
  for (int i = 0; i < 100; ++i) tick();
  EXPECT_EQ(engine_->list(0).size(), 1u) << "once for each firing";
  EXPECT_EQ(last().state, ActionState::kDryRun);
  EXPECT_THAT(last().dry_run_text, HasSubstr("Pause coder-2"));
  EXPECT_DOUBLE_EQ(last().saves_usd.value(), 10.0) << "$40 an hour over 15 min";
  EXPECT_TRUE(book_->history({0, "coder-2"}).empty());
}

TEST_F(MitigationEngineTest, ADryRunShowsTheGuardThatWouldRefuse) {
  Trigger t = trigger("rehearsal");
  t.bound_sender = false;
  fire(t);
  EXPECT_EQ(last().state, ActionState::kDryRun);
  EXPECT_THAT(last().dry_run_text, HasSubstr("guard bound_sender would refuse"));
}

TEST_F(MitigationEngineTest, DryRunIsTheDefaultOfAPolicyAndTheFileCanHoldAllToIt) {
  EXPECT_EQ(Policy{}.mode, PolicyMode::kDryRun);
  config_.mode = PolicyMode::kDryRun;
  reopen();
  fire(trigger());
  EXPECT_EQ(last().state, ActionState::kDryRun);
  EXPECT_EQ(starts(), 0u);
}

TEST_F(MitigationEngineTest, WhatCannotBeTakenBackWaitsForAPersonWhoNamesTheAgent) {
  fire(trigger("runaway"));
  EXPECT_EQ(last().state, ActionState::kProposed);
  EXPECT_EQ(told("coder-2"), DirectiveKind::kRun);
  const auto unnamed = engine_->approve(0, "mi-1", "kim", "", "");
  ASSERT_FALSE(unnamed);
  EXPECT_EQ(unnamed.error().code, ErrorCode::kInvalidArgument);
  const auto approved = engine_->approve(0, "mi-1", "kim", "go", "coder-2");
  ASSERT_TRUE(approved) << approved.error().message;
  EXPECT_EQ(approved->state, ActionState::kRequested);
  EXPECT_EQ(approved->decided_by, "kim");
  EXPECT_EQ(told("coder-2"), DirectiveKind::kStop);
  EXPECT_EQ(engine_->approve(0, "mi-1", "kim", "", "coder-2").error().code,
            ErrorCode::kFailedPrecondition);
  EXPECT_THAT(audited(),
              testing::ElementsAre("mitigation.propose", "mitigation.approve", "mitigation.start"));
}

TEST_F(MitigationEngineTest, AnApprovalDoesNotOverrideTheOtherGuards) {
  fire(trigger("runaway"));
  for (int i = 3; i < 9; ++i) fleet_.agents["coder-" + std::to_string(i)].healthy = false;
  const auto approved = engine_->approve(0, "mi-1", "kim", "", "coder-2");
  ASSERT_FALSE(approved);
  EXPECT_THAT(approved.error().message, HasSubstr("blast_radius"));
  EXPECT_EQ(last().state, ActionState::kProposed);
}

TEST_F(MitigationEngineTest, ADeniedProposalStaysDeniedWhileTheAlertFiresAlsoOverARestart) {
  fire(trigger("runaway"));
  ASSERT_TRUE(engine_->deny(0, "mi-1", "kim", "known work"));
  for (int i = 0; i < 60; ++i) fire(trigger("runaway"));
  reopen();
  for (int i = 0; i < 60; ++i) fire(trigger("runaway"));
  EXPECT_EQ(engine_->list(0).size(), 1u);
  engine_->cleared(0, "runaway/coder-2");
  tick();
  fire(trigger("runaway"));
  EXPECT_EQ(last().state, ActionState::kProposed) << "a new firing is a new question";
  EXPECT_EQ(last().id, "mi-2");
}

TEST_F(MitigationEngineTest, AProposalEndsWithItsTimeOrItsReason) {
  fire(trigger("runaway"));
  tick(15 * kNanosPerMinute);
  EXPECT_EQ(last().state, ActionState::kExpired);
  fire(trigger("runaway", "coder-3"));
  EXPECT_EQ(last().state, ActionState::kProposed);
  engine_->cleared(0, "runaway/coder-3");
  tick();
  EXPECT_EQ(last().state, ActionState::kExpired);
  EXPECT_THAT(last().verdict_text, HasSubstr("by itself"));
}

TEST_F(MitigationEngineTest, ASecondActionInATeamWaitsForTheVerdictOnTheFirst) {
  fire(trigger("loop", "coder-2"));
  fire(trigger("loop", "coder-3"));
  EXPECT_EQ(last().refused_by, "one_at_a_time");
  obey("coder-2");
  engine_->cleared(0, "loop/coder-2");
  tick();
  tick(10 * kNanosPerMinute);
  tick(kJudgeAgainNs);
  EXPECT_EQ(last().state, ActionState::kRequested);
  EXPECT_EQ(last().target, "coder-3");
}

TEST_F(MitigationEngineTest, ACooldownHoldsTheSameTarget) {
  fire(trigger());
  obey("coder-2");
  tick(5 * kNanosPerMinute);
  EXPECT_EQ(starts(), 1u) << "failed and rolled back";
  for (int i = 0; i < 9; ++i) tick(kNanosPerMinute);
  EXPECT_EQ(starts(), 1u) << "within 15 min of the first";
  tick(kNanosPerMinute);
  EXPECT_EQ(starts(), 2u);
}

TEST_F(MitigationEngineTest, AfterTwoAttemptsAPersonIsNeeded) {
  config_.budget_targets = 100;
  reopen();
  // The breaker would end it sooner: results that helped keep it closed.
  for (int i = 0; i < 30; ++i) help("cost", "coder-" + std::to_string(i % 5 + 5));
  const std::size_t before = starts();
  for (int minute = 0; minute < 58; ++minute) {
    fire(trigger());
    if (told("coder-2") == DirectiveKind::kPause &&
        book_->newest({0, "coder-2"})->ack == AckState::kNone) {
      obey("coder-2");
    }
    tick(kNanosPerMinute);
  }
  EXPECT_EQ(starts() - before, 2u);
}

TEST_F(MitigationEngineTest, AStormHoldsEverythingUntilItHasBeenQuiet) {
  for (int i = 0; i < 6; ++i) engine_->observe(trigger("loop", "coder-" + std::to_string(i)));
  tick();
  EXPECT_EQ(starts(), 0u);
  for (const auto& record : engine_->list(0)) EXPECT_EQ(record.refused_by, "storm");
  for (int i = 1; i < 6; ++i) engine_->cleared(0, "loop/coder-" + std::to_string(i));
  tick(9 * kNanosPerMinute);
  EXPECT_EQ(starts(), 0u);
  tick(kNanosPerMinute);
  EXPECT_EQ(starts(), 1u);
}

TEST_F(MitigationEngineTest, ARingOfWaitsIsOpenedAtItsCheapestWait) {
  fleet_.agents["coder-5"].running_tasks = 0;
  fleet_.rings = {{"coder-4", "coder-5", "coder-6"}};
  fire(trigger("deadlock", "coder-4"));
  EXPECT_EQ(last().state, ActionState::kProposed) << "giving up a wait loses work";
  EXPECT_EQ(last().target, "coder-5");
  ASSERT_TRUE(engine_->approve(0, "mi-1", "kim", "", "coder-5"));
  const auto given = book_->newest({0, "coder-5"});
  ASSERT_TRUE(given);
  EXPECT_EQ(given->kind, DirectiveKind::kBreakWait);
  EXPECT_EQ(given->params, R"({"waits_for":"coder-6"})");
}

TEST_F(MitigationEngineTest, TheRingItselfIsNoFurtherSicknessOfASmallTeam) {
  fleet_.agents["a"] = {"pair", true, 0, {}};
  fleet_.agents["b"] = {"pair", true, 0, {}};
  fleet_.waits = {{"a", "b", 100}, {"b", "a", 200}};
  fleet_.rings = {{"a", "b"}};
  fire(trigger("deadlock", "a"));
  EXPECT_EQ(last().state, ActionState::kProposed) << last().refused_by;
  EXPECT_EQ(last().target, "b");
}

TEST_F(MitigationEngineTest, WithoutARingNothingIsBroken) {
  fire(trigger("deadlock", "coder-4"));
  EXPECT_EQ(last().state, ActionState::kRefused);
  EXPECT_EQ(last().refused_by, "waiting_graph");
}

TEST_F(MitigationEngineTest, AWebhookThatFailsIsAFailedActionAndOneThatHelpsIsVerified) {
  fire(trigger("hooked"));
  ASSERT_EQ(executor_.started, std::vector<std::string>{"hook mi-1"});
  EXPECT_THAT(executor_.bodies[0], HasSubstr(R"("agent":"coder-2")"));
  executor_.pending[0]({true, "200"});
  EXPECT_EQ(last().state, ActionState::kObeyed);
  tick(5 * kNanosPerMinute);
  EXPECT_EQ(last().state, ActionState::kRolledBack);
  EXPECT_EQ(executor_.started.back(), "undo-hook mi-1-undo");
  fire(trigger("hooked", "coder-7"));
  executor_.pending.back()({false, "500 internal"});
  EXPECT_EQ(last().state, ActionState::kRolledBack);
  EXPECT_EQ(last().verdict_text, "500 internal");
}

TEST_F(MitigationEngineTest, ARestartRepeatsAWebhookUnderItsIdAndNeverACommand) {
  fire(trigger("hooked"));
  reopen();
  tick();
  EXPECT_THAT(executor_.started, testing::ElementsAre("hook mi-1", "hook mi-1"));
  executor_.pending.back()({true, "200"});
  EXPECT_EQ(last().state, ActionState::kObeyed);
  fleet_.agents["coder-7"].team = "other";
  fire(trigger("crash", "coder-7"));
  ASSERT_TRUE(engine_->approve(0, last().id, "kim", "", "coder-7"));
  EXPECT_EQ(executor_.started.back(), "restart mi-2");
  const std::size_t started = executor_.started.size();
  reopen();
  tick();
  EXPECT_EQ(executor_.started.size(), started);
  EXPECT_EQ(engine_->find(0, "mi-2")->state, ActionState::kFailed);
  EXPECT_THAT(engine_->find(0, "mi-2")->verdict_text, HasSubstr("never run twice"));
}

TEST_F(MitigationEngineTest, ARestartAtAnyStepGoesOnWithTheSameDirective) {
  fire(trigger());
  for (int step = 0; step < 4; ++step) {
    reopen();
    tick();
    EXPECT_EQ(book_->history({0, "coder-2"}).size(), 1u) << "never told twice";
    if (step == 1) obey("coder-2");
    if (step == 2) {
      engine_->observe(trigger());
      engine_->cleared(0, "loop/coder-2");
      tick();
    }
  }
  tick(10 * kNanosPerMinute);
  EXPECT_EQ(last().state, ActionState::kVerified);
}

TEST_F(MitigationEngineTest, AfterARestartNothingIsDoneAboutAnAlertThatNobodyConfirmed) {
  fire(trigger());
  obey("coder-2");
  tick(5 * kNanosPerMinute);
  ASSERT_EQ(starts(), 1u);
  reopen();
  for (int i = 0; i < 30; ++i) tick(kNanosPerMinute);
  EXPECT_EQ(starts(), 1u);
  fire(trigger());
  EXPECT_EQ(starts(), 2u);
}

TEST_F(MitigationEngineTest, WhatClearedWhileTheServerWasDownCounts) {
  fire(trigger());
  obey("coder-2");
  reopen();
  EXPECT_EQ(engine_->watched(0), std::set<std::string>{"loop/coder-2"});
  engine_->cleared(0, "loop/coder-2");
  tick();
  tick(10 * kNanosPerMinute);
  EXPECT_EQ(last().state, ActionState::kVerified);
}

TEST_F(MitigationEngineTest, APersonsDirectiveIsHeldByTheBlastRadiusUnlessForced) {
  for (int i = 3; i < 9; ++i) fleet_.agents["coder-" + std::to_string(i)].healthy = false;
  const DirectiveRequest pause{DirectiveKind::kPause, "{}", "why", "kim", 0};
  const auto held = engine_->order({0, "coder-2"}, pause, false);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(held.error().message, HasSubstr("blast_radius"));
  ASSERT_TRUE(engine_->order({0, "coder-2"}, pause, true));
  EXPECT_TRUE(engine_->order({0, "coder-2"}, {DirectiveKind::kRun, "{}", "", "kim", 0}, false))
      << "resuming is never held";
  EXPECT_EQ(audited().front(), "directive.pause");
}

TEST_F(MitigationEngineTest, APersonsPauseDoesNotCountAsAutomation) {
  const auto ordered =
      engine_->order({0, "coder-2"}, {DirectiveKind::kPause, "{}", "", "kim", 0}, false);
  ASSERT_TRUE(ordered);
  obey("coder-2");
  tick();
  EXPECT_EQ(last().state, ActionState::kObeyed);
  EXPECT_FALSE(last().open());
  const auto back = engine_->roll_back(0, ordered->id, "kim", "done");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(told("coder-2"), DirectiveKind::kRun);
}

TEST_F(MitigationEngineTest, WithoutAnAuditEntryNothingIsDone) {
  fs_.set_capacity_bytes(1);
  fire(trigger());
  EXPECT_EQ(last().state, ActionState::kRefused);
  EXPECT_EQ(last().refused_by, "audit");
  EXPECT_TRUE(book_->history({0, "coder-2"}).empty());
  EXPECT_FALSE(engine_->order({0, "coder-3"}, {DirectiveKind::kPause, "{}", "", "kim", 0}, true));
  EXPECT_TRUE(book_->history({0, "coder-3"}).empty());
}

TEST_F(MitigationEngineTest, HistoryIsBoundedAndKeepsWhatIsOpen) {
  fire(trigger("runaway"));
  for (std::size_t i = 0; i < kActionsKeptMax + 20; ++i) {
    ASSERT_TRUE(engine_->order({0, "coder-9"}, {DirectiveKind::kRun, "{}", "", "kim", 0}, false));
    obey("coder-9");
  }
  EXPECT_EQ(engine_->list(0).size(), kActionsKeptMax);
  EXPECT_EQ(engine_->find(0, "mi-1")->state, ActionState::kProposed);
  reopen();
  EXPECT_LE(engine_->list(0).size(), kActionsKeptMax + 1);
}

}  // namespace
}  // namespace honeyguide::control
