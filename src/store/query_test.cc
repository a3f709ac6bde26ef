// Proves what each comparison means on one span with attributes in all five scopes.
#include "store/query.h"

#include <gtest/gtest.h>

namespace honeyguide::store {
namespace {

using telemetry::Span;
using telemetry::SpanBatch;
using telemetry::Value;

// span {count=3, ratio=0.5, ok=true} resource {service.name=hive} scope {s=1} event e {key=event}
// link {key=link}; server, error, 1500 ns.
SpanBatch one_span() {
  SpanBatch batch;
  batch.add_attribute("service.name", Value::string("hive"));
  batch.add_attribute("s", Value::integer(1));
  batch.add_attribute("count", Value::integer(3));
  batch.add_attribute("ratio", Value::real(0.5));
  batch.add_attribute("ok", Value::boolean(true));
  batch.add_attribute("key", Value::string("event"));
  batch.add_attribute("key", Value::string("link"));
  batch.add_resource({.attributes = {0, 1}});
  batch.add_scope({.name = "scope", .version = "2", .attributes = {1, 2}});
  batch.mutable_events().push_back({.time = 1100, .name = "retry", .attributes = {5, 6}});
  batch.mutable_links().push_back({.attributes = {6, 7}});
  Span span;
  span.start = 1000;
  span.end = 2500;
  span.name = "call tool";
  span.status_message = "boom";
  span.kind = telemetry::SpanKind::kServer;
  span.status = telemetry::StatusCode::kError;
  span.attributes = {2, 5};
  span.events = {0, 1};
  span.links = {0, 1};
  batch.add_span(span);
  return batch;
}

struct Case {
  const char* name;
  Comparison comparison;
  bool expect;
};

Comparison attribute(const char* key, Op op, Operand operand, std::uint8_t scopes = kScopesAll,
                     bool as_text = false) {
  return {.field = Field::kAttribute,
          .key = key,
          .scopes = scopes,
          .op = op,
          .operand = std::move(operand),
          .as_text = as_text};
}
Comparison field(Field which, Op op, Operand operand) {
  return {.field = which, .op = op, .operand = std::move(operand)};
}

TEST(QueryTest, ComparisonsOnOneSpan) {
  using std::string;
  const Case kCases[] = {
      {"int equals int", attribute("count", Op::kEqual, std::int64_t{3}), true},
      {"int equals double", attribute("count", Op::kEqual, 3.0), true},
      {"int is no string when typed", attribute("count", Op::kEqual, string("3")), false},
      {"int is a string as text", attribute("count", Op::kEqual, string("3"), kScopesAll, true),
       true},
      {"double greater", attribute("ratio", Op::kGreater, 0.4), true},
      {"bool", attribute("ok", Op::kEqual, true), true},
      {"bool as text", attribute("ok", Op::kEqual, string("true"), kScopesAll, true), true},
      {"resource scope", attribute("service.name", Op::kEqual, string("hive"), kScopeResource),
       true},
      {"not in span scope", attribute("service.name", Op::kExists, {}, kScopeSpan), false},
      {"scope scope", attribute("s", Op::kEqual, std::int64_t{1}, kScopeInstrumentation), true},
      {"event scope", attribute("key", Op::kEqual, string("event"), kScopeEvent), true},
      {"link scope", attribute("key", Op::kEqual, string("link"), kScopeLink), true},
      {"absent differs from nothing", attribute("nope", Op::kNotEqual, string("x")), false},
      {"other type differs", attribute("ok", Op::kNotEqual, string("x")), true},
      {"regex", attribute("key", Op::kMatches, string("^li.k$")), true},
      {"not regex on any value", attribute("key", Op::kNotMatches, string("^li.k$")), true},
      {"name", field(Field::kName, Op::kContains, string("tool")), true},
      {"kind", field(Field::kKind, Op::kEqual, string("server")), true},
      {"status", field(Field::kStatus, Op::kEqual, string("error")), true},
      {"duration below", field(Field::kDurationNs, Op::kLess, std::int64_t{1500}), false},
      {"duration at", field(Field::kDurationNs, Op::kLessEqual, std::int64_t{1500}), true},
      {"root has no parent", field(Field::kParentSpanId, Op::kEqual, string("")), true},
      {"event name", field(Field::kEventName, Op::kEqual, string("retry")), true},
      {"event since start", field(Field::kEventSinceStartNs, Op::kEqual, std::int64_t{100}), true},
      {"any text in message", field(Field::kAnyText, Op::kContains, string("boom")), true},
      {"any text in link", field(Field::kAnyText, Op::kContains, string("lin")), true},
      {"any text is case sensitive", field(Field::kAnyText, Op::kContains, string("Boom")), false},
      {"scope version", field(Field::kScopeVersion, Op::kEqual, string("2")), true},
  };
  const SpanBatch batch = one_span();
  for (const Case& c : kCases) {
    Predicate predicate = Predicate::compare(c.comparison);
    ASSERT_TRUE(compile(predicate)) << c.name;
    EXPECT_EQ(matches(predicate, batch, batch.spans()[0]), c.expect) << c.name;
    const Predicate opposite = Predicate::negate(predicate);
    EXPECT_EQ(matches(opposite, batch, batch.spans()[0]), !c.expect) << c.name;
  }
}

TEST(QueryTest, EmptyAndIsTrueEmptyOrIsFalse) {
  const SpanBatch batch = one_span();
  EXPECT_TRUE(matches(Predicate::all_of({}), batch, batch.spans()[0]));
  EXPECT_FALSE(matches(Predicate::any_of({}), batch, batch.spans()[0]));
}

TEST(QueryTest, ABadExpressionNamesItself) {
  Predicate predicate = Predicate::compare(attribute("k", Op::kMatches, std::string("(")));
  const auto compiled = compile(predicate);
  ASSERT_FALSE(compiled);
  EXPECT_NE(compiled.error().message.find("\"(\""), std::string::npos);
}

TEST(QueryTest, TooDeepAndTooManyAreRefused) {
  Predicate deep;
  for (int i = 0; i <= kPredicateDepthMax; ++i) deep = Predicate::negate(std::move(deep));
  EXPECT_FALSE(compile(deep));
  std::vector<Predicate> many(kPredicateComparisonsMax + 1,
                              Predicate::compare(attribute("k", Op::kExists, {})));
  Predicate wide = Predicate::all_of(std::move(many));
  EXPECT_FALSE(compile(wide));
}

}  // namespace
}  // namespace honeyguide::store
