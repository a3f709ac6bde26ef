// Proves the text helpers on tables of edge cases, malformed input first.
#include "base/strings.h"

#include <gtest/gtest.h>

namespace honeyguide::base {
namespace {

struct DurationCase {
  const char* text;
  std::optional<std::int64_t> ns;
};

TEST(StringsTest, DurationsReadAsGoWritesThem) {
  const DurationCase kCases[] = {
      {"0", 0},
      {"1ns", 1},
      {"1.5us", 1500},
      {"\xc2\xb5s", std::nullopt},
      {"3\xc2\xb5s", 3000},
      {"1h30m", 5'400'000'000'000},
      {"-2ms", -2'000'000},
      {"1d", 86'400'000'000'000},
      {".5s", 500'000'000},
      {"", std::nullopt},
      {"-", std::nullopt},
      {"5", std::nullopt},
      {"1.2.3s", std::nullopt},
      {"1 s", std::nullopt},
      {"1y", std::nullopt},
      {"9999999h", std::nullopt},
  };
  for (const DurationCase& c : kCases) EXPECT_EQ(parse_duration_ns(c.text), c.ns) << c.text;
}

TEST(StringsTest, NumbersAreTheWholeText) {
  EXPECT_EQ(parse_int64("-42"), -42);
  EXPECT_FALSE(parse_int64("42 "));
  EXPECT_FALSE(parse_int64(""));
  EXPECT_FALSE(parse_int64("9223372036854775808"));
  EXPECT_EQ(parse_uint64("18446744073709551615"), 18446744073709551615u);
  EXPECT_EQ(parse_double("2.5e3"), 2500.0);
  EXPECT_FALSE(parse_double("inf"));
  EXPECT_FALSE(parse_double("nan"));
}

TEST(StringsTest, MalformedUtf8IsSeenAndReplaced) {
  EXPECT_TRUE(is_utf8("h\xc3\xb6nig \xf0\x9f\x90\x9d"));
  EXPECT_FALSE(is_utf8("\xc0\x80"));          // overlong
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_EQ(json_quote("a\xff\"\n\x01"), "\"a\xef\xbf\xbd\\\"\\n\\u0001\"");
}

TEST(StringsTest, TerminalEscapesAreStripped) {
  EXPECT_EQ(strip_control("\x1b[31mred\x07\xc2\x9b"
                          "2J\n"),
            "[31mred2J");
  EXPECT_EQ(strip_control("a\tb\nc", true), "a\tb\nc");
}

TEST(StringsTest, SplitKeepsEmptyPieces) {
  EXPECT_EQ(split("a,b,,c", ',').size(), 4u);
  EXPECT_EQ(split("", ',').size(), 1u);
  EXPECT_EQ(trim(" \t x y\r\n"), "x y");
  EXPECT_TRUE(equals_ignore_case("Content-TYPE", "content-type"));
}

TEST(StringsTest, DoublesReadBackToTheSameValue) {
  EXPECT_EQ(format_double(0.1), "0.1");
  EXPECT_EQ(format_double(-1e300), "-1e+300");
  EXPECT_EQ(format_double(1.0 / 0.0), "Inf");
}

TEST(StringsTest, DurationsForPeople) {
  EXPECT_EQ(format_duration_ns(1500), "1.5us");
  EXPECT_EQ(format_duration_ns(999'400), "999us");
  EXPECT_EQ(format_duration_ns(999'999), "1ms");
  EXPECT_EQ(format_duration_ns(999'999'999), "1s");
  EXPECT_EQ(format_duration_ns(123 * 1'000'000'000LL), "2m3s");
  EXPECT_EQ(format_duration_ns(7'260'000'000'000LL), "2h1m");
}

}  // namespace
}  // namespace honeyguide::base
