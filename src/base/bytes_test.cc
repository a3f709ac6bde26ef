// Proves that what is put is read back, and that a short or malformed buffer is noticed, not read.
#include "base/bytes.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace honeyguide::base {
namespace {

TEST(BytesTest, EveryKindIsReadBack) {
  std::string out;
  put_fixed<std::uint32_t>(out, 0xdeadbeef);
  const std::uint64_t values[] = {0, 127, 128, 300, std::numeric_limits<std::uint64_t>::max()};
  for (const std::uint64_t value : values) put_varint(out, value);
  put_varint(out, zigzag(std::numeric_limits<std::int64_t>::min()));
  put_bytes(out, "hive");
  ByteReader in(out);
  EXPECT_EQ(in.fixed<std::uint32_t>(), 0xdeadbeef);
  for (const std::uint64_t value : values) EXPECT_EQ(in.varint(), value);
  EXPECT_EQ(in.signed_varint(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(in.bytes(), "hive");
  EXPECT_TRUE(in.ok());
  EXPECT_TRUE(in.at_end());
}

TEST(BytesTest, ReadingPastTheEndFailsForGood) {
  ByteReader in(
      "\x05"
      "abc");
  EXPECT_EQ(in.bytes(), "");
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.fixed<std::uint8_t>(), 0);
  EXPECT_FALSE(in.ok());
}

TEST(BytesTest, AVarintOfElevenBytesIsMalformed) {
  const std::string bytes(11, '\xff');
  ByteReader in(bytes);
  in.varint();
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace honeyguide::base
