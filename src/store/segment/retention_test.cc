// Proves retention and erasure on files: age is counted from arrival, the byte cap takes the oldest
// hour first, errors stay longer, and a deleted trace is in no file any more.
#include <gtest/gtest.h>

#include "store/segment/maintenance.h"
#include "store/segment/test_store.h"

namespace honeyguide::store::segment {
namespace {

std::uint64_t bytes_on_disk(TestStore& t) {
  std::uint64_t out = 0;
  for (const auto& [path, bytes] : t.files()) out += bytes.size();
  return out;
}

TEST(RetentionTest, AgeIsCountedFromArrivalNotFromTheTimesOfTheSpans) {
  TestStore t;
  const auto history = t.data.spans(60, 10, TestStore::kNow - 400 * base::kNanosPerDay);
  ASSERT_TRUE(t.append(history));
  ASSERT_TRUE(t.store->apply_retention({}, t.clock.now()));
  t.clock.advance(23 * base::kNanosPerHour);
  ASSERT_TRUE(t.store->apply_retention({}, t.clock.now()));
  EXPECT_TRUE(t.holds(*history)) << "an old recording that arrived now stays a day";
  t.clock.advance(60 * base::kNanosPerHour);
  ASSERT_TRUE(t.store->apply_retention({}, t.clock.now()));
  EXPECT_TRUE(t.stored().empty());
}

TEST(RetentionTest, TheByteCapTakesTheOldestHourFirstAndTheDiskReallyFalls) {
  TestStore t;
  std::vector<telemetry::SpanBatchPtr> hours;
  for (int hour = 0; hour < 6; ++hour) {
    hours.push_back(t.data.spans(800, 50, t.clock.now()));
    ASSERT_TRUE(t.append(hours.back()));
    t.clock.advance(base::kNanosPerHour);
    ASSERT_TRUE(t.store->settle_now());
  }
  const std::uint64_t all = t.store->stats().bytes;
  RetentionPolicy policy;
  policy.age_ns = policy.errors_age_ns = 300 * base::kNanosPerDay;
  policy.bytes_max = all;
  EXPECT_EQ(t.store->apply_retention(policy, t.clock.now())->partitions_dropped, 0u);
  policy.bytes_max = all / 2;
  const std::uint64_t before = bytes_on_disk(t);
  const auto result = t.store->apply_retention(policy, t.clock.now());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->partitions_dropped, 3u);
  EXPECT_LE(t.store->stats().bytes, policy.bytes_max);
  EXPECT_LE(bytes_on_disk(t) + result->bytes_freed, before + 1000);
  for (int hour = 0; hour < 6; ++hour) {
    EXPECT_EQ(t.holds(*hours[static_cast<std::size_t>(hour)]), hour >= 3) << hour;
  }
}

TEST(RetentionTest, WithinOneHourTheByteCapTakesTheOldestRowsFirst) {
  TestStore t;
  std::vector<telemetry::SpanBatchPtr> files;
  for (int i = 0; i < 4; ++i) {
    files.push_back(t.data.spans(800, 50, t.clock.now()));
    ASSERT_TRUE(t.append(files.back()));
    t.clock.advance(6 * base::kNanosPerMinute);
    while (t.store->poll()) {
    }
  }
  ASSERT_EQ(t.store->stats().young_blocks, 0u);
  RetentionPolicy policy;
  policy.bytes_max = t.store->stats().bytes * 6 / 10;
  ASSERT_TRUE(t.store->apply_retention(policy, t.clock.now()));
  EXPECT_FALSE(t.holds(*files[0]));
  EXPECT_TRUE(t.holds(*files[2]));
  EXPECT_TRUE(t.holds(*files[3]));
}

TEST(RetentionTest, ADeletedTraceIsInNoFileAfterTheNextSettle) {
  const std::string secret = "prompt-that-must-go-4711";
  for (const bool settled_before : {false, true}) {
    TestStore t;
    auto batch = std::make_shared<telemetry::SpanBatch>();
    batch->add_resource({});
    batch->add_scope({});
    for (std::uint64_t i = 0; i < 20; ++i) {
      telemetry::Span span;
      span.trace_id = t.data.trace_id(i % 2);
      span.span_id = t.data.span_id(i);
      span.start = t.clock.now();
      span.name = batch->own(i % 2 == 0 ? secret + std::to_string(i) : "other");
      const auto begin = static_cast<std::uint32_t>(batch->mutable_attributes().size());
      if (i == 0) {  // large enough to lie out of line, and not compressible away
        std::string large;
        for (int n = 0; large.size() < 9000; ++n) large += secret + std::to_string(n * 7919);
        batch->add_attribute("prompt", telemetry::Value::string(batch->own(large)));
      }
      span.attributes = {begin, static_cast<std::uint32_t>(batch->mutable_attributes().size())};
      batch->add_span(span);
    }
    const auto appears = [&] {
      // Compressed texts are not found in the bytes: the rows of the trace are counted as well.
      bool out = false;
      for (const auto& [path, bytes] : t.files()) out = out || bytes.find(secret) != bytes.npos;
      return out || t.store->stats().spans > 10;
    };
    ASSERT_TRUE(t.append(batch));
    ASSERT_TRUE(!settled_before || t.store->settle_now());
    ASSERT_TRUE(appears()) << "the text must be seen before it can be seen to go";
    ASSERT_TRUE(t.store->delete_trace(0, t.data.trace_id(0)));
    EXPECT_FALSE(t.store->read_trace(0, t.data.trace_id(0), {}));
    ASSERT_TRUE(t.store->settle_now());
    EXPECT_FALSE(appears());
    EXPECT_TRUE(t.store->read_trace(0, t.data.trace_id(1), {}));
    t.kill();
    EXPECT_FALSE(t.store->read_trace(0, t.data.trace_id(0), {}));
  }
}

TEST(RetentionTest, DeletionSurvivesAPowerCutAndDoesNotHideWhatComesLater) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    TestStore t(SyncPolicy::kInterval, seed);
    ASSERT_TRUE(t.append(t.spans(40, 3)));
    ASSERT_TRUE(t.store->delete_trace(0, t.data.trace_id(1)));
    t.cut_power();
    EXPECT_FALSE(t.store->read_trace(0, t.data.trace_id(1), {}));
    const auto again = t.spans(40, 3);
    ASSERT_TRUE(t.append(again));
    EXPECT_TRUE(t.holds(*again));
  }
}

}  // namespace
}  // namespace honeyguide::store::segment
