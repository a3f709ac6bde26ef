// Proves that a validation's token is worth something only while it runs, and that one runs at a
// time.
#include "server/validation.h"

#include <gtest/gtest.h>

namespace honeyguide::server {
namespace {

TEST(Validation, ItsTokenIsOfTheReservedTenantAndExpires) {
  base::SimClock clock;
  Validation validation(clock);
  const auto grant = validation.begin();
  ASSERT_TRUE(grant);
  const auto principal = validation.find(grant->token);
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->tenant, kValidationTenant);
  EXPECT_FALSE(principal->has(kRoleOperate));
  EXPECT_FALSE(validation.find("hg_other"));
  clock.advance(kValidationAgeNsMax);
  EXPECT_FALSE(validation.find(grant->token));
}

TEST(Validation, OneRunsAtATimeAndALostOneGivesWay) {
  base::SimClock clock;
  Validation validation(clock);
  ASSERT_TRUE(validation.begin());
  EXPECT_EQ(validation.begin().error().code, base::ErrorCode::kResourceExhausted);
  clock.advance(kValidationAgeNsMax);
  EXPECT_TRUE(validation.begin());
}

TEST(Validation, FinishedItsTokenIsWorthNothingAndTheResultsStay) {
  base::SimClock clock;
  Validation validation(clock);
  const auto grant = validation.begin();
  ASSERT_TRUE(validation.finish({{"search", "failed", "nothing found", "repair"}}));
  EXPECT_FALSE(validation.find(grant->token));
  ASSERT_EQ(validation.report().results.size(), 1u);
  EXPECT_EQ(validation.report().results[0].name, "search");
  EXPECT_EQ(validation.finish({{"search", "splendid", "", ""}}).error().code,
            base::ErrorCode::kInvalidArgument);
  EXPECT_EQ(
      validation.finish(std::vector<ValidationResult>(kValidationResultsMax + 1)).error().code,
      base::ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace honeyguide::server
