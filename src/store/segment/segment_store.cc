#include "store/segment/segment_store.h"

#include <algorithm>
#include <chrono>

#include "store/read_layer.h"
#include "store/segment/recovery.h"

namespace honeyguide::store::segment {
namespace {

// Between pieces of background work that nobody waits for: that many times the work itself.
constexpr int kRestFactor = 3;
constexpr std::chrono::milliseconds kRestMax{20};
// How often due work is looked for.
constexpr std::chrono::milliseconds kMaintenancePeriod{100};

}  // namespace

SegmentStore::SegmentStore(SegmentOptions options)
    : state_(std::move(options)),
      cache_(state_.options.fs, state_.options.index_cache_bytes_max,
             state_.options.open_files_max),
      committer_(state_),
      reads_(state_, cache_),
      maintenance_(state_, cache_, committer_) {}

base::Result<std::unique_ptr<SegmentStore>> SegmentStore::open(SegmentOptions options) {
  HG_RETURN_IF_ERROR(options.fs.create_directories(options.directory));
  std::unique_ptr<SegmentStore> store(new SegmentStore(std::move(options)));
  const SegmentOptions& kept = store->state_.options;
  HG_ASSIGN_OR_RETURN(store->lock_, kept.fs.lock(kept.directory + "/LOCK"));
  HG_RETURN_IF_ERROR(store->maintenance_.load_tombstones());
  HG_RETURN_IF_ERROR(Recovery(store->state_).run(false));
  store->next_sync_ns_ = kept.clock.steady_ns() + kept.sync_interval_ns;
  if (kept.threads) store->start_threads();
  return store;
}

SegmentStore::~SegmentStore() {
  (void)close();
}

void SegmentStore::start_threads() {
  maintenance_.set_pace([this] { return pace(); });
  threads_.emplace_back([this] { run_committer(); });
  threads_.emplace_back([this] { run_sync(); });
  threads_.emplace_back([this] { run_maintenance(); });
  maintenance_thread_ = threads_.back().get_id();
}

void SegmentStore::run_committer() {
  for (;;) {
    committer_.wait();
    if (committer_.commit_once() == 0 && committer_.stopped()) return;
  }
}

void SegmentStore::run_sync() {
  const base::Clock& clock = state_.options.clock;
  std::int64_t next_sync = clock.steady_ns() + state_.options.sync_interval_ns;
  for (;;) {
    {
      base::MutexLock lock(stop_mutex_);
      if (stopping_) return;
      stop_changed_.wait_for(stop_mutex_, kMaintenancePeriod);
      if (stopping_) return;
    }
    base::Result<void> result;
    // Here and not by settle, which may be busy: a file that grew meanwhile would take it longer
    // still, and memory by its rows.
    if (committer_.rotation_due()) {
      if (auto rotated = committer_.rotate(); !rotated) result = rotated.error();
    }
    if (result && clock.steady_ns() >= next_sync) {
      next_sync = clock.steady_ns() + state_.options.sync_interval_ns;
      result = committer_.sync();
    }
    if (!result) state_.log(base::LogLevel::kError, result.error().to_string());
  }
}

bool SegmentStore::pace() {
  {
    base::MutexLock lock(stop_mutex_);
    if (stopping_) return false;
  }
  // A quarter of a core, so that commits and queries hardly notice; all that can be had once settle
  // falls behind, for then the alternative is to refuse senders. (A low thread priority would do
  // the first and make the second impossible: under a flood it gets a thirtieth of a core.)
  if (std::this_thread::get_id() != maintenance_thread_ || maintenance_.is_behind()) return true;
  const std::int64_t now = state_.options.clock.steady_ns();
  const std::chrono::nanoseconds worked(std::max<std::int64_t>(now - paced_ns_, 0));
  std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(worked * kRestFactor, kRestMax));
  paced_ns_ = state_.options.clock.steady_ns();
  return true;
}

void SegmentStore::run_maintenance() {
  for (;;) {
    {
      base::MutexLock lock(stop_mutex_);
      if (stopping_) return;
      stop_changed_.wait_for(stop_mutex_, kMaintenancePeriod);
      if (stopping_) return;
    }
    paced_ns_ = state_.options.clock.steady_ns();
    for (;;) {
      const auto did = maintenance_.run(false);
      base::MutexLock lock(stop_mutex_);
      if (stopping_) return;
      if (!did) state_.log(base::LogLevel::kError, did.error().to_string());
      if (!did || !*did || !maintenance_.is_behind()) break;
    }
  }
}

bool SegmentStore::poll() {
  bool any = false;
  while (committer_.commit_once() > 0) any = true;
  const std::int64_t now = state_.options.clock.steady_ns();
  if (now >= next_sync_ns_) {
    if (auto synced = committer_.sync(); !synced) {
      state_.log(base::LogLevel::kWarning, synced.error().to_string());
    }
    next_sync_ns_ = now + state_.options.sync_interval_ns;
  }
  const auto did = maintenance_.run(false);
  if (!did) state_.log(base::LogLevel::kWarning, did.error().to_string());
  return any || (did && *did);
}

base::Result<void> SegmentStore::settle_now() {
  HG_ASSIGN_OR_RETURN(const bool did, maintenance_.run(true));
  (void)did;
  return {};
}

base::Result<void> SegmentStore::sync() {
  return committer_.sync();
}

void SegmentStore::append(AppendRequest request, AppendDone done) {
  committer_.push(std::move(request), std::move(done));
}

