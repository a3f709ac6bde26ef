// Proves the rules of W3C Trace Context and Baggage, a line a case.
#include "otlp/context.h"

#include <gtest/gtest.h>

namespace honeyguide::otlp {
namespace {

constexpr std::string_view kValid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceParentTest, IsReadAndWritten) {
  const auto parent = parse_traceparent(kValid);
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->trace_id.to_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(parent->span_id.to_hex(), "00f067aa0ba902b7");
  EXPECT_TRUE(parent->sampled());
  EXPECT_EQ(format_traceparent(*parent), kValid);
}

TEST(TraceParentTest, UnknownFlagsAreNotPassedOn) {
  auto parent = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe");
  ASSERT_TRUE(parent);
  EXPECT_FALSE(parent->sampled());
  EXPECT_EQ(format_traceparent(*parent).substr(52), "-02");
}

TEST(TraceParentTest, RulesHold) {
  const struct {
    const char* name;
    std::string header;
    bool valid;
  } kCases[] = {
      {"blanks around", " \t" + std::string(kValid) + " ", true},
      {"higher version", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},
      {"higher version, more", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x.y", true},
      {"higher version, more glued on", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
       false},
      {"version 00, more", std::string(kValid) + "-x", false},
      {"version ff", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
      {"upper-case digits", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false},
      {"trace id of zeros", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
      {"span id of zeros", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
      {"short", std::string(kValid).substr(0, 54), false},
      {"other separator", "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
      {"no digit", "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", false},
      {"flags no digits", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x", false},
      {"empty", "", false},
  };
  for (const auto& c : kCases)
    EXPECT_EQ(parse_traceparent(c.header).has_value(), c.valid) << c.name;
}

TEST(TraceStateTest, RulesHold) {
  std::string many;
  for (int i = 0; i < 33; ++i) many += "k" + std::to_string(i) + "=v,";
  const struct {
    const char* name;
    std::string header;
    std::optional<std::string> expect;  // nothing: dropped as a whole
  } kCases[] = {
      {"empty", "", ""},
      {"one", "a=1", "a=1"},
      {"order is kept", "b=2,a=1", "b=2,a=1"},
      {"blanks and empty members", " a=1 ,, \tb=2,", "a=1,b=2"},
      {"tenant", "t61rcwkgmze@sys=x", "t61rcwkgmze@sys=x"},
      {"key begins with a digit", "0a=1", "0a=1"},
      {"key in upper case", "A=1", std::nullopt},
      {"key begins with '_'", "_a=1", std::nullopt},
      {"key with two '@'", "a@b@c=1", std::nullopt},
      {"key ends with '@'", "a@=1", std::nullopt},
      {"no value", "a=", std::nullopt},
      {"no '='", "a", std::nullopt},
      {"'=' in the value", "a=1=2", std::nullopt},
      {"space within the value", "a=1 2", "a=1 2"},
      {"key twice", "a=1,a=2", std::nullopt},
      {"33 members", many, std::nullopt},
      {"32 members", many.substr(0, many.size() - 6), many.substr(0, many.size() - 7)},
      {"key of 256", std::string(256, 'a') + "=1", std::string(256, 'a') + "=1"},
      {"key of 257", std::string(257, 'a') + "=1", std::nullopt},
      {"value of 257", "a=" + std::string(257, 'a'), std::nullopt},
  };
  for (const auto& c : kCases) {
    const auto state = parse_tracestate(c.header);
    ASSERT_EQ(state.has_value(), c.expect.has_value()) << c.name;
    if (state) {
      EXPECT_EQ(format_tracestate(*state), *c.expect) << c.name;
    }
  }
}

TEST(TraceStateTest, UpdateComesFirstAndReplaces) {
  TraceState state = *parse_tracestate("a=1,b=2");
  EXPECT_TRUE(update_tracestate(state, "b", "3"));
  EXPECT_EQ(format_tracestate(state), "b=3,a=1");
  EXPECT_FALSE(update_tracestate(state, "B", "3"));
  EXPECT_FALSE(update_tracestate(state, "c", "x,y"));
  EXPECT_EQ(format_tracestate(state), "b=3,a=1");
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(update_tracestate(state, "k" + std::to_string(i), "v"));
  EXPECT_EQ(state.size(), kTraceStateMembersMax);
  EXPECT_EQ(state.front().first, "k39");
}

TEST(BaggageTest, RulesHold) {
  const struct {
    const char* name;
    std::string header;
    std::vector<BaggageEntry> expect;
  } kCases[] = {
      {"empty", "", {}},
      {"members", "a=1, b = 2", {{"a", "1", ""}, {"b", "2", ""}}},
      {"properties", "a=1;p;q=r ,b=2", {{"a", "1", "p;q=r"}, {"b", "2", ""}}},
      {"percent", "a=v%201%C3%A9", {{"a", "v 1\xc3\xa9", ""}}},
      {"percent, no UTF-8", "a=%ff", {{"a", "\xef\xbf\xbd", ""}}},
      {"percent, broken", "a=%2", {{"a", "%2", ""}}},
      {"empty value", "a=", {{"a", "", ""}}},
      {"'=' in the value", "a=b=c", {{"a", "b=c", ""}}},
      {"malformed member is left out", "x,a=1,b c=2,d=\"q\"", {{"a", "1", ""}}},
      {"last of equal keys", "a=1,b=2,a=3", {{"a", "3", ""}, {"b", "2", ""}}},
  };
  for (const auto& c : kCases) EXPECT_EQ(parse_baggage(c.header), c.expect) << c.name;
}

TEST(BaggageTest, LimitsLeaveOutTheRest) {
  std::string many;
  for (int i = 0; i < 200; ++i) many += "k" + std::to_string(i) + "=v,";
  EXPECT_EQ(parse_baggage(many).size(), kBaggageEntriesMax);
  const std::string large = "a=1,b=" + std::string(kBaggageBytesMax, 'x');
  EXPECT_EQ(parse_baggage(large), (std::vector<BaggageEntry>{{"a", "1", ""}}));
  EXPECT_EQ(format_baggage({{"a", "1", ""}, {"b", std::string(kBaggageBytesMax, 'x'), ""}}), "a=1");
}

TEST(BaggageTest, WhatIsWrittenReadsBackEqual) {
  const std::vector<BaggageEntry> entries = {
      {"agent", "planner 1, 100% \xf0\x9f\x90\x9d", "p=q"}, {"b", "", ""}, {"c", "\"\\;", ""}};
  EXPECT_EQ(parse_baggage(format_baggage(entries)), entries);
  EXPECT_EQ(format_baggage({{"no token", "1", ""}, {"a", "1", "x,y\n"}}), "a=1");
}

}  // namespace
}  // namespace honeyguide::otlp
