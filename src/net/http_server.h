// HTTP/1.1 server: keep-alive, pipelining, streaming, limits, drain.
//
// A request passes: head parsed -> admission hook (before a byte of the body is read) -> body read
// -> content encoding undone -> handler, on an I/O thread. The handler answers through its
// Responder at once or later, from any thread. Requests of one connection are handled one after
// the other; what a client pipelines waits in a bounded buffer.
//
// Behaviour at the edges: a client that closes (or half-closes) its side raises the stop token of
// the request in flight, and the answer is still written if the handler completes. A refused
// request's body is discarded up to `discard_bytes_max` to keep the connection, else the answer
// carries Connection: close and the connection closes gently. TLS belongs in net/transport.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"
#include "net/io_pool.h"
#include "net/stream_writer.h"

namespace honeyguide::net {

// One body-less or streamed answer. Thread-safe.
class HttpStream : public StreamWriter {
 public:
  // Ends the body properly. Destruction without finish() breaks the connection off, so that the
  // client sees a truncated body as an error.
  virtual void finish() = 0;
};

// Answers one request, once; a second call is ignored and returns false/nullptr. Destroyed without
// an answer, it sends 500. Thread-safe. May outlive the server: then calls do nothing.
class Responder {
 public:
  virtual ~Responder() = default;

  // False if already answered or the client is known to be gone.
  virtual bool send(HttpResponse response) = 0;

  // Sends the head now and lets the body follow in pieces (chunked; to HTTP/1.0 clients until
  // close). `response.body` is the first piece if not empty. Never compressed.
  virtual std::shared_ptr<HttpStream> start_stream(HttpResponse response) = 0;

  // Raised when the client goes away, the request is dropped, or the server is destroyed.
  virtual std::stop_token stop_token() const = 0;
};

using HttpHandler = std::function<void(HttpRequest request, std::shared_ptr<Responder> responder)>;

// The admission hook's verdict.
struct Admission {
  // Set: answer this and do not read the body.
  std::optional<HttpResponse> refusal;
  // Moved into the request; grown for chunked and compressed bodies. When it cannot grow, the
  // server answers `overload` (503 with Retry-After: 1 by default).
  ByteReservation reservation;
};

// Sees method, target, headers and peer. `content_length` is empty for chunked bodies. Called on an
// I/O thread for every request, also those without a body (content_length 0).
using AdmissionHook =
    std::function<Admission(const HttpRequest& head, std::optional<std::uint64_t> content_length)>;

// Lets the application shape the answers that the server makes itself (400, 408, 413, 415, 431,
// 500, 503). Gets a plain-text response and may change all but the status. `request` is null when
// the head was unreadable.
using ErrorFormatter = std::function<void(const HttpRequest* request, HttpResponse& response)>;

struct HttpServerOptions {
  std::string host = "127.0.0.1";                    // an IP address, or "localhost"
  std::uint16_t port = 0;                            // 0 picks a free one
  std::size_t header_bytes_max = 32 * 1024;          // request line and fields; above: 431
  std::size_t body_bytes_max = 64 * 1024 * 1024;     // wire and decoded, each; above: 413
  std::size_t inflate_ratio_max = 100;               // decoded / wire, from 1 MiB on; above: 413
  bool decode_content_encoding = true;               // gzip, zstd, identity; others: 415
  std::size_t gzip_response_bytes_min = 1024;        // smaller answers are never compressed
  std::size_t connections_max = 1024;                // above: accepted and closed at once
  std::size_t pipeline_bytes_max = 64 * 1024;        // read ahead while a handler runs
  std::size_t discard_bytes_max = 1024 * 1024;       // of a refused body, to keep the connection
  std::size_t stream_buffer_bytes = 1024 * 1024;     // the mark where StreamWriter says kFull
  std::chrono::milliseconds idle_timeout{120'000};   // between requests
  std::chrono::milliseconds header_timeout{10'000};  // from the first byte to the end of the head
  std::chrono::milliseconds body_timeout{60'000};    // for the whole body; then 408
  std::chrono::milliseconds write_timeout{30'000};   // without any progress; then closed
  AdmissionHook admission;                           // none: everything is admitted
  ErrorFormatter error_formatter;                    // none: text/plain
};

// Counters since the start, except where noted.
struct HttpServerStats {
  std::uint64_t connections_open = 0;  // now
  std::uint64_t connections_total = 0;
  std::uint64_t connections_refused_total = 0;  // over connections_max
  std::uint64_t requests_total = 0;             // heads parsed
  std::uint64_t requests_refused_total = 0;     // by the admission hook or a failed reservation
  std::uint64_t requests_malformed_total = 0;   // unreadable, too large, too slow
  std::uint64_t received_bytes_total = 0;
  std::uint64_t sent_bytes_total = 0;
};

class HttpServer {
 public:
  // Binds and starts to accept. Errors: kInvalidArgument (host is no address), kAlreadyExists (the
  // port is taken), kPermissionDenied, kUnavailable.
  static base::Result<std::unique_ptr<HttpServer>> create(IoPool& pool, HttpServerOptions options,
                                                          HttpHandler handler);
  virtual ~HttpServer() = default;  // closes everything; no handler runs afterwards

  // "127.0.0.1:8321", "[::1]:8321"; the port that was bound.
  virtual std::string address() const = 0;
  virtual std::uint16_t port() const = 0;

  // Stops to accept, closes idle connections, lets requests in flight finish. True if all did
  // before `deadline`; what is left is closed then. Blocks; never call it on an I/O thread.
  virtual bool drain(std::chrono::milliseconds deadline) = 0;

  virtual HttpServerStats stats() const = 0;
};

}  // namespace honeyguide::net
