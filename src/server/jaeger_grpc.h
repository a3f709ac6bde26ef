// jaeger.storage.v2 over gRPC, on the OTLP/gRPC port: TraceReader and DependencyReader, so that a
// stock Jaeger can use this server as its storage (messages as in jaegertracing/jaeger-idl,
// proto/storage/v2). FindTraceSummaries included.
#pragma once

#include <vector>

#include "base/clock.h"
#include "net/grpc_server.h"
#include "server/access.h"
#include "server/otlp_endpoints.h"
#include "server/worker_pool.h"
#include "store/trace_store.h"

namespace honeyguide::server {

struct JaegerStorageDeps {
  store::TraceStore& traces;
  const Access& access;
  TenantIds tenant_ids;
  WorkerPool& quick;
  WorkerPool& search;
  const base::Clock& clock;
  std::int64_t query_deadline_ns = 0;
};

// Spans of one streamed chunk; larger traces come in consecutive chunks.
inline constexpr std::size_t kJaegerChunkSpansMax = 2000;

// Adds the methods; the deps must outlive the server.
void add_jaeger_storage_methods(std::vector<net::GrpcMethod>& methods, JaegerStorageDeps deps);

}  // namespace honeyguide::server
