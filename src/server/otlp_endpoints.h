// The OTLP listeners: OTLP/HTTP (POST /v1/traces, /v1/logs, /v1/metrics) and OTLP/gRPC (the three
// Export methods), by the rules of OTLP 1.11: status bodies in the request's encoding, partial
// success, 413, 429 and 503 with Retry-After and RetryInfo.
#pragma once

#include <functional>
#include <vector>

#include "net/byte_budget.h"
#include "net/grpc_server.h"
#include "net/http_server.h"
#include "server/access.h"
#include "server/guard.h"
#include "server/receiver.h"
#include "server/sender_trust.h"

namespace honeyguide::server {

// Id of a tenant's name, made on first sight.
using TenantIds = std::function<base::Result<store::TenantId>(const std::string& name)>;

struct OtlpEndpointDeps {
  Receiver& receiver;
  const Access& access;
  net::ByteBudget& ingest_budget;
  TenantIds tenant_ids;
  SenderTrust* trust = nullptr;  // told of every sender of live data
};

// Header that marks backfilled data; needs role operate.
inline constexpr std::string_view kBackfillHeader = "honeyguide-backfill";

// For the OTLP/HTTP listener: refuses before the body is read (guard, path, method, token, type,
// size), then receives. The admission hook and the handler belong together. The deps must outlive
// the listener.
struct OtlpHttpEndpoint {
  net::AdmissionHook admission;
  net::HttpHandler handler;
  net::ErrorFormatter error_formatter;
};
OtlpHttpEndpoint make_otlp_http_endpoint(OtlpEndpointDeps deps, const Guard& guard,
                                         std::size_t body_bytes_max);

struct OtlpGrpcEndpoint {
  net::GrpcAdmissionHook admission;
  std::vector<net::GrpcMethod> methods;
};
OtlpGrpcEndpoint make_otlp_grpc_endpoint(OtlpEndpointDeps deps);

}  // namespace honeyguide::server
