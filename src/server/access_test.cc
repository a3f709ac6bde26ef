// Proves who a request is taken for, and that a login code works once and not for ever.
#include "server/access.h"

#include <gtest/gtest.h>

namespace honeyguide::server {
namespace {

net::Headers with(const char* name, const std::string& value) {
  net::Headers headers;
  headers.add(name, value);
  return headers;
}

TEST(AccessTest, AWrongTokenIsRefusedEvenWhereNoneIsNeeded) {
  base::SimClock clock;
  AccessOptions options;
  Principal agent;
  agent.roles = kRoleAgent;
  options.tokens.add(sha256_hex("right"), agent);
  const Access access(std::move(options), clock);
  EXPECT_EQ(access.identify({})->name, "anonymous");
  EXPECT_TRUE(access.identify(with("Authorization", "bearer right"))->has(kRoleAgent));
  EXPECT_FALSE(access.identify(with("Authorization", "Bearer wrong")));
  EXPECT_FALSE(access.identify(with("Authorization", "Basic right")));
}

TEST(AccessTest, WithoutAnonymousATokenIsNeeded) {
  base::SimClock clock;
  AccessOptions options;
  options.anonymous_allowed = false;
  const Access access(std::move(options), clock);
  EXPECT_EQ(access.identify({}).error().code, base::ErrorCode::kPermissionDenied);
}

TEST(AccessTest, ALoginCodeWorksOnceAndNotAfterItsAge) {
  base::SimClock clock;
  Access access({}, clock);
  const std::string code = access.make_login_code();
  const auto secret = access.redeem_login_code(code);
  ASSERT_TRUE(secret);
  EXPECT_FALSE(access.redeem_login_code(code));
  EXPECT_TRUE(
      access.identify(with("Cookie", "a=b; honeyguide_session=" + *secret))->has(kRoleOperate));
  EXPECT_EQ(access.identify(with("Cookie", "honeyguide_session=guess"))->name, "anonymous");
  const std::string late = access.make_login_code();
  clock.advance(16 * base::kNanosPerMinute);
  EXPECT_FALSE(access.redeem_login_code(late));
}

}  // namespace
}  // namespace honeyguide::server
