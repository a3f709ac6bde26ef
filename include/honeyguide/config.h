// Config: where telemetry goes and how much of it. Plain values; from_environment() honours the
// documented variables.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "honeyguide/result.h"

namespace honeyguide {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Which traces are recorded at the head. A child follows its parent under the kParent... samplers.
enum class Sampler { kAlwaysOn, kAlwaysOff, kRatio, kParentRatio, kRateLimited };

struct Config {
  std::string service_name = "agent-hive";
  std::vector<std::pair<std::string, std::string>> resource_attributes;

  // Base URL of a honeyguide server or any OTLP/HTTP collector; spans go to /v1/traces below it.
  // Empty: nowhere, spans are recorded and forgotten.
  std::string server = "http://127.0.0.1:4318";
  std::string token;  // sent as "Authorization: Bearer ..." if not empty

  Sampler sampler = Sampler::kAlwaysOn;
  double sampler_ratio = 1.0;              // kRatio, kParentRatio
  double sampler_traces_per_second = 100;  // kRateLimited

  std::size_t queue_bytes_max = 8u << 20;  // spans that wait; beyond it they are dropped
  std::chrono::milliseconds export_interval{200};
  std::chrono::milliseconds export_timeout{10'000};

  // Called from any thread with one line; empty: nothing is logged. Must not throw.
  std::function<void(LogLevel, std::string_view)> log;

  // The defaults above, changed by OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
  // OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG,
  // OTEL_BSP_SCHEDULE_DELAY and OTEL_BSP_EXPORT_TIMEOUT. kInvalidArgument names a variable whose
  // value makes no sense.
  static Result<Config> from_environment();
};

}  // namespace honeyguide
