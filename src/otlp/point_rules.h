// What a metric point must be, whatever its encoding. Private to this module.
#pragma once

#include "otlp/filler.h"
#include "telemetry/metric_batch.h"

namespace honeyguide::otlp {

// DataPointFlags: the point says that there is no value.
inline constexpr std::uint32_t kNoRecordedValue = 1;

// Numbers that are no known temporality read as unspecified.
telemetry::Temporality temporality_of(std::uint64_t number);

// The protobuf field that holds a point's attributes.
std::uint32_t attributes_field(telemetry::MetricKind kind);

// Rejects the item if the point breaks a rule; gives a point without recorded value NaN.
// `has_value`: a number point carried one.
void check_point(Filler& filler, const telemetry::MetricBatch& batch, telemetry::MetricKind kind,
                 telemetry::MetricPoint& point, bool has_value);

// False, and the item is rejected, if a point holds too many bounds and buckets (`in_point` so far)
// or the request does.
bool room_for_bucket(Filler& filler, const telemetry::MetricBatch& batch, std::size_t in_point);

}  // namespace honeyguide::otlp
