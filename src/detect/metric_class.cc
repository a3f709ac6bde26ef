#include "detect/metric_class.h"

namespace honeyguide::detect {
namespace {

constexpr std::string_view kClassNames[] = {"gauge", "latency", "rate", "counter", "sparse"};
constexpr std::string_view kFeatureNames[] = {"above", "below", "shift", "volatility",
                                              "step",  "drift", "stuck", "novelty"};

// above, below, shift, volatility, step, drift, stuck, novelty. A latency that falls or stands
// still and a sparse count that returns to zero are seldom news.
constexpr FeatureWeights kWeights[] = {
    {1.0F, 1.0F, 0.9F, 0.7F, 1.1F, 0.7F, 1.0F, 0.4F},
    {1.1F, 0.6F, 0.9F, 0.7F, 1.1F, 0.7F, 0.8F, 0.4F},
    {1.0F, 1.0F, 0.9F, 0.7F, 1.1F, 0.7F, 0.8F, 0.4F},
    {1.0F, 1.0F, 0.9F, 0.7F, 1.1F, 0.7F, 0.8F, 0.4F},
    {1.1F, 0.7F, 1.0F, 0.5F, 0.8F, 0.8F, 0.5F, 0.2F},
};

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text.find(word) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

std::string_view metric_class_name(MetricClass metric_class) {
  return kClassNames[static_cast<int>(metric_class)];
}

std::optional<MetricClass> parse_metric_class(std::string_view name) {
  for (int i = 0; i < kMetricClassCount; ++i) {
    if (kClassNames[i] == name) return static_cast<MetricClass>(i);
  }
  return std::nullopt;
}

MetricClass classify_metric(std::string_view name) {
  if (name.ends_with("_total") || name.ends_with("_count") || name.ends_with("_sum")) {
    return MetricClass::kCounter;
  }
  if (contains_any(name, {"error", "fail", "conflict", "retry", "retries", "drop", "timeout"})) {
    return MetricClass::kSparse;
  }
  if (contains_any(name, {"latency", "duration", "response_time", "_wait", "elapsed"})) {
    return MetricClass::kLatency;
  }
  if (contains_any(name, {"throughput", "rate", "per_second", "per_minute", "qps", "rps"})) {
    return MetricClass::kRate;
  }
  return MetricClass::kGauge;
}

std::string_view feature_name(Feature feature) {
  return kFeatureNames[static_cast<int>(feature)];
}

const FeatureWeights& feature_weights(MetricClass metric_class) {
  return kWeights[static_cast<int>(metric_class)];
}

}  // namespace honeyguide::detect
