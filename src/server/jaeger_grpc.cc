#include "server/jaeger_grpc.h"

#include <chrono>
#include <memory>
#include <utility>

#include "otlp/encode.h"
#include "server/jaeger_query.h"
#include "server/jaeger_wire.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using telemetry::SpanBatch;

constexpr std::uint64_t kAnswerBytesMax = 256ull << 20;
// How long a stream waits for a client that does not read.
constexpr std::chrono::milliseconds kWriteTimeout{10'000};

net::GrpcCode code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return net::GrpcCode::kInvalidArgument;
    case ErrorCode::kNotFound:
      return net::GrpcCode::kNotFound;
    case ErrorCode::kAlreadyExists:
      return net::GrpcCode::kAlreadyExists;
    case ErrorCode::kPermissionDenied:
      return net::GrpcCode::kPermissionDenied;
    case ErrorCode::kFailedPrecondition:
      return net::GrpcCode::kFailedPrecondition;
    case ErrorCode::kResourceExhausted:
      return net::GrpcCode::kResourceExhausted;
    case ErrorCode::kUnavailable:
      return net::GrpcCode::kUnavailable;
    case ErrorCode::kDeadlineExceeded:
      return net::GrpcCode::kDeadlineExceeded;
    case ErrorCode::kCancelled:
      return net::GrpcCode::kCancelled;
    case ErrorCode::kDataLoss:
      return net::GrpcCode::kDataLoss;
  }
  return net::GrpcCode::kUnknown;
}

net::GrpcStatus status_of(const Error& error) {
  return {code_of(error.code), error.message, {}};
}

// One call on a worker thread: who asks, until when.
struct Call {
  const JaegerStorageDeps& deps;
  const net::GrpcRequest& request;
  store::TenantId tenant = 0;
  store::ReadBudget budget;
};

using UnaryMethod = Result<std::string> (*)(const Call& call);
// Writes messages through `write`, which gives false once the client is gone.
using Write = std::function<bool(std::string message)>;
using StreamMethod = Result<void> (*)(const Call& call, const Write& write);

Result<Call> prepare(const JaegerStorageDeps& deps, const net::GrpcRequest& request,
                     const net::GrpcResponder& responder) {
  HG_ASSIGN_OR_RETURN(const Principal principal, deps.access.identify(request.metadata));
  if (!principal.has(kRoleRead)) {
    return Error{ErrorCode::kPermissionDenied, "this token lacks the role 'read'"};
  }
  HG_ASSIGN_OR_RETURN(const store::TenantId tenant, deps.tenant_ids(principal.tenant));
  Call call{deps, request, tenant, {}};
  call.budget.bytes_max = kAnswerBytesMax;
  call.budget.deadline_steady_ns = deps.clock.steady_ns() + deps.query_deadline_ns;
  call.budget.stop = responder.stop_token();
  return call;
}

// Hands `work` to a lane, or answers that it is full.
void submit(WorkerPool& lane, std::shared_ptr<net::GrpcResponder> responder,
            std::function<void()> work) {
  if (!lane.submit(std::move(work))) {
    responder->finish({net::GrpcCode::kUnavailable, "too many queries wait; try again", {}}, {});
  }
}

net::GrpcHandler unary(const JaegerStorageDeps& deps, WorkerPool& lane, UnaryMethod method) {
  return [deps, &lane, method](net::GrpcRequest request,
                               std::shared_ptr<net::GrpcResponder> responder) {
    auto shared = std::make_shared<net::GrpcRequest>(std::move(request));
    submit(lane, responder, [deps, shared, responder, method] {
      const auto call = prepare(deps, *shared, *responder);
      auto answer = call ? method(*call) : Result<std::string>(call.error());
      if (answer) {
        responder->finish_ok(std::move(answer).value());
      } else {
        responder->finish(status_of(answer.error()), {});
      }
    });
  };
}

net::GrpcHandler streaming(const JaegerStorageDeps& deps, WorkerPool& lane, StreamMethod method) {
  return [deps, &lane, method](net::GrpcRequest request,
                               std::shared_ptr<net::GrpcResponder> responder) {
    auto shared = std::make_shared<net::GrpcRequest>(std::move(request));
    submit(lane, responder, [deps, shared, responder, method] {
      const auto call = prepare(deps, *shared, *responder);
      if (!call) {
        responder->finish(status_of(call.error()), {});
        return;
      }
      const auto stream = responder->start_stream();
      if (!stream) return;
      const auto done = method(*call, [&](std::string message) {
        net::StreamState state = stream->write(std::move(message));
        if (state == net::StreamState::kFull) state = stream->wait_writable(kWriteTimeout);
        return state == net::StreamState::kOpen;
      });
      stream->finish(done ? net::GrpcStatus{} : status_of(done.error()));
    });
  };
}

