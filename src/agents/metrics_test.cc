// Proves that figures do not depend on how spans arrive: random histories in any order, split into
// any requests, repeated, with eviction and read-back, through a checkpoint, all give what one
// evaluation of the whole set gives.
#include "agents/metrics.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "agents/metrics_state.h"
#include "agents/test_spans.h"

namespace honeyguide::agents {
namespace {

using test::kBase;
using test::Spec;

constexpr base::UnixNanos kNow = kBase + 3600 * base::kNanosPerSecond;

// Every figure of every entity, and the listings, as text.
std::string figures(const AgentMetrics& metrics) {
  std::string out;
  for (int kind = 0; kind <= static_cast<int>(EntityKind::kDependency); ++kind) {
    for (const EntityKey& key : metrics.entities(static_cast<EntityKind>(kind))) {
      std::string line;
      for (const Window window :
           {Window::kFiveMinutes, Window::kHour, Window::kDay, Window::kSinceStart}) {
        const Counts counts = metrics.counts(key, window, kNow);
        for (const auto& [measure, value] : counts.entries()) {
          line += std::to_string(measure) + "=" + std::to_string(value) + " ";
        }
        line += "| ";
      }
      // An entity that only ever had contributions which were taken back says nothing.
      if (line == "| | | | ") continue;
      out += std::to_string(kind) + " " + key.name + "/" + key.other + ": " + line + "\n";
    }
  }
  for (const AgentReport& report : metrics.agents(Window::kHour, kNow)) {
    if (report.invocations == 0 && report.tasks.total == 0) continue;
    out += to_json(report) + "\n";
  }
  for (const RunRow& row : metrics.runs()) out += to_json(row) + "\n";
  out += to_json(metrics.conflicts(Window::kDay, kNow)) + "\n";
  out += to_json(metrics.dependencies(Window::kDay, kNow)) + "\n";
  return out;
}

// What a fresh evaluation over the whole set gives.
std::string at_once(const std::vector<Spec>& specs) {
  const PriceTable prices = PriceTable::builtin();
  AgentMetrics metrics(Conventions::builtin(), prices, {});
  metrics.add(*test::make_batch(specs), kNow);
  metrics.flush(kNow);
  return figures(metrics);
}

class Store {
 public:
  void add(telemetry::SpanBatchPtr batch) { batches_.push_back(std::move(batch)); }
  std::vector<telemetry::SpanBatchPtr> load(const base::TraceId& id) const {
    std::vector<telemetry::SpanBatchPtr> found;
    for (const auto& batch : batches_) {
      const bool holds = std::any_of(batch->spans().begin(), batch->spans().end(),
                                     [&id](const telemetry::Span& s) { return s.trace_id == id; });
      if (holds) found.push_back(batch);
    }
    return found;
  }

 private:
  std::vector<telemetry::SpanBatchPtr> batches_;
};

std::vector<std::vector<Spec>> scattered(std::vector<Spec> specs, std::mt19937_64& random) {
  const std::size_t size = specs.size();
  for (std::size_t i = 0; i < size; ++i) {
    if (random() % 4 == 0) specs.push_back(specs[i]);  // sent twice
  }
  std::shuffle(specs.begin(), specs.end(), random);
  std::vector<std::vector<Spec>> requests;
  for (std::size_t at = 0; at < specs.size();) {
    const std::size_t count = std::min<std::size_t>(1 + random() % 30, specs.size() - at);
    requests.emplace_back(specs.begin() + static_cast<std::ptrdiff_t>(at),
                          specs.begin() + static_cast<std::ptrdiff_t>(at + count));
    at += count;
  }
  return requests;
}

TEST(AgentMetricsTest, OrderSplitAndRepetitionDoNotMatter) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const std::vector<Spec> specs = test::random_history(seed, 6);
    const std::string expected = at_once(specs);
    std::mt19937_64 random(seed * 77);
    const PriceTable prices = PriceTable::builtin();
    Store store;
    AgentMetrics metrics(Conventions::builtin(), prices, {},
                         [&store](const base::TraceId& id) { return store.load(id); });
    for (const auto& request : scattered(specs, random)) {
      const auto batch = test::make_batch(request);
      metrics.add(*batch, kNow);
      store.add(batch);
      if (random() % 3 == 0) metrics.flush(kNow);
    }
    metrics.flush(kNow);
    ASSERT_EQ(figures(metrics), expected) << "seed " << seed;
  }
}

