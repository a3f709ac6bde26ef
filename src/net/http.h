// HTTP messages as values, for server and client alike.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/byte_budget.h"
#include "net/headers.h"

namespace honeyguide::net {

// What is known of the other end; the same object for all requests of a connection.
struct Peer {
  std::string address;  // "127.0.0.1:50000", "[::1]:50000"
  bool loopback = false;
};

struct HttpRequest {
  std::string method;  // "GET", as sent
  std::string target;  // as sent, e.g. "/api/traces/a%2Fb?limit=3"
  Headers headers;
  // The whole body, contiguous; already decoded when a server decodes content encodings.
  std::string body;
  // Bytes of the body as they came over the wire.
  std::size_t wire_body_bytes = 0;
  std::shared_ptr<const Peer> peer;
  // What the admission hook reserved, grown to the decoded size. Keep it until the work is done:
  // its destruction gives the bytes back.
  ByteReservation reservation;

  // The target up to '?', not decoded. Use path_segments() of net/http_text.h to decode.
  std::string_view path() const;
  // What follows the '?', not decoded; empty if none. Use QueryParams of net/http_text.h.
  std::string_view query() const;
};

struct HttpResponse {
  int status = 200;
  // Without Content-Length, Transfer-Encoding, Connection and Date: the connection writes those.
  Headers headers;
  std::string body;

  // A response with a Content-Type.
  static HttpResponse with_body(int status, std::string_view content_type, std::string body);
};

// "Not Found" for 404; empty for codes without a registered phrase.
std::string_view reason_phrase(int status);

}  // namespace honeyguide::net
