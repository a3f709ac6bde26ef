// The messages of jaeger.storage.v2, to and from protobuf. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "server/jaeger_query.h"
#include "store/trace_store.h"

namespace honeyguide::server {

// GetTracesRequest: the ids asked for. kInvalidArgument for an id that has not 16 bytes.
base::Result<std::vector<base::TraceId>> read_get_traces(std::string_view message);

struct OperationsRequest {
  std::string service;
  std::string span_kind;
};
base::Result<OperationsRequest> read_get_operations(std::string_view message);

// FindTracesRequest, FindTraceIDsRequest and FindTraceSummariesRequest, which are alike on the
// wire. kInvalidArgument for a structured filter or a page token, which this face does not offer.
base::Result<JaegerQuery> read_find(std::string_view message);

// GetDependenciesRequest: its time range, end included.
base::Result<store::TimeRange> read_get_dependencies(std::string_view message);

std::string write_services(const std::vector<std::string>& services);
std::string write_operations(const std::vector<store::Operation>& operations,
                             std::string_view span_kind);
std::string write_trace_ids(const std::vector<store::TraceSummary>& traces);
std::string write_dependencies(const std::vector<ServiceDependency>& dependencies);
std::string write_summaries(const std::vector<JaegerSummary>& summaries);

}  // namespace honeyguide::server
