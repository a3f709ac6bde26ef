// RocksDb: the one RocksDB instance of a data directory, with its column families and limits.
//
// Memory: memtables are charged to the block cache, which keeps kRocksMemoryBytes in all; blocks in
// use may exceed it for as long as they are read. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace rocksdb {
class Cache;
class ColumnFamilyHandle;
class DB;
class Status;
}  // namespace rocksdb

namespace honeyguide::store {

inline constexpr std::size_t kRocksMemoryBytes = 32u << 20;

enum class Family : int { kDefault = 0, kState = 1, kAudit = 2, kSeries = 3, kTick = 4 };
inline constexpr int kFamilyCount = 5;

class RocksDb {
 public:
  // Creates `directory` (not its parents) if missing. kAlreadyExists if another process has it
  // open, kDataLoss if RocksDB finds it damaged.
  static base::Result<std::shared_ptr<RocksDb>> open(const std::string& directory);
  ~RocksDb();
  RocksDb(const RocksDb&) = delete;
  RocksDb& operator=(const RocksDb&) = delete;

  rocksdb::DB& db() { return *db_; }
  rocksdb::ColumnFamilyHandle* family(Family family) { return families_[static_cast<int>(family)]; }
  // A consistent copy of all families in `directory`, which must not exist; files that do not
  // change are hard-linked where they can be.
  base::Result<void> checkpoint(const std::string& directory);
  // Approximate, memtables included.
  std::uint64_t size_bytes(Family family);
  // Block cache, to which memtables are charged.
  std::uint64_t memory_bytes();

 private:
  RocksDb() = default;

  std::shared_ptr<rocksdb::Cache> cache_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* families_[kFamilyCount] = {};
};

// What RocksDB says, in our codes.
base::Result<void> from_status(const rocksdb::Status& status);

}  // namespace honeyguide::store
