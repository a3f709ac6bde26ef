#include "store/segment/committer.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace honeyguide::store::segment {
namespace {

std::uint64_t batch_bytes(const AppendRequest& request) {
  std::uint64_t bytes = 512;
  if (request.spans) bytes += request.spans->size_bytes();
  if (request.logs) {
    bytes += request.logs->context.size_bytes() +
             request.logs->records.capacity() * sizeof(telemetry::LogRecord);
  }
  return bytes;
}

std::uint64_t batch_rows(const AppendRequest& request) {
  return (request.spans ? request.spans->size() : 0) +
         (request.logs ? request.logs->records.size() : 0);
}

}  // namespace

// A commit being built: its batches, their rows gathered by tenant and arrival hour, the records.
struct Committer::Commit {
  struct Group {
    TenantId tenant = 0;
    base::UnixNanos arrival = 0;
    std::vector<std::pair<std::size_t, SpanSlice>> spans;  // with the batch they belong to
    std::vector<std::pair<std::size_t, LogSlice>> logs;
  };
  struct Record {
    YoungRecord meta;
    std::vector<base::TraceId> traces;
  };

  std::vector<Pending> batches;
  std::vector<Position> positions;
  std::map<std::pair<TenantId, base::UnixNanos>, Group> groups;
  std::uint64_t sequence = 0;  // of the last row so far
  std::string bytes;
  std::vector<Record> records;
};

// Cuts the slices of a group into records of at most kBlockRowsMax rows and kBlockChildrenMax
// children; `children_of` gives those of a row, `flush` encodes one record.
template <typename Slice, typename ChildrenOf, typename Flush>
void Committer::cut_records(const std::vector<std::pair<std::size_t, Slice>>& slices,
                            Commit& commit, ChildrenOf children_of, Flush flush) {
  std::vector<Slice> record;
  std::vector<std::size_t> owners;
  std::size_t rows = 0;
  std::size_t children = 0;
  const auto add = [&](std::size_t owner, Slice slice) {
    if (slice.begin == slice.end) return;
    record.push_back(slice);
    owners.push_back(owner);
  };
  const auto end_record = [&] {
    if (record.empty()) return;
    std::uint64_t at = commit.sequence;
    flush(record);
    for (std::size_t i = 0; i < record.size(); ++i) {
      at += record[i].end - record[i].begin;
      commit.positions[owners[i]] = std::max(commit.positions[owners[i]], Position{0, at});
    }
    record.clear();
    owners.clear();
    rows = children = 0;
  };
  for (const auto& [owner, slice] : slices) {
    std::uint32_t begin = slice.begin;
    for (std::uint32_t row = slice.begin; row < slice.end; ++row) {
      const std::size_t more = children_of(*slice.batch, row);
      if (rows == kBlockRowsMax || (rows > 0 && children + more > kBlockChildrenMax)) {
        add(owner, {slice.batch, begin, row});
        end_record();
        begin = row;
      }
      ++rows;
      children += more;
    }
    add(owner, {slice.batch, begin, slice.end});
  }
  end_record();
}

void Committer::push(AppendRequest request, AppendDone done) {
  Pending pending{std::move(request), std::move(done), 0, {}};
  pending.bytes = batch_bytes(pending.request);
  base::Error refusal{base::ErrorCode::kUnavailable, "the store is closed"};
  {
    base::MutexLock lock(queue_mutex_);
    if (!stopped_) {
      base::MemoryPool* pool = state_.options.ingest_pool;
      const bool fits =
          queue_bytes_ == 0 || queue_bytes_ + pending.bytes <= state_.options.queue_bytes_max;
      if (fits && (pool == nullptr ||
                   pending.reservation.grow(*pool, static_cast<std::int64_t>(pending.bytes)))) {
        queue_bytes_ += pending.bytes;
        queue_.push_back(std::move(pending));
        queue_changed_.notify_one();
        return;
      }
      refusal = {base::ErrorCode::kResourceExhausted, "the commit queue is full; retry later"};
    }
  }
  pending.done(std::move(refusal));
}

