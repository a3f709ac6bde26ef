// Writes one settled file: takes blocks of one tenant and arrival hour, merges their rows in trace
// order, and leaves the finished files in a staging folder, with the renames that publish them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/segment/file_transaction.h"
#include "store/segment/index_file.h"
#include "store/segment/reading.h"
#include "store/segment/values_file.h"

namespace honeyguide::store::segment {

// Keeps a row? Asked with its trace and the sequence it is judged by.
using KeepRow = std::function<bool(const base::TraceId&, std::uint64_t)>;

// What background work ends with when the store closes.
inline base::Error stopping_error() {
  return {base::ErrorCode::kUnavailable, "the store is being closed"};
}

class PartitionWriter {
 public:
  // `facts` has tenant, class, hour, number, directory and sequences; the rest is filled here.
  PartitionWriter(base::FileSystem& fs, std::string staging, std::shared_ptr<SettledFile> facts);

  // Called between blocks; a long pause lets ingest go first.
  void set_pace(std::function<bool()> pace) { pace_ = std::move(pace); }

  // Each at most once, spans first.
  base::Result<void> add_spans(std::vector<OpenBlock>& blocks, const KeepRow& keep);
  base::Result<void> add_logs(std::vector<OpenBlock>& blocks, const KeepRow& keep);
  // Null if no row was kept. Adds the renames to `transaction`.
  base::Result<std::shared_ptr<SettledFile>> finish(FileTransaction& transaction);

 private:
  struct RowRef;

  base::Result<void> write_block(RecordKind kind, EncodedBlock block, std::uint64_t first_sequence);
  base::Result<std::size_t> write_span_block(std::vector<OpenBlock>& blocks,
                                             const std::vector<RowRef>& rows, std::size_t begin);
  std::string staged(const std::string& path) const;

  base::FileSystem& fs_;
  const std::string staging_;
  std::shared_ptr<SettledFile> facts_;
  std::function<bool()> pace_;
  BlockWriter encoder_;
  IndexBuilder index_;
  ValuesFileWriter values_;
  std::unique_ptr<base::WritableFile> file_;
  std::uint64_t size_ = 0;
};

}  // namespace honeyguide::store::segment
