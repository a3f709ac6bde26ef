// Young files: records as they were committed, found by an index in memory until settle takes them
// over. Not thread-safe: guarded by the store's state mutex.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/ids.h"
#include "store/segment/record.h"
#include "store/trace_store.h"

namespace honeyguide::store::segment {

// What the store keeps in memory of one young record.
struct YoungRecord {
  std::shared_ptr<const base::ReadableFile> file;
  std::uint64_t offset = 0;  // of the record
  RecordHeader header;
  base::UnixNanos start_min = 0;
  base::UnixNanos start_max = 0;
  std::int64_t duration_max = 0;
  // What put_bloom() made of its spans' values and keys; null for logs.
  std::shared_ptr<const std::string> filter;

  void set_filter(std::vector<std::uint64_t>& hashes);
  // False: no row holds the value.
  bool may_contain_value(std::uint64_t hash) const;
};

// Trace ids to the records that hold them: one open-addressing table and chains, about 30 bytes for
// each (trace, record).
class TraceTable {
 public:
  void add(TenantId tenant, const base::TraceId& id, std::uint32_t record);
  // Appends the records, newest first; a few may be false (64-bit hashes are compared).
  void find(TenantId tenant, const base::TraceId& id, std::vector<std::uint32_t>& out) const;
  std::size_t memory_bytes() const {
    return slots_.capacity() * sizeof(Slot) + links_.capacity() * sizeof(Link);
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t head = 0;  // link + 1; 0: free
    std::uint32_t spare = 0;
  };
  struct Link {
    std::uint32_t record = 0;
    std::uint32_t next = 0;  // link + 1; 0: end
  };
  static std::uint64_t hash(TenantId tenant, const base::TraceId& id);
  void grow();

  std::vector<Slot> slots_;
  std::vector<Link> links_;
  std::size_t used_ = 0;
};

struct YoungFile {
  std::uint64_t number = 0;
  std::string path;
  std::shared_ptr<const base::ReadableFile> reader;
  std::vector<YoungRecord> records;
  TraceTable traces;
  std::uint64_t size_bytes = 0;
  std::size_t filter_bytes = 0;
  std::uint64_t span_rows = 0;
  std::uint64_t log_rows = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  base::UnixNanos first_arrival = 0;
  bool closed = false;
  bool damaged = false;  // goes to quarantine when it settles

  void add(const YoungRecord& record, const std::vector<base::TraceId>& trace_ids);
  std::size_t memory_bytes() const {
    return traces.memory_bytes() + records.capacity() * sizeof(YoungRecord) + filter_bytes;
  }
};

}  // namespace honeyguide::store::segment
