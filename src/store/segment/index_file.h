// The index of a settled file (.hgi): its facts, a directory of its blocks, their value filters,
// the filter of its trace ids, and the names that occur in it. Everything here is a function of the
// blocks and can be rebuilt from them.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file_system.h"
#include "base/mutex.h"
#include "base/result.h"
#include "store/segment/block_writer.h"
#include "store/segment/fuse_filter.h"
#include "store/segment/record.h"
#include "store/segment/settled_file.h"

namespace honeyguide::store::segment {

struct BlockEntry {
  std::uint64_t offset = 0;  // of the record
  std::uint32_t body_size = 0;
  std::uint32_t rows = 0;
  base::UnixNanos start_min = 0;  // logs: effective time
  base::UnixNanos start_max = 0;
  std::int64_t duration_max = 0;
  base::TraceId first_trace;  // blocks of spans are in trace order
  base::TraceId last_trace;
  std::uint32_t bloom_offset = 0;  // in blooms()
  std::uint32_t bloom_blocks = 0;
  std::uint32_t error_rows = 0;
  RecordKind kind = RecordKind::kSpans;
};

// Collects blocks as they are written, then gives the index file's bytes.
class IndexBuilder {
 public:
  void add(const RecordHeader& header, std::uint64_t offset, EncodedBlock& block);
  // Fills the facts of `file` that follow from the blocks.
  std::string finish(SettledFile& file);
  bool empty() const { return blocks_.empty(); }

 private:
  struct Named {
    std::string service;
    std::string name;
    telemetry::SpanKind kind;
  };
  std::vector<BlockEntry> blocks_;
  std::string blooms_;
  std::vector<std::uint64_t> trace_hashes_;
  std::map<std::string, Named> operations_;  // ordered, so that a rebuilt index has equal bytes
  std::map<std::string, std::pair<std::uint8_t, std::uint64_t>> keys_;
};

struct IndexKey {
  std::string_view key;
  std::uint8_t scopes = 0;
  std::uint64_t blocks = 0;
};

class SettledIndex {
 public:
  // kDataLoss if the bytes are damaged. `file` gets its facts; directory and dropped stay.
  static base::Result<SettledIndex> parse(std::string bytes, SettledFile& file);

  const std::vector<BlockEntry>& blocks() const { return blocks_; }
  std::string_view fingerprints(const SettledFile& file) const;
  bool may_contain_value(const BlockEntry& block, std::uint64_t hash) const;
  // Blocks of spans [begin, end) that the trace may lie in.
  std::pair<std::size_t, std::size_t> blocks_of(const base::TraceId& id) const;
  std::vector<OperationSeen> operations() const;
  std::vector<IndexKey> keys() const;
  std::size_t memory_bytes() const { return bytes_->size() + blocks_.size() * sizeof(BlockEntry); }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::vector<BlockEntry> blocks_;
  std::string_view blooms_;
  std::string_view operations_;
  std::string_view keys_;
};

// A settled file in use.
struct OpenSettled {
  std::shared_ptr<const SettledFile> file;
  SettledIndex index;
  std::shared_ptr<const base::ReadableFile> blocks;
  std::shared_ptr<const base::ReadableFile> values;  // null: it has none
};

// Keeps the most recently used ones open, within limits of bytes and count. Thread-safe.
class SettledCache {
 public:
  SettledCache(base::FileSystem& fs, std::uint64_t bytes_max, std::size_t files_max)
      : fs_(fs), bytes_max_(bytes_max), files_max_(files_max) {}

  base::Result<std::shared_ptr<const OpenSettled>> open(
      const std::shared_ptr<const SettledFile>& file);
  // False: the trace is surely not in the file. Does not load the index.
  base::Result<bool> may_contain_trace(const std::shared_ptr<const SettledFile>& file,
                                       std::uint64_t hash);
  void forget(const SettledFile& file);
  std::uint64_t memory_bytes();

 private:
  using Order = std::list<std::shared_ptr<const OpenSettled>>;

  base::FileSystem& fs_;
  const std::uint64_t bytes_max_;
  const std::size_t files_max_;
  base::Mutex mutex_;
  Order order_ HG_GUARDED_BY(mutex_);  // most recent first
  std::unordered_map<const SettledFile*, Order::iterator> open_ HG_GUARDED_BY(mutex_);
  std::uint64_t bytes_ HG_GUARDED_BY(mutex_) = 0;
};

}  // namespace honeyguide::store::segment
