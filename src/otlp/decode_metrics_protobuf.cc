#include <bit>

#include "otlp/decode.h"
#include "otlp/point_rules.h"
#include "otlp/protobuf_common.h"

namespace honeyguide::otlp {
namespace {

using telemetry::Metric;
using telemetry::MetricKind;
using telemetry::MetricPoint;

class MetricsDecoder {
 public:
  MetricsDecoder(DecodedMetrics& out, const DecodeLimits& limits)
      : out_(out), filler_(out.batch.context, limits, "data point"), common_(filler_) {}

  base::Result<void> run(std::string_view body) {
    common_.walk(
        body, [](std::uint32_t) {},
        [&](std::string_view message, std::uint32_t resource, std::uint32_t scope) {
          metric(message, resource, scope);
        },
        [&] { return out_.batch.points.size(); });
    if (common_.state().failed()) return common_.malformed(body, "ExportMetricsServiceRequest");
    out_.rejected_points = filler_.rejected_count();
    out_.error_message = filler_.error_message();
    return {};
  }

 private:
  void metric(std::string_view message, std::uint32_t resource, std::uint32_t scope);
  std::string_view data_of(std::string_view message, Metric& metric);
  void point(std::string_view message, const Metric& metric);
  bool number_part(WireReader& in, MetricPoint& point);
  bool histogram_part(WireReader& in, MetricPoint& point);
  bool exponential_part(WireReader& in, MetricPoint& point);
  bool summary_part(WireReader& in, MetricPoint& point);
  void set_optional(double& field, bool& has, double value) {
    field = value;
    has = true;
  }
  void add_bound(double bound) {
    if (room_for_bucket(filler_, out_.batch, in_point_++)) out_.batch.bounds.push_back(bound);
  }
  void add_bucket(std::uint64_t count) {
    if (room_for_bucket(filler_, out_.batch, in_point_++)) out_.batch.buckets.push_back(count);
  }
  template <typename Add>
  void packed_fixed64(std::string_view packed, Add add);
  void exponential_buckets(std::string_view message, std::int32_t& offset,
                           telemetry::Range& buckets);
  void quantile(std::string_view message);

