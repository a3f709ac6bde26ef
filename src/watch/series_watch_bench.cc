// What watching costs: 10,000 series at one point a second, from the published point to the
// verdict. The budget is 3 % of a core, and 24 MB for the detectors.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "detect/synthetic.h"
#include "watch/agent_watch.h"
#include "watch/breach_watch.h"
#include "watch/series_watch.h"

namespace honeyguide::watch {
namespace {

constexpr base::UnixNanos kStart = 1'750'000'200 * base::kNanosPerSecond;

std::vector<WatchedPoint> make_points(int series) {
  const char* const kNames[] = {"queue.depth", "http.server.requests", "process.memory.usage",
                                "honeyguide_agent_tokens_per_hour"};
  std::vector<WatchedPoint> out;
  for (int i = 0; i < series; ++i) {
    const bool counter = i % 4 == 1;
    out.push_back({{kNames[i % 4], {{"agent", "agent-" + std::to_string(i / 4)}}},
                   counter ? telemetry::SeriesKind::kCounter : telemetry::SeriesKind::kGauge,
                   {}});
  }
  return out;
}

// An iteration is one second of all series; `core_percent` is its share of a core.
void ten_thousand_series_at_one_point_a_second(benchmark::State& state) {
  AnomalyBook book;
  SeriesWatch watch(book);
  AgentWatch agents(book);
  BreachWatch breaches(default_targets());
  watch.set_on_judged([&](const JudgedPoint& point) {
    agents.take(point);
    breaches.take(point);
  });
  auto points = make_points(static_cast<int>(state.range(0)));
  base::UnixNanos now = kStart;
  std::uint32_t noise = 1;
  for (auto _ : state) {
    for (WatchedPoint& point : points) {
      noise = noise * 1664525 + 1013904223;
      point.point = {now - now % (10 * base::kNanosPerSecond), 50 + (noise >> 24) / 64.0};
      watch.take(1, point, false);
    }
    now += base::kNanosPerSecond;
    watch.tick(now);
    agents.tick();
  }
  const SeriesWatchStats stats = watch.stats();
  if (stats.detectors != points.size()) state.SkipWithError("series were left out");
  if (state.iterations() > 100 && stats.judged_total == 0)
    state.SkipWithError("nothing was judged");
  state.counters["judged_a_second"] = benchmark::Counter(static_cast<double>(stats.judged_total) /
                                                         static_cast<double>(state.iterations()));
  state.counters["core_percent"] =
      benchmark::Counter(static_cast<double>(state.iterations()) / 100,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(points.size()));
}
BENCHMARK(ten_thousand_series_at_one_point_a_second)->Arg(10000)->Unit(benchmark::kMillisecond);

// Anomalies a series and day at the live bar, second halves of 16 days: of series without labelled
// anomalies (they have unlabelled nuisances: deployments, lone spikes, jobs), and the share of
// labelled stretches that are found in series with them.
void anomalies_at_the_live_bar(benchmark::State& state) {
  const bool labelled = state.range(0) != 0;
  double opened = 0;
  double days = 0;
  double stretches = 0;
  double found = 0;
  for (auto _ : state) {
    for (int family = 0; family < detect::kSyntheticFamilyCount; ++family) {
      for (std::uint64_t seed = 9000; seed < 9006; ++seed) {
        detect::SyntheticOptions options;
        options.family = static_cast<detect::SyntheticFamily>(family);
        options.seed = seed;
        options.anomalies_per_day = labelled ? 0.7 : 0;
        const auto series = detect::make_synthetic(options);
        detect::SeriesDetector detector;
        const auto limits = limits_of_step(options.step_s * base::kNanosPerSecond);
        bool hit = false;
        for (std::size_t i = 0; i < series.value.size(); ++i) {
          const auto judgement =
              detector.observe(static_cast<double>(series.time_s[i]), series.value[i], limits);
          if (i < series.value.size() / 2) continue;
          opened += judgement.opened ? 1 : 0;
          const bool inside = series.label[i] != 0;
          hit = inside && (hit || judgement.anomaly);
          if (inside && (i + 1 == series.value.size() || series.label[i + 1] == 0)) {
            stretches += 1;
            found += hit ? 1 : 0;
          }
        }
        days += options.days / 2.0;
      }
    }
  }
  state.counters["opened_a_series_day"] = opened / days;
  if (labelled) state.counters["stretches_found"] = found / stretches;
  if (labelled && found == 0) state.SkipWithError("nothing was found");
}
BENCHMARK(anomalies_at_the_live_bar)->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace honeyguide::watch