std::size_t Committer::waiting() {
  base::MutexLock lock(queue_mutex_);
  return queue_.size();
}

std::uint64_t Committer::queued_bytes() {
  base::MutexLock lock(queue_mutex_);
  return queue_bytes_;
}

void Committer::wait() {
  base::MutexLock lock(queue_mutex_);
  while (queue_.empty() && !stopped_) queue_changed_.wait(queue_mutex_);
}

void Committer::stop() {
  base::MutexLock lock(queue_mutex_);
  stopped_ = true;
  queue_changed_.notify_all();
}

bool Committer::stopped() {
  base::MutexLock lock(queue_mutex_);
  return stopped_;
}

std::vector<Committer::Pending> Committer::take() {
  std::vector<Pending> out;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  base::MutexLock lock(queue_mutex_);
  while (!queue_.empty()) {
    Pending& next = queue_.front();
    // A batch of spans and logs lies in two records. It is committed alone, so that no other's rows
    // come between them and all before a position belongs to batches before it.
    const bool mixed = next.request.spans && next.request.logs;
    if (mixed && !out.empty()) break;
    rows += batch_rows(next.request);
    bytes += next.bytes;
    const bool full =
        rows > state_.options.commit_rows_max || bytes > state_.options.commit_bytes_max;
    if (full && !out.empty()) break;
    queue_bytes_ -= next.bytes;
    out.push_back(std::move(next));
    queue_.pop_front();
    if (mixed) break;
  }
  return out;
}

void Committer::use_file(std::shared_ptr<YoungFile> file,
                         std::unique_ptr<base::WritableFile> writer) {
  base::MutexLock lock(file_mutex_);
  file_ = std::move(file);
  writer_ = std::move(writer);
  good_size_ = writer_ ? writer_->size_bytes() : 0;
}

base::Result<void> Committer::check_space() {
  HG_ASSIGN_OR_RETURN(const base::DiskSpace space,
                      state_.options.fs.disk_space(state_.options.directory));
  if (space.free_bytes < std::min(state_.options.free_bytes_min, space.total_bytes / 10)) {
    return base::Error{base::ErrorCode::kResourceExhausted,
                       "the volume of " + state_.options.directory + " is full (" +
                           std::to_string(space.free_bytes >> 20) + " MB free)"};
  }
  std::size_t memory = 0;
  base::MutexLock lock(state_.mutex);
  for (const auto& file : state_.young) memory += file->memory_bytes();
  if (memory > state_.options.young_index_bytes_max) {
    return base::Error{base::ErrorCode::kResourceExhausted,
                       "the index of unsettled data is full; settle is behind"};
  }
  return {};
}

base::Result<void> Committer::ensure_file() {
  if (file_) return {};
  auto file = std::make_shared<YoungFile>();
  FileHeader header;
  {
    base::MutexLock lock(state_.mutex);
    file->number = state_.next_file_number++;
    header.first_sequence = state_.last_sequence + 1;
  }
  header.number = file->number;
  std::string head;
  put_file_header(head, header);
  base::FileSystem& fs = state_.options.fs;
  file->path = state_.young_directory() + "/" + std::to_string(file->number) + ".hgs";
  HG_ASSIGN_OR_RETURN(auto writer, fs.open_append(file->path));
  const auto prepare = [&]() -> base::Result<void> {
    HG_RETURN_IF_ERROR(writer->append(head));
    HG_ASSIGN_OR_RETURN(file->reader, fs.open_read(file->path));
    return fs.sync_directory(state_.young_directory());
  };
  if (auto prepared = prepare(); !prepared) {
    // Its number is not used again; recovery takes away what is empty.
    (void)fs.remove_file(file->path);
    return prepared;
  }
  file->size_bytes = writer->size_bytes();
  good_size_ = writer->size_bytes();
  writer_ = std::move(writer);
  file_ = std::move(file);
  base::MutexLock lock(state_.mutex);
  state_.young.push_back(file_);
  return {};
}

void Committer::forget_batches() {
  base::MutexLock lock(file_mutex_);
  ids_.clear();
  id_order_.clear();
}

