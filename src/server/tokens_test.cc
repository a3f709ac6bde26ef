// Proves that a token gives exactly the roles, tenant and agents of its line, and nobody else's.
#include "server/tokens.h"

#include <gtest/gtest.h>

namespace honeyguide::server {
namespace {

TEST(TokensTest, ALineGivesRolesTenantAndAgents) {
  const std::string token = make_token();
  EXPECT_EQ(token.size(), 46u);
  const auto set = TokenSet::parse("# people\n\n" + sha256_hex(token) +
                                       " roles=ingest,agent tenant=blue agents=coder-*,planner\n",
                                   "tokens");
  ASSERT_TRUE(set) << set.error().message;
  const auto principal = set->find(token);
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->tenant, "blue");
  EXPECT_TRUE(principal->has(kRoleIngest));
  EXPECT_FALSE(principal->has(kRoleRead));
  EXPECT_TRUE(principal->speaks_for("coder-2"));
  EXPECT_TRUE(principal->speaks_for("planner"));
  EXPECT_FALSE(principal->speaks_for("planner-2"));
  EXPECT_FALSE(set->find(make_token()));
  EXPECT_FALSE(set->find(""));
}

TEST(TokensTest, AdminIncludesOperateAndRead) {
  TokenSet set;
  Principal admin;
  admin.roles = kRoleAdmin;
  set.add(sha256_hex("secret"), admin);
  EXPECT_TRUE(set.find("secret")->has(kRoleOperate));
  EXPECT_TRUE(set.find("secret")->has(kRoleRead));
}

TEST(TokensTest, AMalformedLineIsNamed) {
  const std::string digest = sha256_hex("x");
  EXPECT_EQ(TokenSet::parse("\nabc roles=read\n", "t").error().message.substr(0, 5), "t:2: ");
  EXPECT_FALSE(TokenSet::parse(digest + " roles=king", "t"));
  EXPECT_FALSE(TokenSet::parse(digest + " colour=red", "t"));
}

TEST(TokensTest, Sha256OfTheStandardsExample) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(TokensTest, AnUnboundSenderSpeaksForNobody) {
  EXPECT_FALSE(anonymous_principal().speaks_for("coder"));
}

}  // namespace
}  // namespace honeyguide::server
