#include "otlp/decode.h"
#include "otlp/json_common.h"
#include "otlp/point_rules.h"

namespace honeyguide::otlp {
namespace {

using telemetry::Metric;
using telemetry::MetricKind;
using telemetry::MetricPoint;
using MaybeElement = std::optional<JsonElement>;

constexpr std::string_view kTemporalities[] = {"UNSPECIFIED", "DELTA", "CUMULATIVE"};

std::optional<MetricKind> kind_of(std::string_view member) {
  if (member == "gauge") return MetricKind::kGauge;
  if (member == "sum") return MetricKind::kSum;
  if (member == "histogram") return MetricKind::kHistogram;
  if (member == "exponentialHistogram") return MetricKind::kExponentialHistogram;
  if (member == "summary") return MetricKind::kSummary;
  return std::nullopt;
}

class MetricsDecoder {
 public:
  MetricsDecoder(DecodedMetrics& out, const DecodeLimits& limits)
      : out_(out), filler_(out.batch.context, limits, "data point"), json_(filler_) {}

  base::Result<void> run(const JsonObject& root) {
    base::Result<void> shape;
    HG_RETURN_IF_ERROR(json_.walk(
        root, {"resourceMetrics", "scopeMetrics", "metrics"},
        [&](const JsonElement& element, std::uint32_t resource, std::uint32_t scope) {
          if (auto result = metric(element, resource, scope); !result) shape = result;
        },
        [&] { return out_.batch.points.size(); }));
    HG_RETURN_IF_ERROR(std::move(shape));
    out_.rejected_points = filler_.rejected_count();
    out_.error_message = filler_.error_message();
    return {};
  }

 private:
  base::Result<void> metric(const JsonElement& element, std::uint32_t resource,
                            std::uint32_t scope);
  void point(const JsonElement& element, const Metric& metric, const std::string& problem);
  void read(const JsonObject& members, const Metric& metric, MetricPoint& point);
  void read_number(std::string_view name, const JsonElement& member, MetricPoint& point);
  void read_distribution(std::string_view name, const JsonElement& member, MetricPoint& point);
  void bounds(const MaybeElement& list);
  telemetry::Range buckets(const MaybeElement& list);
  telemetry::Range exponential_buckets(const MaybeElement& element, std::int32_t& offset);
  void quantiles(const MaybeElement& list);
  void add_bound(double bound) {
    if (room_for_bucket(filler_, out_.batch, in_point_++)) out_.batch.bounds.push_back(bound);
  }
  std::int32_t int32(const JsonElement& element, const char* what) {
    const std::int64_t number = json_.int64(element, what);
    if (number < INT32_MIN || number > INT32_MAX) filler_.reject(what, " must fit 32 bits");
    return static_cast<std::int32_t>(number);
  }

