#include "store/read_layer.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/hash.h"

namespace honeyguide::store {
namespace {

using telemetry::Span;
using telemetry::SpanBatch;

// Hits asked for at a time; a page of traces with many matching spans takes several rounds.
constexpr std::uint32_t kHitsPerRound = 512;
// Rounds one page may take before it is handed out short.
constexpr int kRoundsMax = 64;

struct SpanKey {
  base::TraceId trace_id;
  base::SpanId span_id;
  std::uint64_t service = 0;
  bool operator==(const SpanKey&) const = default;
};
struct SpanKeyHash {
  std::size_t operator()(const SpanKey& key) const {
    return base::HexIdHash{}(key.trace_id) ^ base::HexIdHash{}(key.span_id) * 31 ^ key.service;
  }
};

bool hit_before(const SpanHit& a, const SpanHit& b) {
  if (a.start != b.start) return a.start > b.start;
  return std::tie(a.trace_id, a.span_id) < std::tie(b.trace_id, b.span_id);
}

std::vector<SpanHit> matching_hits(const TraceSearch& search, const SpanBatch& batch) {
  std::vector<SpanHit> out;
  for (const Span& span : batch.spans()) {
    if (!search.time.contains(span.start) || !matches(search.where, batch, span)) continue;
    out.push_back({span.trace_id, span.span_id, span.start, span.duration_ns()});
  }
  std::sort(out.begin(), out.end(), hit_before);
  return out;
}

// Adds the trace of `hit` to the page unless an earlier page had it. False if the read failed in a
// way that should end the search.
base::Result<void> add_trace(TraceStore& store, TenantId tenant, const TraceSearch& search,
                             const SpanHit& hit, TraceSearchResult& result) {
  ReadTraceOptions options;
  options.budget = search.budget;
  options.budget.rows_max = 0;
  auto read = read_unique_trace(store, tenant, hit.trace_id, options);
  if (!read) {
    // Deleted or dropped between the two reads: it is simply no longer there.
    if (read.error().code == base::ErrorCode::kNotFound) return {};
    return read.error();
  }
  if (read->partial != Partial::kNo) result.partial = read->partial;
  TraceHit out;
  std::vector<SpanHit> matched = matching_hits(search, *read->spans);
  if (matched.empty()) {
    // A duplicate that lost against a better version matched; the version that stays does not.
    return {};
  }
  if (search.after) {
    const SpanHit last{search.after->trace_id, search.after->span_id, search.after->start, 0};
    if (!hit_before(last, matched.front())) return {};
  }
  out.summary = summarize(*read->spans);
  out.matched_count = matched.size();
  if (matched.size() > search.spans_max) matched.resize(search.spans_max);
  out.matched = std::move(matched);
  result.traces.push_back(std::move(out));
  return {};
}

void add_cost(SearchCost& sum, const SearchCost& cost) {
  sum.blocks_total = std::max(sum.blocks_total, cost.blocks_total);
  sum.blocks_scanned += cost.blocks_scanned;
  sum.rows_scanned += cost.rows_scanned;
  sum.bytes_read += cost.bytes_read;
}

}  // namespace

std::vector<std::uint32_t> unique_rows(const SpanBatch& batch) {
  std::unordered_map<SpanKey, std::uint32_t, SpanKeyHash> best;
  best.reserve(batch.size());
  for (std::uint32_t row = 0; row < batch.size(); ++row) {
    const Span& span = batch.spans()[row];
    const SpanKey key{span.trace_id, span.span_id, base::hash64(batch.service_name(span))};
    const auto [found, is_new] = best.emplace(key, row);
    if (is_new) continue;
    if (telemetry::is_better_version(batch, span, batch, batch.spans()[found->second])) {
      found->second = row;
    }
  }
  std::vector<std::uint32_t> rows;
  rows.reserve(best.size());
  for (const auto& [key, row] : best) rows.push_back(row);
  std::sort(rows.begin(), rows.end());
  return rows;
}

namespace {

std::vector<std::uint32_t> distinct_rows(const SpanBatch& batch) {
  std::set<telemetry::SpanHash> seen;
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 0; row < batch.size(); ++row) {
    if (seen.insert(telemetry::span_content_hash(batch, batch.spans()[row])).second) {
      rows.push_back(row);
    }
  }
  return rows;
}

base::Result<TraceRead> read_rows(TraceStore& store, TenantId tenant, const base::TraceId& trace_id,
                                  const ReadTraceOptions& options,
                                  std::vector<std::uint32_t> (*rows_of)(const SpanBatch&)) {
  HG_ASSIGN_OR_RETURN(TraceRead read, store.read_trace(tenant, trace_id, options));
  const std::vector<std::uint32_t> rows = rows_of(*read.spans);
  if (rows.size() < read.spans->size()) {
    auto spans = std::make_shared<SpanBatch>();
    spans->append_copy(*read.spans, rows);
    read.spans = std::move(spans);
  }
  return read;
}

}  // namespace

