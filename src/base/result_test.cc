// Proves that Result carries a value or an error, and that the macros hand errors on unchanged.
#include "base/result.h"

#include <memory>

#include <gtest/gtest.h>

namespace honeyguide::base {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return Error{ErrorCode::kInvalidArgument, "odd"};
  return value / 2;
}

Result<int> quarter(int value) {
  HG_ASSIGN_OR_RETURN(const int once, half(value));
  HG_ASSIGN_OR_RETURN(const int twice, half(once));
  return twice;
}

TEST(ResultTest, AssignOrReturnHandsTheErrorOn) {
  EXPECT_EQ(*quarter(12), 3);
  const Result<int> failed = quarter(6);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(failed.error().to_string(), "invalid_argument: odd");
  EXPECT_EQ(failed.value_or(7), 7);
}

TEST(ResultTest, MovesOutAMoveOnlyValue) {
  Result<std::unique_ptr<int>> owner(std::make_unique<int>(5));
  const std::unique_ptr<int> taken = std::move(owner).value();
  EXPECT_EQ(*taken, 5);
}

TEST(ResultTest, ContextIsPutBeforeTheMessage) {
  const Error error = with_context({ErrorCode::kDataLoss, "bad checksum"}, "young/3.hgs");
  EXPECT_EQ(error.to_string(), "data_loss: young/3.hgs: bad checksum");
}

TEST(ResultDeathTest, ValueOfAnErrorDies) {
  const Result<int> failed = half(1);
  EXPECT_DEATH((void)failed.value(), "check failed: has_value");
}

}  // namespace
}  // namespace honeyguide::base
