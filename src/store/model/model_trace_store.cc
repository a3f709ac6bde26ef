#include "store/model/model_trace_store.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "store/read_layer.h"

namespace honeyguide::store::model {
namespace {

using telemetry::Range;
using telemetry::Span;
using telemetry::SpanBatch;

bool hit_before(const SpanHit& a, const SpanHit& b) {
  if (a.start != b.start) return a.start > b.start;
  return std::tie(a.trace_id, a.span_id) < std::tie(b.trace_id, b.span_id);
}

// Calls visit(attributes, scope bit) for each attribute list a span carries.
template <typename Visit>
void each_attribute_list(const SpanBatch& batch, const Span& span, Visit visit) {
  visit(span.attributes, kScopeSpan);
  visit(batch.resources()[span.resource].attributes, kScopeResource);
  visit(batch.scopes()[span.scope].attributes, kScopeInstrumentation);
  for (const auto& event : batch.events(span.events)) visit(event.attributes, kScopeEvent);
  for (const auto& link : batch.links(span.links)) visit(link.attributes, kScopeLink);
}

}  // namespace

void ModelTraceStore::append(AppendRequest request, AppendDone done) {
  base::Result<Ack> ack = base::Error{base::ErrorCode::kUnavailable, "the store is closed"};
  {
    base::MutexLock lock(mutex_);
    const auto known = batch_ids_.find(request.batch_id);
    if (closed_) {
      // Refused below, outside the lock.
    } else if (request.batch_id != base::Hash128{} && known != batch_ids_.end()) {
      ack = Ack{known->second, true, true};
    } else {
      const std::uint64_t rows = (request.spans ? request.spans->size() : 0) +
                                 (request.logs ? request.logs->records.size() : 0);
      last_sequence_ += rows;
      const Position position{0, last_sequence_};
      if (rows > 0) {
        batches_.push_back({position, request.tenant, request.arrival, std::move(request.spans),
                            std::move(request.logs)});
      }
      batch_ids_[request.batch_id] = position;
      batch_id_order_.push_back(request.batch_id);
      if (batch_id_order_.size() > kBatchIdsMax) {
        batch_ids_.erase(batch_id_order_.front());
        batch_id_order_.pop_front();
      }
      ack = Ack{position, true, true};
    }
  }
  done(std::move(ack));
}

base::Result<TraceRead> ModelTraceStore::read_trace(TenantId tenant, const base::TraceId& trace_id,
                                                    const ReadTraceOptions& options) {
  base::MutexLock lock(mutex_);
  auto out = std::make_shared<SpanBatch>();
  TraceRead read;
  std::uint64_t found = 0;
  for (const CommittedBatch& batch : batches_) {
    if (batch.tenant != tenant || !batch.spans) continue;
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < batch.spans->size(); ++row) {
      if (batch.spans->spans()[row].trace_id != trace_id) continue;
      const std::uint64_t index = found++;
      if (index < options.from || read.next) continue;
      if (options.budget.rows_max > 0 && out->size() + rows.size() >= options.budget.rows_max) {
        read.next = index;
        read.partial = Partial::kRows;
        continue;
      }
      rows.push_back(row);
    }
    out->append_copy(*batch.spans, rows);
  }
  if (found == 0) {
    return base::Error{base::ErrorCode::kNotFound, "trace " + trace_id.to_hex() + " is not stored"};
  }
  read.spans = std::move(out);
  return read;
}

base::Result<SearchResult> ModelTraceStore::search(TenantId tenant, const SpanSearch& search) {
  base::MutexLock lock(mutex_);
  SearchResult result;
  const Position as_of = search.after ? search.after->as_of : Position{0, last_sequence_};
  result.as_of = as_of;
  std::vector<SpanHit> hits;
  for (const CommittedBatch& batch : batches_) {
    if (batch.tenant != tenant || !batch.spans || batch.position > as_of) continue;
    ++result.cost.blocks_total;
    ++result.cost.blocks_scanned;
    for (const Span& span : batch.spans->spans()) {
      ++result.cost.rows_scanned;
      if (!search.time.contains(span.start)) continue;
      const SpanHit hit{span.trace_id, span.span_id, span.start, span.duration_ns()};
      if (search.after) {
        const SpanHit last{search.after->trace_id, search.after->span_id, search.after->start, 0};
        if (!hit_before(last, hit)) continue;
      }
      if (matches(search.where, *batch.spans, span)) hits.push_back(hit);
    }
  }
  std::stable_sort(hits.begin(), hits.end(), hit_before);
  if (hits.size() > search.limit) {
    hits.resize(search.limit);
    if (!hits.empty()) {
      const SpanHit& last = hits.back();
      result.next = SearchCursor{last.start, last.trace_id, last.span_id, as_of};
    }
  }
  result.hits = std::move(hits);
  return result;
}

