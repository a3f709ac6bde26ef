// What one point costs and what one series keeps, and how good the default is on operations-like
// series with planted anomalies. The budget is 2 us a point and 2 KB a series.
#include <cmath>
#include <vector>

#include <benchmark/benchmark.h>

#include "detect/labelled_score.h"
#include "detect/series_detector.h"
#include "detect/synthetic.h"

namespace honeyguide::detect {
namespace {

// 10,000 series in turn, as a server sees them: the state is not in the cache.
void observe_many_series(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  std::vector<SeriesDetector> detectors(count);
  const SyntheticSeries series = make_synthetic({});
  std::size_t row = 0;
  std::size_t which = 0;
  int opened = 0;
  for (auto _ : state) {
    opened +=
        detectors[which].observe(static_cast<double>(series.time_s[row]), series.value[row]).opened;
    if (++which == count) {
      which = 0;
      row = (row + 1) % series.value.size();
    }
  }
  benchmark::DoNotOptimize(opened);
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes_a_series"] = sizeof(SeriesDetector);
}
BENCHMARK(observe_many_series)->Arg(1)->Arg(10000);

struct Quality {
  double delay_best = 0;
  double event_best = 0;
  Counts delay_default;
  Counts event_default;
  double normal_points = 0;
  double exceeded[4] = {};
};

constexpr double kLevels[] = {0.1, 0.01, 0.001, 0.0001};

void judge_series(const SyntheticOptions& options, std::vector<std::vector<double>>& scores,
                  std::vector<std::vector<std::uint8_t>>& labels, Quality& quality) {
  const SyntheticSeries series = make_synthetic(options);
  SeriesDetector detector;
  std::vector<double> score;
  std::vector<double> flagged;
  std::vector<std::uint8_t> label;
  for (std::size_t i = 0; i < series.value.size(); ++i) {
    const Judgement judgement =
        detector.observe(static_cast<double>(series.time_s[i]), series.value[i]);
    if (i < series.value.size() / 2) continue;
    score.push_back(judgement.surprise_total());
    flagged.push_back(judgement.anomaly);
    label.push_back(series.label[i]);
    if (!judgement.judged || series.label[i] != 0) continue;
    quality.normal_points += 1;
    for (int k = 0; k < 4; ++k) quality.exceeded[k] += judgement.p <= kLevels[k] ? 1 : 0;
  }
  quality.delay_default += delay_counts(flagged, label, 0.5, 7);
  quality.event_default += event_counts(flagged, label, 0.5);
  scores.push_back(std::move(score));
  labels.push_back(std::move(label));
}

// Second halves only, one threshold for all series, as the public protocols do.
Quality measure_quality(int seeds) {
  Quality quality;
  std::vector<std::vector<double>> scores;
  std::vector<std::vector<std::uint8_t>> labels;
  for (int family = 0; family < kSyntheticFamilyCount; ++family) {
    for (int seed = 0; seed < seeds; ++seed) {
      SyntheticOptions options;
      options.family = static_cast<SyntheticFamily>(family);
      options.seed = 5000 + static_cast<std::uint64_t>(seed);
      judge_series(options, scores, labels, quality);
    }
  }
  for (double threshold = 1.5; threshold < 6; threshold += 0.1) {
    Counts delay;
    Counts event;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      delay += delay_counts(scores[i], labels[i], threshold, 7);
      event += event_counts(scores[i], labels[i], threshold);
    }
    quality.delay_best = std::max(quality.delay_best, delay.f1());
    quality.event_best = std::max(quality.event_best, event.f1());
  }
  return quality;
}

void quality_on_operations_like_series(benchmark::State& state) {
  Quality quality;
  for (auto _ : state) quality = measure_quality(static_cast<int>(state.range(0)));
  state.counters["delay7_f1_best"] = quality.delay_best;
  state.counters["event_f1_best"] = quality.event_best;
  state.counters["delay7_f1_default"] = quality.delay_default.f1();
  state.counters["event_f1_default"] = quality.event_default.f1();
  const char* names[] = {"p_0.1", "p_0.01", "p_0.001", "p_0.0001"};
  for (int k = 0; k < 4; ++k) {
    state.counters[names[k]] = quality.exceeded[k] / quality.normal_points;
  }
  if (quality.delay_best < 0.3) state.SkipWithError("the detector finds next to nothing");
}
BENCHMARK(quality_on_operations_like_series)->Arg(4)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace honeyguide::detect
