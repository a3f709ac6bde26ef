// Proves that contexts come back from their headers and that malformed ones start a trace anew.
#include "honeyguide/context.h"

#include <gtest/gtest.h>

namespace honeyguide {
namespace {

constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(ContextTest, HeadersComeBackWhateverTheCaseOfTheirNames) {
  const Headers in = {{"TraceParent", kParent}, {"tracestate", "a=1"}, {"Baggage", "k=v%20w"}};
  const Context context = Context::from_headers(in);
  EXPECT_EQ(context.span().trace_id_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_TRUE(context.span().sampled);
  EXPECT_EQ(context.trace_state(), "a=1");
  EXPECT_EQ(context.baggage(), (Baggage{{"k", "v w"}}));
  const Headers out = context.to_headers();
  EXPECT_EQ(out.at("traceparent"), kParent);
  EXPECT_EQ(out.at("tracestate"), "a=1");
  EXPECT_EQ(Context::from_headers(out).baggage(), context.baggage());
}

TEST(ContextTest, AMalformedParentIsNoneAndTakesItsStateAlong) {
  const Context context = Context::from_headers({{"traceparent", "00-zz"}, {"tracestate", "a=1"}});
  EXPECT_FALSE(context.span().valid());
  EXPECT_EQ(context.trace_state(), "");
  EXPECT_TRUE(context.to_headers().empty());
}

TEST(ContextTest, BaggageIsReplacedByKeyAndTheOriginalStays) {
  const Context one = Context().with_baggage("k", "1");
  const Context two = one.with_baggage("k", "2");
  EXPECT_EQ(one.baggage(), (Baggage{{"k", "1"}}));
  EXPECT_EQ(two.baggage(), (Baggage{{"k", "2"}}));
}

}  // namespace
}  // namespace honeyguide