TEST(AgentMetricsTest, EvictedRunsAreReadBack) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    const std::vector<Spec> specs = test::random_history(seed, 6);
    const std::string expected = at_once(specs);
    std::mt19937_64 random(seed * 99);
    const PriceTable prices = PriceTable::builtin();
    Store store;
    MetricsOptions options;
    options.live_bytes_max = 0;  // everything goes at every flush
    AgentMetrics metrics(Conventions::builtin(), prices, options,
                         [&store](const base::TraceId& id) { return store.load(id); });
    for (const auto& request : scattered(specs, random)) {
      const auto batch = test::make_batch(request);
      metrics.add(*batch, kNow);
      store.add(batch);
      metrics.flush(kNow);
    }
    EXPECT_GT(metrics.stats().runs.evictions_total, 0);
    EXPECT_GT(metrics.stats().runs.rehydrations_total, 0);
    ASSERT_EQ(figures(metrics), expected) << "seed " << seed;
  }
}

TEST(AgentMetricsTest, CheckpointContinuesWhereItWas) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<Spec> specs = test::random_history(seed, 5);
    const std::string expected = at_once(specs);
    std::mt19937_64 random(seed);
    const PriceTable prices = PriceTable::builtin();
    Store store;
    const auto load = [&store](const base::TraceId& id) { return store.load(id); };
    auto metrics =
        std::make_unique<AgentMetrics>(Conventions::builtin(), prices, MetricsOptions{}, load);
    for (const auto& request : scattered(specs, random)) {
      const auto batch = test::make_batch(request);
      metrics->add(*batch, kNow);
      store.add(batch);
      metrics->flush(kNow);
      if (random() % 5 != 0) continue;
      std::string bytes;
      metrics->save(bytes);
      metrics =
          std::make_unique<AgentMetrics>(Conventions::builtin(), prices, MetricsOptions{}, load);
      ASSERT_TRUE(metrics->load(bytes));
    }
    ASSERT_EQ(figures(*metrics), expected) << "seed " << seed;
  }
}

TEST(AgentMetricsTest, DamagedCheckpointIsRefused) {
  const PriceTable prices = PriceTable::builtin();
  AgentMetrics metrics(Conventions::builtin(), prices, {});
  metrics.add(*test::make_batch(test::random_history(3, 2)), kNow);
  metrics.flush(kNow);
  std::string bytes;
  metrics.save(bytes);
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    AgentMetrics other(Conventions::builtin(), prices, {});
    EXPECT_FALSE(other.load(std::string_view(bytes).substr(0, size))) << size;
  }
}

TEST(AgentMetricsTest, SumsEqualThoseOfAnalyze) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto batch = test::make_batch(test::random_history(seed, 8));
    const std::vector<telemetry::SpanBatchPtr> batches{batch};
    const Analysis analysis = analyze(batches, {});
    const PriceTable prices = PriceTable::builtin();
    AgentMetrics metrics(Conventions::builtin(), prices, {});
    metrics.add(*batch, kNow);
    metrics.flush(kNow);
    const Counts all = metrics.counts({EntityKind::kAll, "", ""}, Window::kSinceStart, kNow);
    EXPECT_EQ(all.get(Measure::kModelCalls), analysis.totals.llm_calls);
    EXPECT_EQ(all.get(Measure::kTokensInput), analysis.totals.tokens.input);
    EXPECT_EQ(all.get(Measure::kCostMicroUsd), analysis.totals.cost_micro_usd);
    EXPECT_EQ(all.get(Measure::kToolErrors), analysis.totals.tool_errors);
    EXPECT_EQ(metrics.runs().size(), analysis.runs.size());
    for (const AgentSummary& agent : analysis.agents) {
      const auto report = metrics.agent_report(agent.name, Window::kSinceStart, kNow);
      ASSERT_TRUE(report.has_value()) << agent.name;
      EXPECT_EQ(report->llm_calls, agent.llm_calls);
      EXPECT_EQ(report->tokens.output, agent.tokens.output);
      EXPECT_EQ(report->invocations, agent.invocations);
    }
  }
}

