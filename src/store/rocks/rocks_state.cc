#include "store/rocks/rocks_state.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "base/bytes.h"
#include "store/rocks/rocks_keys.h"
#include "store/state_rules.h"

namespace honeyguide::store {
namespace {

using base::Error;
using base::ErrorCode;

Family family_of(StateKind kind) {
  return kind == StateKind::kAudit ? Family::kAudit : Family::kState;
}

std::string entry_key(std::uint32_t shard, StateKind kind, std::string_view id) {
  std::string key;
  put_big_endian(key, static_cast<std::uint16_t>(shard));
  key.push_back(static_cast<char>(kind));
  key += id;
  return key;
}

std::string owner_key(std::uint32_t shard) {
  std::string key = "owner";
  put_big_endian(key, static_cast<std::uint16_t>(shard));
  return key;
}

base::Result<void> check_shard(std::uint32_t shard) {
  if (shard <= RocksStateStore::kShardMax) return {};
  return Error{ErrorCode::kInvalidArgument, "shard " + std::to_string(shard) + ", at most " +
                                                std::to_string(RocksStateStore::kShardMax)};
}

rocksdb::WriteOptions durable() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

}  // namespace

base::Result<RocksStateStore::Owner*> RocksStateStore::owner(std::uint32_t shard) {
  HG_RETURN_IF_ERROR(check_shard(shard));
  const auto known = owners_.find(shard);
  if (known != owners_.end()) return &known->second;
  std::string bytes;
  const auto status = db_->db().Get({}, db_->family(Family::kDefault), owner_key(shard), &bytes);
  Owner owner;
  if (!status.IsNotFound()) {
    HG_RETURN_IF_ERROR(from_status(status));
    base::ByteReader reader(bytes);
    owner.epoch = reader.varint();
    while (reader.ok() && !reader.at_end()) {
      StoredPosition position;
      position.position.shard = static_cast<std::uint32_t>(reader.varint());
      position.position.sequence = reader.varint();
      position.position_check = reader.fixed<std::uint64_t>();
      owner.positions.push_back(position);
    }
    if (!reader.ok()) return Error{ErrorCode::kDataLoss, "the owner record is malformed"};
  }
  return &owners_.emplace(shard, std::move(owner)).first->second;
}

void RocksStateStore::put_owner(rocksdb::WriteBatch& batch, std::uint32_t shard,
                                const Owner& owner) {
  std::string bytes;
  base::put_varint(bytes, owner.epoch);
  for (const StoredPosition& position : owner.positions) {
    base::put_varint(bytes, position.position.shard);
    base::put_varint(bytes, position.position.sequence);
    base::put_fixed(bytes, position.position_check);
  }
  (void)batch.Put(db_->family(Family::kDefault), owner_key(shard), bytes);
}

base::Result<void> RocksStateStore::write(rocksdb::WriteBatch& batch) {
  return from_status(db_->db().Write(durable(), &batch));
}

base::Result<void> RocksStateStore::checkpoint(const Checkpoint& checkpoint) {
  base::MutexLock lock(mutex_);
  if (db_ == nullptr) return store_closed_error();
  HG_ASSIGN_OR_RETURN(Owner* const own, owner(checkpoint.shard));
  HG_RETURN_IF_ERROR(check_checkpoint(checkpoint, own->epoch));
  Owner next = *own;
  next.epoch = checkpoint.epoch;
  if (checkpoint.position) {
    push_position(next.positions, {*checkpoint.position, checkpoint.position_check});
  }
  rocksdb::WriteBatch batch;
  for (const StateChange& change : checkpoint.changes) {
    const std::string key = entry_key(checkpoint.shard, change.kind, change.id);
    rocksdb::ColumnFamilyHandle* family = db_->family(family_of(change.kind));
    (void)(change.value ? batch.Put(family, key, *change.value) : batch.Delete(family, key));
  }
  put_owner(batch, checkpoint.shard, next);
  HG_RETURN_IF_ERROR(write(batch));
  *own = std::move(next);
  return {};
}

base::Result<std::uint64_t> RocksStateStore::acquire_epoch(std::uint32_t shard) {
  base::MutexLock lock(mutex_);
  if (db_ == nullptr) return store_closed_error();
  HG_ASSIGN_OR_RETURN(Owner* const own, owner(shard));
  Owner next = *own;
  ++next.epoch;
  rocksdb::WriteBatch batch;
  put_owner(batch, shard, next);
  HG_RETURN_IF_ERROR(write(batch));
  *own = std::move(next);
  return own->epoch;
}

base::Result<std::optional<std::string>> RocksStateStore::get(std::uint32_t shard, StateKind kind,
                                                              std::string_view id) {
  base::MutexLock lock(mutex_);
  if (db_ == nullptr) return store_closed_error();
  HG_RETURN_IF_ERROR(check_shard(shard));
  std::string value;
  const auto status =
      db_->db().Get({}, db_->family(family_of(kind)), entry_key(shard, kind, id), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  HG_RETURN_IF_ERROR(from_status(status));
  return std::optional<std::string>(std::move(value));
}

base::Result<std::vector<std::pair<std::string, std::string>>> RocksStateStore::list(
    std::uint32_t shard, StateKind kind, std::string_view from, std::uint32_t limit) {
  base::MutexLock lock(mutex_);
  if (db_ == nullptr) return store_closed_error();
  HG_RETURN_IF_ERROR(check_shard(shard));
  const std::string prefix = entry_key(shard, kind, "");
  std::vector<std::pair<std::string, std::string>> out;
  const std::unique_ptr<rocksdb::Iterator> at(
      db_->db().NewIterator({}, db_->family(family_of(kind))));
  for (at->Seek(entry_key(shard, kind, from));
       at->Valid() && at->key().starts_with(prefix) && out.size() < limit; at->Next()) {
    rocksdb::Slice id = at->key();
    id.remove_prefix(prefix.size());
    out.emplace_back(id.ToString(), at->value().ToString());
  }
  HG_RETURN_IF_ERROR(from_status(at->status()));
  return out;
}

base::Result<std::vector<StoredPosition>> RocksStateStore::positions(std::uint32_t shard) {
  base::MutexLock lock(mutex_);
  if (db_ == nullptr) return store_closed_error();
  HG_ASSIGN_OR_RETURN(const Owner* own, owner(shard));
  return own->positions;
}

base::Result<void> RocksStateStore::snapshot(const std::string& directory) {
  std::shared_ptr<RocksDb> db;
  {
    base::MutexLock lock(mutex_);
    if (!db_) return store_closed_error();
    db = db_;
  }
  return db->checkpoint(directory);
}

base::Result<void> RocksStateStore::purge() {
  base::MutexLock lock(mutex_);
  if (db_ == nullptr) return store_closed_error();
  rocksdb::WriteBatch batch;
  const std::string end(32, '\xff');
  for (const Family family : {Family::kState, Family::kAudit}) {
    (void)batch.DeleteRange(db_->family(family), "", end);
  }
  // Every shard that was ever owned, also those this process has not read yet.
  const std::unique_ptr<rocksdb::Iterator> at(
      db_->db().NewIterator({}, db_->family(Family::kDefault)));
  for (at->Seek("owner"); at->Valid() && at->key().starts_with("owner"); at->Next()) {
    std::string_view key(at->key().data(), at->key().size());
    key.remove_prefix(5);
    if (key.size() != 2) continue;
    const auto shard = big_endian<std::uint16_t>(key);
    HG_ASSIGN_OR_RETURN(Owner* const own, owner(shard));
    own->positions.clear();
    put_owner(batch, shard, *own);
  }
  HG_RETURN_IF_ERROR(from_status(at->status()));
  HG_RETURN_IF_ERROR(write(batch));
  for (const Family family : {Family::kState, Family::kAudit}) {
    HG_RETURN_IF_ERROR(
        from_status(db_->db().CompactRange({}, db_->family(family), nullptr, nullptr)));
  }
  return {};
}

PoolUse RocksStateStore::pool() {
  base::MutexLock lock(mutex_);
  return {"state_and_series", db_ ? db_->memory_bytes() : 0, kRocksMemoryBytes};
}

base::Result<void> RocksStateStore::close() {
  base::MutexLock lock(mutex_);
  db_.reset();
  return {};
}

}  // namespace honeyguide::store
