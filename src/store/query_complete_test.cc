// Proves which part of a half-written query a completion replaces, in both spellings, and that
// what is offered as a value reads back as that value.
#include "store/query_complete.h"

#include <gtest/gtest.h>

#include "store/query_language.h"

namespace honeyguide::store {
namespace {

struct Case {
  const char* name;
  const char* query;   // '^' marks the cursor
  const char* expect;  // "from-to key|value key:written"
};

std::string shown(std::string_view marked) {
  const std::size_t at = marked.find('^');
  std::string query(marked);
  query.erase(at, 1);
  std::size_t characters = 0;
  for (std::size_t i = 0; i < at; ++i) {
    if ((static_cast<unsigned char>(marked[i]) & 0xc0) != 0x80) ++characters;
  }
  const CompletionPlace place = completion_place(query, characters);
  return std::to_string(place.replace_from) + "-" + std::to_string(place.replace_to) +
         (place.in_value ? " value " + place.key + ":" : " key ") + place.scope + place.written;
}

TEST(QueryCompleteTest, TheWordAtTheCursorIsReplaced) {
  const Case kCases[] = {
      {"nothing yet", "^", "0-0 key "},
      {"a key", "ag^", "0-2 key ag"},
      {"a cursor within a key", "a^g", "0-2 key a"},
      {"a second word", "status:error too^", "13-16 key too"},
      {"a negated word", "-too^", "1-4 key too"},
      {"a value", "agent:pl^", "6-8 value agent:pl"},
      {"an empty value", "agent:^", "6-6 value agent:"},
      {"a comparison", "dur>=1^", "5-6 value dur:1"},
      {"a second value", "agent:a,b^", "8-9 value agent:b"},
      {"a quoted value with spaces", "agent:\"a b^", "6-10 value agent:a b"},
      {"behind letters of two bytes", "user:jürgen ag^", "12-14 key ag"},
      {"beyond the end", "agent:x ^", "8-8 key "},
      {"traceql name", "{ dur^", "2-5 key dur"},
      {"traceql attribute", "{ span.gen^ }", "2-10 key span.gen"},
      {"traceql value", "{ status = er^ }", "11-13 value status:er"},
      {"traceql text", "{ span.agent.name = \"pl^\" }", "20-24 value agent.name:pl"},
      {"traceql second", "{ status = error && na^", "20-22 key na"},
  };
  for (const Case& c : kCases) EXPECT_EQ(shown(c.query), c.expect) << c.name;
}

TEST(QueryCompleteTest, EveryShortKeyIsUnderstoodByTheParser) {
  for (const std::string_view key : word_keys()) {
    const bool duration = key == "dur" || key == "duration" || key == "tracedur";
    const bool id = key == "trace" || key == "link";
    const bool span = key == "span" || key == "parent";
    std::string value = "x";
    if (duration) value = "1s";
    if (id) value = std::string(32, 'a');
    if (span) value = std::string(16, 'a');
    if (const auto fixed = fixed_values(key); !fixed.empty()) value = fixed.front();
    const auto query = parse_query(std::string(key) + ":" + value);
    EXPECT_TRUE(query) << key << ": " << (query ? "" : query.error().message);
  }
}

TEST(QueryCompleteTest, QuotedValuesReadBack) {
  for (const std::string value : {"plain", "two words", "a,b", "say \"hi\"", "back\\slash", "*"}) {
    const auto query = parse_query("agent.name:" + quoted_value(value, false));
    ASSERT_TRUE(query) << value;
    const auto wanted = parse_query("{ .agent.name = " + quoted_value(value, true) + " }");
    ASSERT_TRUE(wanted) << value;
  }
  EXPECT_EQ(quoted_value("plain", false), "plain");
  EXPECT_EQ(quoted_value("plain", true), "\"plain\"");
}

}  // namespace
}  // namespace honeyguide::store
