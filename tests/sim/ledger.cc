#include "tests/sim/ledger.h"

#include <algorithm>
#include <tuple>

namespace honeyguide::sim {
namespace {

bool is_expired(base::UnixNanos arrival, std::int64_t age_ns, base::UnixNanos now) {
  return store::arrival_hour(arrival) + base::kNanosPerHour <= now - age_ns;
}

}  // namespace

std::size_t Ledger::add(store::AppendRequest request) {
  SentBatch sent;
  std::map<base::TraceId, Part> parts;
  const auto& spans = request.spans->spans();
  for (std::uint32_t row = 0; row < spans.size(); ++row) {
    Part& part = parts[spans[row].trace_id];
    part.tenant = request.tenant;
    part.trace = spans[row].trace_id;
    part.rows.push_back(row);
    part.hashes.push_back(telemetry::span_content_hash(*request.spans, spans[row]));
    part.has_error = part.has_error || spans[row].status == telemetry::StatusCode::kError;
  }
  for (auto& [trace, part] : parts) sent.parts.push_back(std::move(part));
  sent.request = std::move(request);
  batches_.push_back(std::move(sent));
  return batches_.size() - 1;
}

void Ledger::acknowledged(std::size_t number, std::int64_t steady_ns, bool durable) {
  SentBatch& sent = batches_[number];
  sent.acknowledged = true;
  sent.acknowledged_ns = steady_ns;
  sent.durable = durable;
  for (Part& part : sent.parts) part.must = true;
}

void Ledger::sent_again(std::size_t number) {
  for (Part& part : batches_[number].parts) part.may = true;
}

void Ledger::durable_until(std::int64_t steady_ns) {
  for (SentBatch& sent : batches_) {
    sent.durable = sent.durable || (sent.acknowledged && sent.acknowledged_ns <= steady_ns);
  }
}

void Ledger::power_lost() {
  for (SentBatch& sent : batches_) {
    if (sent.durable) continue;
    for (Part& part : sent.parts) part.must = false;
  }
}

void Ledger::deleted(store::TenantId tenant, const base::TraceId& trace, bool done) {
  for (SentBatch& sent : batches_) {
    for (Part& part : sent.parts) {
      if (part.tenant != tenant || part.trace != trace) continue;
      part.must = false;
      if (done) part.may = false;
      sent.may_be_resent = false;
    }
  }
}

std::set<std::pair<store::TenantId, base::TraceId>> Ledger::error_traces(bool promised) const {
  std::set<std::pair<store::TenantId, base::TraceId>> out;
  for (const SentBatch& sent : batches_) {
    for (const Part& part : sent.parts) {
      if (part.has_error && (part.must || !promised)) out.insert({part.tenant, part.trace});
    }
  }
  return out;
}

void Ledger::expire(const store::RetentionPolicy& policy, base::UnixNanos now) {
  for (SentBatch& sent : batches_) {
    if (!is_expired(sent.request.arrival, policy.errors_age_ns, now)) continue;
    for (Part& part : sent.parts) part.must = false;
  }
  const auto errors = error_traces(true);
  for (SentBatch& sent : batches_) {
    if (!is_expired(sent.request.arrival, policy.age_ns, now)) continue;
    for (Part& part : sent.parts)
      part.must = part.must && errors.contains({part.tenant, part.trace});
  }
}

void Ledger::expired_is_gone(const store::RetentionPolicy& policy, base::UnixNanos now) {
  const auto errors = error_traces(false);
  for (SentBatch& sent : batches_) {
    const bool old = is_expired(sent.request.arrival, policy.age_ns, now);
    const bool very_old = is_expired(sent.request.arrival, policy.errors_age_ns, now);
    for (Part& part : sent.parts) {
      if (very_old || (old && !errors.contains({part.tenant, part.trace}))) part.may = false;
    }
  }
}

std::set<store::TenantId> Ledger::tenants() const {
  std::set<store::TenantId> out;
  for (const SentBatch& sent : batches_) out.insert(sent.request.tenant);
  return out;
}

std::vector<std::pair<store::TenantId, base::TraceId>> Ledger::traces() const {
  std::set<std::pair<store::TenantId, base::TraceId>> out;
  for (const SentBatch& sent : batches_) {
    for (const Part& part : sent.parts) out.insert({part.tenant, part.trace});
  }
  return {out.begin(), out.end()};
}

std::string Ledger::read_tenant(store::TraceStore& store, store::TenantId tenant,
                                Content& content) const {
  std::set<std::tuple<base::UnixNanos, base::TraceId, base::SpanId>> by_id;
  for (const auto& [owner, trace] : traces()) {
    if (owner != tenant) continue;
    const auto read = store.read_trace(tenant, trace, {});
    if (!read && read.error().code == base::ErrorCode::kNotFound) continue;
    if (!read) return "a trace cannot be read: " + read.error().to_string();
    if (read->partial != store::Partial::kNo) return "a trace is read in part only";
    for (const auto& span : read->spans->spans()) {
      content[trace].insert(telemetry::span_content_hash(*read->spans, span));
      by_id.insert({span.start, span.trace_id, span.span_id});
    }
  }
  store::SpanSearch all;
  all.limit = 1'000'000;
  const auto found = store.search(tenant, all);
  if (!found) return "no search: " + found.error().to_string();
  if (found->partial != store::Partial::kNo) return "a search is answered in part only";
  std::set<std::tuple<base::UnixNanos, base::TraceId, base::SpanId>> by_search;
  for (const auto& hit : found->hits) by_search.insert({hit.start, hit.trace_id, hit.span_id});
  if (by_search != by_id) {
    return "a search finds " + std::to_string(by_search.size()) + " spans, reads by id " +
           std::to_string(by_id.size());
  }
  return "";
}

std::string Ledger::check_part(Part& part, bool settled_fate, Content& unexplained) {
  const Content& content = found_[part.tenant];
  const auto trace = content.find(part.trace);
  std::size_t count = 0;
  if (trace != content.end()) {
    for (const auto& hash : part.hashes) count += trace->second.contains(hash);
  }
  const std::string what = "trace " + part.trace.to_hex() + " of tenant " +
                           std::to_string(part.tenant) + ": " + std::to_string(count) + " of " +
                           std::to_string(part.hashes.size()) + " spans of a batch are there";
  if (part.must && count < part.hashes.size()) return what + ", it was acknowledged";
  if (!part.may && count != 0) return what + ", they were deleted or lost";
  if (part.may && count != 0 && count != part.hashes.size()) return what;
  if (part.may) {
    for (const auto& hash : part.hashes) unexplained[part.trace].erase(hash);
  }
  if (settled_fate) part.may = count != 0;
  return "";
}

std::string Ledger::check(store::TraceStore& store, bool settled_fate) {
  found_.clear();
  for (const store::TenantId tenant : tenants()) {
    Content& content = found_[tenant];
    if (std::string problem = read_tenant(store, tenant, content); !problem.empty()) return problem;
    Content unexplained = content;
    for (SentBatch& sent : batches_) {
      if (sent.request.tenant != tenant) continue;
      for (Part& part : sent.parts) {
        if (auto problem = check_part(part, settled_fate, unexplained); !problem.empty()) {
          return problem;
        }
      }
    }
    for (const auto& [trace, hashes] : unexplained) {
      if (!hashes.empty()) return "trace " + trace.to_hex() + " has spans that nobody sent";
    }
  }
  return "";
}

std::unique_ptr<store::model::ModelTraceStore> Ledger::model() const {
  auto out = std::make_unique<store::model::ModelTraceStore>();
  for (const SentBatch& sent : batches_) {
    std::vector<std::uint32_t> rows;
    for (const Part& part : sent.parts) {
      const auto tenant = found_.find(part.tenant);
      if (!part.may || tenant == found_.end()) continue;
      const auto trace = tenant->second.find(part.trace);
      if (trace == tenant->second.end()) continue;
      for (std::size_t i = 0; i < part.rows.size(); ++i) {
        if (trace->second.contains(part.hashes[i])) rows.push_back(part.rows[i]);
      }
    }
    if (rows.empty()) continue;
    std::sort(rows.begin(), rows.end());
    auto copy = std::make_shared<telemetry::SpanBatch>();
    copy->append_copy(*sent.request.spans, rows);
    (void)store::append_and_wait(
        *out, {sent.request.tenant, std::move(copy), nullptr, {}, sent.request.arrival});
  }
  return out;
}

std::size_t Ledger::spans_promised() const {
  std::size_t out = 0;
  for (const SentBatch& sent : batches_) {
    for (const Part& part : sent.parts) out += part.must ? part.rows.size() : 0;
  }
  return out;
}

}  // namespace honeyguide::sim
