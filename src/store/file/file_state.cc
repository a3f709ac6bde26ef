#include "store/file/file_state.h"

#include <algorithm>

#include "base/bytes.h"
#include "store/state_rules.h"

namespace honeyguide::store {
namespace {

using base::Error;
using base::ErrorCode;

// First byte of a record.
enum RecordKind : std::uint8_t { kCheckpointRecord = 1, kPurgeRecord = 2 };

std::string encode_checkpoint(const Checkpoint& checkpoint) {
  std::string out;
  out.push_back(kCheckpointRecord);
  base::put_varint(out, checkpoint.shard);
  base::put_varint(out, checkpoint.epoch);
  out.push_back(checkpoint.position ? 1 : 0);
  if (checkpoint.position) {
    base::put_varint(out, checkpoint.position->shard);
    base::put_varint(out, checkpoint.position->sequence);
    base::put_fixed(out, checkpoint.position_check);
  }
  base::put_varint(out, checkpoint.changes.size());
  for (const StateChange& change : checkpoint.changes) {
    out.push_back(static_cast<char>(change.kind));
    base::put_bytes(out, change.id);
    out.push_back(change.value ? 1 : 0);
    if (change.value) base::put_bytes(out, *change.value);
  }
  return out;
}

base::Result<Checkpoint> decode_checkpoint(base::ByteReader& reader) {
  Checkpoint out;
  out.shard = static_cast<std::uint32_t>(reader.varint());
  out.epoch = reader.varint();
  if (reader.fixed<std::uint8_t>() != 0) {
    Position position;
    position.shard = static_cast<std::uint32_t>(reader.varint());
    position.sequence = reader.varint();
    out.position = position;
    out.position_check = reader.fixed<std::uint64_t>();
  }
  const std::uint64_t changes = reader.varint();
  for (std::uint64_t i = 0; i < changes && reader.ok(); ++i) {
    StateChange change;
    change.kind = static_cast<StateKind>(reader.fixed<std::uint8_t>());
    change.id = std::string(reader.bytes());
    if (reader.fixed<std::uint8_t>() != 0) change.value = std::string(reader.bytes());
    out.changes.push_back(std::move(change));
  }
  if (!reader.ok()) return Error{ErrorCode::kDataLoss, "a state record is malformed"};
  return out;
}

}  // namespace

base::Result<std::unique_ptr<FileStateStore>> FileStateStore::open(base::FileSystem& fs,
                                                                   const std::string& directory) {
  std::unique_ptr<FileStateStore> store(new FileStateStore(fs, directory));
  base::MutexLock lock(store->mutex_);
  HG_RETURN_IF_ERROR(store->load());
  return store;
}

base::Result<void> FileStateStore::load() {
  const std::string snapshot = directory_ + "/state.snapshot";
  if (fs_.exists(snapshot)) {
    HG_ASSIGN_OR_RETURN(const std::string body, read_record_file(fs_, snapshot));
    base::ByteReader reader(body);
    while (reader.ok() && !reader.at_end()) HG_RETURN_IF_ERROR(apply(reader.bytes()));
    if (!reader.ok()) return Error{ErrorCode::kDataLoss, "'" + snapshot + "' is malformed"};
    snapshot_bytes_ = body.size();
  }
  HG_ASSIGN_OR_RETURN(log_, RecordLog::open(fs_, directory_ + "/state.log",
                                            [this](std::string_view record)
                                                HG_REQUIRES(mutex_) { return apply(record); }));
  return {};
}

base::Result<void> FileStateStore::apply(std::string_view record) {
  base::ByteReader reader(record);
  const auto kind = reader.fixed<std::uint8_t>();
  if (kind == kPurgeRecord) {
    forget_all();
    return {};
  }
  if (kind != kCheckpointRecord) {
    return Error{ErrorCode::kDataLoss,
                 "a state record of kind " + std::to_string(kind) + ": a newer version wrote it"};
  }
  HG_ASSIGN_OR_RETURN(const Checkpoint checkpoint, decode_checkpoint(reader));
  apply_checkpoint(checkpoint);
  return {};
}

void FileStateStore::apply_checkpoint(const Checkpoint& checkpoint) {
  Shard& shard = shards_[checkpoint.shard];
  shard.epoch = std::max(shard.epoch, checkpoint.epoch);
  for (const StateChange& change : checkpoint.changes) {
    if (change.value) {
      shard.entries[{change.kind, change.id}] = *change.value;
    } else {
      shard.entries.erase({change.kind, change.id});
    }
  }
  if (checkpoint.position) {
    push_position(shard.positions, {*checkpoint.position, checkpoint.position_check});
  }
}

void FileStateStore::forget_all() {
  for (auto& [number, shard] : shards_) {
    shard.entries.clear();
    shard.positions.clear();
  }
}

base::Result<void> FileStateStore::write_snapshot() {
  std::string body;
  for (const auto& [number, shard] : shards_) {
    Checkpoint whole;
    whole.shard = number;
    whole.epoch = shard.epoch;
    // Oldest first, as they were pushed.
    for (auto at = shard.positions.rbegin(); at != shard.positions.rend(); ++at) {
      whole.position = at->position;
      whole.position_check = at->position_check;
      base::put_bytes(body, encode_checkpoint(whole));
    }
    whole.position.reset();
    for (const auto& [key, value] : shard.entries) {
      whole.changes.push_back({key.first, key.second, value});
    }
    base::put_bytes(body, encode_checkpoint(whole));
  }
  HG_RETURN_IF_ERROR(write_record_file(fs_, directory_ + "/state.snapshot", body));
  snapshot_bytes_ = body.size();
  return log_->clear();
}

base::Result<void> FileStateStore::compact_if_due() {
  if (log_->size_bytes() <= std::max(kLogBytesMin, snapshot_bytes_)) return {};
  return write_snapshot();
}

base::Result<void> FileStateStore::checkpoint(const Checkpoint& checkpoint) {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  HG_RETURN_IF_ERROR(check_checkpoint(checkpoint, shards_[checkpoint.shard].epoch));
  HG_RETURN_IF_ERROR(log_->append_durable(encode_checkpoint(checkpoint)));
  apply_checkpoint(checkpoint);
  return compact_if_due();
}

base::Result<std::uint64_t> FileStateStore::acquire_epoch(std::uint32_t shard) {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  Checkpoint fence;
  fence.shard = shard;
  fence.epoch = shards_[shard].epoch + 1;
  HG_RETURN_IF_ERROR(log_->append_durable(encode_checkpoint(fence)));
  apply_checkpoint(fence);
  return fence.epoch;
}

base::Result<std::optional<std::string>> FileStateStore::get(std::uint32_t shard, StateKind kind,
                                                             std::string_view id) {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  const auto own = shards_.find(shard);
  if (own == shards_.end()) return std::optional<std::string>();
  const auto found = own->second.entries.find({kind, std::string(id)});
  if (found == own->second.entries.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

base::Result<std::vector<std::pair<std::string, std::string>>> FileStateStore::list(
    std::uint32_t shard, StateKind kind, std::string_view from, std::uint32_t limit) {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  std::vector<std::pair<std::string, std::string>> out;
  const auto own = shards_.find(shard);
  if (own == shards_.end()) return out;
  const auto& entries = own->second.entries;
  for (auto at = entries.lower_bound({kind, std::string(from)});
       at != entries.end() && at->first.first == kind && out.size() < limit; ++at) {
    out.emplace_back(at->first.second, at->second);
  }
  return out;
}

base::Result<std::vector<StoredPosition>> FileStateStore::positions(std::uint32_t shard) {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  const auto own = shards_.find(shard);
  return own == shards_.end() ? std::vector<StoredPosition>() : own->second.positions;
}

base::Result<void> FileStateStore::purge() {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  HG_RETURN_IF_ERROR(log_->append_durable(std::string(1, kPurgeRecord)));
  forget_all();
  // Only a new snapshot takes the values off the disk.
  return write_snapshot();
}

base::Result<void> FileStateStore::close() {
  base::MutexLock lock(mutex_);
  if (closed_) return {};
  closed_ = true;
  return write_snapshot();
}

}  // namespace honeyguide::store
