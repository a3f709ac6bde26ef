// RocksChunks: chunk storage on RocksDB, the server's.
//
// series: 0 | tenant u32 | series u64 -> description; 1 | resolution u8 | period u32 | tenant u32 |
// series u64 -> chunk. The resolution stands before the period because each resolution ages by
// itself, and both before the rest, so that retention drops whole files. tick: sequence u64 -> one
// write. Numbers are big-endian.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "store/chunked_series_store.h"
#include "store/rocks/rocks_db.h"

namespace honeyguide::store {

class RocksChunks final : public ChunkStorage {
 public:
  static base::Result<std::unique_ptr<ChunkStorage>> open(std::shared_ptr<RocksDb> db);

  base::Result<void> put_series(TenantId tenant, const SeriesInfo& info) override;
  base::Result<void> append_tick(std::string_view tick) override;
  const std::set<std::uint32_t>& periods(Resolution resolution) override;
  base::Result<std::string> get_chunk(const ChunkKey& key) override;
  base::Result<void> fold(const std::map<ChunkKey, std::string>& chunks) override;
  base::Result<void> drop_before(Resolution resolution, std::uint32_t period) override;
  base::Result<void> purge() override;
  std::uint64_t size_bytes() override;
  base::Result<void> close() override;
  base::Result<void> load_series(
      const std::function<base::Result<void>(TenantId, std::string_view)>& sink) override;
  base::Result<void> load_ticks(
      const std::function<base::Result<void>(std::string_view)>& sink) override;

 private:
  explicit RocksChunks(std::shared_ptr<RocksDb> db) : db_(std::move(db)) {}
  base::Result<void> find_periods();

  std::shared_ptr<RocksDb> db_;
  std::set<std::uint32_t> periods_[3];
  std::uint64_t next_tick_ = 0;
};

}  // namespace honeyguide::store
