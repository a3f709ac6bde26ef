// Proves that the label which broke is named first, not those that call it or wait for it: seeded
// incidents in a fleet whose truth is known, against the naive "longest spans" ranking.
#include "traces/culprits.h"

#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace honeyguide::traces {
namespace {

using base::kNanosPerMilli;
using base::kNanosPerSecond;

constexpr base::UnixNanos kOnset = 1'000'000 * kNanosPerSecond;
constexpr int kLabels = 8;

std::string name(int label) {
  return "agent-" + std::to_string(label);
}

// Builds one trace over a fixed call tree: label i calls 2i+1 and 2i+2.
class TraceMaker {
 public:
  explicit TraceMaker(std::uint64_t seed) : random_(seed) {}

  // Own time of a label in ms, and whether it fails, by the test's wish.
  std::function<double(int)> own_ms = [](int) { return 20.0; };
  std::function<bool(int)> fails = [](int) { return false; };

  TraceTree make(base::UnixNanos start) {
    auto batch = std::make_shared<telemetry::SpanBatch>();
    batch->add_resource({});
    batch->add_scope({});
    ++trace_;
    std::int64_t at = start;
    add(*batch, 0, {}, at);
    batches_.push_back(batch);
    return TraceTree::build(std::span(&batches_.back(), 1));
  }
  std::mt19937_64& random() { return random_; }

 private:
  bool add(telemetry::SpanBatch& batch, int label, const base::SpanId& parent, std::int64_t& at) {
    telemetry::Span span;
    span.trace_id.bytes[15] = static_cast<std::uint8_t>(trace_);
    span.trace_id.bytes[14] = static_cast<std::uint8_t>(trace_ >> 8);
    span.span_id.bytes[7] = static_cast<std::uint8_t>(label + 1);
    span.parent_span_id = parent;
    span.name = batch.own(name(label));
    span.start = at;
    std::uniform_real_distribution<double> noise(0.7, 1.3);
    at += static_cast<std::int64_t>(own_ms(label) * noise(random_) * kNanosPerMilli);
    bool failed = fails(label);
    for (const int callee : {2 * label + 1, 2 * label + 2}) {
      if (callee < kLabels) failed |= add(batch, callee, span.span_id, at);
    }
    span.end = at;
    if (failed) span.status = telemetry::StatusCode::kError;
    batch.add_span(span);
    return failed;
  }

  std::mt19937_64 random_;
  int trace_ = 0;
  std::vector<telemetry::SpanBatchPtr> batches_;
};

std::string label_of(const TraceTree& tree, int span) {
  const TreeSpan& node = tree.spans()[static_cast<std::size_t>(span)];
  return node.span == nullptr ? std::string() : std::string(node.span->name);
}

// 40 good traces, then 40 of the incident.
std::vector<Culprit> run_incident(TraceMaker& maker, int broken, bool error) {
  std::vector<TraceTree> trees;
  for (int i = 0; i < 40; ++i) trees.push_back(maker.make(kOnset - (40 - i) * kNanosPerSecond));
  std::vector<bool> hit(80, false);
  for (int i = 40; i < 80; ++i) {
    hit[static_cast<std::size_t>(i)] = maker.random()() % 4 != 0;
    const bool now = hit[static_cast<std::size_t>(i)];
    maker.own_ms = [&, now](int label) { return label == broken && now && !error ? 150.0 : 20.0; };
    maker.fails = [&, now](int label) { return label == broken && now && error; };
    trees.push_back(maker.make(kOnset + (i - 40) * kNanosPerSecond));
  }
  std::vector<IncidentTrace> traces;
  for (std::size_t i = 0; i < trees.size(); ++i) traces.push_back({&trees[i], hit[i]});
  return rank_culprits({kOnset, ""}, traces, label_of, {});
}

TEST(CulpritsTest, TheBrokenLabelIsFirstInEverySeededIncident) {
  int naive = 0;
  int incidents = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const int broken = static_cast<int>(seed % kLabels);
    for (const bool error : {false, true}) {
      TraceMaker maker(seed);
      const auto culprits = run_incident(maker, broken, error);
      ASSERT_FALSE(culprits.empty()) << "seed " << seed << (error ? " error" : " slow");
      EXPECT_EQ(culprits.front().label, name(broken))
          << "seed " << seed << (error ? " error" : " slow");
      EXPECT_FALSE(culprits.front().evidence.empty());
      EXPECT_TRUE(culprits.front().exemplar.valid());
      // "Longest spans" and "most error spans" name the root each time.
      naive += broken == 0;
      ++incidents;
    }
  }
  EXPECT_LT(naive, incidents / 4);
}

