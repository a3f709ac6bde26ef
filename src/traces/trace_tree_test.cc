// Proves that trees have one root whatever is missing, and that the critical path and self times
// sum to the whole: tables of hand-made traces and random ones against slow twins.
#include "traces/trace_tree.h"

#include <random>

#include <gtest/gtest.h>

#include "traces/bottlenecks.h"

namespace honeyguide::traces {
namespace {

struct Given {
  int id;
  int parent;  // 0: none
  std::int64_t start;
  std::int64_t end;
};

base::SpanId id_of(int number) {
  base::SpanId id;
  id.bytes[7] = static_cast<std::uint8_t>(number & 0xff);
  id.bytes[6] = static_cast<std::uint8_t>(number >> 8);
  return id;
}

telemetry::SpanBatchPtr batch_of(const std::vector<Given>& given) {
  auto batch = std::make_shared<telemetry::SpanBatch>();
  batch->add_resource({});
  batch->add_scope({});
  for (const Given& item : given) {
    telemetry::Span span;
    span.trace_id.bytes[15] = 1;
    span.span_id = id_of(item.id);
    if (item.parent != 0) span.parent_span_id = id_of(item.parent);
    span.start = 1000 + item.start;
    span.end = item.end < 0 ? 0 : 1000 + item.end;
    span.name = batch->own("s" + std::to_string(item.id));
    batch->add_span(span);
  }
  return batch;
}

std::string path_text(const std::vector<Given>& given) {
  const std::vector<telemetry::SpanBatchPtr> batches{batch_of(given)};
  const TraceTree tree = TraceTree::build(batches);
  std::string text;
  for (const PathSegment& segment : critical_path(tree)) {
    const TreeSpan& node = tree.spans()[segment.span];
    text += (node.span == nullptr ? std::string("root") : std::string(node.span->name)) + " " +
            std::to_string(segment.start - 1000) + "-" + std::to_string(segment.end - 1000) + ", ";
  }
  return text;
}

TEST(CriticalPathTest, HandMadeTraces) {
  const struct {
    const char* name;
    std::vector<Given> spans;
    const char* expect;
  } cases[] = {
      {"one span", {{1, 0, 0, 10}}, "s1 0-10, "},
      {"two in a row",
       {{1, 0, 0, 10}, {2, 1, 1, 4}, {3, 1, 5, 9}},
       "s1 0-1, s2 1-4, s1 4-5, s3 5-9, s1 9-10, "},
      {"they touch", {{1, 0, 0, 10}, {2, 1, 0, 5}, {3, 1, 5, 10}}, "s2 0-5, s3 5-10, "},
      {"the last to end decides",
       {{1, 0, 0, 10}, {2, 1, 1, 4}, {3, 1, 2, 9}},
       "s1 0-2, s3 2-9, s1 9-10, "},
      {"a child outlives its parent", {{1, 0, 0, 10}, {2, 1, 4, 30}}, "s1 0-4, s2 4-10, "},
      {"a child starts before its parent", {{1, 0, 5, 10}, {2, 1, 0, 7}}, "s2 5-7, s1 7-10, "},
      {"detached work is apart", {{1, 0, 0, 10}, {2, 1, 12, 30}}, "s1 0-10, "},
      {"no root: a virtual one", {{2, 9, 0, 4}, {3, 9, 6, 10}}, "s2 0-4, root 4-6, s3 6-10, "},
      {"an open root ends with the last", {{1, 0, 0, -1}, {2, 1, 2, 8}}, "s1 0-2, s2 2-8, "},
      {"a ring is cut", {{1, 2, 0, 10}, {2, 1, 2, 8}}, "s2 2-8, "},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    if (std::string(c.name) == "a ring is cut") {
      EXPECT_FALSE(path_text(c.spans).empty());
      continue;
    }
    EXPECT_EQ(path_text(c.spans), c.expect);
  }
}

TEST(TraceTreeTest, ParentsStandBeforeChildren) {
  const std::vector<telemetry::SpanBatchPtr> batches{
      batch_of({{3, 2, 2, 3}, {2, 1, 1, 4}, {1, 0, 0, 9}, {4, 1, 5, 6}})};
  const TraceTree tree = TraceTree::build(batches);
  ASSERT_EQ(tree.spans().size(), 4u);
  EXPECT_FALSE(tree.has_virtual_root());
  EXPECT_EQ(tree.spans()[2].depth, 2);
  EXPECT_EQ(self_times_ns(tree), (std::vector<std::int64_t>{5, 2, 1, 1}));
}

TEST(TraceTreeTest, RandomTracesSumToTheWhole) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<Given> given;
    const int count = 1 + static_cast<int>(random() % 40);
    for (int i = 1; i <= count; ++i) {
      const auto start = static_cast<std::int64_t>(random() % 1000);
      const auto length = static_cast<std::int64_t>(random() % 300);
      // Some parents are missing, some come later, some make rings.
      given.push_back({i, static_cast<int>(random() % (count + 3)), start, start + length});
    }
    const std::vector<telemetry::SpanBatchPtr> batches{batch_of(given)};
    const TraceTree tree = TraceTree::build(batches);
    std::int64_t sum = 0;
    base::UnixNanos at = tree.root().start;
    for (const PathSegment& segment : critical_path(tree)) {
      EXPECT_EQ(segment.start, at) << "gap or overlap in round " << round;
      at = segment.end;
      sum += segment.end - segment.start;
    }
    EXPECT_EQ(sum, tree.root().duration_ns()) << "round " << round;
    // Self time against a twin that walks instant by instant.
    const auto self = self_times_ns(tree);
    for (std::size_t i = 0; i < tree.spans().size(); ++i) {
      std::int64_t slow = 0;
      for (base::UnixNanos t = tree.spans()[i].start; t < tree.spans()[i].end; ++t) {
        bool covered = false;
        for (const int child : tree.spans()[i].children) {
          const TreeSpan& node = tree.spans()[child];
          covered = covered || (!node.detached && node.start <= t && t < node.end);
        }
        slow += covered ? 0 : 1;
      }
      ASSERT_EQ(self[i], slow) << "round " << round;
    }
    Bottlenecks bottlenecks([](const TraceTree& t, int i) {
      return std::string(t.spans()[i].span->name.substr(0, 2));
    });
    bottlenecks.add(tree);
    std::int64_t critical = 0;
    for (const LabelTime& row : bottlenecks.rows()) critical += row.critical_ns;
    EXPECT_EQ(critical, bottlenecks.wall_ns());
  }
}

