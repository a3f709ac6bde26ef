// TraceStore: the contract behind which spans and log records are kept. Two implementations live
// here (store/model in memory, store/segment on disk); a distributed columnar database behind a log
// must be able to be the third, so the contract never promises uniqueness, increments, per-row
// deletes or visibility at the acknowledgement.
//
// Reads may return duplicates of a span (resent, or two copies around a crash); store/read_layer.h
// removes them for everybody. All calls are thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/query.h"
#include "telemetry/log_batch.h"
#include "telemetry/span_batch.h"

namespace honeyguide::store {

// Tenant first in every key. 0 is the tenant "default"; names are mapped by the server.
using TenantId = std::uint32_t;

// Start of the arrival hour (UTC) that data is partitioned and dropped by.
constexpr base::UnixNanos arrival_hour(base::UnixNanos arrival) {
  const base::UnixNanos into = arrival % base::kNanosPerHour;
  return arrival - into - (into < 0 ? base::kNanosPerHour : 0);
}

// Where a record stands in the commit order of one shard. Opaque; ordered within a shard only. One
// machine has one shard, 0. Position 0 stands before the first record.
struct Position {
  std::uint32_t shard = 0;
  std::uint64_t sequence = 0;
  auto operator<=>(const Position&) const = default;
};

struct Ack {
  Position position;     // of the last row of the batch
  bool durable = false;  // survives what the sync policy promises
  bool visible = false;  // found by id and by search from now on
};

struct AppendRequest {
  TenantId tenant = 0;
  telemetry::SpanBatchPtr spans;  // may be null
  telemetry::LogBatchPtr logs;    // may be null
  // Equal ids in the store's window are stored once; zero: none. A deletion or purge ends the
  // window.
  base::Hash128 batch_id;
  base::UnixNanos arrival = 0;  // decides partition and retention; the store reads no clock
};
// Called once, from any thread, never from within append() itself. Must not block.
using AppendDone = std::function<void(base::Result<Ack>)>;

// What a read may cost before it is cut to a partial answer.
struct ReadBudget {
  std::uint64_t rows_max = 0;             // rows returned; 0: no limit
  std::uint64_t bytes_max = 64ull << 20;  // memory of the answer
  std::int64_t deadline_steady_ns = 0;    // on the store's clock; 0: none
  std::stop_token stop;                   // the client went away
};

// Why an answer is not whole.
enum class Partial : std::uint8_t { kNo, kDeadline, kBytes, kRows, kCancelled, kDamaged };
// "deadline", "bytes", ...; empty for kNo.
std::string_view partial_reason(Partial partial);

// Spans of one trace, in any order, possibly with duplicates. `next` continues a cut answer.
struct TraceRead {
  telemetry::SpanBatchPtr spans;
  Partial partial = Partial::kNo;
  std::optional<std::uint64_t> next;  // token for ReadTraceOptions::from
};
struct ReadTraceOptions {
  ReadBudget budget;
  std::uint64_t from = 0;
};

// Continues a search after a hit. `as_of` pins the answer to what was committed before the first
// page, so that pages neither repeat nor skip while data arrives.
struct SearchCursor {
  base::UnixNanos start = 0;
  base::TraceId trace_id;
  base::SpanId span_id;
  Position as_of;
};

struct SpanSearch {
  Predicate where;  // compiled
  TimeRange time;   // on span start
  std::optional<SearchCursor> after;
  std::uint32_t limit = 1000;  // hits
  ReadBudget budget;
};

struct SpanHit {
  base::TraceId trace_id;
  base::SpanId span_id;
  base::UnixNanos start = 0;
  std::int64_t duration_ns = 0;
};

// What a search did, shown to its user.
struct SearchCost {
  std::uint64_t blocks_total = 0;
  std::uint64_t blocks_scanned = 0;
  std::uint64_t rows_scanned = 0;
  std::uint64_t bytes_read = 0;
};

// Hits by start time, newest first; equal times by trace id, then span id, ascending.
struct SearchResult {
  std::vector<SpanHit> hits;
  std::optional<SearchCursor> next;  // there is more
  Position as_of;                    // what was committed when the first page was asked for
  Partial partial = Partial::kNo;
  SearchCost cost;
};

// A fold of partial summaries; exact for what is committed, recomputed at every read. Duplicates of
// a span count once only after the read layer; here span_count may count them.
struct TraceSummary {
  base::TraceId trace_id;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;
  std::uint64_t span_count = 0;
  std::uint64_t error_count = 0;
  std::string root_service;  // empty while no root span has arrived
  std::string root_name;
  bool has_root = false;
};

struct Operation {
  std::string name;
  telemetry::SpanKind kind = telemetry::SpanKind::kUnspecified;
  auto operator<=>(const Operation&) const = default;
};

struct AttributeKey {
  std::string key;
  std::uint8_t scopes = 0;   // Scopes bits it was seen in
  std::uint64_t blocks = 0;  // in how many blocks: a measure of how common it is
};

struct LogSearch {
  std::optional<base::TraceId> trace_id;
  TimeRange time;              // on LogRecord::effective_time()
  std::uint32_t limit = 1000;  // newest first
  ReadBudget budget;
};
struct LogRead {
  telemetry::LogBatchPtr logs;
  Partial partial = Partial::kNo;
};

// One committed batch, handed to replay in commit order.
struct CommittedBatch {
  Position position;  // of its last row
  TenantId tenant = 0;
  base::UnixNanos arrival = 0;
  telemetry::SpanBatchPtr spans;  // null if it held none
  telemetry::LogBatchPtr logs;
  // The sender marked it as history. Not stored: false after a replay.
  bool backfill = false;
};

struct RetentionPolicy {
  std::int64_t age_ns = 24 * base::kNanosPerHour;         // by arrival
  std::int64_t errors_age_ns = 72 * base::kNanosPerHour;  // traces with an error span
  std::uint64_t bytes_max = 0;                            // 0: no cap; else oldest hour first
};
struct RetentionResult {
  std::uint64_t partitions_dropped = 0;
  std::uint64_t bytes_freed = 0;
  std::uint64_t rows_kept_for_errors = 0;
};

// A named share of the memory budget.
struct PoolUse {
  std::string name;
  std::uint64_t used_bytes = 0;
  std::uint64_t limit_bytes = 0;
};

struct TraceStoreStats {
  std::uint64_t spans = 0;  // rows on disk, duplicates included
  std::uint64_t logs = 0;
  std::uint64_t bytes = 0;        // on disk
  std::uint64_t young_bytes = 0;  // not yet settled
  std::uint64_t young_blocks = 0;
  std::uint64_t settled_blocks = 0;
  std::uint64_t partitions = 0;
  std::uint64_t quarantined_records = 0;
  std::uint64_t memory_bytes = 0;  // young index, block directory, caches
  std::vector<PoolUse> pools;
  base::UnixNanos oldest_arrival = 0;
  Position last_position;
};

class TraceStore {
 public:
  virtual ~TraceStore() = default;

