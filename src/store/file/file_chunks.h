// FileChunks: chunk storage on plain files, for the embedded library.
//
// series.log holds the descriptions, ticks.log what was written since the last fold,
// <resolution>-<period>.chunks all chunks of one period. A fold rewrites the files of the periods
// it touches, each in one step, and then empties ticks.log.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/file_system.h"
#include "store/chunked_series_store.h"
#include "store/file/record_log.h"

namespace honeyguide::store {

class FileChunks final : public ChunkStorage {
 public:
  // Decoded periods kept in memory, by the bytes of their chunks.
  static constexpr std::size_t kCacheBytesMax = 8u << 20;

  // `directory` exists and belongs to this storage alone.
  static base::Result<std::unique_ptr<ChunkStorage>> open(base::FileSystem& fs,
                                                          const std::string& directory);

  base::Result<void> put_series(TenantId tenant, const SeriesInfo& info) override;
  base::Result<void> append_tick(std::string_view tick) override;
  base::Result<void> sync() override;
  const std::set<std::uint32_t>& periods(Resolution resolution) override;
  base::Result<std::string> get_chunk(const ChunkKey& key) override;
  base::Result<void> fold(const std::map<ChunkKey, std::string>& chunks) override;
  base::Result<void> drop_before(Resolution resolution, std::uint32_t period) override;
  base::Result<void> purge() override;
  std::uint64_t size_bytes() override;
  base::Result<void> close() override { return {}; }
  base::Result<void> load_series(
      const std::function<base::Result<void>(TenantId, std::string_view)>& sink) override;
  base::Result<void> load_ticks(
      const std::function<base::Result<void>(std::string_view)>& sink) override;

 private:
  using PeriodKey = std::pair<Resolution, std::uint32_t>;
  struct Period {
    std::map<std::pair<TenantId, std::uint64_t>, std::string> chunks;
    std::size_t size_bytes = 0;
  };

  FileChunks(base::FileSystem& fs, std::string directory)
      : fs_(fs), directory_(std::move(directory)) {}

  std::string path_of(const PeriodKey& key) const;
  base::Result<void> find_periods();
  // The period, read from its file if need be; valid until the next call. A damaged file is renamed
  // to *.damaged and the period is empty from then on.
  base::Result<Period*> period(const PeriodKey& key);
  base::Result<void> remove_period(const PeriodKey& key);
  void forget(const PeriodKey& key);

  base::FileSystem& fs_;
  const std::string directory_;
  std::unique_ptr<RecordLog> series_log_;
  std::unique_ptr<RecordLog> tick_log_;
  std::set<std::uint32_t> periods_[3];
  std::map<PeriodKey, std::uint64_t> file_bytes_;
  std::list<std::pair<PeriodKey, Period>> cache_;  // most recently used first
  std::size_t cache_bytes_ = 0;
};

}  // namespace honeyguide::store
