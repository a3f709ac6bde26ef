// SegmentStore: TraceStore in append-only files of our own (docs/design/0002-segment-store.md).
//
// Data has two lives. Commits append *young* records to one file for all tenants; settle merges
// them, once, into blocks sorted by trace in a folder for each tenant and arrival hour. Files are
// the truth: every index is rebuilt from them.
//
//   DIR/LOCK  DIR/young/N.hgs  DIR/tombstones  DIR/commit-N (a file change in progress)
//   DIR/p/<tenant>/<all|kept>/<hour>/settled-N.{hgs,hgi}  values-N.hgv
//
// With threads: a committer, one that syncs, and a maintenance thread. Without: the owner calls
// poll().
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "store/segment/committer.h"
#include "store/segment/index_file.h"
#include "store/segment/maintenance.h"
#include "store/segment/options.h"
#include "store/segment/reading.h"
#include "store/segment/state.h"
#include "store/trace_store.h"

namespace honeyguide::store::segment {

class SegmentStore final : public TraceStore {
 public:
  // Locks the directory (kAlreadyExists: another process has it), creates it if missing, recovers.
  static base::Result<std::unique_ptr<SegmentStore>> open(SegmentOptions options);
  // Closes; what is queued is committed first.
  ~SegmentStore() override;

  // One round of work without threads: commits what waits, syncs and settles what is due. True if
  // it did anything.
  bool poll();
  // Settles everything that may be settled, closes hours and applies deletions, regardless of when
  // they are due.
  base::Result<void> settle_now();
  // Rebuilds every index of a directory that no store has open from its blocks. Damaged places are
  // left out and named in the log.
  static base::Result<void> repair(SegmentOptions options);

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
  base::Result<void> snapshot(const std::string& directory) override;
  base::Result<void> sync() override;
  TraceStoreStats stats() override;
  base::Result<void> close() override;

 private:
  explicit SegmentStore(SegmentOptions options);
  void start_threads();
  void run_committer();
  void run_sync();
  void run_maintenance();
  // Called between pieces of background work; false: the store closes, give up.
  bool pace();

  StoreState state_;
  SettledCache cache_;
  Committer committer_;
  StoreReads reads_;
  Maintenance maintenance_;
  std::unique_ptr<base::FileLock> lock_;
  std::int64_t next_sync_ns_ = 0;
  std::int64_t paced_ns_ = 0;  // the maintenance thread's
  base::Mutex close_mutex_;
  bool closed_ HG_GUARDED_BY(close_mutex_) = false;
  base::Mutex stop_mutex_;
  base::CondVar stop_changed_;
  bool stopping_ HG_GUARDED_BY(stop_mutex_) = false;
  std::vector<std::thread> threads_;
  std::atomic<std::thread::id> maintenance_thread_;
};

}  // namespace honeyguide::store::segment