  // Takes the batch into the commit queue. `done` gets kResourceExhausted (queue or disk full; the
  // sender should retry later), kUnavailable (write failed; retry) or the acknowledgement.
  // Acknowledgements of new batches come in the order of their positions, and all rows up to a
  // position belong to batches acknowledged by then.
  virtual void append(AppendRequest request, AppendDone done) = 0;

  // kNotFound if no span of the trace is stored. A miss is as cheap as a hit.
  virtual base::Result<TraceRead> read_trace(TenantId tenant, const base::TraceId& trace_id,
                                             const ReadTraceOptions& options) = 0;

  virtual base::Result<SearchResult> search(TenantId tenant, const SpanSearch& search) = 0;

  // One per id that is stored, in the order of `ids`; unknown ids are left out.
  virtual base::Result<std::vector<TraceSummary>> summaries(
      TenantId tenant, const std::vector<base::TraceId>& ids) = 0;

  virtual base::Result<std::vector<std::string>> services(TenantId tenant) = 0;
  // Of one service, or of all if `service` is empty. Sorted.
  virtual base::Result<std::vector<Operation>> operations(TenantId tenant,
                                                          std::string_view service) = 0;
  virtual base::Result<std::vector<AttributeKey>> attribute_keys(TenantId tenant) = 0;
  // Distinct canonical texts of an attribute's values, sorted, at most `limit`, from the newest
  // blocks first.
  virtual base::Result<std::vector<std::string>> attribute_values(TenantId tenant,
                                                                  std::string_view key,
                                                                  std::uint32_t limit) = 0;

  virtual base::Result<LogRead> search_logs(TenantId tenant, const LogSearch& search) = 0;

  // Hands every batch after `from` to `sink` in commit order until it returns false. The order is
  // that of the commits as long as settle has not passed `from` (see hold_settle_after); older data
  // comes in any order. Positions never fall; while one stays the same, the rows up to it have not
  // all been handed out, and a replay from it gives some again. Gives the last position reached.
  virtual base::Result<Position> replay(Position from,
                                        const std::function<bool(const CommittedBatch&)>& sink) = 0;
  virtual Position last_position() = 0;
  // Data after `position` keeps its commit order: the analytics checkpoint. Never moves back.
  virtual void hold_settle_after(Position position) = 0;

  virtual base::Result<RetentionResult> apply_retention(const RetentionPolicy& policy,
                                                        base::UnixNanos now) = 0;
  // Hidden at once, gone from the files at the next settle or rewrite. Unknown ids are no error.
  // Spans and logs of the trace that are committed by now; what arrives later is stored again.
  virtual base::Result<void> delete_trace(TenantId tenant, const base::TraceId& trace_id) = 0;
  // Everything of every tenant. Positions go on from where they were.
  virtual base::Result<void> purge() = 0;
  // A consistent copy in `directory`, which must not exist yet; the store goes on working.
  virtual base::Result<void> snapshot(const std::string& directory) = 0;

  // What is committed by now survives power loss, whatever the store's policy.
  virtual base::Result<void> sync() { return {}; }

  virtual TraceStoreStats stats() = 0;

  // Commits what is queued, syncs, and refuses appends from then on. Idempotent.
  virtual base::Result<void> close() = 0;
};

// Waits for the acknowledgement: for tests, import and other callers without a completion of their
// own.
base::Result<Ack> append_and_wait(TraceStore& store, AppendRequest request);

}  // namespace honeyguide::store
