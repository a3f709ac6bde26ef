// What the load generator itself costs: ns a span of making a request. Checks that ids are set.
#include <benchmark/benchmark.h>

#include "base/check.h"
#include "cli/load_shapes.h"

namespace honeyguide::cli {
namespace {

void fill(benchmark::State& state) {
  const auto shape = static_cast<LoadShape>(state.range(0));
  const LoadBodies bodies = *LoadBodies::create({shape, 0, 1});
  std::string body;
  std::uint64_t number = 0;
  for (auto unused : state) {
    bodies.fill(number++, 1'750'000'000'000'000'000, body);
    benchmark::DoNotOptimize(body.data());
  }
  std::string other;
  bodies.fill(number, 1'750'000'000'000'000'000, other);
  HG_CHECK(other != body && !other.empty());
  state.SetItemsProcessed(state.iterations() * bodies.spans_per_request());
  state.SetLabel("items are spans");
}
BENCHMARK(fill)->ArgName("shape")->DenseRange(0, 3);

}  // namespace
}  // namespace honeyguide::cli
