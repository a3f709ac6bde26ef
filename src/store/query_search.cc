#include "store/query_search.h"

#include <algorithm>

namespace honeyguide::store {
namespace {

// Every trace that fulfils the query has a span that matches this.
Predicate candidate_predicate(const Query& query) {
  switch (query.kind) {
    case Query::Kind::kSpanset:
      return query.spanset.span;
    case Query::Kind::kAnd:
      return candidate_predicate(query.children.front());
    case Query::Kind::kOr: {
      std::vector<Predicate> any;
      for (const Query& child : query.children) any.push_back(candidate_predicate(child));
      return Predicate::any_of(std::move(any));
    }
  }
  return Predicate::always();
}

void add_cost(SearchCost& sum, const SearchCost& cost) {
  sum.blocks_total = std::max(sum.blocks_total, cost.blocks_total);
  sum.blocks_scanned += cost.blocks_scanned;
  sum.rows_scanned += cost.rows_scanned;
  sum.bytes_read += cost.bytes_read;
}

}  // namespace

bool holds_for_trace(const Query& query, const telemetry::SpanBatch& trace,
                     const TraceSummary& summary) {
  switch (query.kind) {
    case Query::Kind::kSpanset: {
      for (const TraceComparison& comparison : query.spanset.trace) {
        if (!matches(comparison, summary)) return false;
      }
      const auto spans = trace.spans();
      return std::any_of(spans.begin(), spans.end(), [&](const telemetry::Span& span) {
        return matches(query.spanset.span, trace, span);
      });
    }
    case Query::Kind::kAnd:
      return std::all_of(query.children.begin(), query.children.end(), [&](const Query& child) {
        return holds_for_trace(child, trace, summary);
      });
    case Query::Kind::kOr:
      return std::any_of(query.children.begin(), query.children.end(), [&](const Query& child) {
        return holds_for_trace(child, trace, summary);
      });
  }
  return false;
}

base::Result<TraceSearchResult> search_traces(TraceStore& store, TenantId tenant,
                                              const Query& query, TraceSearch search) {
  search.where = Predicate::all_of({std::move(search.where), candidate_predicate(query)});
  HG_RETURN_IF_ERROR(compile(search.where));
  // One spanset about spans alone: the store's own search is the whole answer.
  if (query.kind == Query::Kind::kSpanset && query.spanset.trace.empty()) {
    return search_traces(store, tenant, search);
  }
  TraceSearchResult out;
  const std::uint32_t wanted = search.limit;
  std::uint32_t candidates = 0;
  for (;;) {
    // Never more candidates than traces are still wanted, so a page ends where its cursor says.
    search.limit = wanted - static_cast<std::uint32_t>(out.traces.size());
    HG_ASSIGN_OR_RETURN(TraceSearchResult page, search_traces(store, tenant, search));
    add_cost(out.cost, page.cost);
    for (TraceHit& hit : page.traces) {
      ReadTraceOptions options;
      options.budget = search.budget;
      const auto trace = read_unique_trace(store, tenant, hit.summary.trace_id, options);
      if (!trace) {
        if (trace.error().code == base::ErrorCode::kNotFound) continue;
        return trace.error();
      }
      if (holds_for_trace(query, *trace->spans, hit.summary)) out.traces.push_back(std::move(hit));
    }
    candidates += static_cast<std::uint32_t>(page.traces.size());
    out.next = page.next;
    out.partial = page.partial;
    const bool enough = out.traces.size() >= wanted || candidates >= kQueryCandidatesMax;
    if (!page.next || page.partial != Partial::kNo || enough) return out;
    search.after = page.next;
  }
}

}  // namespace honeyguide::store
