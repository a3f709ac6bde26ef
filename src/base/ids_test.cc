// Proves that ids survive hex in either case and that anything but the exact length is refused.
#include "base/ids.h"

#include <gtest/gtest.h>

namespace honeyguide::base {
namespace {

TEST(IdsTest, HexInEitherCaseGivesLowerCase) {
  const auto id = TraceId::from_hex("0123456789ABCDEFfedcba9876543210");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->to_hex(), "0123456789abcdeffedcba9876543210");
  EXPECT_TRUE(id->valid());
}

TEST(IdsTest, WrongLengthAndForeignDigitsAreRefused) {
  for (const char* text : {"", "0", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeg"}) {
    EXPECT_FALSE(SpanId::from_hex(text)) << text;
  }
  EXPECT_FALSE(SpanId::from_bytes("1234567"));
  EXPECT_TRUE(SpanId::from_bytes("12345678"));
}

TEST(IdsTest, AllZeroIsNotValid) {
  EXPECT_FALSE(SpanId::from_hex("0000000000000000")->valid());
}

}  // namespace
}  // namespace honeyguide::base
