// MemFs: a file system in memory, with one step of realism: what was not synced can be lost.
//
// Each file keeps its bytes and how many of them are synced; creations, renames and removals are
// durable at once (a simplification: FaultyFs tears data, not directories). Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/file_system.h"
#include "base/mutex.h"

namespace honeyguide::base {

struct MemFile {
  std::string bytes;
  std::uint64_t synced_bytes = 0;
};

class MemFs : public FileSystem {
 public:
  // Total and free bytes as disk_space() reports them; writes beyond it fail with
  // kResourceExhausted and write nothing.
  void set_capacity_bytes(std::uint64_t capacity_bytes);

  // Power loss: every file keeps its synced bytes and `keep(unsynced_bytes)` of the rest, a number
  // from 0 to unsynced_bytes. Open handles go on working on what is left; locks are released.
  void lose_power(const std::function<std::uint64_t(std::uint64_t)>& keep);

  Result<std::unique_ptr<WritableFile>> open_append(const std::string& path) override;
  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& path) override;
  bool exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> create_directories(const std::string& directory) override;
  Result<void> remove_file(const std::string& path) override;
  Result<void> remove_tree(const std::string& directory) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> sync_directory(const std::string& directory) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
  Result<DiskSpace> disk_space(const std::string& directory) override;

 protected:
  // The file itself, null if there is none; for file systems that break this one on purpose.
  std::shared_ptr<MemFile> file_at(const std::string& path);
  // Puts `file` there; null takes away what is there.
  void put_file(const std::string& path, std::shared_ptr<MemFile> file);
  std::uint64_t free_bytes();

 private:
  friend class MemWritableFile;
  friend class MemReadableFile;
  friend class MemFileLock;

  std::uint64_t used_bytes() const HG_REQUIRES(mutex_);
  bool is_directory(const std::string& path) const HG_REQUIRES(mutex_);

  Mutex mutex_;
  std::map<std::string, std::shared_ptr<MemFile>> files_ HG_GUARDED_BY(mutex_);
  std::set<std::string> directories_ HG_GUARDED_BY(mutex_);
  std::set<std::string> locks_ HG_GUARDED_BY(mutex_);
  std::uint64_t capacity_bytes_ HG_GUARDED_BY(mutex_) = 1ull << 40;
};

}  // namespace honeyguide::base