  DecodedMetrics& out_;
  Filler filler_;
  ProtobufCommon common_;
  KeyGuess keys_;
  std::uint32_t attributes_tag_ = 0;  // of the kind at hand
  // Of the point at hand.
  std::size_t in_point_ = 0;
  bool has_value_ = false;
  std::string_view positive_;
  std::string_view negative_;
};

void MetricsDecoder::metric(std::string_view message, std::uint32_t resource, std::uint32_t scope) {
  Metric metric;
  metric.resource = resource;
  metric.scope = scope;
  const std::string_view data = data_of(message, metric);
  const std::size_t points_before = out_.batch.points.size();
  std::vector<std::string_view> points;
  WireReader in(data, common_.state());
  while (in.next()) {
    if (in.tag() == wire_tag(1, kWireBytes)) {
      points.push_back(in.bytes());
    } else if (in.tag() == wire_tag(2, kWireVarint)) {
      metric.temporality = temporality_of(in.varint());
    } else if (in.tag() == wire_tag(3, kWireVarint) && metric.kind == MetricKind::kSum) {
      metric.monotonic = in.varint() != 0;
    } else {
      in.skip();
    }
  }
  const bool temporal = metric.kind != MetricKind::kGauge && metric.kind != MetricKind::kSummary;
  if (!temporal) metric.temporality = telemetry::Temporality::kUnspecified;
  attributes_tag_ = wire_tag(attributes_field(metric.kind), kWireBytes);
  for (const std::string_view bytes : points) point(bytes, metric);
  if (out_.batch.points.size() > points_before) out_.batch.metrics.push_back(metric);
}

// Fills in everything but temporality; the message within the `data` oneof, which sets the kind.
std::string_view MetricsDecoder::data_of(std::string_view message, Metric& metric) {
  std::string_view data;
  std::uint32_t data_tag = 0;
  WireReader in(message, common_.state());
  while (in.next()) {
    switch (in.tag()) {
      case wire_tag(1, kWireBytes):
        metric.name = filler_.text(in.bytes());
        break;
      case wire_tag(2, kWireBytes):
        metric.description = filler_.text(in.bytes());
        break;
      case wire_tag(3, kWireBytes):
        metric.unit = filler_.text(in.bytes());
        break;
      case wire_tag(5, kWireBytes):
      case wire_tag(7, kWireBytes):
      case wire_tag(9, kWireBytes):
      case wire_tag(10, kWireBytes):
      case wire_tag(11, kWireBytes): {
        const std::string_view part = in.bytes();
        data = in.tag() == data_tag ? filler_.batch().own(std::string(data).append(part)) : part;
        data_tag = in.tag();
        break;
      }
      default:
        in.skip();
    }
  }
  switch (data_tag >> 3) {
    case 7:
      metric.kind = MetricKind::kSum;
      break;
    case 9:
      metric.kind = MetricKind::kHistogram;
      break;
    case 10:
      metric.kind = MetricKind::kExponentialHistogram;
      break;
    case 11:
      metric.kind = MetricKind::kSummary;
      break;
    default:
      metric.kind = MetricKind::kGauge;
  }
  return data;
}

void MetricsDecoder::point(std::string_view message, const Metric& metric) {
  filler_.begin_item();
  if (metric.name.empty()) filler_.reject("its metric has no name");
  MetricPoint point;
  point.metric = static_cast<std::uint32_t>(out_.batch.metrics.size());
  in_point_ = 0;
  has_value_ = false;
  positive_ = negative_ = {};
  auto& bounds = out_.batch.bounds;
  auto& buckets = out_.batch.buckets;
  const auto bounds_begin = static_cast<std::uint32_t>(bounds.size());
  const auto buckets_begin = static_cast<std::uint32_t>(buckets.size());
  const std::uint32_t attributes_begin = filler_.attributes_size();
  WireReader in(message, common_.state());
  while (in.next()) {
    bool known = false;
    if (in.tag() == attributes_tag_) {
      common_.attribute(in.bytes(), keys_, attributes_begin);
      known = true;
    } else if (metric.kind == MetricKind::kHistogram) {
      known = histogram_part(in, point);
    } else if (metric.kind == MetricKind::kExponentialHistogram) {
      known = exponential_part(in, point);
    } else if (metric.kind == MetricKind::kSummary) {
      known = summary_part(in, point);
    } else {
      known = number_part(in, point);
    }
    if (!known) in.skip();
  }
  point.attributes = filler_.attributes_since(attributes_begin);
  point.bounds = {bounds_begin, static_cast<std::uint32_t>(bounds.size())};
  point.buckets = {buckets_begin, static_cast<std::uint32_t>(buckets.size())};
  if (metric.kind == MetricKind::kExponentialHistogram) {
    exponential_buckets(positive_, point.positive_offset, point.buckets);
    exponential_buckets(negative_, point.negative_offset, point.negative_buckets);
  }
  check_point(filler_, out_.batch, metric.kind, point, has_value_);
  if (filler_.end_item()) {
    out_.batch.points.push_back(point);
  } else {
    bounds.resize(bounds_begin);
    buckets.resize(buckets_begin);
  }
}

bool MetricsDecoder::number_part(WireReader& in, MetricPoint& point) {
  switch (in.tag()) {
    case wire_tag(2, kWireFixed64):
      point.start = filler_.time(in.fixed64(), "start time");
      return true;
    case wire_tag(3, kWireFixed64):
      point.time = filler_.time(in.fixed64(), "time");
      return true;
    case wire_tag(4, kWireFixed64):
      point.value = in.real();
      point.is_int = false;
      point.int_value = 0;
      has_value_ = true;
      return true;
    case wire_tag(6, kWireFixed64):
      point.int_value = static_cast<std::int64_t>(in.fixed64());
      point.value = static_cast<double>(point.int_value);
      point.is_int = true;
      has_value_ = true;
      return true;
    case wire_tag(8, kWireVarint):
      point.flags = static_cast<std::uint32_t>(in.varint());
      return true;
    default:
      return false;
  }
}

bool MetricsDecoder::histogram_part(WireReader& in, MetricPoint& point) {
  switch (in.tag()) {
    case wire_tag(2, kWireFixed64):
      point.start = filler_.time(in.fixed64(), "start time");
      return true;
    case wire_tag(3, kWireFixed64):
      point.time = filler_.time(in.fixed64(), "time");
      return true;
    case wire_tag(4, kWireFixed64):
      point.count = in.fixed64();
      return true;
    case wire_tag(5, kWireFixed64):
      set_optional(point.sum, point.has_sum, in.real());
      return true;
    case wire_tag(6, kWireFixed64):
      add_bucket(in.fixed64());
      return true;
    case wire_tag(6, kWireBytes):
      packed_fixed64(in.bytes(), [&](std::uint64_t count) { add_bucket(count); });
      return true;
    case wire_tag(7, kWireFixed64):
      add_bound(in.real());
      return true;
    case wire_tag(7, kWireBytes):
      packed_fixed64(in.bytes(),
                     [&](std::uint64_t bits) { add_bound(std::bit_cast<double>(bits)); });
      return true;
    case wire_tag(10, kWireVarint):
      point.flags = static_cast<std::uint32_t>(in.varint());
      return true;
    case wire_tag(11, kWireFixed64):
      set_optional(point.min, point.has_min, in.real());
      return true;
    case wire_tag(12, kWireFixed64):
      set_optional(point.max, point.has_max, in.real());
      return true;
    default:
      return false;
  }
}

bool MetricsDecoder::exponential_part(WireReader& in, MetricPoint& point) {
  const auto merge = [&](std::string_view& all, std::string_view part) {
    all = all.empty() ? part : filler_.batch().own(std::string(all).append(part));
  };
  switch (in.tag()) {
    case wire_tag(2, kWireFixed64):
      point.start = filler_.time(in.fixed64(), "start time");
      return true;
    case wire_tag(3, kWireFixed64):
      point.time = filler_.time(in.fixed64(), "time");
      return true;
    case wire_tag(4, kWireFixed64):
      point.count = in.fixed64();
      return true;
    case wire_tag(5, kWireFixed64):
      set_optional(point.sum, point.has_sum, in.real());
      return true;
    case wire_tag(6, kWireVarint):
      point.scale = zigzag32(in.varint());
      return true;
    case wire_tag(7, kWireFixed64):
      point.zero_count = in.fixed64();
      return true;
    case wire_tag(8, kWireBytes):
      merge(positive_, in.bytes());
      return true;
    case wire_tag(9, kWireBytes):
      merge(negative_, in.bytes());
      return true;
    case wire_tag(10, kWireVarint):
      point.flags = static_cast<std::uint32_t>(in.varint());
      return true;
    case wire_tag(12, kWireFixed64):
      set_optional(point.min, point.has_min, in.real());
      return true;
    case wire_tag(13, kWireFixed64):
      set_optional(point.max, point.has_max, in.real());
      return true;
    case wire_tag(14, kWireFixed64):
      point.zero_threshold = in.real();
      return true;
    default:
      return false;
  }
}

bool MetricsDecoder::summary_part(WireReader& in, MetricPoint& point) {
  switch (in.tag()) {
    case wire_tag(2, kWireFixed64):
      point.start = filler_.time(in.fixed64(), "start time");
      return true;
    case wire_tag(3, kWireFixed64):
      point.time = filler_.time(in.fixed64(), "time");
      return true;
    case wire_tag(4, kWireFixed64):
      point.count = in.fixed64();
      return true;
    case wire_tag(5, kWireFixed64):
      set_optional(point.sum, point.has_sum, in.real());
      return true;
    case wire_tag(6, kWireBytes):
      quantile(in.bytes());
      return true;
    case wire_tag(8, kWireVarint):
      point.flags = static_cast<std::uint32_t>(in.varint());
      return true;
    default:
      return false;
  }
}

template <typename Add>
void MetricsDecoder::packed_fixed64(std::string_view packed, Add add) {
  WireReader in(packed, common_.state());
  while (!in.at_end()) add(in.fixed64());
}

void MetricsDecoder::exponential_buckets(std::string_view message, std::int32_t& offset,
                                         telemetry::Range& buckets) {
  buckets.begin = static_cast<std::uint32_t>(out_.batch.buckets.size());
  WireReader in(message, common_.state());
  while (in.next()) {
    if (in.tag() == wire_tag(1, kWireVarint)) {
      offset = zigzag32(in.varint());
    } else if (in.tag() == wire_tag(2, kWireVarint)) {
      add_bucket(in.varint());
    } else if (in.tag() == wire_tag(2, kWireBytes)) {
      WireReader packed(in.bytes(), common_.state());
      while (!packed.at_end()) add_bucket(packed.varint());
    } else {
      in.skip();
    }
  }
  buckets.end = static_cast<std::uint32_t>(out_.batch.buckets.size());
}

void MetricsDecoder::quantile(std::string_view message) {
  double quantile = 0;
  double value = 0;
  WireReader in(message, common_.state());
  while (in.next()) {
    if (in.tag() == wire_tag(1, kWireFixed64)) {
      quantile = in.real();
    } else if (in.tag() == wire_tag(2, kWireFixed64)) {
      value = in.real();
    } else {
      in.skip();
    }
  }
  add_bound(quantile);
  add_bound(value);
}

}  // namespace

base::Result<DecodedMetrics> decode_metrics_protobuf(std::shared_ptr<const std::string> body,
                                                     const DecodeLimits& limits) {
  HG_RETURN_IF_ERROR(check_body_size(*body, limits));
  DecodedMetrics out;
  const std::string_view bytes = out.batch.context.adopt(std::move(body));
  HG_RETURN_IF_ERROR(MetricsDecoder(out, limits).run(bytes));
  return out;
}

}  // namespace honeyguide::otlp
