#include "store/segment/maintenance.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::store::segment {

std::string Maintenance::partition_directory(TenantId tenant, FileClass file_class,
                                             base::UnixNanos hour) const {
  return state_.partition_root() + "/" + std::to_string(tenant) + "/" +
         (file_class == FileClass::kAll ? "all" : "kept") + "/" +
         std::to_string(hour / base::kNanosPerHour);
}

std::uint64_t Maintenance::next_number() {
  base::MutexLock lock(state_.mutex);
  return state_.next_file_number++;
}

std::shared_ptr<SettledFile> Maintenance::new_file(TenantId tenant, FileClass file_class,
                                                   base::UnixNanos hour) {
  auto out = std::make_shared<SettledFile>();
  out->tenant = tenant;
  out->file_class = file_class;
  out->hour = hour;
  out->number = next_number();
  out->directory = partition_directory(tenant, file_class, hour);
  return out;
}

base::Result<std::string> Maintenance::fresh_staging() {
  const std::string staging = state_.options.directory + "/staging";
  HG_RETURN_IF_ERROR(state_.options.fs.remove_tree(staging));
  HG_RETURN_IF_ERROR(state_.options.fs.create_directories(staging));
  return staging;
}

KeepRow Maintenance::not_deleted(TenantId tenant) {
  std::map<base::TraceId, std::uint64_t> deleted;
  {
    base::MutexLock lock(state_.mutex);
    for (const auto& [key, sequence] : state_.tombstones) {
      if (key.first == tenant) deleted.emplace(key.second, sequence);
    }
  }
  return [deleted = std::move(deleted)](const base::TraceId& id, std::uint64_t sequence) {
    if (deleted.empty()) return true;
    const auto found = deleted.find(id);
    return found == deleted.end() || sequence > found->second;
  };
}

void Maintenance::remove_files(FileTransaction& transaction, const SettledFile& file) {
  // The index first: without it the blocks are not looked at, should a crash come between.
  transaction.remove(file.index_path());
  transaction.remove(file.blocks_path());
  if (state_.options.fs.exists(file.values_path())) transaction.remove(file.values_path());
}

void Maintenance::replace(const std::vector<std::shared_ptr<const SettledFile>>& out,
                          const std::vector<std::shared_ptr<SettledFile>>& in) {
  {
    base::MutexLock lock(state_.mutex);
    for (const auto& file : out) {
      file->dropped = true;
      std::erase(state_.settled, file);
    }
    for (const auto& file : in) state_.settled.push_back(file);
  }
  for (const auto& file : out) cache_.forget(*file);
}

base::Result<void> Maintenance::finish_earlier() {
  if (!unfinished_) return {};
  FileTransaction& transaction = unfinished_->transaction;
  const auto result = transaction.finish(state_.options.fs, state_.options.directory);
  if (transaction.applied() && unfinished_->after) std::exchange(unfinished_->after, nullptr)();
  if (result) unfinished_.reset();
  return result;
}

base::Result<void> Maintenance::commit(FileTransaction transaction, std::function<void()> after) {
  const auto result =
      transaction.commit(state_.options.fs, state_.options.directory, next_number());
  if (!transaction.kept()) return result;
  if (transaction.applied()) std::exchange(after, nullptr)();
  if (!result) unfinished_ = {std::move(transaction), std::move(after)};
  return result;
}

base::Result<std::shared_ptr<SettledFile>> Maintenance::rewrite(
    const std::vector<std::shared_ptr<const SettledFile>>& files, FileClass target_class,
    const KeepRow& keep) {
  HG_ASSIGN_OR_RETURN(const std::string staging, fresh_staging());
  std::vector<OpenBlock> spans;
  std::vector<OpenBlock> logs;
  auto facts = new_file(files.front()->tenant, target_class, files.front()->hour);
  facts->first_sequence = std::numeric_limits<std::uint64_t>::max();
  for (const auto& file : files) {
    facts->first_sequence = std::min(facts->first_sequence, file->first_sequence);
    facts->last_sequence = std::max(facts->last_sequence, file->last_sequence);
    HG_ASSIGN_OR_RETURN(const auto open, cache_.open(file));
    for (const BlockEntry& entry : open->index.blocks()) {
      HG_ASSIGN_OR_RETURN(OpenBlock block, StoreReads::open_settled(*open, entry, true));
      (entry.kind == RecordKind::kSpans ? spans : logs).push_back(std::move(block));
    }
  }
  FileTransaction transaction;
  PartitionWriter writer(state_.options.fs, staging, facts);
  writer.set_pace(pace_);
  HG_RETURN_IF_ERROR(writer.add_spans(spans, keep));
  HG_RETURN_IF_ERROR(writer.add_logs(logs, keep));
  HG_ASSIGN_OR_RETURN(auto done, writer.finish(transaction));
  for (const auto& file : files) remove_files(transaction, *file);
  std::vector<std::shared_ptr<SettledFile>> in;
  if (done) in.push_back(done);
  HG_RETURN_IF_ERROR(commit(std::move(transaction), [this, files, in] { replace(files, in); }));
  return done;
}

base::Result<void> Maintenance::save_sequence() {
  // Rows up to it must not be lost to a power cut, or later rows would get numbers before it.
  std::string sequence;
  {
    base::MutexLock lock(state_.mutex);
    base::put_fixed(sequence, state_.last_sequence);
  }
  HG_RETURN_IF_ERROR(committer_.sync());
  return state_.options.fs.write_file_atomic(state_.options.directory + "/sequence", sequence);
}