base::Result<TraceRead> read_unique_trace(TraceStore& store, TenantId tenant,
                                          const base::TraceId& trace_id,
                                          const ReadTraceOptions& options) {
  return read_rows(store, tenant, trace_id, options, unique_rows);
}

base::Result<TraceRead> read_distinct_trace(TraceStore& store, TenantId tenant,
                                            const base::TraceId& trace_id,
                                            const ReadTraceOptions& options) {
  return read_rows(store, tenant, trace_id, options, distinct_rows);
}

TraceSummary summarize(const SpanBatch& batch) {
  TraceSummary out;
  const Span* root = nullptr;
  for (const Span& span : batch.spans()) {
    const base::UnixNanos end = std::max(span.start, span.end);
    if (out.span_count == 0) {
      out.trace_id = span.trace_id;
      out.start = span.start;
      out.end = end;
    }
    out.start = std::min(out.start, span.start);
    out.end = std::max(out.end, end);
    ++out.span_count;
    if (span.status == telemetry::StatusCode::kError) ++out.error_count;
    if (span.parent_span_id.valid()) continue;
    if (root == nullptr ||
        std::tie(span.start, span.span_id) < std::tie(root->start, root->span_id)) {
      root = &span;
    }
  }
  if (root != nullptr) {
    out.has_root = true;
    out.root_name = root->name;
    out.root_service = batch.service_name(*root);
  }
  return out;
}

base::Result<TraceSearchResult> search_traces(TraceStore& store, TenantId tenant,
                                              const TraceSearch& search) {
  TraceSearchResult result;
  std::unordered_set<base::TraceId, base::HexIdHash> seen;
  SpanSearch spans;
  spans.where = search.where;
  spans.time = search.time;
  spans.after = search.after;
  spans.budget = search.budget;
  spans.limit = std::max(search.limit, kHitsPerRound);
  for (int round = 0; round < kRoundsMax; ++round) {
    HG_ASSIGN_OR_RETURN(SearchResult hits, store.search(tenant, spans));
    add_cost(result.cost, hits.cost);
    if (hits.partial != Partial::kNo) result.partial = hits.partial;
    for (std::size_t i = 0; i < hits.hits.size(); ++i) {
      const SpanHit& hit = hits.hits[i];
      if (!seen.insert(hit.trace_id).second) continue;
      if (result.traces.size() == search.limit) {
        // The page ends before this trace: continue after the hit before it.
        if (i > 0) {
          const SpanHit& last = hits.hits[i - 1];
          SearchCursor cursor{last.start, last.trace_id, last.span_id, {}};
          cursor.as_of = hits.as_of;
          result.next = cursor;
        } else {
          result.next = spans.after;
        }
        return result;
      }
      HG_RETURN_IF_ERROR(add_trace(store, tenant, search, hit, result));
    }
    result.next = hits.next;
    if (!hits.next || hits.partial != Partial::kNo) break;
    spans.after = hits.next;
  }
  return result;
}

}  // namespace honeyguide::store
