// Jaeger's query parameters, shared by its v1, v3 and gRPC faces.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "server/api.h"
#include "store/jaeger_query.h"
#include "store/read_layer.h"

namespace honeyguide::server {

struct JaegerQuery {
  store::JaegerSearch search;
  store::TimeRange time;
  std::uint32_t depth = 100;               // traces
  std::optional<store::Predicate> filter;  // v3's query.filter, in addition
};

inline constexpr std::uint32_t kJaegerDepthMax = 10'000;

base::Result<store::TraceSearch> to_trace_search(const JaegerQuery& query,
                                                 store::ReadBudget budget);

// Reads whole traces of a search one by one and hands each to `sink` until it gives false. Spans
// are unique; a trace that vanished between search and read is skipped.
base::Result<void> for_each_trace(
    store::TraceStore& traces, store::TenantId tenant, const JaegerQuery& query,
    const store::ReadBudget& budget,
    const std::function<bool(const telemetry::SpanBatch& trace)>& sink);

// Calls between services within spans that start in `time`: parent span's service to child span's,
// counted over at most kDependencyTracesMax newest traces.
inline constexpr std::uint32_t kDependencyTracesMax = 2000;
struct ServiceDependency {
  std::string parent;
  std::string child;
  std::uint64_t call_count = 0;
};
base::Result<std::vector<ServiceDependency>> service_dependencies(store::TraceStore& traces,
                                                                  store::TenantId tenant,
                                                                  store::TimeRange time,
                                                                  const store::ReadBudget& budget);

// A JSON object of strings, as Jaeger's `tags` and `query.attributes` carry: key to text of the
// value (numbers and booleans as written).
base::Result<std::vector<std::pair<std::string, std::string>>> parse_json_tags(
    std::string_view json);

// Spans, errors and orphans (spans whose parent is not stored) a service.
struct ServiceCount {
  std::string name;
  std::uint32_t spans = 0;
  std::uint32_t errors = 0;
};
struct JaegerSummary {
  store::TraceSummary trace;
  std::uint32_t orphans = 0;
  std::vector<ServiceCount> services;  // by name
};
JaegerSummary jaeger_summary(const telemetry::SpanBatch& trace);

}  // namespace honeyguide::server
