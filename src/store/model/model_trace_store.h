// TraceStore in memory, by the obvious means: a list of batches and full scans. It is the oracle of
// the contract suite and of the simulation, and the store of tests that need no files. Thread-safe
// behind one mutex; an append is stored and acknowledged before the call returns.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/trace_store.h"

namespace honeyguide::store::model {

class ModelTraceStore final : public TraceStore {
 public:
  // Batch ids remembered against resends, oldest forgotten first.
  static constexpr std::size_t kBatchIdsMax = 65'536;

  // Stores and acknowledges before it returns (the model has no queue to wait in).
  void append(AppendRequest request, AppendDone done) override;
  base::Result<TraceRead> read_trace(TenantId tenant, const base::TraceId& trace_id,
                                     const ReadTraceOptions& options) override;
  base::Result<SearchResult> search(TenantId tenant, const SpanSearch& search) override;
  base::Result<std::vector<TraceSummary>> summaries(TenantId tenant,
                                                    const std::vector<base::TraceId>& ids) override;
  base::Result<std::vector<std::string>> services(TenantId tenant) override;
  base::Result<std::vector<Operation>> operations(TenantId tenant,
                                                  std::string_view service) override;
  base::Result<std::vector<AttributeKey>> attribute_keys(TenantId tenant) override;
  base::Result<std::vector<std::string>> attribute_values(TenantId tenant, std::string_view key,
                                                          std::uint32_t limit) override;
  base::Result<LogRead> search_logs(TenantId tenant, const LogSearch& search) override;
  base::Result<Position> replay(Position from,
                                const std::function<bool(const CommittedBatch&)>& sink) override;
  Position last_position() override;
  void hold_settle_after(Position position) override;
  base::Result<RetentionResult> apply_retention(const RetentionPolicy& policy,
                                                base::UnixNanos now) override;
  base::Result<void> delete_trace(TenantId tenant, const base::TraceId& trace_id) override;
  base::Result<void> purge() override;
  // kFailedPrecondition: there are no files to copy.
  base::Result<void> snapshot(const std::string& directory) override;
  TraceStoreStats stats() override;
  base::Result<void> close() override;

 private:
  using TraceKey = std::pair<TenantId, base::TraceId>;

  // Keeps the rows of `batch` for which `keep(trace id)` holds.
  static CommittedBatch filtered(const CommittedBatch& batch,
                                 const std::function<bool(const base::TraceId&)>& keep);
  std::set<TraceKey> error_traces() const HG_REQUIRES(mutex_);

  base::Mutex mutex_;
  std::vector<CommittedBatch> batches_ HG_GUARDED_BY(mutex_);
  std::map<base::Hash128, Position> batch_ids_ HG_GUARDED_BY(mutex_);
  std::deque<base::Hash128> batch_id_order_ HG_GUARDED_BY(mutex_);
  std::uint64_t last_sequence_ HG_GUARDED_BY(mutex_) = 0;
  bool closed_ HG_GUARDED_BY(mutex_) = false;
};

}  // namespace honeyguide::store::model
