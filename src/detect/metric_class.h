// What kind of quantity a series is. Detection weighs its features by it, forecasting chooses its
// model by it.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace honeyguide::detect {

enum class MetricClass { kGauge, kLatency, kRate, kCounter, kSparse };
inline constexpr int kMetricClassCount = 5;

std::string_view metric_class_name(MetricClass metric_class);
std::optional<MetricClass> parse_metric_class(std::string_view name);

// The class a name suggests: "..._total" is a counter, durations are latencies, errors are sparse
// and so on; a gauge where nothing is recognised. Names as Prometheus or OpenTelemetry write them.
MetricClass classify_metric(std::string_view metric_name);

// What is measured about one point. The order is the order of the weights.
enum class Feature {
  kAbove,       // over the expected value
  kBelow,       // under it
  kShift,       // the mean of the last few points left the slow level
  kVolatility,  // noisier than usual
  kStep,        // jumped from the point before
  kDrift,       // the mean of some dozens of points left the slow level
  kStuck,       // the same value for unusually long
  kNovelty,     // a shape of the recent past that was not seen before
};
inline constexpr int kFeatureCount = 8;
std::string_view feature_name(Feature feature);

using FeatureWeights = std::array<float, kFeatureCount>;
const FeatureWeights& feature_weights(MetricClass metric_class);

}  // namespace honeyguide::detect
