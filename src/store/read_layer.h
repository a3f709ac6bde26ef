// The read layer above every TraceStore: stores may give a span twice and answer searches in spans;
// here spans become unique and hits become traces. Stateless; thread-safe as its store is.
//
// Two rows are the same span if trace id and span id are equal and the service is: equal span ids
// from different services are different spans (facts of life with bad id generators), while
// versions of one span (open, then ended) fold to the best one by telemetry::is_better_version.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "store/trace_store.h"

namespace honeyguide::store {

// The spans of `batch` that remain, as ascending rows.
std::vector<std::uint32_t> unique_rows(const telemetry::SpanBatch& batch);

// read_trace without duplicates. Within a page only: a trace larger than one page is read with a
// budget that holds it whole, or folded by the caller.
base::Result<TraceRead> read_unique_trace(TraceStore& store, TenantId tenant,
                                          const base::TraceId& trace_id,
                                          const ReadTraceOptions& options);

// As read_unique_trace, but spans of one id that say different things all stay: what other systems
// expect of a span storage. Only spans that are equal in everything are given once.
base::Result<TraceRead> read_distinct_trace(TraceStore& store, TenantId tenant,
                                            const base::TraceId& trace_id,
                                            const ReadTraceOptions& options);

// Folds the spans of one trace; `batch` holds no others. Counts rows as they are. The root is the
// span without a parent that starts first (ties: smallest span id); without one, has_root is false.
TraceSummary summarize(const telemetry::SpanBatch& batch);

struct TraceSearch {
  Predicate where;  // compiled; holds for a trace if it holds for one of its spans
  TimeRange time;   // on span start
  std::optional<SearchCursor> after;
  std::uint32_t limit = 20;  // traces
  ReadBudget budget;
  // Matching spans listed a trace; more are counted only.
  std::uint32_t spans_max = 3;
};

struct TraceHit {
  TraceSummary summary;  // exact, after duplicates are removed
  std::uint64_t matched_count = 0;
  std::vector<SpanHit> matched;  // newest first, at most spans_max
};

struct TraceSearchResult {
  std::vector<TraceHit> traces;  // by their newest matching span, newest first
  std::optional<SearchCursor> next;
  Partial partial = Partial::kNo;
  SearchCost cost;
};

// Distinct traces, newest matching span first. A trace stands on one page only: where its newest
// matching span is. Reads each listed trace once for its exact summary.
base::Result<TraceSearchResult> search_traces(TraceStore& store, TenantId tenant,
                                              const TraceSearch& search);

}  // namespace honeyguide::store
