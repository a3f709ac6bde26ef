// RecordLog: a file of checksummed records, appended one at a time. A torn or damaged tail is cut
// off when the log is opened again; everything before it is read.
//
// Record = length u32 | xxh3-64 of the body u64 | body, little-endian.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/file_system.h"

namespace honeyguide::store {

// Not thread-safe.
class RecordLog {
 public:
  // Longest body; a longer length on disk counts as damage.
  static constexpr std::uint32_t kRecordBytesMax = 256u << 20;

  // Creates the file if missing. Calls `sink` with every whole record in order, then cuts what
  // follows. The sink's error ends the opening.
  static base::Result<std::unique_ptr<RecordLog>> open(
      base::FileSystem& fs, const std::string& path,
      const std::function<base::Result<void>(std::string_view)>& sink);

  // After an error the record is not in the log, unless the process ends before the next append.
  base::Result<void> append(std::string_view body);
  // As append(), and on the disk when it returns; on an error it is not in the log.
  base::Result<void> append_durable(std::string_view body);
  // What was appended before is on the disk.
  base::Result<void> sync() { return file_->sync(); }
  // Empties the log.
  base::Result<void> clear();
  std::uint64_t size_bytes() const { return good_bytes_; }
  // Bytes cut off at the opening.
  std::uint64_t torn_bytes() const { return torn_bytes_; }

 private:
  base::Result<void> cut_tail();
  RecordLog(std::unique_ptr<base::WritableFile> file, std::uint64_t good_bytes,
            std::uint64_t torn_bytes)
      : file_(std::move(file)), good_bytes_(good_bytes), torn_bytes_(torn_bytes) {}

  std::unique_ptr<base::WritableFile> file_;
  std::uint64_t good_bytes_ = 0;
  std::uint64_t torn_bytes_ = 0;
  // What failed may stand behind good_bytes_; it is cut off before the next record.
  bool has_tail_ = false;
};

// A whole file that holds one record, written in one step; kDataLoss if damaged.
base::Result<void> write_record_file(base::FileSystem& fs, const std::string& path,
                                     std::string_view body);
base::Result<std::string> read_record_file(base::FileSystem& fs, const std::string& path);

}  // namespace honeyguide::store
