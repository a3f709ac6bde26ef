// Proves the one text form of every value type, nested and malformed encodings included.
#include "telemetry/value.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

namespace honeyguide::telemetry {
namespace {

using namespace std::string_literals;

TEST(ValueTest, CanonicalTextOfEachType) {
  // ArrayValue [ "a", 7, [true] ] and KeyValueList { "k": 0.5 }, protobuf encoded by hand.
  const std::string array =
      "\x0a\x03\x0a\x01"
      "a"
      "\x0a\x02\x18\x07"
      "\x0a\x06\x2a\x04\x0a\x02\x10\x01"s;
  const std::string kvlist = "\x0a\x0e\x0a\x01k\x12\x09\x21\x00\x00\x00\x00\x00\x00\xe0\x3f"s;
  EXPECT_EQ(canonical_text(Value()), "");
  EXPECT_EQ(canonical_text(Value::boolean(true)), "true");
  EXPECT_EQ(canonical_text(Value::integer(-5)), "-5");
  EXPECT_EQ(canonical_text(Value::real(72.5)), "72.5");
  EXPECT_EQ(canonical_text(Value::string("x y")), "x y");
  EXPECT_EQ(canonical_text(Value::of_text(ValueType::kBytes, "\xff\x00"s)), "/wA=");
  EXPECT_EQ(canonical_text(Value::of_text(ValueType::kArray, array)), "[\"a\",7,[true]]");
  EXPECT_EQ(canonical_text(Value::of_text(ValueType::kKvlist, kvlist)), "{\"k\":0.5}");
}

TEST(ValueTest, MalformedNestedBytesEndTheTextInsteadOfReadingOn) {
  EXPECT_EQ(canonical_text(Value::of_text(ValueType::kArray, "\x0a\xff")), "[]");
  EXPECT_EQ(canonical_text(Value::of_text(ValueType::kKvlist, "\x0b")), "{}");
}

TEST(ValueTest, EqualityIsByTypeAndContent) {
  EXPECT_EQ(Value::real(std::nan("")), Value::real(std::nan("")));
  EXPECT_FALSE(Value::integer(1) == Value::real(1));
  EXPECT_FALSE(Value::string("1") == Value::integer(1));
  const std::string copy = "hive";
  EXPECT_EQ(Value::string("hive"), Value::string(copy));
}

}  // namespace
}  // namespace honeyguide::telemetry
