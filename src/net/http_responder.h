// The handle through which a handler answers one request of an HttpConnection. Private to net.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>

#include "net/http_server.h"

namespace honeyguide::net {

class HttpConnection;

std::shared_ptr<Responder> make_responder(std::shared_ptr<HttpConnection> connection,
                                          std::uint64_t serial, std::stop_source stop,
                                          const HttpServerOptions& options, bool gzip_accepted);

}  // namespace honeyguide::net
