#include "server/jaeger_query.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include <nlohmann/json.hpp>

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using telemetry::SpanBatch;

using SpanIndex = std::unordered_map<base::SpanId, std::uint32_t, base::HexIdHash>;

SpanIndex index_spans(const SpanBatch& trace) {
  SpanIndex index;
  for (std::uint32_t row = 0; row < trace.size(); ++row) {
    index.try_emplace(trace.spans()[row].span_id, row);
  }
  return index;
}

}  // namespace

Result<store::TraceSearch> to_trace_search(const JaegerQuery& query, store::ReadBudget budget) {
  if (query.depth == 0 || query.depth > kJaegerDepthMax) {
    return Error{ErrorCode::kInvalidArgument,
                 "the number of traces must be from 1 to " + std::to_string(kJaegerDepthMax)};
  }
  std::vector<store::Predicate> parts = {store::jaeger_predicate(query.search)};
  if (query.filter) parts.push_back(*query.filter);
  store::TraceSearch search;
  search.where = store::Predicate::all_of(std::move(parts));
  HG_RETURN_IF_ERROR(store::compile(search.where));
  search.time = query.time;
  search.limit = query.depth;
  search.budget = std::move(budget);
  search.spans_max = 0;
  return search;
}

Result<void> for_each_trace(store::TraceStore& traces, store::TenantId tenant,
                            const JaegerQuery& query, const store::ReadBudget& budget,
                            const std::function<bool(const SpanBatch& trace)>& sink) {
  HG_ASSIGN_OR_RETURN(const store::TraceSearch search, to_trace_search(query, budget));
  HG_ASSIGN_OR_RETURN(const auto found, store::search_traces(traces, tenant, search));
  for (const store::TraceHit& hit : found.traces) {
    store::ReadTraceOptions options;
    options.budget = budget;
    const auto read = store::read_unique_trace(traces, tenant, hit.summary.trace_id, options);
    if (!read) {
      if (read.error().code == ErrorCode::kNotFound) continue;
      return read.error();
    }
    if (!sink(*read->spans)) return {};
  }
  return {};
}

Result<std::vector<ServiceDependency>> service_dependencies(store::TraceStore& traces,
                                                            store::TenantId tenant,
                                                            store::TimeRange time,
                                                            const store::ReadBudget& budget) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> calls;
  JaegerQuery query;
  query.time = time;
  query.depth = kDependencyTracesMax;
  HG_RETURN_IF_ERROR(for_each_trace(traces, tenant, query, budget, [&](const SpanBatch& trace) {
    const SpanIndex index = index_spans(trace);
    for (const auto& span : trace.spans()) {
      const auto parent = index.find(span.parent_span_id);
      if (parent == index.end()) continue;
      const auto caller = trace.service_name(trace.spans()[parent->second]);
      const auto callee = trace.service_name(span);
      if (caller != callee) ++calls[{std::string(caller), std::string(callee)}];
    }
    return true;
  }));
  std::vector<ServiceDependency> out;
  for (const auto& [pair, count] : calls) out.push_back({pair.first, pair.second, count});
  return out;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_json_tags(std::string_view json) {
  const auto parsed = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) {
    return Error{ErrorCode::kInvalidArgument, "tags: expected a JSON object of strings"};
  }
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [key, value] : parsed.items()) {
    if (value.is_string()) {
      out.emplace_back(key, value.get<std::string>());
    } else if (value.is_number() || value.is_boolean()) {
      out.emplace_back(key, value.dump());
    } else {
      return Error{ErrorCode::kInvalidArgument, "tags: the value of '" + key + "' is not a string"};
    }
  }
  return out;
}

JaegerSummary jaeger_summary(const SpanBatch& trace) {
  JaegerSummary out;
  out.trace = store::summarize(trace);
  const SpanIndex index = index_spans(trace);
  std::map<std::string, ServiceCount> services;
  for (const auto& span : trace.spans()) {
    ServiceCount& service = services[std::string(trace.service_name(span))];
    ++service.spans;
    if (span.status == telemetry::StatusCode::kError) ++service.errors;
    if (span.parent_span_id.valid() && !index.contains(span.parent_span_id)) ++out.orphans;
  }
  for (auto& [name, service] : services) {
    service.name = name;
    out.services.push_back(service);
  }
  return out;
}

}  // namespace honeyguide::server
