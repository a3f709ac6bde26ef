// What recognising costs a span: spans that say nothing about agents, and spans that do. Each bench
// checks how many were recognised.
#include <benchmark/benchmark.h>

#include "agents/recogniser.h"
#include "agents/run_set.h"
#include "agents/test_spans.h"

namespace honeyguide::agents {
namespace {

telemetry::SpanBatchPtr plain_batch(int spans) {
  std::vector<test::Spec> specs;
  for (int i = 1; i <= spans; ++i) {
    test::Spec spec{i / 10 + 1, i, 0, "GET /cart", i, i + 5};
    for (int key = 0; key < 11; ++key) {
      spec.attributes.push_back(test::attr("http.header." + std::to_string(key), "value"));
    }
    specs.push_back(std::move(spec));
  }
  return test::make_batch(specs);
}

telemetry::SpanBatchPtr agent_batch(int traces) {
  return test::make_batch(test::random_history(7, traces));
}

void run(benchmark::State& state, const telemetry::SpanBatchPtr& batch, std::size_t least) {
  const Conventions& conventions = Conventions::builtin();
  for (auto _ : state) {
    const Recogniser recogniser(conventions, *batch);
    std::size_t speaking = 0;
    SpanFact fact;
    for (const telemetry::Span& span : batch->spans()) {
      speaking += recogniser.recognise(span, fact) ? 1 : 0;
    }
    if (speaking < least || (least == 0 && speaking != 0)) state.SkipWithError("wrong count");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch->size()));
}

void BM_SilentBatch(benchmark::State& state) {
  run(state, plain_batch(1000), 0);
}
BENCHMARK(BM_SilentBatch);

// One agent span among them makes the whole batch be looked at.
void BM_SilentSpansBesideAgents(benchmark::State& state) {
  auto batch = std::make_shared<telemetry::SpanBatch>();
  const auto plain = plain_batch(1000);
  const auto speaking = agent_batch(1);
  std::vector<std::uint32_t> rows(plain->size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
  batch->append_copy(*plain, rows);
  batch->append_copy(*speaking, std::vector<std::uint32_t>{0});
  run(state, batch, 1);
}
BENCHMARK(BM_SilentSpansBesideAgents);

void BM_AgentSpans(benchmark::State& state) {
  const auto batch = agent_batch(50);
  run(state, batch, batch->size() / 2);
}
BENCHMARK(BM_AgentSpans);

// Everything: facts, joining, evaluation of every run.
void BM_AnalyzeAgentSpans(benchmark::State& state) {
  const auto batch = agent_batch(50);
  const PriceTable prices = PriceTable::builtin();
  for (auto _ : state) {
    RunSet set(Conventions::builtin(), prices, {});
    set.add(*batch);
    set.flush(nullptr);
    if (set.runs().empty()) state.SkipWithError("no runs");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch->size()));
}
BENCHMARK(BM_AnalyzeAgentSpans);

}  // namespace
}  // namespace honeyguide::agents
