// RocksStateStore: StateStore on RocksDB, the server's.
//
// state: shard u16 | kind u8 | id -> value; audit the same for kAudit, so that its steady growth
// does not lie among the rest; default: "epoch" | shard and "positions" | shard. Numbers are
// big-endian. A checkpoint is one synced WriteBatch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/rocks/rocks_db.h"
#include "store/state_store.h"

namespace rocksdb {
class WriteBatch;
}

namespace honeyguide::store {

class RocksStateStore final : public StateStore {
 public:
  // Shards above this are refused with kInvalidArgument.
  static constexpr std::uint32_t kShardMax = 0xffff;

  explicit RocksStateStore(std::shared_ptr<RocksDb> db) : db_(std::move(db)) {}

  base::Result<void> checkpoint(const Checkpoint& checkpoint) override;
  base::Result<std::uint64_t> acquire_epoch(std::uint32_t shard) override;
  base::Result<std::optional<std::string>> get(std::uint32_t shard, StateKind kind,
                                               std::string_view id) override;
  base::Result<std::vector<std::pair<std::string, std::string>>> list(std::uint32_t shard,
                                                                      StateKind kind,
                                                                      std::string_view from,
                                                                      std::uint32_t limit) override;
  base::Result<std::vector<StoredPosition>> positions(std::uint32_t shard) override;
  base::Result<void> snapshot(const std::string& directory) override;
  base::Result<void> purge() override;
  PoolUse pool() override;
  base::Result<void> close() override;

 private:
  struct Owner {
    std::uint64_t epoch = 0;
    std::vector<StoredPosition> positions;
  };

  // The shard's owner, read on first use.
  base::Result<Owner*> owner(std::uint32_t shard) HG_REQUIRES(mutex_);
  void put_owner(rocksdb::WriteBatch& batch, std::uint32_t shard, const Owner& owner);
  base::Result<void> write(rocksdb::WriteBatch& batch) HG_REQUIRES(mutex_);

  base::Mutex mutex_;
  std::shared_ptr<RocksDb> db_ HG_GUARDED_BY(mutex_);  // null once closed
  std::map<std::uint32_t, Owner> owners_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::store
