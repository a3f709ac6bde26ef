// gRPC's own words, shared by server and client.
#pragma once

#include <string>
#include <string_view>

namespace honeyguide::net {

enum class GrpcCode {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

struct GrpcStatus {
  GrpcCode code = GrpcCode::kOk;
  std::string message;  // UTF-8; percent-encoded on the wire
  // A serialised google.rpc.Status, sent as grpc-status-details-bin; empty for none.
  std::string details;

  bool ok() const { return code == GrpcCode::kOk; }
};

// "UNAVAILABLE" and so on; "UNKNOWN" for numbers outside the table.
std::string_view grpc_code_name(GrpcCode code);

// A serialised google.rpc.Status with one RetryInfo detail: the throttling answer of OTLP.
// `retry_delay_ms` >= 0.
std::string grpc_retry_info(GrpcCode code, std::string_view message, long retry_delay_ms);

}  // namespace honeyguide::net
