// Proves that what is written reads back equal, in both encodings: random batches with every field
// and value type, and recordings of agent frameworks.
#include "otlp/encode.h"

#include <gtest/gtest.h>

#include "base/file_system.h"
#include "base/test_data.h"
#include "otlp/decode.h"
#include "otlp/random_batch.h"

namespace honeyguide::otlp {
namespace {

using telemetry::LogBatch;
using telemetry::MetricBatch;
using telemetry::SpanBatch;

std::shared_ptr<const std::string> shared(std::string body) {
  return std::make_shared<const std::string>(std::move(body));
}

void expect_equal(const SpanBatch& expected, const SpanBatch& found) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const telemetry::Span& a = expected.spans()[i];
    const telemetry::Span& b = found.spans()[i];
    EXPECT_EQ(span_content_hash(found, b), span_content_hash(expected, a)) << "span " << i;
    EXPECT_EQ(found.resources()[b.resource].schema_url,
              expected.resources()[a.resource].schema_url);
    EXPECT_EQ(found.scopes()[b.scope].schema_url, expected.scopes()[a.scope].schema_url);
    EXPECT_EQ(found.resources()[b.resource].dropped_attributes_count,
              expected.resources()[a.resource].dropped_attributes_count);
    EXPECT_EQ(found.scopes()[b.scope].dropped_attributes_count,
              expected.scopes()[a.scope].dropped_attributes_count);
  }
}

TEST(EncodeTest, TracesReadBackEqual) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    const SpanBatch batch = random_span_batch(seed);
    const auto protobuf = decode_traces_protobuf(shared(encode_traces_protobuf(batch)));
    ASSERT_TRUE(protobuf) << protobuf.error().to_string();
    EXPECT_EQ(protobuf->error_message, "");
    expect_equal(batch, protobuf->batch);
    const auto json = decode_traces_json(shared(encode_traces_json(batch)));
    ASSERT_TRUE(json) << json.error().to_string();
    EXPECT_EQ(json->error_message, "");
    expect_equal(batch, json->batch);
    // Equal batches are written equal, so each encoding is a function of content.
    EXPECT_TRUE(encode_traces_protobuf(json->batch) == encode_traces_protobuf(protobuf->batch));
  }
}

TEST(EncodeTest, LogsReadBackEqual) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const LogBatch batch = random_log_batch(seed);
    const std::string protobuf = encode_logs_protobuf(batch);
    const std::string json = encode_logs_json(batch);
    const auto from_protobuf = decode_logs_protobuf(shared(protobuf));
    ASSERT_TRUE(from_protobuf) << from_protobuf.error().to_string();
    EXPECT_EQ(from_protobuf->error_message, "");
    EXPECT_EQ(from_protobuf->batch.records.size(), batch.records.size());
    EXPECT_TRUE(encode_logs_protobuf(from_protobuf->batch) == protobuf);
    EXPECT_TRUE(encode_logs_json(from_protobuf->batch) == json);
    const auto from_json = decode_logs_json(shared(json));
    ASSERT_TRUE(from_json) << from_json.error().to_string();
    EXPECT_EQ(from_json->error_message, "");
    EXPECT_TRUE(encode_logs_protobuf(from_json->batch) == protobuf);
  }
}

TEST(EncodeTest, MetricsReadBackEqual) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const MetricBatch batch = random_metric_batch(seed);
    const std::string protobuf = encode_metrics_protobuf(batch);
    const std::string json = encode_metrics_json(batch);
    const auto from_protobuf = decode_metrics_protobuf(shared(protobuf));
    ASSERT_TRUE(from_protobuf) << from_protobuf.error().to_string();
    EXPECT_EQ(from_protobuf->error_message, "");
    EXPECT_EQ(from_protobuf->batch.points.size(), batch.points.size());
    EXPECT_TRUE(encode_metrics_protobuf(from_protobuf->batch) == protobuf);
    EXPECT_TRUE(encode_metrics_json(from_protobuf->batch) == json);
    const auto from_json = decode_metrics_json(shared(json));
    ASSERT_TRUE(from_json) << from_json.error().to_string();
    EXPECT_EQ(from_json->error_message, "");
    EXPECT_TRUE(encode_metrics_protobuf(from_json->batch) == protobuf);
  }
}

