// HTTP/1.1 client: http and https, connection reuse, deadline, retry. Asynchronous inside, with a
// callback and a blocking face.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/headers.h"
#include "net/io_pool.h"
#include "net/retry.h"

namespace honeyguide::net {

struct ClientRequest {
  std::string method = "GET";
  std::string url;  // "http://host:port/path?query" or "https://..."; no user info, no fragment
  Headers headers;  // Host, Content-Length and Connection are written by the client
  std::string body;
  bool gzip_body = false;  // sends Content-Encoding: gzip
  // For the whole request, retries and waits included.
  std::chrono::milliseconds deadline{30'000};
  RetryPolicy retry;                                  // no retry by default
  std::size_t response_bytes_max = 16 * 1024 * 1024;  // above: kResourceExhausted
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
  int attempt_count = 1;
};

using ClientCallback = std::function<void(base::Result<ClientResponse>)>;

struct HttpClientOptions {
  std::size_t idle_connections_max = 16;             // kept for reuse; the oldest is closed
  std::chrono::milliseconds idle_timeout{30'000};    // a kept connection older than this is closed
  std::chrono::milliseconds connect_timeout{5'000};  // for one address, TLS included
  std::size_t requests_in_flight_max = 1024;         // above: kResourceExhausted at once
  std::string ca_file;                               // empty: the system's certificates
  // Refuses resolved addresses (textual IP) by returning false; called before each connect, for
  // literal addresses too. None: all are allowed.
  std::function<bool(std::string_view address)> address_allowed;
};

// Redirects are never followed: a 3xx is a response like any other. Any status is a value; errors
// are kInvalidArgument (url), kUnavailable (connect, reset), kDeadlineExceeded, kPermissionDenied
// (address filter, certificate), kResourceExhausted (limits), kCancelled (client destroyed).
// Thread-safe.
class HttpClient {
 public:
  static base::Result<std::unique_ptr<HttpClient>> create(IoPool& pool, HttpClientOptions options);
  virtual ~HttpClient() = default;  // fails what is in flight with kCancelled, calls every callback

  // Calls `done` exactly once, on an I/O thread (or on this one when refused at once).
  virtual void send(ClientRequest request, ClientCallback done) = 0;

  // Blocks. Never call it on an I/O thread of the pool.
  base::Result<ClientResponse> send_and_wait(ClientRequest request);
};

}  // namespace honeyguide::net
