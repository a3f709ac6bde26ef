// MetricBatch: OTLP metric points, held like LogBatch holds records.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "telemetry/span_batch.h"

namespace honeyguide::telemetry {

enum class MetricKind : std::uint8_t {
  kGauge = 0,
  kSum = 1,
  kHistogram = 2,
  kExponentialHistogram = 3,
  kSummary = 4,
};
enum class Temporality : std::uint8_t { kUnspecified = 0, kDelta = 1, kCumulative = 2 };

struct Metric {
  std::string_view name;
  std::string_view description;
  std::string_view unit;
  MetricKind kind = MetricKind::kGauge;
  Temporality temporality = Temporality::kUnspecified;
  bool monotonic = false;
  std::uint32_t resource = 0;
  std::uint32_t scope = 0;
};

// One data point. Which fields count depends on the metric's kind.
struct MetricPoint {
  std::uint32_t metric = 0;  // index into MetricBatch::metrics
  base::UnixNanos start = 0;
  base::UnixNanos time = 0;
  Range attributes;
  std::uint32_t flags = 0;
  bool is_int = false;  // gauge and sum: the value was an integer
  std::int64_t int_value = 0;
  double value = 0;         // gauge and sum: as double in either case
  std::uint64_t count = 0;  // histograms, summaries
  double sum = 0;
  double min = 0;
  double max = 0;
  bool has_sum = false;
  bool has_min = false;
  bool has_max = false;
  Range bounds;            // histogram: into MetricBatch::bounds; summary: quantiles
  Range buckets;           // histogram: into MetricBatch::buckets, bounds.size() + 1 of them
                           // exponential: positive buckets; summary: none
  Range negative_buckets;  // exponential
  std::int32_t scale = 0;  // exponential, -10 to 20
  std::int32_t positive_offset = 0;
  std::int32_t negative_offset = 0;
  std::uint64_t zero_count = 0;
  double zero_threshold = 0;
};

struct MetricBatch {
  SpanBatch context;  // resources(), scopes(), attributes(), keys(), own()
  std::vector<Metric> metrics;
  std::vector<MetricPoint> points;
  std::vector<double> bounds;  // bucket bounds, or pairs quantile, value of summaries
  std::vector<std::uint64_t> buckets;
};

using MetricBatchPtr = std::shared_ptr<const MetricBatch>;

}  // namespace honeyguide::telemetry
