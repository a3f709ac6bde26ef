// What a SegmentStore needs to be opened, with every limit it keeps.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/log.h"
#include "base/memory_pool.h"

namespace honeyguide::store::segment {

// When data reaches the disk. Both survive a process kill.
enum class SyncPolicy : std::uint8_t {
  kInterval,  // in the background; power loss costs at most the last interval
  kCommit,    // before each acknowledgement; survives power loss
};

struct SegmentOptions {
  base::FileSystem& fs;
  const base::Clock& clock;
  std::string directory;

  SyncPolicy sync = SyncPolicy::kInterval;
  std::int64_t sync_interval_ns = base::kNanosPerSecond;
  // True: a committer and a maintenance thread. False: the owner calls poll() (simulation, tests);
  // append() then only queues.
  bool threads = true;
  base::LogSink log = base::null_log_sink();

  // Shares of the memory budget; null: no share is counted, the limits below hold alone.
  base::MemoryPool* ingest_pool = nullptr;  // batches that wait for their commit
  base::MemoryPool* young_pool = nullptr;   // young index and record directory

  // Batches waiting for their commit; beyond, appends get kResourceExhausted.
  std::uint64_t queue_bytes_max = 48ull << 20;
  // One commit takes at most this much of what waits.
  std::uint32_t commit_rows_max = 4096;
  std::uint64_t commit_bytes_max = 4ull << 20;
  // A batch id is remembered so long, and at most so many (8 MB).
  std::int64_t batch_id_window_ns = 5 * base::kNanosPerMinute;
  std::size_t batch_ids_max = 100'000;
  // Free space below which appends get kResourceExhausted, so that settle and the state store can
  // still write; a tenth of the volume if that is less.
  std::uint64_t free_bytes_min = 256ull << 20;
  // A young file is closed, and then settled, at the first of these. Settling holds a whole file in
  // memory, about 400 bytes a row.
  std::uint64_t young_file_rows_max = 262'144;
  std::uint64_t young_file_bytes_max = 32ull << 20;
  std::uint64_t young_file_records_max = 16'384;
  std::int64_t young_file_age_ns = 5 * base::kNanosPerMinute;
  // Young index and directory; beyond (settle is held back), appends get kResourceExhausted.
  std::uint64_t young_index_bytes_max = 64ull << 20;
  // An hour closes so long after its end; small files of a closed hour are merged once more.
  std::int64_t hour_close_ns = 10 * base::kNanosPerMinute;
  std::uint64_t hour_merge_rows_max = 1'000'000;
  // Indexes of settled files kept in memory.
  std::uint64_t index_cache_bytes_max = 16ull << 20;
  std::size_t open_files_max = 256;
  // Traces that delete_trace() hides until a rewrite has removed them.
  std::size_t tombstones_max = 65'536;
};

}  // namespace honeyguide::store::segment
