// Proves that an agent gets the newest directive in force and no other, that its word on it is kept
// in order, and that all of it outlives the process.
#include "control/directive_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/model/model_state.h"

namespace honeyguide::control {
namespace {

using base::ErrorCode;

class DirectiveBookTest : public testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    book_.reset();
    auto opened = DirectiveBook::open(state_, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    book_ = std::move(opened).value();
  }
  Directive give(DirectiveKind kind, std::string params = "{}", std::int64_t expires_in_ns = 0) {
    auto issued = book_->issue(key_, {kind, std::move(params), "loop", "kim", expires_in_ns});
    EXPECT_TRUE(issued) << issued.error().message;
    return issued ? *issued : Directive{};
  }

  base::SimClock clock_;
  store::ModelStateStore state_;
  const AgentKey key_{0, "coder/2 ü"};
  std::unique_ptr<DirectiveBook> book_;
};

TEST_F(DirectiveBookTest, ANewDirectiveReplacesTheOneBefore) {
  EXPECT_FALSE(book_->current(key_, 0));
  give(DirectiveKind::kPause);
  give(DirectiveKind::kRun);
  const auto current = book_->current(key_, 0);
  ASSERT_TRUE(current);
  EXPECT_EQ(current->seq, 2u);
  EXPECT_EQ(current->kind, DirectiveKind::kRun);
  EXPECT_FALSE(book_->current(key_, 2)) << "the client has it";
  EXPECT_TRUE(book_->current(key_, 1));
}

TEST_F(DirectiveBookTest, AClientOfAnotherLifeGetsTheDirectiveDespiteItsHigherSeq) {
  const Directive given = give(DirectiveKind::kPause);
  EXPECT_TRUE(book_->current(key_, 57));
  EXPECT_TRUE(book_->current(key_, given.seq, given.epoch - 1)) << "same seq, other epoch";
  EXPECT_FALSE(book_->current(key_, given.seq, given.epoch));
}

TEST_F(DirectiveBookTest, AnExpiredDirectiveIsGivenToNobody) {
  give(DirectiveKind::kPause, "{}", base::kNanosPerMinute);
  clock_.advance(base::kNanosPerMinute - 1);
  EXPECT_TRUE(book_->current(key_, 0));
  clock_.advance(1);
  EXPECT_FALSE(book_->current(key_, 0));
  EXPECT_EQ(book_->counts().in_force, 0u);
}

TEST_F(DirectiveBookTest, AWishBeyondTheMaximumIsCutToIt) {
  const Directive given = give(DirectiveKind::kPause, "{}", base::kNanosPerDay);
  EXPECT_EQ(given.expires - given.issued, 15 * base::kNanosPerMinute);
}

TEST_F(DirectiveBookTest, EverythingOutlivesTheProcessAndTheEpochRises) {
  const Directive given = give(DirectiveKind::kThrottle, R"({"ratio":0.5})");
  ASSERT_TRUE(book_->acknowledge(key_, given.seq, AckState::kReceived, "got it"));
  const std::uint64_t epoch = book_->epoch();
  reopen();
  EXPECT_GT(book_->epoch(), epoch);
  const auto current = book_->current(key_, 0);
  ASSERT_TRUE(current);
  EXPECT_EQ(current->epoch, epoch) << "a directive keeps the epoch it was issued in";
  EXPECT_EQ(current->params, R"({"ratio":0.5})");
  EXPECT_EQ(current->ack, AckState::kReceived);
  EXPECT_EQ(current->ack_detail, "got it");
  EXPECT_EQ(current->expires, given.expires);
  EXPECT_EQ(give(DirectiveKind::kRun).seq, given.seq + 1);
}

TEST_F(DirectiveBookTest, ANewDataDirectoryStartsAboveEveryEpochBefore) {
  const std::uint64_t epoch = book_->epoch();
  clock_.advance(2 * base::kNanosPerSecond);
  store::ModelStateStore fresh;
  const auto other = DirectiveBook::open(fresh, clock_);
  ASSERT_TRUE(other);
  EXPECT_GT((*other)->epoch(), epoch);
}

TEST_F(DirectiveBookTest, TheEpochRisesWhereTheClockWentBack) {
  const std::uint64_t epoch = book_->epoch();
  clock_.jump_to(clock_.now() - base::kNanosPerDay);
  reopen();
  EXPECT_EQ(book_->epoch(), epoch + 1);
}

struct AckCase {
  const char* name;
  std::vector<AckState> before;
  AckState state;
  std::optional<ErrorCode> error;
  AckState after;
};

TEST_F(DirectiveBookTest, AnAcknowledgementOnlyGoesForward) {
  using enum AckState;
  const AckCase kCases[] = {
      {"received", {}, kReceived, {}, kReceived},
      {"obeyed at once", {}, kObeyed, {}, kObeyed},
      {"refused after received", {kReceived}, kRefused, {}, kRefused},
      {"twice the same", {kObeyed}, kObeyed, {}, kObeyed},
      {"a late received changes nothing", {kObeyed}, kReceived, {}, kObeyed},
      {"obeyed after refused", {kRefused}, kObeyed, ErrorCode::kFailedPrecondition, kRefused},
      {"refused after obeyed", {kObeyed}, kRefused, ErrorCode::kFailedPrecondition, kObeyed},
  };
  for (const AckCase& c : kCases) {
    SCOPED_TRACE(c.name);
    const Directive given = give(DirectiveKind::kPause);
    for (const AckState state : c.before) {
      ASSERT_TRUE(book_->acknowledge(key_, given.seq, state, ""));
    }
    const auto result = book_->acknowledge(key_, given.seq, c.state, "");
    ASSERT_EQ(result.has_value(), !c.error.has_value());
    if (c.error) {
      EXPECT_EQ(result.error().code, *c.error);
    }
    EXPECT_EQ(book_->find(key_, given.seq)->ack, c.after);
  }
}

TEST_F(DirectiveBookTest, SilenceBeyondTheDeadlineIsOverdue) {
  const Directive given = give(DirectiveKind::kPause);
  ASSERT_TRUE(book_->acknowledge(key_, given.seq, AckState::kReceived, ""));
  clock_.advance(kObeyDeadlineNs);
  EXPECT_TRUE(book_->find(key_, given.seq)->overdue(clock_.now())) << "received is not obeyed";
  EXPECT_EQ(book_->counts().overdue, 1u);
  ASSERT_TRUE(book_->acknowledge(key_, given.seq, AckState::kObeyed, ""));
  EXPECT_EQ(book_->counts().overdue, 0u);
}

TEST_F(DirectiveBookTest, UnknownAgentsAndForgottenSeqsAreNotFound) {
  EXPECT_EQ(book_->acknowledge(key_, 1, AckState::kObeyed, "").error().code, ErrorCode::kNotFound);
  for (std::size_t i = 0; i <= kDirectivesKeptMax; ++i) give(DirectiveKind::kPause);
  EXPECT_EQ(book_->history(key_).size(), kDirectivesKeptMax);
  EXPECT_EQ(book_->acknowledge(key_, 1, AckState::kObeyed, "").error().code, ErrorCode::kNotFound);
}

TEST_F(DirectiveBookTest, TheSameAgentOfAnotherTenantIsAnother) {
  give(DirectiveKind::kPause);
  EXPECT_FALSE(book_->current({1, key_.agent}, 0));
}

TEST_F(DirectiveBookTest, AnAgentListensWhileItPolls) {
  EXPECT_FALSE(book_->listening(key_));
  book_->heard_from(key_);
  clock_.advance(kListeningNs);
  EXPECT_TRUE(book_->listening(key_));
  clock_.advance(1);
  EXPECT_FALSE(book_->listening(key_));
}

TEST_F(DirectiveBookTest, EveryDirectiveAsksForWhatItNeeds) {
  const struct {
    DirectiveKind kind;
    const char* params;
    bool good;
  } kCases[] = {
      {DirectiveKind::kRun, "{}", true},
      {DirectiveKind::kPause, "[]", false},
      {DirectiveKind::kPause, "{", false},
      {DirectiveKind::kThrottle, "{}", false},
      {DirectiveKind::kThrottle, R"({"max_concurrency":0})", true},
      {DirectiveKind::kThrottle, R"({"max_concurrency":-1})", false},
      {DirectiveKind::kThrottle, R"({"tokens_per_min":20000})", true},
      {DirectiveKind::kThrottle, R"({"ratio":1})", true},
      {DirectiveKind::kThrottle, R"({"ratio":0})", false},
      {DirectiveKind::kThrottle, R"({"ratio":"1"})", false},
      {DirectiveKind::kReassign, R"({"task_id":"t"})", false},
      {DirectiveKind::kReassign, R"({"to":"coder-3"})", true},
      {DirectiveKind::kBreakWait, R"({"waits_for":""})", false},
      {DirectiveKind::kBreakWait, R"({"waits_for":"editor"})", true},
      {DirectiveKind::kSwitchModel, R"({"model":7})", false},
      {DirectiveKind::kSwitchModel, R"({"model":"small-1"})", true},
  };
  for (const auto& c : kCases) {
    const auto issued = book_->issue(key_, {c.kind, c.params, "", "kim", 0});
    EXPECT_EQ(issued.has_value(), c.good) << directive_name(c.kind) << " " << c.params;
    if (!issued) {
      EXPECT_EQ(issued.error().code, ErrorCode::kInvalidArgument);
    }
  }
  const std::string huge = R"({"x":")" + std::string(kDirectiveParamsBytesMax, 'x') + R"("})";
  EXPECT_FALSE(book_->issue(key_, {DirectiveKind::kPause, huge, "", "kim", 0}));
}

TEST_F(DirectiveBookTest, AgentIdsAreBounded) {
  for (const std::string& id :
       {std::string(), std::string(kAgentIdBytesMax + 1, 'a'), std::string("\xff")}) {
    EXPECT_FALSE(book_->issue({0, id}, {DirectiveKind::kPause, "{}", "", "kim", 0}));
  }
}

TEST_F(DirectiveBookTest, ListenersHearOfIssuesAndAcknowledgements) {
  std::vector<std::string> heard;
  book_->set_on_issue([&](const AgentKey& key, const Directive& d) {
    heard.push_back("issue " + key.agent + " " + std::string(directive_name(d.kind)));
  });
  book_->set_on_ack([&](const AgentKey&, const Directive& d) {
    heard.push_back("ack " + std::string(ack_name(d.ack)));
  });
  const Directive given = give(DirectiveKind::kPause);
  ASSERT_TRUE(book_->acknowledge(key_, given.seq, AckState::kObeyed, ""));
  ASSERT_TRUE(book_->acknowledge(key_, given.seq, AckState::kObeyed, ""));
  EXPECT_THAT(heard, testing::ElementsAre("issue coder/2 ü pause", "ack obeyed"));
}

}  // namespace
}  // namespace honeyguide::control
