// What the senders know: every batch they sent, cut into parts of one trace, and of each part
// whether it must be in the store (acknowledged, and covered by what the sync policy promises) and
// whether it may be there (sent, and neither deleted nor known to be lost).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/model/model_trace_store.h"
#include "store/trace_store.h"

namespace honeyguide::sim {

struct Part {
  store::TenantId tenant = 0;
  base::TraceId trace;
  std::vector<std::uint32_t> rows;  // of the batch
  std::vector<telemetry::SpanHash> hashes;
  bool has_error = false;
  bool must = false;
  bool may = true;
};

struct SentBatch {
  store::AppendRequest request;
  std::vector<Part> parts;
  bool acknowledged = false;
  bool durable = false;  // the policy's promise covers power loss
  bool may_be_resent = true;
  std::int64_t acknowledged_ns = 0;  // steady
};

class Ledger {
 public:
  // The number of the new batch. Its spans are in no other batch.
  std::size_t add(store::AppendRequest request);
  SentBatch& batch(std::size_t number) { return batches_[number]; }
  std::size_t size() const { return batches_.size(); }

  void acknowledged(std::size_t number, std::int64_t steady_ns, bool durable);
  // It is sent once more.
  void sent_again(std::size_t number);
  // All that was acknowledged at or before `steady_ns` survives power loss.
  void durable_until(std::int64_t steady_ns);
  void power_lost();
  // `done`: the store said so; otherwise the trace may be there or not.
  void deleted(store::TenantId tenant, const base::TraceId& trace, bool done);
  // Takes the promise from what retention may drop at `now`.
  void expire(const store::RetentionPolicy& policy, base::UnixNanos now);
  // What is left after retention did all that it could: kept errors, and what is young enough.
  void expired_is_gone(const store::RetentionPolicy& policy, base::UnixNanos now);

  // Compares with all that the store holds; the first contradiction, or "". `settled_fate`: nothing
  // is on its way, so that what is not there now will never be.
  std::string check(store::TraceStore& store, bool settled_fate);
  // The spans that check() found, in the store that is plain enough to be believed.
  std::unique_ptr<store::model::ModelTraceStore> model() const;

  std::size_t spans_promised() const;
  std::set<store::TenantId> tenants() const;
  std::vector<std::pair<store::TenantId, base::TraceId>> traces() const;

 private:
  using Content = std::map<base::TraceId, std::set<telemetry::SpanHash>>;
  std::string read_tenant(store::TraceStore& store, store::TenantId tenant, Content& content) const;
  std::string check_part(Part& part, bool settled_fate, Content& unexplained);
  // Traces with an error span: one that must be there, or any that was ever sent.
  std::set<std::pair<store::TenantId, base::TraceId>> error_traces(bool promised) const;

  std::vector<SentBatch> batches_;
  std::map<store::TenantId, Content> found_;
};

}  // namespace honeyguide::sim