TEST(CulpritsTest, NothingIsBlamedWhereNothingMoved) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    TraceMaker maker(seed);
    std::vector<TraceTree> trees;
    for (int i = 0; i < 80; ++i) trees.push_back(maker.make(kOnset + (i - 40) * kNanosPerSecond));
    std::vector<IncidentTrace> traces;
    for (const TraceTree& tree : trees) traces.push_back({&tree, false});
    EXPECT_TRUE(rank_culprits({kOnset, ""}, traces, label_of, {}).empty()) << "seed " << seed;
  }
}

LabelSeries series(const std::string& label, const std::string& kind, double before, double after,
                   std::int64_t delay_s = 0) {
  LabelSeries out{label, kind, {}};
  for (int i = -60; i < 60; ++i) {
    const bool moved = i >= delay_s && i >= 0;
    const double wobble = 0.02 * before * ((i % 5) - 2);
    out.points.emplace_back(kOnset + i * kNanosPerSecond, (moved ? after : before) + wobble);
  }
  return out;
}

std::vector<std::string> labels(const std::vector<Culprit>& culprits) {
  std::vector<std::string> out;
  for (const Culprit& culprit : culprits) out.push_back(culprit.label);
  return out;
}

TEST(CulpritsTest, SeriesOfAnotherKindThanTheIncidentsAreLeftOut) {
  const std::vector<LabelSeries> given = {series("writer", "latency", 100, 180),
                                          series("editor", "tokens", 100, 5000)};
  EXPECT_THAT(labels(rank_culprits({kOnset, "latency"}, {}, label_of, given)),
              testing::ElementsAre("writer"));
  EXPECT_THAT(labels(rank_culprits({kOnset, ""}, {}, label_of, given)),
              testing::ElementsAre("editor", "writer"));
}

TEST(CulpritsTest, AmongEqualsTheEarliestSignIsFirst) {
  const std::vector<LabelSeries> given = {series("a", "errors", 100, 200, 20),
                                          series("b", "errors", 100, 200, 1),
                                          series("c", "errors", 100, 200, 10)};
  EXPECT_THAT(labels(rank_culprits({kOnset, ""}, {}, label_of, given)),
              testing::ElementsAre("b", "c", "a"));
}

TEST(CulpritsTest, AtMostThreeAreNamedAndTooFewPointsNameNobody) {
  std::vector<LabelSeries> many;
  for (int i = 0; i < 10; ++i) many.push_back(series(name(i), "errors", 100, 1000));
  EXPECT_EQ(rank_culprits({kOnset, ""}, {}, label_of, many).size(), kCulpritsMax);
  LabelSeries few{"a", "errors", {}};
  for (int i = -4; i < 4; ++i) {
    few.points.emplace_back(kOnset + i * kNanosPerSecond, i < 0 ? 1.0 : 1e9);
  }
  EXPECT_TRUE(rank_culprits({kOnset, ""}, {}, label_of, {few}).empty());
  EXPECT_TRUE(rank_culprits({kOnset, ""}, {}, label_of, {}).empty());
}

}  // namespace
}  // namespace honeyguide::traces