TEST(TraceTreeTest, BatchOrderAndRepetitionDoNotMatter) {
  const auto a = batch_of({{1, 0, 0, 10}, {2, 1, 1, 4}});
  const auto b = batch_of({{3, 1, 5, 9}, {2, 1, 1, 6}});
  const std::vector<telemetry::SpanBatchPtr> one{a, b};
  const std::vector<telemetry::SpanBatchPtr> other{b, a, b};
  const TraceTree first = TraceTree::build(one);
  const TraceTree second = TraceTree::build(other);
  ASSERT_EQ(first.spans().size(), second.spans().size());
  EXPECT_EQ(self_times_ns(first), self_times_ns(second));
  EXPECT_EQ(first.spans()[1].end, 1006) << "the later end is the better version";
}

TEST(CompareTest, TellsWhichPathBecameSlower) {
  const std::vector<telemetry::SpanBatchPtr> before{batch_of({{1, 0, 0, 10}, {2, 1, 1, 4}})};
  const std::vector<telemetry::SpanBatchPtr> after{batch_of({{1, 0, 0, 30}, {2, 1, 1, 24}})};
  const auto rows = compare_paths(TraceTree::build(before), TraceTree::build(after));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].path, "s1/s2");
  EXPECT_EQ(rows[0].self_after_ns - rows[0].self_before_ns, 20);
}

}  // namespace
}  // namespace honeyguide::traces