base::Result<void> Maintenance::save_tombstones(
    const std::map<std::pair<TenantId, base::TraceId>, std::uint64_t>& tombstones) {
  std::string body;
  for (const auto& [key, sequence] : tombstones) {
    base::put_fixed(body, key.first);
    base::put_fixed(body, key.second.bytes);
    base::put_fixed(body, sequence);
  }
  std::string bytes;
  base::put_fixed(bytes, base::hash64(body));
  bytes += body;
  return state_.options.fs.write_file_atomic(state_.options.directory + "/tombstones", bytes);
}

base::Result<void> Maintenance::load_tombstones() {
  const std::string path = state_.options.directory + "/tombstones";
  if (!state_.options.fs.exists(path)) return {};
  HG_ASSIGN_OR_RETURN(const std::string bytes, state_.options.fs.read_file(path));
  base::ByteReader in(bytes);
  const auto checksum = in.fixed<std::uint64_t>();
  if (!in.ok() || base::hash64(std::string_view(bytes).substr(8)) != checksum) {
    return base::Error{base::ErrorCode::kDataLoss, path + " is damaged"};
  }
  base::MutexLock lock(state_.mutex);
  while (in.ok() && !in.at_end()) {
    const auto tenant = in.fixed<TenantId>();
    base::TraceId id;
    id.bytes = in.fixed<std::array<std::uint8_t, 16>>();
    const auto sequence = in.fixed<std::uint64_t>();
    if (in.ok()) state_.tombstones[{tenant, id}] = sequence;
  }
  return {};
}

base::Result<void> Maintenance::delete_trace(TenantId tenant, const base::TraceId& id) {
  base::MutexLock work(work_mutex_);
  // The tombstone hides rows up to a number: these rows must be durable first, or later rows of
  // the trace would get their numbers after a power cut and be hidden, too.
  std::map<std::pair<TenantId, base::TraceId>, std::uint64_t> next;
  {
    base::MutexLock lock(state_.mutex);
    next = state_.tombstones;
    next[{tenant, id}] = state_.last_sequence;
  }
  if (next.size() > state_.options.tombstones_max) {
    return base::Error{base::ErrorCode::kResourceExhausted,
                       "too many deletions wait for their rewrite; retry later"};
  }
  HG_RETURN_IF_ERROR(committer_.sync());
  HG_RETURN_IF_ERROR(save_tombstones(next));
  {
    base::MutexLock lock(state_.mutex);
    state_.tombstones = std::move(next);
  }
  committer_.forget_batches();
  return {};
}

base::Result<bool> Maintenance::erase_one() {
  std::map<std::pair<TenantId, base::TraceId>, std::uint64_t> tombstones;
  std::vector<std::shared_ptr<const SettledFile>> files;
  std::uint64_t young_first = std::numeric_limits<std::uint64_t>::max();
  {
    base::MutexLock lock(state_.mutex);
    if (state_.tombstones.empty()) return false;
    tombstones = state_.tombstones;
    files = state_.settled;
    for (const auto& file : state_.young) {
      if (!file->records.empty()) young_first = std::min(young_first, file->first_sequence);
    }
  }
  for (const auto& file : files) {
    for (const auto& [key, sequence] : tombstones) {
      if (key.first != file->tenant || file->last_sequence > sequence) continue;
      HG_ASSIGN_OR_RETURN(const bool there, cache_.may_contain_trace(file, trace_hash(key.second)));
      if (!there || clean_.contains({file->number, key.second})) continue;
      const std::uint64_t before = file->span_rows + file->log_rows;
      HG_ASSIGN_OR_RETURN(const auto done,
                          rewrite({file}, file->file_class, not_deleted(file->tenant)));
      // The filter's rare false hit: nothing was deleted, and nothing will be next time.
      if (done && done->span_rows + done->log_rows == before) {
        clean_.insert({done->number, key.second});
      }
      return true;
    }
  }
  // What no file holds any more needs no tombstone.
  const std::size_t before = tombstones.size();
  std::erase_if(tombstones, [&](const auto& item) { return item.second < young_first; });
  if (tombstones.size() == before) return false;
  HG_RETURN_IF_ERROR(save_tombstones(tombstones));
  base::MutexLock lock(state_.mutex);
  state_.tombstones = std::move(tombstones);
  clean_.clear();
  return true;
}

base::Result<void> Maintenance::purge() {
  base::MutexLock work(work_mutex_);
  HG_RETURN_IF_ERROR(finish_earlier());
  HG_ASSIGN_OR_RETURN(const bool rotated, committer_.rotate());
  (void)rotated;
  HG_RETURN_IF_ERROR(save_sequence());
  FileTransaction transaction;
  std::vector<std::shared_ptr<const SettledFile>> files;
  std::vector<std::shared_ptr<YoungFile>> young;
  {
    base::MutexLock lock(state_.mutex);
    files = state_.settled;
    for (const auto& file : state_.young) {
      if (file->closed) young.push_back(file);
    }
  }
  for (const auto& file : files) remove_files(transaction, *file);
  for (const auto& file : young) transaction.remove(file->path);
  const auto after = [this, files, young] {
    replace(files, {});
    base::MutexLock lock(state_.mutex);
    for (const auto& file : young) std::erase(state_.young, file);
    state_.catalog.clear();
  };
  if (!transaction.empty()) HG_RETURN_IF_ERROR(commit(std::move(transaction), after));
  HG_RETURN_IF_ERROR(save_tombstones({}));
  {
    base::MutexLock lock(state_.mutex);
    state_.tombstones.clear();
  }
  committer_.forget_batches();
  return {};
}

}  // namespace honeyguide::store::segment
