// Proves that real input decodes whole: the examples of opentelemetry-proto and recordings of agent
// frameworks, span by span.
#include "otlp/decode.h"

#include <map>

#include <gtest/gtest.h>

#include "base/file_system.h"
#include "base/test_data.h"

namespace honeyguide::otlp {
namespace {

std::shared_ptr<const std::string> read_body(const std::string& path) {
  auto bytes = base::posix_fs().read_file(path);
  HG_CHECK(bytes.has_value());
  return std::make_shared<const std::string>(std::move(*bytes));
}

TEST(CorpusTest, ExamplesOfTheSpecificationDecodeWhole) {
  HG_SHARED_DATA_OR_SKIP(folder, "otlp-examples");
  const auto traces = decode_traces_json(read_body(folder + "/trace.json"));
  ASSERT_TRUE(traces) << traces.error().to_string();
  EXPECT_EQ(traces->error_message, "");
  ASSERT_EQ(traces->batch.size(), 1u);
  const telemetry::Span& span = traces->batch.spans()[0];
  EXPECT_EQ(span.trace_id.to_hex(), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(span.parent_span_id.to_hex(), "eee19b7ec3c1b173");
  EXPECT_EQ(span.name, "I'm a server span");
  EXPECT_EQ(span.kind, telemetry::SpanKind::kServer);
  EXPECT_EQ(traces->batch.service_name(span), "my.service");
  EXPECT_EQ(traces->batch.find(span.attributes, "my.span.attr")->text(), "some value");

  for (const char* name : {"/logs.json", "/events.json"}) {
    const auto logs = decode_logs_json(read_body(folder + name));
    ASSERT_TRUE(logs) << logs.error().to_string();
    EXPECT_EQ(logs->error_message, "");
    EXPECT_FALSE(logs->batch.records.empty());
  }

  const auto metrics = decode_metrics_json(read_body(folder + "/metrics.json"));
  ASSERT_TRUE(metrics) << metrics.error().to_string();
  EXPECT_EQ(metrics->error_message, "");
  EXPECT_EQ(metrics->batch.metrics.size(), 4u);
  EXPECT_EQ(metrics->batch.points.size(), 4u);
}

struct Recording {
  const char* folder;
  std::size_t spans;
  std::size_t traces;
};
// As the recordings' README counts them.
const Recording kRecordings[] = {
    {"langgraph-openinference", 120, 3}, {"openai-agents-openllmetry", 61, 4},
    {"crewai-openinference", 49, 4},     {"autogen-builtin", 351, 111},
    {"pydantic-ai-builtin", 61, 4},      {"google-adk-builtin-legacy", 61, 3},
    {"smolagents-openinference", 53, 3}, {"strands-builtin", 127, 5},
    {"vercel-ai-builtin", 59, 4},        {"ag2-classic-builtin", 62, 3},
};

TEST(CorpusTest, RecordingsOfAgentFrameworksDecodeWhole) {
  HG_SHARED_DATA_OR_SKIP(folder, "captures");
  for (const Recording& recording : kRecordings) {
    SCOPED_TRACE(recording.folder);
    std::size_t spans = 0;
    std::map<base::TraceId, int> traces;
    const std::string path = folder + "/" + recording.folder;
    const auto files = base::posix_fs().list(path);
    ASSERT_TRUE(files);
    for (const std::string& file : *files) {
      if (!file.ends_with(".traces.pb")) continue;
      const auto decoded = decode_traces_protobuf(read_body(path + "/" + file));
      ASSERT_TRUE(decoded) << decoded.error().to_string();
      EXPECT_EQ(decoded->error_message, "");
      spans += decoded->batch.size();
      for (const telemetry::Span& span : decoded->batch.spans()) ++traces[span.trace_id];
    }
    EXPECT_EQ(spans, recording.spans);
    EXPECT_EQ(traces.size(), recording.traces);
  }
}

}  // namespace
}  // namespace honeyguide::otlp
