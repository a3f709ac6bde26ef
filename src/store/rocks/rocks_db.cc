#include "store/rocks/rocks_db.h"

#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_buffer_manager.h>

namespace honeyguide::store {
namespace {

using base::Error;
using base::ErrorCode;

constexpr const char* kFamilyNames[kFamilyCount] = {"default", "state", "audit", "series", "tick"};
constexpr std::size_t kWriteBufferBytes = 4u << 20;
constexpr std::size_t kMemtablesBytesMax = 24u << 20;
constexpr int kCacheShardBits = 2;
constexpr std::size_t kWalBytesMax = 64u << 20;

rocksdb::ColumnFamilyOptions family_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kWriteBufferBytes;
  options.max_write_buffer_number = 2;
  options.compression = rocksdb::kLZ4Compression;
  options.bottommost_compression = rocksdb::kZSTD;
  options.level_compaction_dynamic_level_bytes = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::DBOptions database_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(kMemtablesBytesMax, cache);
  options.max_background_jobs = 2;
  options.env->SetBackgroundThreads(2, rocksdb::Env::Priority::LOW);
  options.max_total_wal_size = kWalBytesMax;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.track_and_verify_wals_in_manifest = true;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1u << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.max_open_files = 256;
  return options;
}

}  // namespace

base::Result<void> from_status(const rocksdb::Status& status) {
  if (status.ok()) return {};
  ErrorCode code = ErrorCode::kUnavailable;
  if (status.IsCorruption()) code = ErrorCode::kDataLoss;
  if (status.IsNoSpace() || status.IsMemoryLimit()) code = ErrorCode::kResourceExhausted;
  if (status.IsInvalidArgument() || status.IsNotSupported()) code = ErrorCode::kInvalidArgument;
  const std::string text = status.ToString();
  if (text.find("While lock file") != std::string::npos ||
      text.find("lock hold by current process") != std::string::npos) {
    code = ErrorCode::kAlreadyExists;
  }
  return Error{code, "RocksDB: " + text};
}

base::Result<std::shared_ptr<RocksDb>> RocksDb::open(const std::string& directory) {
  // Not strict: a strict cache fails a read whose block is larger than what its shard has left. One
  // shard of four suffices for a handful of readers and holds large values.
  const auto cache =
      rocksdb::NewLRUCache(kRocksMemoryBytes, kCacheShardBits, /*strict_capacity_limit=*/false);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (const char* name : kFamilyNames) descriptors.emplace_back(name, family_options(cache));
  std::shared_ptr<RocksDb> out(new RocksDb());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  HG_RETURN_IF_ERROR(from_status(
      rocksdb::DB::Open(database_options(cache), directory, descriptors, &handles, &db)));
  out->cache_ = cache;
  out->db_.reset(db);
  for (int i = 0; i < kFamilyCount; ++i) out->families_[i] = handles[static_cast<std::size_t>(i)];
  return out;
}

RocksDb::~RocksDb() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    if (family != nullptr) (void)db_->DestroyColumnFamilyHandle(family);
  }
  (void)db_->Close();
}

base::Result<void> RocksDb::checkpoint(const std::string& directory) {
  rocksdb::Checkpoint* made = nullptr;
  HG_RETURN_IF_ERROR(from_status(rocksdb::Checkpoint::Create(db_.get(), &made)));
  const std::unique_ptr<rocksdb::Checkpoint> owned(made);
  return from_status(owned->CreateCheckpoint(directory));
}

std::uint64_t RocksDb::memory_bytes() {
  return cache_->GetUsage();
}

std::uint64_t RocksDb::size_bytes(Family which) {
  std::uint64_t files = 0;
  std::uint64_t memory = 0;
  db_->GetIntProperty(family(which), rocksdb::DB::Properties::kTotalSstFilesSize, &files);
  db_->GetIntProperty(family(which), rocksdb::DB::Properties::kSizeAllMemTables, &memory);
  return files + memory;
}

}  // namespace honeyguide::store
