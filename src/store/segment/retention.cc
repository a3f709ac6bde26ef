// Maintenance: retention by age and by bytes, and snapshots.
#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "store/segment/maintenance.h"

namespace honeyguide::store::segment {

base::Result<std::set<base::TraceId>> Maintenance::error_traces(TenantId tenant) {
  std::set<base::TraceId> out;
  std::vector<std::shared_ptr<const SettledFile>> files;
  std::vector<YoungRecord> young;
  {
    base::MutexLock lock(state_.mutex);
    files = state_.settled;
    for (const auto& file : state_.young) {
      for (const YoungRecord& record : file->records) {
        const RecordHeader& header = record.header;
        if (header.tenant == tenant && header.kind == RecordKind::kSpans) young.push_back(record);
      }
    }
  }
  const KeepRow keep = not_deleted(tenant);
  const auto add = [&](OpenBlock& block) {
    const IntColumn& status = block.reader->ints(Field::kStatus);
    for (std::uint32_t row = 0; row < block.reader->rows(); ++row) {
      if (status.get(row) != static_cast<std::int64_t>(telemetry::StatusCode::kError)) continue;
      const base::TraceId id = block.reader->row_trace_id(row);
      if (keep(id, block.sequence_of(row))) out.insert(id);
    }
  };
  for (const auto& file : files) {
    if (file->tenant != tenant) continue;
    HG_ASSIGN_OR_RETURN(const auto open, cache_.open(file));
    for (const BlockEntry& entry : open->index.blocks()) {
      if (entry.kind != RecordKind::kSpans || entry.error_rows == 0) continue;
      HG_ASSIGN_OR_RETURN(OpenBlock block, StoreReads::open_settled(*open, entry, false));
      add(block);
    }
  }
  for (const YoungRecord& record : young) {
    HG_ASSIGN_OR_RETURN(OpenBlock block, StoreReads::open_young(record));
    add(block);
  }
  return out;
}

base::Result<void> Maintenance::drop(const std::vector<std::shared_ptr<const SettledFile>>& files,
                                     RetentionResult& result) {
  if (files.empty()) return {};
  // The data may go; the positions may not start anew after it.
  HG_RETURN_IF_ERROR(save_sequence());
  FileTransaction transaction;
  std::set<std::string> directories;
  for (const auto& file : files) {
    remove_files(transaction, *file);
    directories.insert(file->directory);
    result.bytes_freed += file->bytes;
  }
  HG_RETURN_IF_ERROR(commit(std::move(transaction), [this, files] { replace(files, {}); }));
  result.partitions_dropped += directories.size();
  return {};
}

base::Result<void> Maintenance::keep_errors(
    const std::vector<std::shared_ptr<const SettledFile>>& files, RetentionResult& result) {
  std::map<TenantId, std::set<base::TraceId>> errors;
  std::map<std::pair<TenantId, base::UnixNanos>, std::vector<std::shared_ptr<const SettledFile>>>
      partitions;
  for (const auto& file : files) {
    partitions[{file->tenant, file->hour}].push_back(file);
    if (errors.contains(file->tenant)) continue;
    HG_ASSIGN_OR_RETURN(errors[file->tenant], error_traces(file->tenant));
  }
  for (const auto& [partition, old] : partitions) {
    const std::set<base::TraceId>& wanted = errors[partition.first];
    const KeepRow alive = not_deleted(partition.first);
    std::uint64_t bytes = 0;
    for (const auto& file : old) bytes += file->bytes;
    // Copy, then drop: the old files go in the same step that brings the new one.
    HG_ASSIGN_OR_RETURN(
        const auto kept,
        rewrite(old, FileClass::kKept, [&](const base::TraceId& id, std::uint64_t sequence) {
          return wanted.contains(id) && alive(id, sequence);
        }));
    ++result.partitions_dropped;
    if (kept) result.rows_kept_for_errors += kept->span_rows + kept->log_rows;
    const std::uint64_t left = kept ? kept->bytes : 0;
    result.bytes_freed += bytes > left ? bytes - left : 0;
  }
  return {};
}

base::Result<RetentionResult> Maintenance::apply_retention(const RetentionPolicy& policy,
                                                           base::UnixNanos now) {
  base::MutexLock work(work_mutex_);
  HG_RETURN_IF_ERROR(finish_earlier());
  RetentionResult result;
  const auto expired = [&](base::UnixNanos hour, std::int64_t age_ns) {
    return hour + base::kNanosPerHour <= now - age_ns;
  };
  // What is that old but still young must settle first, so far as it may.
  for (;;) {
    bool old_young = false;
    {
      base::MutexLock lock(state_.mutex);
      for (const auto& file : state_.young) {
        old_young = old_young || (!file->records.empty() &&
                                  expired(arrival_hour(file->first_arrival), policy.age_ns));
      }
    }
    if (!old_young) break;
    HG_ASSIGN_OR_RETURN(const bool did, settle_one(true));
    if (!did) break;
  }
  std::vector<std::shared_ptr<const SettledFile>> keep;
  std::vector<std::shared_ptr<const SettledFile>> gone;
  {
    base::MutexLock lock(state_.mutex);
    for (const auto& file : state_.settled) {
      if (!expired(file->hour, policy.age_ns)) continue;
      if (expired(file->hour, policy.errors_age_ns)) {
        gone.push_back(file);
      } else if (file->file_class == FileClass::kAll) {
        keep.push_back(file);
      }
    }
  }
  HG_RETURN_IF_ERROR(keep_errors(keep, result));
  HG_RETURN_IF_ERROR(drop(gone, result));
  while (policy.bytes_max > 0) {
    gone.clear();
    base::UnixNanos oldest = std::numeric_limits<base::UnixNanos>::max();
    {
      base::MutexLock lock(state_.mutex);
      std::uint64_t bytes = 0;
      for (const auto& file : state_.young) bytes += file->size_bytes;
      for (const auto& file : state_.settled) {
        bytes += file->bytes;
        oldest = std::min(oldest, file->hour);
      }
      if (bytes <= policy.bytes_max) break;
      bool only_hour = true;
      for (const auto& file : state_.settled) {
        if (file->hour == oldest) gone.push_back(file);
        only_hour = only_hour && file->hour == oldest;
      }
      // Where everything came within one hour, its oldest rows go first.
      if (only_hour && gone.size() > 1) {
        gone = {*std::min_element(gone.begin(), gone.end(), [](const auto& a, const auto& b) {
          return a->last_sequence < b->last_sequence;
        })};
      }
    }
    if (gone.empty()) break;
    HG_RETURN_IF_ERROR(drop(gone, result));
  }
  base::MutexLock lock(state_.mutex);
  base::UnixNanos oldest = arrival_hour(now);
  for (const auto& file : state_.settled) oldest = std::min(oldest, file->hour);
  for (const auto& file : state_.young) {
    if (!file->records.empty()) oldest = std::min(oldest, arrival_hour(file->first_arrival));
  }
  state_.catalog.forget_before(oldest);
  return result;
}

base::Result<void> Maintenance::snapshot(const std::string& directory) {
  base::FileSystem& fs = state_.options.fs;
  base::MutexLock work(work_mutex_);
  HG_RETURN_IF_ERROR(finish_earlier());
  if (fs.exists(directory)) {
    return base::Error{base::ErrorCode::kAlreadyExists, directory + " is there already"};
  }
  HG_RETURN_IF_ERROR(committer_.rotate().has_value()
                         ? base::Result<void>{}
                         : base::Result<void>(base::Error{base::ErrorCode::kUnavailable,
                                                          "the young file cannot be closed"}));
  // Closed young and settled files do not change, and settle waits for this lock.
  std::vector<std::string> paths;
  {
    base::MutexLock lock(state_.mutex);
    for (const auto& file : state_.young) {
      if (file->closed) paths.push_back(file->path);
    }
    for (const auto& file : state_.settled) {
      paths.push_back(file->blocks_path());
      paths.push_back(file->index_path());
      if (fs.exists(file->values_path())) paths.push_back(file->values_path());
    }
  }
  for (const char* name : {"/tombstones", "/sequence"}) {
    if (fs.exists(state_.options.directory + name))
      paths.push_back(state_.options.directory + name);
  }
  constexpr std::size_t kCopyBytes = 1u << 20;
  std::string buffer(kCopyBytes, '\0');
  std::set<std::string> touched{directory};
  HG_RETURN_IF_ERROR(fs.create_directories(directory + "/young"));
  for (const std::string& path : paths) {
    const std::string target = directory + path.substr(state_.options.directory.size());
    touched.insert(base::directory_of(target));
    HG_RETURN_IF_ERROR(fs.create_directories(base::directory_of(target)));
    HG_ASSIGN_OR_RETURN(const auto from, fs.open_read(path));
    HG_ASSIGN_OR_RETURN(const auto to, fs.open_append(target));
    for (std::uint64_t offset = 0;;) {
      HG_ASSIGN_OR_RETURN(const std::size_t got, from->read_at(offset, kCopyBytes, buffer.data()));
      if (got == 0) break;
      HG_RETURN_IF_ERROR(to->append(std::string_view(buffer).substr(0, got)));
      offset += got;
      if (pace_ && !pace_()) return stopping_error();
    }
    HG_RETURN_IF_ERROR(to->sync());
  }
  for (const std::string& path : touched) HG_RETURN_IF_ERROR(fs.sync_directory(path));
  return {};
}

}  // namespace honeyguide::store::segment
