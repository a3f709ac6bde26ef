// Proves that a batch owns what it hands out, that copies are deep and equal, and that the order on
// span versions depends on content alone.
#include "telemetry/span_batch.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace honeyguide::telemetry {
namespace {

SpanBatch make_batch() {
  SpanBatch batch;
  batch.add_attribute("service.name", Value::string(batch.own("hive")));
  const std::uint32_t resource = batch.add_resource({.attributes = {0, 1}});
  const std::uint32_t scope = batch.add_scope({.name = batch.own("scope"), .version = "1"});
  batch.add_attribute("task.id", Value::string(batch.own(std::string(5000, 't'))));
  batch.add_attribute("count", Value::integer(3));
  batch.add_attribute("reason", Value::string(batch.own("late")));
  batch.mutable_events().push_back({.time = 5, .name = "e", .attributes = {3, 4}});
  Span span;
  span.trace_id.bytes[15] = 1;
  span.span_id.bytes[7] = 2;
  span.start = 100;
  span.end = 250;
  span.name = batch.own("work");
  span.attributes = {1, 3};
  span.events = {0, 1};
  span.resource = resource;
  span.scope = scope;
  batch.add_span(span);
  return batch;
}

TEST(SpanBatchTest, FindsByKeyInTheRangeOnly) {
  const SpanBatch batch = make_batch();
  const Span& span = batch.spans()[0];
  EXPECT_EQ(batch.find(span.attributes, "count")->as_int(), 3);
  EXPECT_EQ(batch.find(span.attributes, "reason"), nullptr);
  EXPECT_EQ(batch.find(span.attributes, "never seen"), nullptr);
  EXPECT_EQ(batch.service_name(span), "hive");
  EXPECT_EQ(span.duration_ns(), 150);
}

TEST(SpanBatchTest, ACopyOutlivesItsSourceAndHashesEqual) {
  auto source = std::make_unique<SpanBatch>(make_batch());
  const SpanHash before = span_content_hash(*source, source->spans()[0]);
  SpanBatch copy;
  copy.add_attribute("other", Value::integer(0));  // shifts key and attribute indices
  const std::uint32_t rows[] = {0, 0};
  copy.append_copy(*source, rows);
  source.reset();
  ASSERT_EQ(copy.size(), 2u);
  EXPECT_EQ(copy.resources().size(), 1u);
  EXPECT_EQ(span_content_hash(copy, copy.spans()[1]), before);
  EXPECT_EQ(copy.service_name(copy.spans()[1]), "hive");
  EXPECT_EQ(copy.events(copy.spans()[1].events)[0].time, 5);
}

TEST(SpanBatchTest, VersionsOrderByEndedThenLaterEndThenAttributesThenHash) {
  const SpanBatch batch = make_batch();
  const Span ended = batch.spans()[0];
  Span open = ended;
  open.end = 0;
  Span later = ended;
  later.end += 1;
  Span fewer = ended;
  fewer.attributes.end -= 1;
  EXPECT_TRUE(is_better_version(batch, ended, batch, open));
  EXPECT_FALSE(is_better_version(batch, open, batch, ended));
  EXPECT_TRUE(is_better_version(batch, later, batch, ended));
  EXPECT_TRUE(is_better_version(batch, ended, batch, fewer));
  EXPECT_FALSE(is_better_version(batch, ended, batch, ended));
}

TEST(SpanBatchTest, AdoptedBuffersLiveAsLongAsTheBatch) {
  SpanBatch batch;
  const std::string_view view = batch.adopt(std::make_shared<const std::string>("body"));
  const SpanBatch moved = std::move(batch);
  EXPECT_EQ(view, "body");
  EXPECT_GE(moved.size_bytes(), 4u);
}

}  // namespace
}  // namespace honeyguide::telemetry
