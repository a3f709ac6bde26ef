// Proves that facts about an agent are trusted only while every sender of the tenant is bound to
// it, also over a restart.
#include "server/sender_trust.h"

#include <gtest/gtest.h>

#include "store/model/model_state.h"

namespace honeyguide::server {
namespace {

Principal sender(const std::string& name, std::vector<std::string> agents) {
  Principal out;
  out.name = name;
  out.agents = std::move(agents);
  return out;
}

class SenderTrustTest : public testing::Test {
 protected:
  SenderTrustTest() { reopen(); }
  void reopen() { trust_ = SenderTrust::open(state_, clock_).value(); }

  base::SimClock clock_;
  store::ModelStateStore state_;
  std::unique_ptr<SenderTrust> trust_;
};

TEST_F(SenderTrustTest, NobodyIsTrustedBeforeASenderWasSeen) {
  EXPECT_FALSE(trust_->bound(0, "coder-2"));
}

TEST_F(SenderTrustTest, ABoundSenderIsTrustedForItsOwnAgents) {
  trust_->saw(0, sender("token:1", {"coder-*"}));
  EXPECT_TRUE(trust_->bound(0, "coder-2"));
  EXPECT_FALSE(trust_->bound(0, "writer"));
  EXPECT_FALSE(trust_->bound(1, "coder-2")) << "another tenant";
}

TEST_F(SenderTrustTest, OneUnboundSenderEndsTheTrustForAnHour) {
  trust_->saw(0, sender("token:1", {"*"}));
  trust_->saw(0, sender("anonymous", {}));
  EXPECT_FALSE(trust_->bound(0, "coder-2"));
  reopen();
  EXPECT_FALSE(trust_->bound(0, "coder-2")) << "a restart forgives nothing";
  clock_.advance(kTrustNs + 1);
  trust_->saw(0, sender("token:1", {"*"}));
  EXPECT_TRUE(trust_->bound(0, "coder-2"));
}

TEST_F(SenderTrustTest, ASenderOfOtherAgentsEndsTheTrustToo) {
  trust_->saw(0, sender("token:1", {"coder-*"}));
  trust_->saw(0, sender("token:2", {"writer"}));
  EXPECT_FALSE(trust_->bound(0, "coder-2"));
}

TEST_F(SenderTrustTest, TooManySendersEndTheTrust) {
  for (std::size_t i = 0; i <= kTrustSendersMax + 10; ++i) {
    trust_->saw(0, sender("token:" + std::to_string(i), {"*"}));
  }
  EXPECT_FALSE(trust_->bound(0, "coder-2"));
}

}  // namespace
}  // namespace honeyguide::server
