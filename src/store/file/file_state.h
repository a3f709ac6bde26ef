// FileStateStore: StateStore as a snapshot and a log of what changed since, all of it in memory
// too. For what an embedded library keeps: thousands of entries, not millions.
//
// state.snapshot and state.log in one directory. The snapshot is rewritten and the log emptied when
// the log has grown larger than kLogBytesMin and than the snapshot. A crash between the two steps
// replays entries that the snapshot already holds, which changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "base/mutex.h"
#include "store/file/record_log.h"
#include "store/state_store.h"

namespace honeyguide::store {

class FileStateStore final : public StateStore {
 public:
  static constexpr std::uint64_t kLogBytesMin = 4u << 20;

  // `directory` exists and belongs to this store alone (see open_file_stores).
  static base::Result<std::unique_ptr<FileStateStore>> open(base::FileSystem& fs,
                                                            const std::string& directory);

  base::Result<void> checkpoint(const Checkpoint& checkpoint) override;
  base::Result<std::uint64_t> acquire_epoch(std::uint32_t shard) override;
  base::Result<std::optional<std::string>> get(std::uint32_t shard, StateKind kind,
                                               std::string_view id) override;
  base::Result<std::vector<std::pair<std::string, std::string>>> list(std::uint32_t shard,
                                                                      StateKind kind,
                                                                      std::string_view from,
                                                                      std::uint32_t limit) override;
  base::Result<std::vector<StoredPosition>> positions(std::uint32_t shard) override;
  base::Result<void> purge() override;
  // Writes a snapshot.
  base::Result<void> close() override;

 private:
  struct Shard {
    std::uint64_t epoch = 0;
    std::vector<StoredPosition> positions;  // newest first, at most two
    std::map<std::pair<StateKind, std::string>, std::string> entries;
  };

  FileStateStore(base::FileSystem& fs, std::string directory)
      : fs_(fs), directory_(std::move(directory)) {}

  base::Result<void> load() HG_REQUIRES(mutex_);
  // One log record; also what a snapshot consists of.
  base::Result<void> apply(std::string_view record) HG_REQUIRES(mutex_);
  void apply_checkpoint(const Checkpoint& checkpoint) HG_REQUIRES(mutex_);
  base::Result<void> write_snapshot() HG_REQUIRES(mutex_);
  base::Result<void> compact_if_due() HG_REQUIRES(mutex_);
  void forget_all() HG_REQUIRES(mutex_);

  base::FileSystem& fs_;
  const std::string directory_;
  base::Mutex mutex_;
  std::map<std::uint32_t, Shard> shards_ HG_GUARDED_BY(mutex_);
  std::unique_ptr<RecordLog> log_ HG_GUARDED_BY(mutex_);
  std::uint64_t snapshot_bytes_ HG_GUARDED_BY(mutex_) = 0;
  bool closed_ HG_GUARDED_BY(mutex_) = false;
};

}  // namespace honeyguide::store