void Committer::forget_old_ids() {
  const std::int64_t now = state_.options.clock.steady_ns();
  while (!id_order_.empty() &&
         (id_order_.size() > state_.options.batch_ids_max || id_order_.front().second <= now)) {
    ids_.erase(id_order_.front().first);
    id_order_.pop_front();
  }
}

void Committer::place(Commit& commit) {
  commit.positions.resize(commit.batches.size());
  std::unordered_map<base::Hash128, std::size_t, IdHash> in_commit;
  for (std::size_t i = 0; i < commit.batches.size(); ++i) {
    const AppendRequest& request = commit.batches[i].request;
    if (request.batch_id != base::Hash128{}) {
      const auto known = ids_.find(request.batch_id);
      if (known != ids_.end()) {
        commit.positions[i] = known->second;
        continue;
      }
      if (!in_commit.emplace(request.batch_id, i).second) continue;
    }
    const base::UnixNanos hour = arrival_hour(request.arrival);
    auto& group = commit.groups[{request.tenant, hour}];
    group.tenant = request.tenant;
    group.arrival = std::max(group.arrival, request.arrival);
    if (request.spans && !request.spans->empty()) {
      group.spans.push_back(
          {i, {request.spans.get(), 0, static_cast<std::uint32_t>(request.spans->size())}});
    }
    if (request.logs && !request.logs->records.empty()) {
      group.logs.push_back(
          {i, {request.logs.get(), 0, static_cast<std::uint32_t>(request.logs->records.size())}});
    }
  }
  encode(commit);
  for (std::size_t i = 0; i < commit.batches.size(); ++i) {
    const base::Hash128& id = commit.batches[i].request.batch_id;
    const auto first = in_commit.find(id);
    if (first == in_commit.end()) continue;
    commit.positions[i] = commit.positions[first->second];
  }
}

void Committer::add_record(Commit& commit, RecordKind kind, TenantId tenant,
                           base::UnixNanos arrival, EncodedBlock block) {
  Commit::Record record;
  RecordHeader& header = record.meta.header;
  header.kind = kind;
  header.body_size = static_cast<std::uint32_t>(block.body.size());
  header.tenant = tenant;
  header.first_sequence = commit.sequence + 1;
  header.rows = block.rows;
  header.arrival = arrival;
  commit.sequence += block.rows;
  record.meta.offset = commit.bytes.size();
  record.meta.start_min = block.start_min;
  record.meta.start_max = block.start_max;
  record.meta.duration_max = block.duration_max;
  if (kind == RecordKind::kSpans) record.meta.set_filter(block.filter_hashes);
  {
    // The block's texts live until the next encoding, so they are noted before the write; a write
    // that fails leaves entries behind that the next retention pass forgets.
    base::MutexLock lock(state_.mutex);
    state_.catalog.note(tenant, arrival_hour(arrival), block);
  }
  record.traces = std::move(block.traces);
  put_record(commit.bytes, header, block.body);
  commit.records.push_back(std::move(record));
}

void Committer::encode(Commit& commit) {
  for (auto& entry : commit.groups) {
    auto& group = entry.second;  // by name: clang 14 captures no structured binding
    cut_records(
        group.spans, commit,
        [](const telemetry::SpanBatch& batch, std::uint32_t row) {
          const telemetry::Span& span = batch.spans()[row];
          return std::size_t{span.events.size()} + span.links.size();
        },
        [&](const std::vector<SpanSlice>& record) {
          add_record(commit, RecordKind::kSpans, group.tenant, group.arrival,
                     encoder_.encode_spans(record, nullptr));
        });
    cut_records(
        group.logs, commit,
        [](const telemetry::LogBatch&, std::uint32_t) { return std::size_t{0}; },
        [&](const std::vector<LogSlice>& record) {
          add_record(commit, RecordKind::kLogs, group.tenant, group.arrival,
                     encoder_.encode_logs(record, nullptr));
        });
  }
}

