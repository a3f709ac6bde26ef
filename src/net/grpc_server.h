// gRPC server over HTTP/2 without TLS (prior knowledge): unary and server-streaming methods,
// dispatched by path to asynchronous handlers.
//
// A call passes: headers -> admission hook, with the announced message size, before the message is
// read -> message read into one contiguous string, decompressed -> handler, on an I/O thread -> the
// responder, from any thread. grpc.health.v1.Health is built in.
//
// Backpressure: a connection whose calls in handlers hold more than `connection_bytes_max` gets no
// new flow-control window until some finish. Floods (resets, pings, settings, continuations,
// headers) end the connection with GOAWAY. TLS belongs in net/transport.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/grpc.h"
#include "net/http.h"
#include "net/io_pool.h"
#include "net/stream_writer.h"

namespace honeyguide::net {

struct GrpcRequest {
  std::string path;  // "/package.Service/Method"
  Headers metadata;  // all header fields but the pseudo ones; "-bin" values still base64
  std::string message;
  std::size_t wire_message_bytes = 0;           // before decompression
  std::optional<std::int64_t> deadline_steady;  // of the pool's clock, from grpc-timeout
  std::shared_ptr<const Peer> peer;
  // What the admission hook reserved, grown while inflating. Keep it until the work is done.
  ByteReservation reservation;
};

// The sending side of a server-streaming call. Thread-safe. Destroyed without finish(): INTERNAL.
class GrpcStream : public StreamWriter {
 public:
  // Ends the call once all queued messages are sent.
  virtual void finish(GrpcStatus status) = 0;
};

// Answers one call, once; a second answer is ignored (false, nullptr). Destroyed without an answer:
// INTERNAL. Thread-safe. May outlive the server: then calls do nothing.
class GrpcResponder {
 public:
  virtual ~GrpcResponder() = default;

  // Unary answer. `message` is sent only with kOk.
  virtual bool finish(GrpcStatus status, std::string message) = 0;
  bool finish_ok(std::string message) { return finish({}, std::move(message)); }

  // Starts a server-streaming answer; each write() is one message.
  virtual std::shared_ptr<GrpcStream> start_stream() = 0;

  // Raised when the client cancels or goes away, its deadline passes, or the server ends. After a
  // passed deadline the client has already been told DEADLINE_EXCEEDED.
  virtual std::stop_token stop_token() const = 0;
};

using GrpcHandler =
    std::function<void(GrpcRequest request, std::shared_ptr<GrpcResponder> responder)>;

struct GrpcMethod {
  std::string path;  // "/package.Service/Method", exact
  GrpcHandler handler;
};

struct GrpcAdmission {
  // Not OK: the call ends with it (trailers only) and its message is not read.
  GrpcStatus status;
  ByteReservation reservation;  // moved into the request
  // What the client is told when the reservation cannot grow while inflating.
};

// Sees path, metadata and peer (message still empty). `message_bytes` is the wire size from the
// length prefix. Called on an I/O thread for every call to a known method but health.
using GrpcAdmissionHook =
    std::function<GrpcAdmission(const GrpcRequest& head, std::size_t message_bytes)>;

struct GrpcServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::size_t message_bytes_max = 64 * 1024 * 1024;  // wire and inflated; above: RESOURCE_EXHAUSTED
  std::size_t inflate_ratio_max = 100;               // from 1 MiB on; above: RESOURCE_EXHAUSTED
  std::size_t connections_max = 1024;
  std::size_t connection_bytes_max = 16 * 1024 * 1024;  // held by handlers of one connection
  std::uint32_t streams_max = 256;                      // concurrent calls of one connection
  std::size_t header_bytes_max = 16 * 1024;             // decoded header list of one call
  std::size_t compress_bytes_min = 1024;                // smaller answers are sent as they are
  std::size_t stream_buffer_bytes = 1024 * 1024;        // the mark where StreamWriter says kFull
  std::uint32_t resets_burst = 200;      // RST_STREAM by the client: a bucket of this size ...
  std::uint32_t resets_per_second = 50;  // ... refilled so; empty: GOAWAY ENHANCE_YOUR_CALM
  std::uint32_t control_frames_per_second = 200;  // PING, SETTINGS, PRIORITY, empty DATA; as above
  std::chrono::milliseconds idle_timeout{600'000};      // no call in flight: GOAWAY
  std::chrono::milliseconds handshake_timeout{10'000};  // to the client's preface and SETTINGS
  std::chrono::milliseconds header_timeout{10'000};     // from HEADERS to the end of the block
  std::chrono::milliseconds message_timeout{60'000};    // for a whole request message
  std::chrono::milliseconds write_timeout{30'000};      // without any progress; then closed
  GrpcAdmissionHook admission;                          // none: everything is admitted
};

struct GrpcServerStats {
  std::uint64_t connections_open = 0;  // now
  std::uint64_t connections_total = 0;
  std::uint64_t connections_refused_total = 0;  // over connections_max
  std::uint64_t connections_flooded_total = 0;  // ended by a flood limit
  std::uint64_t calls_total = 0;
  std::uint64_t calls_refused_total = 0;  // by the admission hook or a failed reservation
  std::uint64_t received_bytes_total = 0;
  std::uint64_t sent_bytes_total = 0;
};

class GrpcServer {
 public:
  // Binds and starts to accept. Errors as HttpServer::create.
  static base::Result<std::unique_ptr<GrpcServer>> create(IoPool& pool, GrpcServerOptions options,
                                                          std::vector<GrpcMethod> methods);
  virtual ~GrpcServer() = default;  // closes everything; no handler runs afterwards

  virtual std::string address() const = 0;
  virtual std::uint16_t port() const = 0;

  // What grpc.health.v1.Health says for `service` ("" is the whole server; it and the services of
  // all methods serve from the start). Watchers are told.
  virtual void set_serving(std::string_view service, bool serving) = 0;

  // Says NOT_SERVING and GOAWAY, stops to accept, lets calls in flight finish; true if all did
  // before `deadline`. Blocks; never call it on an I/O thread.
  virtual bool drain(std::chrono::milliseconds deadline) = 0;

  virtual GrpcServerStats stats() const = 0;
};

}  // namespace honeyguide::net
