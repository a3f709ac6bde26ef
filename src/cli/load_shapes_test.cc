// Proves that load's patched requests are what the shapes promise, by decoding them as the server
// does: ids unique and linked, sizes, values, times, and equal output for an equal seed.
#include "cli/load_shapes.h"

#include <map>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "otlp/decode.h"

namespace honeyguide::cli {
namespace {

constexpr base::UnixNanos kNow = 1'750'000'000 * base::kNanosPerSecond;

LoadBodies bodies_of(LoadShape shape, std::uint32_t spans = 0, std::uint64_t seed = 1) {
  auto bodies = LoadBodies::create({shape, spans, seed});
  EXPECT_TRUE(bodies) << bodies.error().message;
  return *std::move(bodies);
}

telemetry::SpanBatch decoded(const LoadBodies& bodies, std::uint64_t number) {
  auto body = std::make_shared<std::string>();
  bodies.fill(number, kNow, *body);
  auto traces = otlp::decode_traces_protobuf(body);
  EXPECT_TRUE(traces) << traces.error().message;
  EXPECT_EQ(traces->rejected_spans, 0u) << traces->error_message;
  return std::move(traces->batch);
}

TEST(LoadShapesTest, TracegenIsTenSpanTracesOf316BytesASpan) {
  const LoadBodies bodies = bodies_of(LoadShape::kTracegen);
  std::string body;
  bodies.fill(0, kNow, body);
  EXPECT_NEAR(static_cast<double>(body.size()) / 1000, 316, 4);
  std::map<base::TraceId, int> traces;
  std::set<base::SpanId> ids;
  std::map<std::string, int> values;
  for (std::uint64_t number = 0; number < 20; ++number) {
    const auto batch = decoded(bodies, number);
    ASSERT_EQ(batch.size(), 1000u);
    for (const telemetry::Span& span : batch.spans()) {
      ++traces[span.trace_id];
      EXPECT_TRUE(ids.insert(span.span_id).second);
      ASSERT_EQ(span.attributes.size(), 11u);
      EXPECT_LE(span.end, kNow + kNow / 1000);
      EXPECT_LT(span.start, span.end);
      for (const auto& attribute : batch.attributes(span.attributes)) {
        ++values[std::string(attribute.value.text())];
      }
    }
  }
  EXPECT_EQ(traces.size(), 2000u);
  for (const auto& [id, count] : traces) EXPECT_EQ(count, 10) << id.to_hex();
  ASSERT_EQ(values.size(), 100u);
  for (const auto& [value, count] : values) EXPECT_NEAR(count, 2200, 400) << value;
}

TEST(LoadShapesTest, ChildrenOfATraceNameItsRoot) {
  for (const LoadShape shape : {LoadShape::kTracegen, LoadShape::kJaegerTracegen}) {
    const auto batch = decoded(bodies_of(shape), 7);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto& span = batch.spans()[i];
      const auto& root = batch.spans()[i / 10 * 10];
      EXPECT_EQ(span.trace_id, root.trace_id);
      EXPECT_EQ(span.parent_span_id, i % 10 == 0 ? base::SpanId{} : root.span_id);
      EXPECT_EQ(span.name, i % 10 == 0 ? root.name : span.name);
    }
  }
}

TEST(LoadShapesTest, JaegerTracegenCyclesKeysAndValuesOverTenServices) {
  const auto batch = decoded(bodies_of(LoadShape::kJaegerTracegen), 0);
  std::set<std::string> services;
  for (const auto& span : batch.spans()) services.emplace(batch.service_name(span));
  EXPECT_EQ(services.size(), 10u);
  EXPECT_EQ(batch.keys().size(), 97u + 3u);
  const auto& root = batch.spans()[0];
  ASSERT_NE(batch.find(root.attributes, "peer.service"), nullptr);
  EXPECT_EQ(batch.find(root.attributes, "peer.service")->text(), "tracegen-server");
  EXPECT_EQ(batch.find(batch.spans()[1].attributes, "attr_00")->text(), "val_00");
}

TEST(LoadShapesTest, AgentTracesComeInSlicesWhoseParentsAreKnown) {
  const LoadBodies bodies = bodies_of(LoadShape::kAgent);
  std::map<base::TraceId, std::set<base::SpanId>> spans;
  std::map<base::TraceId, std::set<base::SpanId>> parents;
  std::size_t longest = 0;
  const std::uint64_t requests = 16 * kLoadAgentTraceSpans / bodies.spans_per_request();
  for (std::uint64_t number = 0; number < requests; ++number) {
    const auto batch = decoded(bodies, number);
    for (const auto& span : batch.spans()) {
      spans[span.trace_id].insert(span.span_id);
      if (span.parent_span_id.valid()) parents[span.trace_id].insert(span.parent_span_id);
      if (const auto* prompt = batch.find(span.attributes, "gen_ai.input.messages")) {
        longest = std::max(longest, prompt->text().size());
        EXPECT_GE(prompt->text().size(), 1000u);
      }
    }
  }
  EXPECT_EQ(spans.size(), 16u);
  EXPECT_GT(longest, 50'000u);
  EXPECT_LT(longest, 110'000u);
  for (const auto& [trace, ids] : spans) {
    EXPECT_EQ(ids.size(), kLoadAgentTraceSpans);
    for (const auto& parent : parents[trace]) EXPECT_TRUE(ids.contains(parent));
  }
}

TEST(LoadShapesTest, ForEachTraceNamesWhatFillWrites) {
  for (const LoadShape shape :
       {LoadShape::kTracegen, LoadShape::kJaegerTracegen, LoadShape::kAgent, LoadShape::kSmall}) {
    const LoadBodies bodies = bodies_of(shape, shape == LoadShape::kTracegen ? 25 : 0);
    for (const std::uint64_t number : {0, 1, 333}) {
      std::map<base::TraceId, std::uint32_t> expected;
      const auto batch = decoded(bodies, number);
      for (const auto& span : batch.spans()) ++expected[span.trace_id];
      std::map<base::TraceId, std::uint32_t> named;
      bodies.for_each_trace(
          number, [&](const base::TraceId& id, std::uint32_t count) { named[id] += count; });
      EXPECT_EQ(named, expected);
    }
  }
}

TEST(LoadShapesTest, EqualSeedsGiveEqualBytesAndOthersGiveOtherIds) {
  std::string a;
  std::string b;
  bodies_of(LoadShape::kSmall, 0, 5).fill(3, kNow, a);
  bodies_of(LoadShape::kSmall, 0, 5).fill(3, kNow, b);
  EXPECT_EQ(a, b);
  bodies_of(LoadShape::kSmall, 0, 6).fill(3, kNow, b);
  EXPECT_NE(a, b);
}

TEST(LoadShapesTest, SpansARequestMustFitTheShape) {
  EXPECT_FALSE(LoadBodies::create({LoadShape::kAgent, 30, 1}));
  EXPECT_FALSE(LoadBodies::create({LoadShape::kTracegen, kLoadSpansPerRequestMax + 1, 1}));
}

}  // namespace
}  // namespace honeyguide::cli
