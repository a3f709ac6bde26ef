// Proves what Jaeger's search parameters and filter expressions are understood as.
#include "store/jaeger_query.h"

#include <gtest/gtest.h>

#include "store/query_language.h"

namespace honeyguide::store {
namespace {

TEST(JaegerQueryTest, SearchParametersAreJoinedOnOneSpan) {
  JaegerSearch search;
  EXPECT_EQ(describe(jaeger_predicate(search)), "true");
  search.service = "hive";
  search.operation = "run";
  search.duration_min_ns = 5;
  search.duration_max_ns = 9;
  EXPECT_EQ(describe(jaeger_predicate(search)),
            R"((and (= service "hive") (= name "run") (>= duration 5) (<= duration 9)))");
}

TEST(JaegerQueryTest, TagsMean) {
  const struct {
    const char* key;
    const char* value;
    const char* expect;
  } kCases[] = {
      {"http.status_code", "500", R"((=text .http.status_code "500"))"},
      {"error", "true", R"((= status "error"))"},
      {"error", "false", R"((not (= status "error")))"},
      {"error", "timeout", R"((=text .error "timeout"))"},
      {"span.status", "ERROR", R"((= status "error"))"},
      {"span.kind", "SERVER", R"((= kind "server"))"},
      {"scope.name", "lib", R"((= scope:name "lib"))"},
      {"scope.version", "1", R"((= scope:version "1"))"},
      {"resource.host.name", "a", R"((=text resource.host.name "a"))"},
      {"resource.", "a", R"((=text .resource. "a"))"},
  };
  for (const auto& c : kCases) {
    JaegerSearch search;
    search.tags.emplace_back(c.key, c.value);
    EXPECT_EQ(describe(jaeger_predicate(search)), c.expect) << c.key << "=" << c.value;
  }
}

struct Case {
  const char* name;
  const char* json;
  const char* expect;
};
const Case kCases[] = {
    {"the example of the specification",
     R"({"op":"and","args":[{"call":{"op":"gt","args":[{"field":{"name":"duration","le)"
     R"(vel":"span"}},)"
     R"({"scalar":{"value":"2s"}}]}},{"call":{"op":"in","args":[{"attr":{"key":"code"}},)"
     R"({"list":{"values":["500","503"]}}]}}]})",
     R"((and (> duration 2000000000) (or (=text .code "500") (=text .code "503"))))"},
    {"within a call",
     R"({"call":{"op":"eq","args":[{"attr":{"key":"a","level":"resource"}},{"scalar":{)"
     R"("value":"x"}}]}})",
     R"((=text resource.a "x"))"},
    {"not and ne",
     R"({"op":"not","args":[{"call":{"op":"ne","args":[{"attr":{"key":"a"}},{"scalar":)"
     R"({"value":"x"}}]}}]})",
     R"((not (!=text .a "x")))"},
    {"typed", R"({"op":"eq","args":[{"attr":{"key":"a"}},{"scalar":{"value":"3","type":"int"}}]})",
     "(= .a 3)"},
    {"typed boolean, JSON value",
     R"({"op":"eq","args":[{"attr":{"key":"a"}},{"scalar":{"value":true,"type":"bool"}}]})",
     "(= .a true)"},
    {"by number", R"({"op":"lte","args":[{"attr":{"key":"a"}},{"scalar":{"value":"0.5"}}]})",
     "(<= .a 0.5)"},
    {"exists", R"({"op":"exists","args":[{"attr":{"key":"a"}}]})", "(exists .a)"},
    {"status", R"({"op":"eq","args":[{"field":{"name":"status"}},{"scalar":{"value":"ERROR"}}]})",
     R"((= status "error"))"},
    {"some event",
     R"({"op":"some","args":[{"field":{"level":"event"}},{"call":{"op":"eq","args":[{")"
     R"(attr":{"key":"a"}},)"
     R"({"scalar":{"value":"x"}}]}}]})",
     R"((=text event.a "x"))"},
    {"some event, its name",
     R"({"op":"some","args":[{"field":{"level":"event"}},{"call":{"op":"eq","args":[{")"
     R"(field":{"name":"name"}},)"
     R"({"scalar":{"value":"x"}}]}}]})",
     R"((= event:name "x"))"},
    {"no JSON", "{", "filter: "},
    {"empty", "", "filter: empty"},
    {"no object", "[]", "filter: expected an object with op and args"},
    {"no operator", R"({"args":[]})", "filter.op: expected the name of an operator"},
    {"no arguments", R"({"op":"and"})", "filter.args: expected an array"},
    {"unknown operator", R"({"op":"and","args":[{"call":{"op":"like","args":[]}}]})",
     R"(filter.args[0].call.op: unknown operator "like")"},
    {"unknown field", R"({"op":"eq","args":[{"field":{"name":"foo"}},{"scalar":{"value":"x"}}]})",
     R"(filter.args[0].field: unknown field "foo" of level "span")"},
    {"no duration",
     R"({"op":"gt","args":[{"field":{"name":"duration"}},{"scalar":{"value":"x"}}]})",
     "filter.args[1].scalar: expected a duration such as 2s"},
    {"wrong type",
     R"({"op":"eq","args":[{"attr":{"key":"a"}},{"scalar":{"value":"x","type":"int"}}]})",
     "filter.args[1].scalar: the value is no int"},
    {"broken expression",
     R"({"op":"matches","args":[{"attr":{"key":"a"}},{"scalar":{"value":"("}}]})",
     "regular expression \"(\""},
};

TEST(JaegerQueryTest, FilterExpressionsAreUnderstoodAs) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const auto parsed = parse_jaeger_filter(c.json);
    if (parsed) {
      EXPECT_EQ(describe(*parsed), c.expect);
    } else {
      EXPECT_EQ(parsed.error().message.substr(0, std::string_view(c.expect).size()), c.expect);
    }
  }
}

TEST(JaegerQueryTest, FilterLimitsAreErrors) {
  std::string deep = R"({"op":"exists","args":[{"attr":{"key":"a"}}]})";
  for (int i = 0; i < 40; ++i) deep = R"({"op":"not","args":[{"call":)" + deep + "}]}";
  EXPECT_FALSE(parse_jaeger_filter(deep));
  EXPECT_FALSE(parse_jaeger_filter(std::string(kJaegerFilterBytesMax + 1, ' ')));
}

}  // namespace
}  // namespace honeyguide::store
