// How good breach forecasts are beside the usual rules, on operations-like series with planted
// anomalies (5-minute samples, 40 days, threshold = a quantile of the first half, second half
// scored by ForecastScorer), and what a point costs. Baselines: Prometheus' predict_linear over 1 h
// and 6 h, the same time yesterday, and value >= 0.9 * threshold.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "detect/breach_forecaster.h"
#include "detect/forecast_score.h"
#include "detect/synthetic.h"

namespace honeyguide::detect {
namespace {

enum Method { kOurs, kLinear1h, kLinear6h, kSeasonalNaive, kNearThreshold };

struct Samples {
  std::vector<double> time_s;
  std::vector<double> value;
};

double linear(const Samples& s, std::size_t at, double window_s, double ahead_s) {
  double n = 0;
  double x_sum = 0;
  double y_sum = 0;
  double xx = 0;
  double xy = 0;
  for (std::size_t i = at + 1; i-- > 0 && s.time_s[at] - s.time_s[i] <= window_s;) {
    const double x = s.time_s[i] - s.time_s[at];
    n += 1;
    x_sum += x;
    y_sum += s.value[i];
    xx += x * x;
    xy += x * s.value[i];
  }
  const double determinant = n * xx - x_sum * x_sum;
  const double slope = determinant > 0 ? (n * xy - x_sum * y_sum) / determinant : 0;
  return (y_sum - slope * x_sum) / n + slope * ahead_s;
}

bool baseline(Method method, const Samples& s, std::size_t at, double threshold, double horizon_s) {
  if (method == kLinear1h) return linear(s, at, 3600, horizon_s) >= threshold;
  if (method == kLinear6h) return linear(s, at, 21600, horizon_s) >= threshold;
  if (method == kNearThreshold) return s.value[at] >= 0.9 * threshold;
  const double from = s.time_s[at] - 86400;
  const auto first = std::upper_bound(s.time_s.begin(), s.time_s.end(), from);
  for (auto i = first; i != s.time_s.end() && *i <= from + horizon_s; ++i) {
    if (s.value[static_cast<std::size_t>(i - s.time_s.begin())] >= threshold) return true;
  }
  return false;
}

ForecastAccuracy run_series(Method method, const Samples& s, double quantile, double horizon_s) {
  std::vector<double> first(s.value.begin(),
                            s.value.begin() + static_cast<long>(s.value.size() / 2));
  std::sort(first.begin(), first.end());
  ForecastOptions options;
  options.threshold = first[static_cast<std::size_t>(quantile * static_cast<double>(first.size()))];
  options.horizon_s = horizon_s;
  BreachForecaster forecaster = *BreachForecaster::create(options);
  ForecastScorer scorer(horizon_s);
  for (std::size_t i = 0; i < s.value.size(); ++i) {
    BreachForecast forecast;
    if (method == kOurs) {
      forecast = forecaster.observe(s.time_s[i], s.value[i]);
    } else {
      forecast.breached = s.value[i] >= options.threshold;
      forecast.alert = !forecast.breached && baseline(method, s, i, options.threshold, horizon_s);
    }
    if (i >= s.value.size() / 2) scorer.observe(s.time_s[i], forecast);
  }
  return scorer.accuracy();
}

Samples make_samples(int family, std::uint64_t seed) {
  SyntheticOptions options;
  options.family = static_cast<SyntheticFamily>(family);
  options.seed = seed;
  options.step_s = 300;
  options.days = 40;
  options.anomalies_per_day = 0.3;
  const SyntheticSeries series = make_synthetic(options);
  Samples out;
  for (std::size_t i = 0; i < series.value.size(); ++i) {
    if (std::isnan(series.value[i])) continue;
    out.time_s.push_back(static_cast<double>(series.time_s[i]));
    out.value.push_back(series.value[i]);
  }
  return out;
}

// Arguments: method, horizon in minutes, quantile in thousandths.
void breach_forecast_quality(benchmark::State& state) {
  const auto method = static_cast<Method>(state.range(0));
  const double horizon_s = 60.0 * static_cast<double>(state.range(1));
  ForecastAccuracy all;
  for (auto _ : state) {
    all = {};
    for (int family = 0; family < kSyntheticFamilyCount; ++family) {
      for (std::uint64_t seed = 700; seed < 703; ++seed) {
        all += run_series(method, make_samples(family, seed),
                          static_cast<double>(state.range(2)) / 1000, horizon_s);
      }
    }
  }
  state.counters["f1"] = all.f1();
  state.counters["precision"] = all.precision();
  state.counters["recall"] = all.recall();
  state.counters["lead_median_min"] = all.lead_median_s() / 60;
  state.counters["coverage_q10_q90"] = all.coverage();
  state.counters["breaches"] = static_cast<double>(all.breaches);
  if (all.breaches == 0) state.SkipWithError("no series ever crosses its threshold");
}
BENCHMARK(breach_forecast_quality)
    ->ArgNames({"method", "horizon_min", "quantile"})
    ->ArgsProduct({{kOurs, kLinear1h, kLinear6h, kSeasonalNaive, kNearThreshold}, {60, 360}, {980}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

void forecast_a_point(benchmark::State& state) {
  const Samples samples = make_samples(0, 1);
  ForecastOptions options;
  options.threshold = 1e9;
  BreachForecaster forecaster = *BreachForecaster::create(options);
  std::size_t i = 0;
  double shift_s = 0;
  double sum = 0;
  for (auto _ : state) {
    sum += forecaster.observe(samples.time_s[i] + shift_s, samples.value[i]).p_breach;
    if (++i < samples.value.size()) continue;
    i = 0;
    shift_s += 40 * 86400.0;
  }
  benchmark::DoNotOptimize(sum);
  state.counters["bytes_a_series"] = sizeof(BreachForecaster);
}
BENCHMARK(forecast_a_point);

}  // namespace
}  // namespace honeyguide::detect