  DecodedMetrics& out_;
  Filler filler_;
  JsonCommon json_;
  KeyGuess keys_;
  std::size_t in_point_ = 0;  // of the point at hand
  bool has_value_ = false;
};

// The error of a metric whose outer shape is wrong.
base::Result<void> MetricsDecoder::metric(const JsonElement& element, std::uint32_t resource,
                                          std::uint32_t scope) {
  const auto wrong = [](const char* what) {
    return base::Error{base::ErrorCode::kInvalidArgument, what};
  };
  JsonObject members;
  if (element.get(members) != simdjson::SUCCESS) return wrong("a metric must be an object");
  Metric metric;
  metric.resource = resource;
  metric.scope = scope;
  filler_.begin_group();
  MaybeElement data;
  each_member(members, [&](std::string_view name, const JsonElement& member) {
    if (name == "name") metric.name = json_.text(member, "name");
    if (name == "description") metric.description = json_.text(member, "description");
    if (name == "unit") metric.unit = json_.text(member, "unit");
    if (const auto kind = kind_of(name)) {
      metric.kind = *kind;
      data = member;
    }
  });
  if (!data) return {};
  JsonObject data_members;
  if (data->get(data_members) != simdjson::SUCCESS) return wrong("metric data must be an object");
  MaybeElement points;
  each_member(data_members, [&](std::string_view name, const JsonElement& member) {
    if (name == "dataPoints") points = member;
    if (name == "aggregationTemporality" && metric.kind != MetricKind::kGauge &&
        metric.kind != MetricKind::kSummary) {
      metric.temporality = temporality_of(json_.enumeration(
          member, "AGGREGATION_TEMPORALITY_", kTemporalities, "aggregationTemporality"));
    }
    if (name == "isMonotonic" && metric.kind == MetricKind::kSum) {
      metric.monotonic = json_.boolean(member, "isMonotonic");
    }
  });
  std::string problem = filler_.take_group_problem();
  if (problem.empty() && metric.name.empty()) problem = "its metric has no name";
  if (!points) return {};
  JsonArray list;
  if (points->get(list) != simdjson::SUCCESS) return wrong("dataPoints must be an array");
  const std::size_t points_before = out_.batch.points.size();
  for (const JsonElement& point_element : list) point(point_element, metric, problem);
  if (out_.batch.points.size() > points_before) out_.batch.metrics.push_back(metric);
  return {};
}

void MetricsDecoder::point(const JsonElement& element, const Metric& metric,
                           const std::string& problem) {
  filler_.begin_item();
  if (!problem.empty()) filler_.reject(problem);
  MetricPoint point;
  point.metric = static_cast<std::uint32_t>(out_.batch.metrics.size());
  in_point_ = 0;
  has_value_ = false;
  const std::size_t bounds_before = out_.batch.bounds.size();
  const std::size_t buckets_before = out_.batch.buckets.size();
  if (const auto members = json_.object(element, "a data point")) read(*members, metric, point);
  check_point(filler_, out_.batch, metric.kind, point, has_value_);
  if (filler_.end_item()) {
    out_.batch.points.push_back(point);
  } else {
    out_.batch.bounds.resize(bounds_before);
    out_.batch.buckets.resize(buckets_before);
  }
}

void MetricsDecoder::read(const JsonObject& members, const Metric& metric, MetricPoint& point) {
  const bool number = metric.kind == MetricKind::kGauge || metric.kind == MetricKind::kSum;
  MaybeElement attributes;
  MaybeElement bound_list;
  MaybeElement bucket_list;
  MaybeElement positive;
  MaybeElement negative;
  MaybeElement quantile_list;
  each_member(members, [&](std::string_view name, const JsonElement& member) {
    if (name == "attributes") attributes = member;
    if (name == "explicitBounds") bound_list = member;
    if (name == "bucketCounts") bucket_list = member;
    if (name == "positive") positive = member;
    if (name == "negative") negative = member;
    if (name == "quantileValues") quantile_list = member;
    if (name == "startTimeUnixNano") point.start = json_.time(member, "startTimeUnixNano");
    if (name == "timeUnixNano") point.time = json_.time(member, "timeUnixNano");
    if (name == "flags") point.flags = json_.uint32(member, "flags");
    if (number) {
      read_number(name, member, point);
    } else {
      read_distribution(name, member, point);
    }
  });
  point.attributes = json_.attributes(attributes, keys_);
  const auto bounds_begin = static_cast<std::uint32_t>(out_.batch.bounds.size());
  const auto buckets_begin = static_cast<std::uint32_t>(out_.batch.buckets.size());
  point.buckets = {buckets_begin, buckets_begin};
  point.negative_buckets = metric.kind == MetricKind::kExponentialHistogram
                               ? telemetry::Range{buckets_begin, buckets_begin}
                               : telemetry::Range{};
  if (metric.kind == MetricKind::kHistogram) {
    bounds(bound_list);
    point.buckets = buckets(bucket_list);
  } else if (metric.kind == MetricKind::kExponentialHistogram) {
    point.buckets = exponential_buckets(positive, point.positive_offset);
    point.negative_buckets = exponential_buckets(negative, point.negative_offset);
  } else if (metric.kind == MetricKind::kSummary) {
    quantiles(quantile_list);
  }
  point.bounds = {bounds_begin, static_cast<std::uint32_t>(out_.batch.bounds.size())};
}

void MetricsDecoder::read_number(std::string_view name, const JsonElement& member,
                                 MetricPoint& point) {
  if (name == "asDouble") {
    point.value = json_.real(member, "asDouble");
    point.is_int = false;
    point.int_value = 0;
    has_value_ = true;
  } else if (name == "asInt") {
    point.int_value = json_.int64(member, "asInt");
    point.value = static_cast<double>(point.int_value);
    point.is_int = true;
    has_value_ = true;
  }
}

void MetricsDecoder::read_distribution(std::string_view name, const JsonElement& member,
                                       MetricPoint& point) {
  if (name == "count") {
    point.count = json_.uint64(member, "count");
  } else if (name == "sum") {
    point.sum = json_.real(member, "sum");
    point.has_sum = true;
  } else if (name == "min") {
    point.min = json_.real(member, "min");
    point.has_min = true;
  } else if (name == "max") {
    point.max = json_.real(member, "max");
    point.has_max = true;
  } else if (name == "scale") {
    point.scale = int32(member, "scale");
  } else if (name == "zeroCount") {
    point.zero_count = json_.uint64(member, "zeroCount");
  } else if (name == "zeroThreshold") {
    point.zero_threshold = json_.real(member, "zeroThreshold");
  }
}

void MetricsDecoder::bounds(const MaybeElement& list) {
  const auto numbers = list ? json_.array(*list, "explicitBounds") : std::nullopt;
  if (!numbers) return;
  for (const JsonElement& number : *numbers) add_bound(json_.real(number, "explicitBounds"));
}

telemetry::Range MetricsDecoder::buckets(const MaybeElement& list) {
  auto& all = out_.batch.buckets;
  const auto begin = static_cast<std::uint32_t>(all.size());
  if (const auto counts = list ? json_.array(*list, "bucketCounts") : std::nullopt) {
    for (const JsonElement& count : *counts) {
      if (!room_for_bucket(filler_, out_.batch, in_point_++)) continue;
      all.push_back(json_.uint64(count, "bucketCounts"));
    }
  }
  return {begin, static_cast<std::uint32_t>(all.size())};
}

telemetry::Range MetricsDecoder::exponential_buckets(const MaybeElement& element,
                                                     std::int32_t& offset) {
  MaybeElement list;
  if (const auto members = element ? json_.object(*element, "buckets") : std::nullopt) {
    each_member(*members, [&](std::string_view name, const JsonElement& member) {
      if (name == "offset") offset = int32(member, "offset");
      if (name == "bucketCounts") list = member;
    });
  }
  return buckets(list);
}

void MetricsDecoder::quantiles(const MaybeElement& list) {
  const auto elements = list ? json_.array(*list, "quantileValues") : std::nullopt;
  if (!elements) return;
  for (const JsonElement& element : *elements) {
    const auto members = json_.object(element, "a quantile");
    if (!members) continue;
    double quantile = 0;
    double value = 0;
    each_member(*members, [&](std::string_view name, const JsonElement& member) {
      if (name == "quantile") quantile = json_.real(member, "quantile");
      if (name == "value") value = json_.real(member, "value");
    });
    add_bound(quantile);
    add_bound(value);
  }
}

}  // namespace

base::Result<DecodedMetrics> decode_metrics_json(std::shared_ptr<const std::string> body,
                                                 const DecodeLimits& limits) {
  HG_RETURN_IF_ERROR(check_body_size(*body, limits));
  JsonDocument document;
  HG_RETURN_IF_ERROR(document.parse(*body, limits.json_depth_max));
  DecodedMetrics out;
  HG_RETURN_IF_ERROR(MetricsDecoder(out, limits).run(document.root()));
  return out;
}

}  // namespace honeyguide::otlp
