// Jaeger's own Batch in Thrift's binary protocol: the body of POST /api/traces?format=jaeger.thrift
// with Content-Type application/vnd.apache.thrift.binary. Out only: for backends and tests that
// take nothing newer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "telemetry/span_batch.h"

namespace honeyguide::otlp {

// One Batch per resource, since a Batch has one Process; without a service name that is
// "unknown_service". Times are microseconds there, rounded down. Kind, status, scope and trace
// state become tags and links become references, as OpenTelemetry's mapping to Jaeger says. `rows`
// index batch.spans().
std::vector<std::string> encode_jaeger_batches(const telemetry::SpanBatch& batch,
                                               std::span<const std::uint32_t> rows);

}  // namespace honeyguide::otlp
