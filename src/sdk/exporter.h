// SpanExporter: one destination of the tracer's batches. Called by one thread at a time, which is
// the tracer's own or that of a flush.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "telemetry/span_batch.h"

namespace honeyguide::sdk {

class SpanExporter {
 public:
  virtual ~SpanExporter() = default;
  // "otlp", "jaeger", "engine": for logs and health.
  virtual std::string_view name() const = 0;
  // Blocks until the batch is delivered or given up; retries by itself within `deadline`.
  virtual base::Result<void> export_batch(const telemetry::SpanBatchPtr& batch,
                                          std::chrono::milliseconds deadline) = 0;
};

}  // namespace honeyguide::sdk
