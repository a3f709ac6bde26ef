// The handle through which a handler answers one call of a GrpcConnection. Private to net.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>

#include "net/grpc_server.h"

namespace honeyguide::net {

class GrpcConnection;

std::shared_ptr<GrpcResponder> make_grpc_responder(std::shared_ptr<GrpcConnection> connection,
                                                   std::int32_t stream_id, std::stop_source stop,
                                                   const GrpcServerOptions& options, bool gzip);

}  // namespace honeyguide::net
