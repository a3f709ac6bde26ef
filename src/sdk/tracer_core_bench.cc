// What recording costs the agent: a span with three attributes, start to end, with the drain to a
// batch left to another thread as in real use.
#include <benchmark/benchmark.h>

#include "base/check.h"
#include "sdk/tracer_core.h"

namespace honeyguide::sdk {
namespace {

class Nowhere final : public SpanExporter {
 public:
  std::string_view name() const override { return "nowhere"; }
  base::Result<void> export_batch(const telemetry::SpanBatchPtr&,
                                  std::chrono::milliseconds) override {
    return {};
  }
};

void BM_SpanWithThreeAttributes(benchmark::State& state) {
  const base::SystemClock clock;
  std::vector<std::unique_ptr<SpanExporter>> exporters;
  exporters.push_back(std::make_unique<Nowhere>());
  const auto core = std::make_shared<TracerCore>(Config(), clock, base::null_log_sink(),
                                                 std::move(exporters), true);
  std::uint64_t made = 0;
  for (auto _ : state) {
    SpanContext context;
    ActiveSpan* span = core->start(
        "task_processing", {{"agent.id", "agent_1"}, {"task.id", "task_1"}, {"n", 3}}, {}, context);
    core->end(span, 0);
    ++made;
  }
  HG_CHECK(core->shutdown(std::chrono::seconds(5)).has_value());
  const TracerStats stats = core->stats();
  HG_CHECK(stats.started == made && stats.exported + stats.dropped == made);
  state.counters["dropped"] = static_cast<double>(stats.dropped);
}
BENCHMARK(BM_SpanWithThreeAttributes);

}  // namespace
}  // namespace honeyguide::sdk