base::Result<std::vector<TraceSummary>> ModelTraceStore::summaries(
    TenantId tenant, const std::vector<base::TraceId>& ids) {
  std::vector<TraceSummary> out;
  for (const base::TraceId& id : ids) {
    const auto read = read_trace(tenant, id, {});
    if (read) out.push_back(summarize(*read->spans));
  }
  return out;
}

base::Result<std::vector<std::string>> ModelTraceStore::services(TenantId tenant) {
  base::MutexLock lock(mutex_);
  std::set<std::string> found;
  for (const CommittedBatch& batch : batches_) {
    if (batch.tenant != tenant || !batch.spans) continue;
    for (const Span& span : batch.spans->spans()) {
      found.emplace(batch.spans->service_name(span));
    }
  }
  found.erase("");
  return std::vector<std::string>(found.begin(), found.end());
}

base::Result<std::vector<Operation>> ModelTraceStore::operations(TenantId tenant,
                                                                 std::string_view service) {
  base::MutexLock lock(mutex_);
  std::set<Operation> found;
  for (const CommittedBatch& batch : batches_) {
    if (batch.tenant != tenant || !batch.spans) continue;
    for (const Span& span : batch.spans->spans()) {
      if (!service.empty() && batch.spans->service_name(span) != service) continue;
      found.insert({std::string(span.name), span.kind});
    }
  }
  return std::vector<Operation>(found.begin(), found.end());
}

base::Result<std::vector<AttributeKey>> ModelTraceStore::attribute_keys(TenantId tenant) {
  base::MutexLock lock(mutex_);
  std::map<std::string, AttributeKey> found;
  for (const CommittedBatch& batch : batches_) {
    if (batch.tenant != tenant || !batch.spans) continue;
    std::map<std::string, std::uint8_t> in_block;
    for (const Span& span : batch.spans->spans()) {
      each_attribute_list(*batch.spans, span, [&](Range range, std::uint8_t scope) {
        for (const auto& attribute : batch.spans->attributes(range)) {
          in_block[std::string(batch.spans->key(attribute))] |= scope;
        }
      });
    }
    for (const auto& [key, scopes] : in_block) {
      AttributeKey& entry = found[key];
      entry.key = key;
      entry.scopes |= scopes;
      ++entry.blocks;
    }
  }
  std::vector<AttributeKey> out;
  for (auto& [key, entry] : found) out.push_back(std::move(entry));
  return out;
}

base::Result<std::vector<std::string>> ModelTraceStore::attribute_values(TenantId tenant,
                                                                         std::string_view key,
                                                                         std::uint32_t limit) {
  base::MutexLock lock(mutex_);
  std::set<std::string> found;
  for (auto batch = batches_.rbegin(); batch != batches_.rend(); ++batch) {
    if (batch->tenant != tenant || !batch->spans) continue;
    for (const Span& span : batch->spans->spans()) {
      each_attribute_list(*batch->spans, span, [&](Range range, std::uint8_t) {
        for (const auto& attribute : batch->spans->attributes(range)) {
          if (batch->spans->key(attribute) != key || found.size() >= limit) continue;
          found.insert(telemetry::canonical_text(attribute.value));
        }
      });
    }
  }
  return std::vector<std::string>(found.begin(), found.end());
}

base::Result<LogRead> ModelTraceStore::search_logs(TenantId tenant, const LogSearch& search) {
  base::MutexLock lock(mutex_);
  struct Found {
    base::UnixNanos time;
    const telemetry::LogBatch* batch;
    std::uint32_t row;
  };
  std::vector<Found> found;
  for (const CommittedBatch& batch : batches_) {
    if (batch.tenant != tenant || !batch.logs) continue;
    for (std::uint32_t row = 0; row < batch.logs->records.size(); ++row) {
      const auto& record = batch.logs->records[row];
      if (search.trace_id && record.trace_id != *search.trace_id) continue;
      if (!search.time.contains(record.effective_time())) continue;
      found.push_back({record.effective_time(), batch.logs.get(), row});
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.time > b.time; });
  LogRead read;
  if (found.size() > search.limit) {
    found.resize(search.limit);
    read.partial = Partial::kRows;
  }
  auto out = std::make_shared<telemetry::LogBatch>();
  for (const Found& hit : found) telemetry::append_copy(*out, *hit.batch, {&hit.row, 1});
  read.logs = std::move(out);
  return read;
}

