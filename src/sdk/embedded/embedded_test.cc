// Proves that what a host process records comes back as figures and as a trace.
#include "sdk/embedded/embedded.h"

#include <gtest/gtest.h>

namespace honeyguide::sdk {
namespace {

constexpr base::UnixNanos kNow = 1'750'000'000 * base::kNanosPerSecond;

RecordedSpan task(const std::string& id, bool error) {
  RecordedSpan span;
  span.trace_id = "0123456789abcdef0123456789abcdef";
  span.span_id = id;
  span.name = "task_processing";
  span.start = kNow - 3 * base::kNanosPerSecond;
  span.end = kNow - base::kNanosPerSecond;
  span.error = error;
  span.attributes = {{"span.type", std::string("task")},
                     {"agent.id", std::string("agent_1")},
                     {"task.id", id},
                     {"task.type", std::string("processing")}};
  return span;
}

TEST(EmbeddedTest, TasksBecomeThroughputByOutcome) {
  Embedded engine("hive");
  ASSERT_TRUE(engine.record(task("00000000000000a1", false), kNow));
  ASSERT_TRUE(engine.record(task("00000000000000a2", true), kNow));
  const std::string report = engine.throughput_report("agent_1", 24, kNow);
  EXPECT_NE(report.find("\"total_tasks\":2"), std::string::npos) << report;
  // One success within the three seconds since the agent was first seen.
  EXPECT_NE(report.find("\"throughput_per_hour\":1200"), std::string::npos) << report;
  EXPECT_EQ(engine.agents(kNow), std::vector<std::string>{"agent_1"});
  EXPECT_EQ(engine.agent_report("nobody", 1, kNow), "null");
}

TEST(EmbeddedTest, TheTraceComesBack) {
  Embedded engine("hive");
  ASSERT_TRUE(engine.record(task("00000000000000a1", false), kNow));
  const auto trace = engine.trace("0123456789abcdef0123456789abcdef");
  ASSERT_TRUE(trace) << trace.error().message;
  EXPECT_NE(trace->find("00000000000000a1"), std::string::npos);
  EXPECT_EQ(engine.trace("f123456789abcdef0123456789abcdef").error().code,
            base::ErrorCode::kNotFound);
}

std::string hex_id(std::size_t digits, int number) {
  std::string text = std::to_string(number + 1);
  return std::string(digits - text.size(), '0') + text;
}

TEST(EmbeddedTest, TracesStayWithinTheirBytesAndTheOldestGoFirst) {
  Embedded engine("hive");
  constexpr int kSpans = 20'000;  // of more than 4 KB each
  const std::string text(4096, 'x');
  for (int i = 0; i < kSpans; ++i) {
    RecordedSpan span = task(hex_id(16, i), false);
    span.trace_id = hex_id(32, i);
    span.attributes.emplace_back("text", text);
    ASSERT_TRUE(engine.record(span, kNow));
    ASSERT_LE(engine.trace_bytes(), kEmbeddedTraceBytesMax + (2u << 20));
  }
  EXPECT_EQ(engine.trace(hex_id(32, 0)).error().code, base::ErrorCode::kNotFound);
  EXPECT_TRUE(engine.trace(hex_id(32, kSpans - 1)));
  const std::string report = engine.throughput_report("agent_1", 24, kNow);
  EXPECT_NE(report.find("\"total_tasks\":20000"), std::string::npos) << report;
}

TEST(EmbeddedTest, ManySmallSpansShareTheirMemory) {
  Embedded engine("hive");
  constexpr int kSpans = 10'000;
  for (int i = 0; i < kSpans; ++i) {
    ASSERT_TRUE(engine.record(task(hex_id(16, i), false), kNow));
  }
  EXPECT_LT(engine.trace_bytes() / kSpans, 1024u);
  const auto trace = engine.trace("0123456789abcdef0123456789abcdef");
  ASSERT_TRUE(trace);
  EXPECT_NE(trace->find(hex_id(16, 0)), std::string::npos);
  EXPECT_NE(trace->find(hex_id(16, kSpans - 1)), std::string::npos);
}

TEST(EmbeddedTest, TracesAreKeptForADay) {
  Embedded engine("hive");
  RecordedSpan span = task("00000000000000a1", false);
  ASSERT_TRUE(engine.record(span, kNow));
  ASSERT_TRUE(engine.trace(span.trace_id));
  RecordedSpan later = task("00000000000000a2", false);
  later.trace_id = hex_id(32, 7);
  ASSERT_TRUE(engine.record(later, kNow + kEmbeddedTraceAgeNs + 1));
  ASSERT_TRUE(engine.trace(later.trace_id));
  EXPECT_EQ(engine.trace(span.trace_id).error().code, base::ErrorCode::kNotFound);
}

TEST(EmbeddedTest, AMalformedIdIsRefused) {
  Embedded engine("hive");
  RecordedSpan span = task("xyz", false);
  EXPECT_EQ(engine.record(span, kNow).error().code, base::ErrorCode::kInvalidArgument);
}

TEST(EmbeddedTest, AMetricIsJudgedByItsOwnPast) {
  Embedded engine("hive");
  Observation last;
  for (int i = 0; i < 600; ++i) {
    last = *engine.observe("cpu", kNow + i * 30 * base::kNanosPerSecond, 50 + i % 7);
  }
  EXPECT_TRUE(last.judged);
  EXPECT_FALSE(last.anomaly);
  const auto spike = engine.observe("cpu", kNow + 600 * 30 * base::kNanosPerSecond, 5000);
  EXPECT_LT(spike->p, 0.01);
}

TEST(Embedded, SpansOfOtherSdksCountAsItsOwn) {
  Embedded engine("host");
  const base::UnixNanos now = 1'790'000'000 * base::kNanosPerSecond;
  const std::string at = std::to_string(now - base::kNanosPerSecond);
  const std::string task = R"({"key":"span.type","value":{"stringValue":"task"}},)"
                           R"({"key":"agent.id","value":{"stringValue":"a"}},)"
                           R"({"key":"task.id","value":{"stringValue":"t"}})";
  const std::string body = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":")" +
                           std::string(32, '7') + R"(","spanId":"00000000000000aa","name":"t",)" +
                           R"("startTimeUnixNano":")" + at + R"(","endTimeUnixNano":")" +
                           std::to_string(now) + R"(","attributes":[)" + task + "]}]}]}]}";
  const auto added = engine.add_otlp_json(body, now);
  ASSERT_TRUE(added);
  EXPECT_EQ(*added, 1u);
  EXPECT_EQ(engine.agents(now), std::vector<std::string>{"a"});
  EXPECT_EQ(engine.add_otlp_json("no json", now).error().code, base::ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace honeyguide::sdk