base::Result<void> Committer::cut_torn_tail() {
  if (!torn_) return {};
  HG_RETURN_IF_ERROR(writer_->truncate(good_size_));
  torn_ = false;
  return {};
}

base::Result<void> Committer::write(Commit& commit) {
  HG_RETURN_IF_ERROR(ensure_file());
  // Whatever reached the file must not stand before the next record.
  HG_RETURN_IF_ERROR(cut_torn_tail());
  if (auto written = writer_->append(commit.bytes); !written) {
    torn_ = true;
    (void)cut_torn_tail();
    return written;
  }
  dirty_ = true;
  return {};
}

void Committer::publish(Commit& commit) {
  base::MutexLock lock(state_.mutex);
  for (Commit::Record& record : commit.records) {
    record.meta.file = file_->reader;
    record.meta.offset += good_size_;
    file_->add(record.meta, record.traces);
  }
  good_size_ += commit.bytes.size();
  file_->size_bytes = good_size_;
  state_.last_sequence = commit.sequence;
}

void Committer::answer(Commit& commit, const base::Result<void>& result) {
  // In the order of their rows, which differs from that of the queue where tenants or hours mix:
  // whoever follows the acknowledgements sees positions rise.
  std::vector<std::size_t> order(commit.batches.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (result) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return commit.positions[a] < commit.positions[b];
    });
  }
  for (const std::size_t i : order) {
    Pending& batch = commit.batches[i];
    batch.reservation.reset();
    if (result) {
      batch.done(Ack{commit.positions[i], true, true});
    } else {
      batch.done(result.error());
    }
  }
}

std::size_t Committer::commit_once() {
  Commit commit;
  commit.batches = take();
  if (commit.batches.empty()) return 0;
  base::Result<void> result = check_space();
  if (result) {
    base::MutexLock lock(file_mutex_);
    forget_old_ids();
    {
      base::MutexLock state_lock(state_.mutex);
      commit.sequence = state_.last_sequence;
    }
    place(commit);
    if (!commit.bytes.empty()) result = write(commit);
    if (result) {
      if (!commit.bytes.empty()) publish(commit);
      const std::int64_t expires =
          state_.options.clock.steady_ns() + state_.options.batch_id_window_ns;
      for (std::size_t i = 0; i < commit.batches.size(); ++i) {
        const base::Hash128& id = commit.batches[i].request.batch_id;
        if (id == base::Hash128{} || !ids_.emplace(id, commit.positions[i]).second) continue;
        id_order_.emplace_back(id, expires);
      }
    }
  }
  // What is published but could not be synced is refused all the same: it may be found, and a
  // resend is taken for the same batch once a sync succeeds.
  if (result && state_.options.sync == SyncPolicy::kCommit) result = sync();
  answer(commit, result);
  return commit.batches.size();
}

base::Result<void> Committer::sync() {
  base::MutexLock lock(file_mutex_);
  if (!writer_ || !dirty_) return {};
  HG_RETURN_IF_ERROR(writer_->sync());
  dirty_ = false;
  return {};
}

base::Result<bool> Committer::rotate() {
  base::MutexLock lock(file_mutex_);
  if (!file_ || file_->records.empty()) return false;
  // Only the last file may have a torn tail: the one before it is whole and durable.
  HG_RETURN_IF_ERROR(cut_torn_tail());
  HG_RETURN_IF_ERROR(writer_->sync());
  dirty_ = false;
  writer_.reset();
  base::MutexLock state_lock(state_.mutex);
  file_->closed = true;
  file_.reset();
  return true;
}

bool Committer::rotation_due() {
  const SegmentOptions& options = state_.options;
  base::MutexLock lock(file_mutex_);
  if (!file_) return false;
  base::MutexLock state_lock(state_.mutex);
  if (file_->records.empty()) return false;
  return file_->span_rows + file_->log_rows >= options.young_file_rows_max ||
         file_->size_bytes >= options.young_file_bytes_max ||
         file_->records.size() >= options.young_file_records_max ||
         options.clock.now() - file_->first_arrival >= options.young_file_age_ns;
}

}  // namespace honeyguide::store::segment
