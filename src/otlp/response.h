// What an OTLP receiver answers: Export...ServiceResponse and google.rpc.Status, in the encoding of
// the request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace honeyguide::otlp {

enum class Signal : std::uint8_t { kTraces = 0, kLogs = 1, kMetrics = 2 };
enum class Encoding : std::uint8_t { kProtobuf = 0, kJson = 1 };

// An ExportTraceServiceResponse (logs, metrics). Full success leaves partial_success out: an empty
// protobuf message, `{}` in JSON. `rejected` 0 with a message is a warning.
std::string encode_export_response(Signal signal, Encoding encoding, std::uint64_t rejected,
                                   std::string_view error_message);

// A google.rpc.Status: `code` is a gRPC code (3 INVALID_ARGUMENT, 8 RESOURCE_EXHAUSTED,
// 14 UNAVAILABLE). With `retry_delay_ms` (>= 0) it holds one google.rpc.RetryInfo detail, which
// tells OTLP senders that they may send again after that delay.
std::string encode_status(Encoding encoding, int code, std::string_view message,
                          std::optional<std::int64_t> retry_delay_ms = std::nullopt);

// For exporters: what a receiver answered. Unknown or malformed bytes read as the defaults.
struct ExportResponse {
  std::int64_t rejected = 0;
  std::string error_message;
};
ExportResponse decode_export_response_protobuf(std::string_view body);
// The retry delay of a serialised google.rpc.Status in milliseconds, nothing without RetryInfo.
std::optional<std::int64_t> decode_retry_delay_ms(std::string_view status_protobuf);

}  // namespace honeyguide::otlp
