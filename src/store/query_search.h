// Searching with a whole query of the search language: several spansets, comparisons on the trace.
// Stateless; thread-safe as its store is.
#pragma once

#include "base/result.h"
#include "store/query_language.h"
#include "store/read_layer.h"

namespace honeyguide::store {

// Candidate traces that one call reads at most to find `limit` that fulfil the whole query; then
// the page is cut there, and its cursor goes on.
inline constexpr std::uint32_t kQueryCandidatesMax = 2000;

// True if the trace, whole and without duplicates, fulfils the query.
bool holds_for_trace(const Query& query, const telemetry::SpanBatch& trace,
                     const TraceSummary& summary);

// As search_traces(), with `query` in addition to search.where: a trace is listed if it fulfils the
// query and one span of it matches search.where and a spanset. The query's spans count over the
// whole trace, also outside of search.time.
base::Result<TraceSearchResult> search_traces(TraceStore& store, TenantId tenant,
                                              const Query& query, TraceSearch search);

}  // namespace honeyguide::store