TEST(EncodeTest, RowsAreWrittenInTheOrderWanted) {
  SpanBatch batch = random_span_batch(7);
  ASSERT_GE(batch.size(), 3u);
  const std::uint32_t rows[] = {2, 0, 2};
  const auto decoded = decode_traces_protobuf(shared(encode_traces_protobuf(batch, rows)));
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->batch.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(decoded->batch.spans()[i].span_id, batch.spans()[rows[i]].span_id);
  }
}

TEST(EncodeTest, NothingIsAnEmptyRequest) {
  EXPECT_EQ(encode_traces_protobuf(SpanBatch()), "");
  EXPECT_EQ(encode_traces_json(SpanBatch()), R"({"resourceSpans":[]})");
  EXPECT_EQ(encode_logs_json(LogBatch()), R"({"resourceLogs":[]})");
  EXPECT_EQ(encode_metrics_json(MetricBatch()), R"({"resourceMetrics":[]})");
}

TEST(EncodeTest, JsonIsOtlpJson) {
  // In: upper-case ids and numbers where OTLP writes strings. Out: as OTLP writes.
  const std::string attributes =
      R"([{"key":"d","value":{"doubleValue":"NaN"}},{"key":"b","value":{"bytesValue":"AQI="}},)"
      R"({"key":"e","value":{}},)"
      R"({"key":"l","value":{"arrayValue":{"values":[{"boolValue":true},{}]}}}])";
  const std::string head = R"({"resourceSpans":[{"resource":{"attributes":[{"key":"n","value":)"
                           R"({"intValue":"-5"}}]},"scopeSpans":[{"scope":{"name":"lib"},)";
  const auto decoded = decode_traces_json(
      shared(head + R"("spans":[{"traceId":"0AF7651916CD43DD8448EB211C80319C",)" +
             R"("spanId":"B7AD6B7169203331","name":"op","kind":3,"startTimeUnixNano":1,)" +
             R"("endTimeUnixNano":"2","attributes":)" + attributes +
             R"(,"status":{"code":2,"message":"no"}}]}]}]})"));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(encode_traces_json(decoded->batch),
            head + R"("spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c",)" +
                R"("spanId":"b7ad6b7169203331","name":"op","kind":3,"startTimeUnixNano":"1",)" +
                R"("endTimeUnixNano":"2","attributes":)" + attributes +
                R"(,"status":{"message":"no","code":2}}]}]}]})");
}

TEST(EncodeTest, RecordingsReadBackAttributeForAttribute) {
  HG_SHARED_DATA_OR_SKIP(folder, "captures");
  const auto recordings = base::posix_fs().list(folder);
  ASSERT_TRUE(recordings);
  std::size_t spans = 0;
  for (const std::string& recording : *recordings) {
    const auto files = base::posix_fs().list(folder + "/" + recording);
    if (!files) continue;
    for (const std::string& file : *files) {
      if (!file.ends_with(".traces.pb")) continue;
      SCOPED_TRACE(recording + "/" + file);
      auto bytes = base::posix_fs().read_file(folder + "/" + recording + "/" + file);
      ASSERT_TRUE(bytes);
      const auto first = decode_traces_protobuf(shared(std::move(*bytes)));
      ASSERT_TRUE(first);
      const auto json = decode_traces_json(shared(encode_traces_json(first->batch)));
      ASSERT_TRUE(json) << json.error().to_string();
      expect_equal(first->batch, json->batch);
      const auto protobuf = decode_traces_protobuf(shared(encode_traces_protobuf(first->batch)));
      ASSERT_TRUE(protobuf);
      expect_equal(first->batch, protobuf->batch);
      spans += first->batch.size();
    }
  }
  EXPECT_EQ(spans, 1004u);
}

}  // namespace
}  // namespace honeyguide::otlp
