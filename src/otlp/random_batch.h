// Random batches for tests and fuzzers: every field, every value type, nested values, Unicode.
// A function of the seed alone.
#pragma once

#include <cstdint>

#include "telemetry/log_batch.h"
#include "telemetry/metric_batch.h"
#include "telemetry/span_batch.h"

namespace honeyguide::otlp {

telemetry::SpanBatch random_span_batch(std::uint64_t seed);
telemetry::LogBatch random_log_batch(std::uint64_t seed);
telemetry::MetricBatch random_metric_batch(std::uint64_t seed);

}  // namespace honeyguide::otlp