base::Result<TraceRead> SegmentStore::read_trace(TenantId tenant, const base::TraceId& trace_id,
                                                 const ReadTraceOptions& options) {
  return reads_.read_trace(tenant, trace_id, options);
}

base::Result<SearchResult> SegmentStore::search(TenantId tenant, const SpanSearch& search) {
  return reads_.search(tenant, search);
}

base::Result<std::vector<TraceSummary>> SegmentStore::summaries(
    TenantId tenant, const std::vector<base::TraceId>& ids) {
  std::vector<TraceSummary> out;
  for (const base::TraceId& id : ids) {
    auto summary = reads_.summary(tenant, id);
    if (summary) {
      out.push_back(std::move(*summary));
    } else if (summary.error().code != base::ErrorCode::kNotFound) {
      return summary.error();
    }
  }
  return out;
}

base::Result<std::vector<std::string>> SegmentStore::services(TenantId tenant) {
  base::MutexLock lock(state_.mutex);
  return state_.catalog.services(tenant);
}

base::Result<std::vector<Operation>> SegmentStore::operations(TenantId tenant,
                                                              std::string_view service) {
  base::MutexLock lock(state_.mutex);
  return state_.catalog.operations(tenant, service);
}

base::Result<std::vector<AttributeKey>> SegmentStore::attribute_keys(TenantId tenant) {
  base::MutexLock lock(state_.mutex);
  return state_.catalog.keys(tenant);
}

base::Result<std::vector<std::string>> SegmentStore::attribute_values(TenantId tenant,
                                                                      std::string_view key,
                                                                      std::uint32_t limit) {
  return reads_.attribute_values(tenant, key, limit);
}

base::Result<LogRead> SegmentStore::search_logs(TenantId tenant, const LogSearch& search) {
  return reads_.search_logs(tenant, search);
}

base::Result<Position> SegmentStore::replay(
    Position from, const std::function<bool(const CommittedBatch&)>& sink) {
  return reads_.replay(from, sink);
}

Position SegmentStore::last_position() {
  base::MutexLock lock(state_.mutex);
  return {0, state_.last_sequence};
}

void SegmentStore::hold_settle_after(Position position) {
  base::MutexLock lock(state_.mutex);
  const bool first = state_.hold_after == std::numeric_limits<std::uint64_t>::max();
  if (first || position.sequence > state_.hold_after) state_.hold_after = position.sequence;
}

base::Result<RetentionResult> SegmentStore::apply_retention(const RetentionPolicy& policy,
                                                            base::UnixNanos now) {
  return maintenance_.apply_retention(policy, now);
}

base::Result<void> SegmentStore::delete_trace(TenantId tenant, const base::TraceId& trace_id) {
  return maintenance_.delete_trace(tenant, trace_id);
}

base::Result<void> SegmentStore::purge() {
  return maintenance_.purge();
}

base::Result<void> SegmentStore::snapshot(const std::string& directory) {
  return maintenance_.snapshot(directory);
}

base::Result<void> SegmentStore::repair(SegmentOptions options) {
  options.threads = false;
  HG_RETURN_IF_ERROR(options.fs.create_directories(options.directory));
  SegmentStore store(std::move(options));
  const SegmentOptions& kept = store.state_.options;
  HG_ASSIGN_OR_RETURN(store.lock_, kept.fs.lock(kept.directory + "/LOCK"));
  return Recovery(store.state_).run(true);
}

TraceStoreStats SegmentStore::stats() {
  TraceStoreStats out;
  std::uint64_t cache_bytes = cache_.memory_bytes();
  base::MutexLock lock(state_.mutex);
  std::set<std::string> partitions;
  for (const auto& file : state_.young) {
    out.spans += file->span_rows;
    out.logs += file->log_rows;
    out.young_bytes += file->size_bytes;
    out.young_blocks += file->records.size();
    out.memory_bytes += file->memory_bytes();
    if (file->records.empty()) continue;
    if (out.oldest_arrival == 0 || file->first_arrival < out.oldest_arrival) {
      out.oldest_arrival = file->first_arrival;
    }
  }
  out.bytes = out.young_bytes;
  for (const auto& file : state_.settled) {
    out.spans += file->span_rows;
    out.logs += file->log_rows;
    out.bytes += file->bytes;
    out.settled_blocks += file->span_blocks + file->log_blocks;
    partitions.insert(file->directory);
    if (out.oldest_arrival == 0 || file->hour < out.oldest_arrival) out.oldest_arrival = file->hour;
  }
  out.partitions = partitions.size();
  out.quarantined_records = state_.quarantined;
  out.pools = {{"commit_queue", committer_.queued_bytes(), state_.options.queue_bytes_max},
               {"young_index", out.memory_bytes, state_.options.young_index_bytes_max},
               {"settled_index", cache_bytes, state_.options.index_cache_bytes_max}};
  out.memory_bytes += cache_bytes;
  out.last_position = {0, state_.last_sequence};
  return out;
}

base::Result<void> SegmentStore::close() {
  {
    base::MutexLock lock(close_mutex_);
    if (closed_) return {};
    closed_ = true;
  }
  committer_.stop();
  {
    base::MutexLock lock(stop_mutex_);
    stopping_ = true;
    stop_changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  while (committer_.commit_once() > 0) {
  }
  return committer_.sync();
}

}  // namespace honeyguide::store::segment