TEST(AgentMetricsTest, ThroughputIsPerHourOfTheAgentsAge) {
  std::vector<Spec> specs;
  // Ten tasks in half an hour: 20 an hour, not 10 of a whole hour.
  for (int i = 0; i < 10; ++i) {
    Spec task{1, i + 1, 0, "task", 1'800'000 + i * 1000, 1'800'000 + i * 1000 + 500};
    task.attributes = {test::attr("task.id", "t" + std::to_string(i)),
                       test::attr("task.type", "fix"), test::attr("agent.id", "a"),
                       test::attr("task.status", i == 9 ? "failed" : "completed")};
    specs.push_back(task);
  }
  const PriceTable prices = PriceTable::builtin();
  AgentMetrics metrics(Conventions::builtin(), prices, {});
  metrics.add(*test::make_batch(specs), kNow);
  metrics.flush(kNow);
  const ThroughputReport report = metrics.throughput("a", Window::kHour, kNow);
  EXPECT_EQ(report.total_tasks, 10);
  ASSERT_TRUE(report.throughput_per_hour.has_value());
  EXPECT_DOUBLE_EQ(*report.throughput_per_hour, 18.0) << "nine successes in half an hour";
  EXPECT_EQ(report.status, "excellent");
  EXPECT_EQ(metrics.throughput("nobody", Window::kHour, kNow).status, "no_data");
}

TEST(AgentMetricsTest, SeriesAreFullValuesAndRevisedByOverwriting) {
  const PriceTable prices = PriceTable::builtin();
  AgentMetrics metrics(Conventions::builtin(), prices, {});
  const auto chat = [](int id, std::int64_t at_ms) {
    Spec spec{1, id, 1, "chat", at_ms, at_ms + 10};
    spec.attributes = {test::attr("gen_ai.operation.name", "chat"),
                       test::attr("gen_ai.usage.input_tokens", 100)};
    return spec;
  };
  Spec agent{1, 1, 0, "invoke_agent a", 0, 60'000};
  agent.attributes = {test::attr("gen_ai.operation.name", "invoke_agent"),
                      test::attr("gen_ai.agent.name", "a")};
  const auto tokens = [](const std::vector<SeriesPoint>& points, bool first) {
    std::vector<double> values;
    for (const SeriesPoint& point : points) {
      if (point.key.name == "honeyguide_agent_tokens_total" && point.first == first &&
          point.key.label("type") == "input") {
        values.push_back(point.point.value);
      }
    }
    return values;
  };
  const base::UnixNanos later = kBase + 100 * base::kNanosPerSecond;
  metrics.take_points(kBase);
  metrics.add(*test::make_batch({agent, chat(2, 1000), chat(3, 2000)}), kBase);
  metrics.flush(later);
  EXPECT_EQ(tokens(metrics.take_points(later), true), std::vector<double>{200});
  metrics.add(*test::make_batch({chat(4, 3000)}), later);
  metrics.flush(later);
  EXPECT_EQ(tokens(metrics.take_points(later), false), std::vector<double>{300});
  EXPECT_TRUE(metrics.take_points(later).empty());
}

TEST(WaitCyclesTest, RingsAreFound) {
  const struct {
    const char* name;
    std::vector<std::pair<std::string, std::string>> edges;
    std::vector<std::vector<std::string>> expect;
  } cases[] = {
      {"a chain is none", {{"a", "b"}, {"b", "c"}}, {}},
      {"two", {{"b", "a"}, {"a", "b"}}, {{"a", "b"}}},
      {"three and a tail", {{"d", "a"}, {"a", "b"}, {"b", "c"}, {"c", "a"}}, {{"a", "b", "c"}}},
      {"itself", {{"a", "a"}}, {{"a"}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(find_wait_cycles(c.edges), c.expect);
  }
}

}  // namespace
}  // namespace honeyguide::agents
