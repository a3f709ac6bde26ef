// Proves that a batch reads back as Jaeger's structs, with a small independent reader of Thrift's
// binary protocol that turns every struct into text.
#include "otlp/jaeger_thrift.h"

#include <bit>

#include <gtest/gtest.h>

#include "base/check.h"
#include "base/strings.h"
#include "otlp/item_runs.h"
#include "otlp/random_batch.h"

namespace honeyguide::otlp {
namespace {

class ThriftReader {
 public:
  explicit ThriftReader(std::string_view bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }

  // {1:value 2:value ...} of the struct that stands next.
  std::string structure() {
    std::string out = "{";
    for (;;) {
      const auto type = number(1);
      if (type == 0) return out + "}";
      if (out.size() > 1) out += " ";
      out += std::to_string(number(2)) + ":";
      out += value(type);
    }
  }

 private:
  std::string value(std::uint64_t type) {
    switch (type) {
      case 2:
        return number(1) != 0 ? "true" : "false";
      case 4:
        return base::format_double(std::bit_cast<double>(number(8))) + "d";
      case 8:
        return std::to_string(static_cast<std::int32_t>(number(4)));
      case 10:
        return std::to_string(static_cast<std::int64_t>(number(8))) + "L";
      case 11: {
        const std::size_t size = number(4);
        HG_CHECK(size <= rest_.size());
        const std::string text = base::json_quote(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return text;
      }
      case 12:
        return structure();
      case 15: {
        HG_CHECK(number(1) == 12);
        std::string out = "[";
        for (std::uint64_t left = number(4); left > 0; --left) out += structure();
        return out + "]";
      }
      default:
        HG_CHECK(false);
        return {};
    }
  }
  std::uint64_t number(std::size_t bytes) {
    HG_CHECK(bytes <= rest_.size());
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < bytes; ++i) out = out << 8 | static_cast<std::uint8_t>(rest_[i]);
    rest_.remove_prefix(bytes);
    return out;
  }

  std::string_view rest_;
};

TEST(JaegerThriftTest, ASpanReadsBackFieldByField) {
  using telemetry::Value;
  telemetry::SpanBatch batch;
  batch.add_attribute("service.name", Value::string("hive"));
  batch.add_attribute("host", Value::string("h"));
  batch.add_attribute("s", Value::string("x"));
  batch.add_attribute("d", Value::real(0.5));
  batch.add_attribute("b", Value::boolean(true));
  batch.add_attribute("i", Value::integer(-7));
  batch.add_attribute("bin", Value::of_text(telemetry::ValueType::kBytes, "ab"));
  telemetry::Resource resource;
  resource.attributes = {0, 2};
  batch.add_resource(resource);
  telemetry::Scope scope;
  scope.name = "lib";
  batch.add_scope(scope);
  telemetry::Event event;
  event.time = 3000;
  event.name = "retry";
  event.attributes = {5, 6};
  batch.mutable_events().push_back(event);
  telemetry::Link link;
  link.trace_id.bytes[15] = 9;
  link.span_id.bytes[7] = 8;
  batch.mutable_links().push_back(link);
  telemetry::Span span;
  span.trace_id.bytes[0] = 1;
  span.trace_id.bytes[15] = 2;
  span.span_id.bytes[7] = 3;
  span.parent_span_id.bytes[7] = 4;
  span.name = "call";
  span.start = 1999;
  span.end = 5000;
  span.flags = 0x101;
  span.kind = telemetry::SpanKind::kClient;
  span.status = telemetry::StatusCode::kError;
  span.status_message = "boom";
  span.attributes = {2, 7};
  span.events = {0, 1};
  span.links = {0, 1};
  batch.add_span(span);

  const auto batches = encode_jaeger_batches(batch, all_rows(1));
  ASSERT_EQ(batches.size(), 1u);
  ThriftReader reader(batches[0]);
  EXPECT_EQ(
      reader.structure(),
      R"({1:{1:"hive" 2:[{1:"host" 2:0 3:"h"}]} )"
      R"(2:[{1:2L 2:72057594037927936L 3:3L 4:4L 5:"call" 6:[{1:1 2:9L 3:0L 4:8L}] 7:1 8:1L 9:3L )"
      R"(10:[{1:"s" 2:0 3:"x"}{1:"d" 2:1 4:0.5d}{1:"b" 2:2 5:true}{1:"i" 2:3 6:-7L})"
      R"({1:"bin" 2:4 7:"ab"}{1:"span.kind" 2:0 3:"client"}{1:"otel.status_code" 2:0 3:"ERROR"})"
      R"({1:"error" 2:2 5:true}{1:"otel.status_description" 2:0 3:"boom"})"
      R"({1:"otel.scope.name" 2:0 3:"lib"}] )"
      R"(11:[{1:3L 2:[{1:"event" 2:0 3:"retry"}{1:"i" 2:3 6:-7L}]}]}]})");
  EXPECT_TRUE(reader.at_end());
}

TEST(JaegerThriftTest, EveryBatchIsWellFormed) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const telemetry::SpanBatch batch = random_span_batch(seed);
    for (const std::string& bytes : encode_jaeger_batches(batch, all_rows(batch.size()))) {
      ThriftReader reader(bytes);
      reader.structure();
      EXPECT_TRUE(reader.at_end());
    }
  }
}

}  // namespace
}  // namespace honeyguide::otlp
