// A settled file: its place in the partition tree and the facts that let a search pass it by.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>

#include "store/trace_store.h"

namespace honeyguide::store::segment {

// "all" holds what arrived in the hour; "kept" the erroneous traces that outlive it.
enum class FileClass : std::uint8_t { kAll = 0, kKept = 1 };

struct SettledFile {
  TenantId tenant = 0;
  FileClass file_class = FileClass::kAll;
  base::UnixNanos hour = 0;
  std::uint64_t number = 0;
  std::string directory;  // of the partition
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t span_rows = 0;
  std::uint64_t log_rows = 0;
  std::uint32_t span_blocks = 0;
  std::uint32_t log_blocks = 0;
  std::uint64_t bytes = 0;                                                  // of its files together
  base::UnixNanos start_min = std::numeric_limits<base::UnixNanos>::max();  // spans
  base::UnixNanos start_max = std::numeric_limits<base::UnixNanos>::min();
  base::UnixNanos log_min = std::numeric_limits<base::UnixNanos>::max();
  base::UnixNanos log_max = std::numeric_limits<base::UnixNanos>::min();
  // Where the trace filter lies in the index file, so that a lookup can probe it without loading.
  std::uint64_t filter_seed = 0;
  std::uint64_t filter_offset = 0;
  std::uint32_t filter_segment_length = 0;
  std::uint32_t filter_segment_count = 0;
  // Set when the file was taken out of the store; readers that still hold it find nothing.
  mutable std::atomic<bool> dropped{false};

  std::string blocks_path() const { return path("settled-", ".hgs"); }
  std::string index_path() const { return path("settled-", ".hgi"); }
  std::string values_path() const { return path("values-", ".hgv"); }

 private:
  std::string path(const char* stem, const char* suffix) const {
    return directory + "/" + stem + std::to_string(number) + suffix;
  }
};

}  // namespace honeyguide::store::segment