base::Result<Position> ModelTraceStore::replay(
    Position from, const std::function<bool(const CommittedBatch&)>& sink) {
  std::vector<CommittedBatch> batches;
  {
    base::MutexLock lock(mutex_);
    batches = batches_;
  }
  Position reached = from;
  for (const CommittedBatch& batch : batches) {
    if (batch.position <= from) continue;
    reached = batch.position;
    if (!sink(batch)) break;
  }
  return reached;
}

Position ModelTraceStore::last_position() {
  base::MutexLock lock(mutex_);
  return {0, last_sequence_};
}

void ModelTraceStore::hold_settle_after(Position) {}

std::set<ModelTraceStore::TraceKey> ModelTraceStore::error_traces() const {
  std::set<TraceKey> out;
  for (const CommittedBatch& batch : batches_) {
    if (!batch.spans) continue;
    for (const Span& span : batch.spans->spans()) {
      if (span.status == telemetry::StatusCode::kError) out.emplace(batch.tenant, span.trace_id);
    }
  }
  return out;
}

CommittedBatch ModelTraceStore::filtered(const CommittedBatch& batch,
                                         const std::function<bool(const base::TraceId&)>& keep) {
  CommittedBatch out = batch;
  std::vector<std::uint32_t> rows;
  if (batch.spans) {
    for (std::uint32_t row = 0; row < batch.spans->size(); ++row) {
      if (keep(batch.spans->spans()[row].trace_id)) rows.push_back(row);
    }
    auto spans = std::make_shared<SpanBatch>();
    spans->append_copy(*batch.spans, rows);
    out.spans = rows.empty() ? nullptr : std::move(spans);
  }
  rows.clear();
  if (batch.logs) {
    for (std::uint32_t row = 0; row < batch.logs->records.size(); ++row) {
      if (keep(batch.logs->records[row].trace_id)) rows.push_back(row);
    }
    auto logs = std::make_shared<telemetry::LogBatch>();
    telemetry::append_copy(*logs, *batch.logs, rows);
    out.logs = rows.empty() ? nullptr : std::move(logs);
  }
  return out;
}

base::Result<RetentionResult> ModelTraceStore::apply_retention(const RetentionPolicy& policy,
                                                               base::UnixNanos now) {
  base::MutexLock lock(mutex_);
  const std::set<TraceKey> errors = error_traces();
  RetentionResult result;
  std::vector<CommittedBatch> kept;
  for (const CommittedBatch& batch : batches_) {
    const base::UnixNanos hour_end = arrival_hour(batch.arrival) + base::kNanosPerHour;
    if (hour_end > now - policy.age_ns) {
      kept.push_back(batch);
    } else if (hour_end > now - policy.errors_age_ns) {
      CommittedBatch rest = filtered(batch, [&](const base::TraceId& id) {
        return errors.contains({batch.tenant, id});
      });
      if (rest.spans) result.rows_kept_for_errors += rest.spans->size();
      if (rest.logs) result.rows_kept_for_errors += rest.logs->records.size();
      if (rest.spans || rest.logs) kept.push_back(std::move(rest));
    }
  }
  batches_ = std::move(kept);
  return result;
}

base::Result<void> ModelTraceStore::delete_trace(TenantId tenant, const base::TraceId& trace_id) {
  base::MutexLock lock(mutex_);
  for (CommittedBatch& batch : batches_) {
    if (batch.tenant != tenant) continue;
    batch = filtered(batch, [&](const base::TraceId& id) { return id != trace_id; });
  }
  std::erase_if(batches_, [](const CommittedBatch& b) { return !b.spans && !b.logs; });
  batch_ids_.clear();
  batch_id_order_.clear();
  return {};
}

base::Result<void> ModelTraceStore::purge() {
  base::MutexLock lock(mutex_);
  batches_.clear();
  batch_ids_.clear();
  batch_id_order_.clear();
  return {};
}

base::Result<void> ModelTraceStore::snapshot(const std::string& directory) {
  return base::Error{base::ErrorCode::kFailedPrecondition,
                     "the store in memory has no files to copy to " + directory};
}

TraceStoreStats ModelTraceStore::stats() {
  base::MutexLock lock(mutex_);
  TraceStoreStats out;
  for (const CommittedBatch& batch : batches_) {
    if (batch.spans) {
      out.spans += batch.spans->size();
      out.memory_bytes += batch.spans->size_bytes();
    }
    if (batch.logs) out.logs += batch.logs->records.size();
    if (out.oldest_arrival == 0 || batch.arrival < out.oldest_arrival) {
      out.oldest_arrival = batch.arrival;
    }
  }
  out.young_blocks = batches_.size();
  out.last_position = {0, last_sequence_};
  return out;
}

base::Result<void> ModelTraceStore::close() {
  base::MutexLock lock(mutex_);
  closed_ = true;
  return {};
}

}  // namespace honeyguide::store::model
