// When to try again, and after how long: exponential back-off with full jitter, obeying what the
// server asks for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "net/grpc.h"

namespace honeyguide::net {

struct RetryPolicy {
  int attempts_max = 1;                                // 1: no retry
  std::chrono::milliseconds backoff_initial{200};      // upper end of the first wait
  double backoff_factor = 2.0;                         // growth per attempt
  std::chrono::milliseconds backoff_max{10'000};       // upper end of any computed wait
  std::chrono::milliseconds server_delay_max{60'000};  // a server asking for more ends the retries
  // OTLP/HTTP's table; connection failures are always retryable.
  std::vector<int> statuses = {429, 502, 503, 504};

  // As OTLP exporters should: 5 attempts.
  static RetryPolicy otlp();
};

// True if an HTTP answer with this status may be tried again under `policy`.
bool is_retryable_status(const RetryPolicy& policy, int status);

// OTLP/gRPC's table; RESOURCE_EXHAUSTED only if the server sent RetryInfo.
bool is_retryable_code(GrpcCode code, bool has_retry_info);

// The wait before attempt `attempt` (2 for the first retry): uniform in [0, upper end), or the
// server's delay plus up to a tenth of jitter. Nothing if the server asks for more than
// server_delay_max. `random` is any 64 random bits.
std::optional<std::chrono::milliseconds> retry_delay(
    const RetryPolicy& policy, int attempt, std::uint64_t random,
    std::optional<std::chrono::milliseconds> server_delay);

// Retry-After: seconds, or an HTTP date compared with `unix_seconds_now`. Nothing if malformed.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           std::int64_t unix_seconds_now);

// The RetryInfo delay inside a serialised google.rpc.Status, if there is one.
std::optional<std::chrono::milliseconds> parse_retry_info(std::string_view status_details);

}  // namespace honeyguide::net
