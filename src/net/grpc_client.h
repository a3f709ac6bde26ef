// gRPC unary client over HTTP/2 without TLS: many calls in flight on one connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/grpc.h"
#include "net/headers.h"
#include "net/io_pool.h"

namespace honeyguide::net {

struct GrpcReply {
  GrpcStatus status;
  std::string message;  // decompressed; empty unless the status is OK
};

using GrpcCallback = std::function<void(GrpcReply)>;

struct GrpcClientOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::chrono::milliseconds connect_timeout{5'000};
  std::size_t calls_in_flight_max = 1024;            // more wait
  std::size_t calls_waiting_max = 16 * 1024;         // above: RESOURCE_EXHAUSTED at once
  std::size_t message_bytes_max = 16 * 1024 * 1024;  // of a reply; above: RESOURCE_EXHAUSTED
};

struct GrpcCall {
  std::string path;  // "/package.Service/Method"
  Headers metadata;
  // Serialised request; shared, so that a load generator can send one body many times.
  std::shared_ptr<const std::string> message;
  bool gzip = false;
  std::chrono::milliseconds deadline{30'000};
};

// Connects on the first call and again after a failure; calls in flight on a lost connection end
// UNAVAILABLE, the caller retries. Thread-safe.
class GrpcClient {
 public:
  static base::Result<std::unique_ptr<GrpcClient>> create(IoPool& pool, GrpcClientOptions options);
  virtual ~GrpcClient() = default;  // ends every call CANCELLED, calls every callback

  // Calls `done` exactly once, on an I/O thread (or on this one when refused at once).
  virtual void call(GrpcCall call, GrpcCallback done) = 0;

  // Blocks. Never call it on an I/O thread of the pool.
  GrpcReply call_and_wait(GrpcCall call);
};

}  // namespace honeyguide::net
