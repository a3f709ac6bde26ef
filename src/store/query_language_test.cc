// Proves what each spelling of a query is understood as, and where errors point: one line a case.
#include "store/query_language.h"

#include <gtest/gtest.h>

namespace honeyguide::store {
namespace {

struct Case {
  const char* name;
  const char* query;
  const char* expect;
};

std::string answer(std::string_view query) {
  const auto parsed = parse_query(query);
  return parsed ? describe(*parsed) : parsed.error().message;
}

void check(const Case& c) {
  SCOPED_TRACE(c.name);
  EXPECT_EQ(answer(c.query), c.expect);
}

const Case kTraceQl[] = {
    {"everything", "{}", "{true}"},
    {"true", "{ true }", "{true}"},
    {"false", "{ false }", "{(not true)}"},
    {"span attribute and duration", R"({ span.gen_ai.agent.name = "planner" && duration > 2s })",
     R"({(and (= span.gen_ai.agent.name "planner") (> duration 2000000000))})"},
    {"resource", R"({ resource.service.name != "a" })", R"({(!= resource.service.name "a")})"},
    {"event", R"({ event.exception.type =~ "Time.*" })",
     R"({(=~ event.exception.type "^(?:Time.*)$")})"},
    {"link", "{ link.n >= 3 }", "{(>= link.n 3)}"},
    {"instrumentation", "{ instrumentation.x = true }", "{(= instrumentation.x true)}"},
    {"unscoped is every scope", "{ .http.status_code = 500 }", "{(= .http.status_code 500)}"},
    {"attribute name in quotes", R"({ span."a b" = 1 })", "{(= span.a b 1)}"},
    {"attribute alone asks for true", "{ .cache.hit }", "{(= .cache.hit true)}"},
    {"attribute alone, joined", "{ .cache.hit && kind = server }",
     R"({(and (= .cache.hit true) (= kind "server"))})"},
    {"presence", "{ .x != nil }", "{(exists .x)}"},
    {"absence", "{ .x = nil }", "{(not (exists .x))}"},
    {"status", "{ status = error }", R"({(= status "error")})"},
    {"status, scoped", "{ span:status != ok }", R"({(!= status "ok")})"},
    {"kind", "{ kind = client }", R"({(= kind "client")})"},
    {"status message", R"({ statusMessage !~ "time.*" })", R"({(!~ message "^(?:time.*)$")})"},
    {"name in backquotes", R"({ name = `a"\b` })", R"({(= name "a\"\\b")})"},
    {"escapes", R"({ name = "a\"\\\n" })", R"({(= name "a\"\\\n")})"},
    {"event name", R"({ event:name = "retry" })", R"({(= event:name "retry")})"},
    {"event time", "{ event:timeSinceStart > 1m30s }", "{(> event:timeSinceStart 90000000000)}"},
    {"link id", R"({ link:traceID = "ab" })", R"({(= link:traceID "ab")})"},
    {"instrumentation scope", R"({ instrumentation:name = "lib" })", R"({(= scope:name "lib")})"},
    {"number types", "{ .a = 1.5 || .b = -2 }", "{(or (= .a 1.5) (= .b -2))}"},
    {"a duration on an attribute is nanoseconds", "{ .d > 1ms }", "{(> .d 1000000)}"},
    {"and binds tighter", "{ .a = 1 || .b = 2 && .c = 3 }",
     "{(or (= .a 1) (and (= .b 2) (= .c 3)))}"},
    {"parentheses", "{ (.a = 1 || .b = 2) && .c = 3 }", "{(and (or (= .a 1) (= .b 2)) (= .c 3))}"},
    {"not", "{ !(.a = 1) && !.b }", "{(and (not (= .a 1)) (not (= .b true)))}"},
    {"trace duration", "{ traceDuration > 1m }", "{true trace (> trace:duration 60000000000)}"},
    {"root", R"({ rootName = "run" && rootServiceName =~ "hive-.*" && .a = 1 })",
     R"({(= .a 1) trace (= trace:rootName "run") trace (=~ trace:rootService "^(?:hive-.*)$")})"},
    {"spansets joined", "{ .a = 1 } && { .b = 2 } || { .c = 3 }",
     "(any (every {(= .a 1)} {(= .b 2)}) {(= .c 3)})"},
    {"spansets in parentheses", "({ .a = 1 } || { .b = 2 }) && { .c = 3 }",
     "(every (any {(= .a 1)} {(= .b 2)}) {(= .c 3)})"},
    {"no spaces", R"({.a=1&&name="x"})", R"({(and (= .a 1) (= name "x"))})"},
    {"missing brace", "{ .a = 1 ", "error 1:10: expected '}'"},
    {"missing operand", "{ .a = }",
     "error 1:8: expected a string, number, duration, true, false or nil"},
    {"missing comparison", "{ duration }", "error 1:12: expected a comparison such as '='"},
    {"unknown field", "{ foo = 1 }",
     "error 1:3: unknown field \"foo\"; attributes begin with '.', 'span.', 'resource.', 'event.', "
     "'link.' or 'instrumentation.'"},
    {"second line", "{ .a = 1 &&\n  status = bad }", "error 2:12: expected ok, error or unset"},
    {"columns count characters", "{ name = \"\xc3\xa9\" ~ }", "error 1:14: expected '}'"},
    {"duration without unit", "{ duration > 5 }", "error 1:14: expected a duration such as 2s"},
    {"duration in quotes", R"({ duration > "2s" })", "error 1:14: expected a duration such as 2s"},
    {"bare word as name", "{ name = run }", "error 1:10: expected a string"},
    {"kind by size", "{ kind > server }", "error 1:8: expected '=' or '!='"},
    {"kind unknown", "{ kind = serber }",
     "error 1:10: expected server, client, internal, producer, consumer or unspecified"},
    {"regular expression, broken", R"({ name =~ "(" })",
     "error 1:11: regular expression \"^(?:()$\": missing ): ^(?:()$"},
    {"string does not end", R"({ name = "abc })", "error 1:10: the string does not end"},
    {"unknown escape", R"({ name = "\q" })",
     "error 1:11: unknown escape; write \\\\ for a backslash"},
    {"nil by size", "{ .a > nil }", "error 1:8: nil goes with an attribute and '=' or '!='"},
    {"nil on a field", "{ name = nil }", "error 1:10: nil goes with an attribute and '=' or '!='"},
    {"trace condition under or", "{ traceDuration > 1s || .a = 1 }",
     "error 1:3: a condition on the whole trace may only be joined by '&&', outside of '||' and "
     "'!'"},
    {"trace condition under not", "{ !(traceDuration > 1s) }",
     "error 1:5: a condition on the whole trace may only be joined by '&&', outside of '||' and "
     "'!'"},
    {"text after the end", "{ .a = 1 } x", "error 1:12: expected '&&', '||' or the end"},
    {"spanset missing", "{ .a = 1 } && ", "error 1:15: expected '{'"},
    {"empty attribute", "{ span. = 1 }", "error 1:8: expected the name of an attribute"},
};

TEST(QueryLanguageTest, TraceQlIsUnderstoodAs) {
  for (const Case& c : kTraceQl) check(c);
}

const Case kWords[] = {
    {"nothing", "", "{true}"},
    {"spaces", "  \n ", "{true}"},
    {"key", "service:hive", R"({(= service "hive")})"},
    {"several are joined", "service:hive status:error dur>2s",
     R"({(and (= service "hive") (= status "error") (> duration 2000000000))})"},
    {"agent, any convention", "agent:planner",
     R"({(or (=text .gen_ai.agent.name "planner") (=text .agent.name "planner") )"
     R"((=text .agent_name "planner") (=text .agent.id "planner") )"
     R"((=text .gen_ai.agent.id "planner"))})"},
    {"negated", "-tool:shell",
     R"({(not (or (=text .gen_ai.tool.name "shell") (=text .tool.name "shell")))})"},
    {"attribute by name", "http.status_code:500", R"({(=text .http.status_code "500")})"},
    {"attribute with a dot before", ".status:x", R"({(=text .status "x")})"},
    {"attribute by size", "tokens>=10", "{(>= .tokens 10)}"},
    {"attribute by size, real", "score<0.5", "{(< .score 0.5)}"},
    {"colon before the operator", "dur:>2s", "{(> duration 2000000000)}"},
    {"any of", "status:error,unset", R"({(or (= status "error") (= status "unset"))})"},
    {"presence", "error.type:*", "{(exists .error.type)}"},
    {"absence", "-error.type:*", "{(not (exists .error.type))}"},
    {"star is any text", "name:chat*", R"({(=~ name "^(?s:chat.*)$")})"},
    {"star within", "name:*a.b*c", R"({(=~ name "^(?s:(?:).*a\\.b.*c)$")})"},
    {"star in quotes is a star", "name:\"a*\"", R"({(= name "a*")})"},
    {"value in quotes", "name:\"a b\"", R"({(= name "a b")})"},
    {"regular expression is unanchored", "name=~chat", R"({(=~ name "chat")})"},
    {"unequal includes absent", "x!=1", R"({(not (=text .x "1"))})"},
    {"id in upper case", "trace:ABCDEF", R"({(= trace:id "abcdef")})"},
    {"text", "\"timed out\"", R"({(contains text "timed out")})"},
    {"bare word is text", "timeout", R"({(contains text "timeout")})"},
    {"text, negated", "-timeout", R"({(not (contains text "timeout"))})"},
    {"value with a colon", "url:http://x/y", R"({(=text .url "http://x/y")})"},
    {"trace duration", "tracedur>1m root:run",
     R"({true trace (> trace:duration 60000000000) trace (= trace:rootName "run")})"},
    {"value missing", "service:", "error 1:9: expected a value"},
    {"key missing", ":x", "error 1:1: expected a key before the operator"},
    {"status unknown", "status:bad", "error 1:8: expected ok, error or unset"},
    {"duration unknown", "dur>2", "error 1:5: expected a duration such as 2s"},
    {"name by size", "name>x", "error 1:6: only numbers and durations can be compared by size"},
    {"attribute by size, text", "foo>x", "error 1:5: expected a number"},
    {"string does not end", "a \"b", "error 1:3: the string does not end"},
    {"regular expression, broken", "name=~(", R"(error 1:7: regular expression "(": missing ): ()"},
    {"text after a quoted value", "name:\"a\"b", "error 1:9: expected a space"},
    {"trace condition negated", "-root:run",
     "error 1:2: a condition on the whole trace takes one value and no '-'"},
    {"stray brace", "a } b", "error 1:3: expected a word, key:value or text in quotes"},
};

TEST(QueryLanguageTest, FilterWordsAreUnderstoodAs) {
  for (const Case& c : kWords) check(c);
}

TEST(QueryLanguageTest, TextSearchNeedsATimeRangeAndSaysSo) {
  const auto text = parse_query("timeout");
  ASSERT_TRUE(text);
  EXPECT_TRUE(check_time_range(*text, true));
  const auto refused = check_time_range(*text, false);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("start and end"), std::string::npos);
  const auto keyed = parse_query("service:a");
  ASSERT_TRUE(keyed);
  EXPECT_TRUE(check_time_range(*keyed, false));
}

TEST(QueryLanguageTest, LimitsAreErrors) {
  EXPECT_NE(answer(std::string(kQueryBytesMax + 1, 'a')).find("at most 16384"), std::string::npos);
  EXPECT_NE(answer("{" + std::string(40, '(')).find("nested deeper"), std::string::npos);
  EXPECT_NE(answer(std::string(40, '(') + "{}").find("nested deeper"), std::string::npos);
  EXPECT_NE(answer("{" + std::string(100, '!') + ".a}").find("nested deeper"), std::string::npos);
  std::string spansets = "{}";
  for (int i = 0; i < kSpansetsMax; ++i) spansets += "&&{}";
  EXPECT_NE(answer(spansets).find("more than 16 spansets"), std::string::npos);
  std::string words;
  for (int i = 0; i <= kPredicateComparisonsMax; ++i) words += "a:b ";
  EXPECT_NE(answer(words).find("more than 256 comparisons"), std::string::npos);
  EXPECT_NE(answer("name:\xff").find("not UTF-8"), std::string::npos);
  // What the parser lets through, compile() takes as well.
  std::string deep = "{" + std::string(13, '(') + ".a" + std::string(13, ')') + "}";
  auto parsed = parse_query(deep);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_TRUE(compile(parsed->spanset.span));
}

TEST(QueryLanguageTest, TraceConditionsReadTheSummary) {
  TraceSummary summary;
  summary.start = 1000;
  summary.end = 3'000'001'000;
  summary.root_name = "run crew";
  summary.root_service = "hive";
  const struct {
    const char* query;
    bool expect;
  } kCases[] = {
      {"{ traceDuration > 2s }", true},         {"{ traceDuration = 3s }", true},
      {"{ traceDuration <= 2s }", false},       {R"({ rootName = "run crew" })", true},
      {R"({ rootName != "run crew" })", false}, {R"({ rootName =~ "run.*" })", true},
      {R"({ rootName =~ "crew" })", false},     {R"({ rootServiceName !~ "hive" })", false},
  };
  for (const auto& c : kCases) {
    const auto query = parse_query(c.query);
    ASSERT_TRUE(query) << c.query;
    ASSERT_EQ(query->spanset.trace.size(), 1u);
    EXPECT_EQ(matches(query->spanset.trace[0], summary), c.expect) << c.query;
  }
}

}  // namespace
}  // namespace honeyguide::store