// One trace in chunks: never mixed with another, never empty.
bool write_trace(const SpanBatch& trace, const Write& write) {
  for (std::size_t begin = 0; begin < trace.size(); begin += kJaegerChunkSpansMax) {
    const std::size_t end = std::min(trace.size(), begin + kJaegerChunkSpansMax);
    std::vector<std::uint32_t> rows;
    for (std::size_t row = begin; row < end; ++row) rows.push_back(static_cast<std::uint32_t>(row));
    if (!write(otlp::encode_traces_protobuf(trace, rows))) return false;
  }
  return true;
}

Result<void> get_traces(const Call& call, const Write& write) {
  HG_ASSIGN_OR_RETURN(const auto ids, read_get_traces(call.request.message));
  for (const base::TraceId& id : ids) {
    store::ReadTraceOptions options;
    options.budget = call.budget;
    const auto read = store::read_distinct_trace(call.deps.traces, call.tenant, id, options);
    if (!read && read.error().code == ErrorCode::kNotFound) continue;
    if (!read) return read.error();
    if (!write_trace(*read->spans, write)) return {};
  }
  return {};
}

Result<void> find_traces(const Call& call, const Write& write) {
  HG_ASSIGN_OR_RETURN(const JaegerQuery query, read_find(call.request.message));
  return for_each_trace(call.deps.traces, call.tenant, query, call.budget,
                        [&](const SpanBatch& trace) { return write_trace(trace, write); });
}

Result<void> find_summaries(const Call& call, const Write& write) {
  HG_ASSIGN_OR_RETURN(const JaegerQuery query, read_find(call.request.message));
  return for_each_trace(
      call.deps.traces, call.tenant, query, call.budget,
      [&](const SpanBatch& trace) { return write(write_summaries({jaeger_summary(trace)})); });
}

Result<std::string> find_trace_ids(const Call& call) {
  HG_ASSIGN_OR_RETURN(const JaegerQuery query, read_find(call.request.message));
  HG_ASSIGN_OR_RETURN(const auto search, to_trace_search(query, call.budget));
  HG_ASSIGN_OR_RETURN(const auto found,
                      store::search_traces(call.deps.traces, call.tenant, search));
  std::vector<store::TraceSummary> summaries;
  for (const store::TraceHit& hit : found.traces) summaries.push_back(hit.summary);
  return write_trace_ids(summaries);
}

Result<std::string> get_services(const Call& call) {
  HG_ASSIGN_OR_RETURN(const auto services, call.deps.traces.services(call.tenant));
  return write_services(services);
}

Result<std::string> get_operations(const Call& call) {
  HG_ASSIGN_OR_RETURN(const auto request, read_get_operations(call.request.message));
  HG_ASSIGN_OR_RETURN(const auto found, call.deps.traces.operations(call.tenant, request.service));
  return write_operations(found, request.span_kind);
}

Result<std::string> get_dependencies(const Call& call) {
  HG_ASSIGN_OR_RETURN(const auto time, read_get_dependencies(call.request.message));
  HG_ASSIGN_OR_RETURN(const auto found,
                      service_dependencies(call.deps.traces, call.tenant, time, call.budget));
  return write_dependencies(found);
}

}  // namespace

void add_jaeger_storage_methods(std::vector<net::GrpcMethod>& methods, JaegerStorageDeps deps) {
  const std::string reader = "/jaeger.storage.v2.TraceReader/";
  WorkerPool& quick = deps.quick;
  WorkerPool& search = deps.search;
  methods.push_back({reader + "GetTraces", streaming(deps, quick, get_traces)});
  methods.push_back({reader + "GetServices", unary(deps, quick, get_services)});
  methods.push_back({reader + "GetOperations", unary(deps, quick, get_operations)});
  methods.push_back({reader + "FindTraces", streaming(deps, search, find_traces)});
  methods.push_back({reader + "FindTraceIDs", unary(deps, search, find_trace_ids)});
  methods.push_back({reader + "FindTraceSummaries", streaming(deps, search, find_summaries)});
  methods.push_back({"/jaeger.storage.v2.DependencyReader/GetDependencies",
                     unary(deps, search, get_dependencies)});
}

}  // namespace honeyguide::server
