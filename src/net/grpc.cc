#include "net/grpc.h"

#include <cstdint>

#include "base/bytes.h"

namespace honeyguide::net {
namespace {

constexpr std::string_view kNames[] = {
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
};

void put_field(std::string& out, char tag, std::string_view bytes) {
  out.push_back(tag);
  base::put_bytes(out, bytes);
}

}  // namespace

std::string_view grpc_code_name(GrpcCode code) {
  const int number = static_cast<int>(code);
  return number >= 0 && number <= 16 ? kNames[number] : kNames[2];
}

std::string grpc_retry_info(GrpcCode code, std::string_view message, long retry_delay_ms) {
  // google.protobuf.Duration: seconds = 1, nanos = 2.
  std::string duration;
  if (retry_delay_ms < 0) retry_delay_ms = 0;
  if (retry_delay_ms >= 1000) {
    duration.push_back(0x08);
    base::put_varint(duration, static_cast<std::uint64_t>(retry_delay_ms / 1000));
  }
  if (retry_delay_ms % 1000 != 0) {
    duration.push_back(0x10);
    base::put_varint(duration, static_cast<std::uint64_t>(retry_delay_ms % 1000) * 1'000'000);
  }
  std::string retry_info;
  put_field(retry_info, 0x0a, duration);
  std::string any;
  put_field(any, 0x0a, "type.googleapis.com/google.rpc.RetryInfo");
  put_field(any, 0x12, retry_info);
  // google.rpc.Status: code = 1, message = 2, details = 3.
  std::string status;
  status.push_back(0x08);
  base::put_varint(status, static_cast<std::uint64_t>(code));
  put_field(status, 0x12, message);
  put_field(status, 0x1a, any);
  return status;
}

}  // namespace honeyguide::net
