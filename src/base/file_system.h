// FileSystem: files are passed in. PosixFs touches the machine; MemFs (mem_fs.h) is a file system
// in memory for tests and the simulation; FaultyFs (faulty_fs.h) adds crashes, torn writes and full
// disks to MemFs.
//
// Paths use '/', are absolute or relative to the process. Errors carry the path and the reason:
// kNotFound, kAlreadyExists, kPermissionDenied, kResourceExhausted (disk full or no more file
// descriptors), else kUnavailable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace honeyguide::base {

// A file open for appending. Not thread-safe.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  // Appends all of `data`. After an error the file's length is unknown: reopen or truncate.
  virtual Result<void> append(std::string_view data) = 0;
  // Data and length reach the disk (fdatasync).
  virtual Result<void> sync() = 0;
  // Cuts the file to its first `size_bytes`; the next append follows there.
  virtual Result<void> truncate(std::uint64_t size_bytes) = 0;
  virtual std::uint64_t size_bytes() const = 0;
};

// A file open for reading at any offset. Thread-safe.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Reads up to `size` bytes at `offset` into `out`; fewer only at the end of the file. Gives the
  // number read.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::size_t size, char* out) const = 0;
  virtual Result<std::uint64_t> size_bytes() const = 0;
};

// Held until destroyed. Also excludes a second holder in this process.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct DiskSpace {
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;
};

// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Creates the file if missing; appends follow its present end. Mode 0600.
  virtual Result<std::unique_ptr<WritableFile>> open_append(const std::string& path) = 0;
  virtual Result<std::unique_ptr<ReadableFile>> open_read(const std::string& path) = 0;
  virtual bool exists(const std::string& path) = 0;
  // Names, not paths, of the entries of a directory, sorted; without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // With all missing parents, mode 0700. An existing directory is no error.
  virtual Result<void> create_directories(const std::string& directory) = 0;
  virtual Result<void> remove_file(const std::string& path) = 0;
  // A directory and all in it. A missing one is no error.
  virtual Result<void> remove_tree(const std::string& directory) = 0;
  // Replaces `to` in one step.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  // Makes creations, renames and removals in the directory durable.
  virtual Result<void> sync_directory(const std::string& directory) = 0;
  // kAlreadyExists with the holder's process id in the message if somebody holds it.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
  virtual Result<DiskSpace> disk_space(const std::string& directory) = 0;

  // Whole-file helpers over the calls above.
  Result<std::string> read_file(const std::string& path);
  // Writes `path`.tmp, syncs, renames and syncs the directory: readers see the old or the new file.
  Result<void> write_file_atomic(const std::string& path, std::string_view data);
};

// The machine's file system. Thread-safe, without state of its own.
FileSystem& posix_fs();

// Directory part of a path: "a/b" of "a/b/c", "." of "c".
std::string directory_of(const std::string& path);

}  // namespace honeyguide::base
