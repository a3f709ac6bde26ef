#include "base/file_system.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mutex.h"

namespace honeyguide::base {
namespace {

Error errno_error(const std::string& what, const std::string& path) {
  const int code = errno;
  ErrorCode kind = ErrorCode::kUnavailable;
  if (code == ENOENT || code == ENOTDIR) kind = ErrorCode::kNotFound;
  if (code == EEXIST) kind = ErrorCode::kAlreadyExists;
  if (code == EACCES || code == EPERM || code == EROFS) kind = ErrorCode::kPermissionDenied;
  if (code == ENOSPC || code == EDQUOT || code == EMFILE || code == ENFILE) {
    kind = ErrorCode::kResourceExhausted;
  }
  return {kind, what + " " + path + ": " + std::strerror(code)};
}

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(Descriptor fd, std::string path, std::uint64_t size_bytes)
      : fd_(std::move(fd)), path_(std::move(path)), size_bytes_(size_bytes) {}

  Result<void> append(std::string_view data) override {
    while (!data.empty()) {
      const ssize_t written =
          ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(size_bytes_));
      if (written < 0) {
        if (errno == EINTR) continue;
        return errno_error("write", path_);
      }
      size_bytes_ += static_cast<std::uint64_t>(written);
      data.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(fd_.get()) != 0) return errno_error("fdatasync", path_);
    return {};
  }

  Result<void> truncate(std::uint64_t size_bytes) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_bytes)) != 0) {
      return errno_error("truncate", path_);
    }
    size_bytes_ = size_bytes;
    return {};
  }

  std::uint64_t size_bytes() const override { return size_bytes_; }

 private:
  Descriptor fd_;
  std::string path_;
  std::uint64_t size_bytes_;
};

class PosixReadableFile final : public ReadableFile {
 public:
  PosixReadableFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::size_t size, char* out) const override {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got =
          ::pread(fd_.get(), out + done, size - done, static_cast<off_t>(offset + done));
      if (got == 0) break;
      if (got < 0) {
        if (errno == EINTR) continue;
        return errno_error("read", path_);
      }
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<std::uint64_t> size_bytes() const override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return errno_error("stat", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  Descriptor fd_;
  std::string path_;
};

// flock(2) excludes other processes; the table excludes this one, where a second open would get its
// own file description and wait for ever on nobody. Leaked on purpose: no global has a destructor.
struct LockTable {
  Mutex mutex;
  std::set<std::string> held HG_GUARDED_BY(mutex);
};
LockTable& lock_table() {
  static LockTable* table = new LockTable;
  return *table;
}

class PosixFileLock final : public FileLock {
 public:
  PosixFileLock(Descriptor fd, std::string key) : fd_(std::move(fd)), key_(std::move(key)) {}
  ~PosixFileLock() override {
    MutexLock lock(lock_table().mutex);
    lock_table().held.erase(key_);
  }

 private:
  Descriptor fd_;
  std::string key_;
};

class PosixFs final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> open_append(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (fd.get() < 0) return errno_error("open", path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return errno_error("stat", path);
    return std::unique_ptr<WritableFile>(std::make_unique<PosixWritableFile>(
        std::move(fd), path, static_cast<std::uint64_t>(info.st_size)));
  }

  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return errno_error("open", path);
    return std::unique_ptr<ReadableFile>(std::make_unique<PosixReadableFile>(std::move(fd), path));
  }

  bool exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    DIR* handle = ::opendir(directory.c_str());
    if (handle == nullptr) return errno_error("list", directory);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(handle)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    ::closedir(handle);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> create_directories(const std::string& directory) override {
    for (std::size_t at = 1; at <= directory.size(); ++at) {
      if (at != directory.size() && directory[at] != '/') continue;
      const std::string prefix = directory.substr(0, at);
      if (::mkdir(prefix.c_str(), 0700) != 0 && errno != EEXIST) {
        return errno_error("mkdir", prefix);
      }
    }
    struct stat info {};
    if (::stat(directory.c_str(), &info) != 0) return errno_error("stat", directory);
    if (!S_ISDIR(info.st_mode)) {
      return Error{ErrorCode::kAlreadyExists, directory + " is a file, not a directory"};
    }
    return {};
  }

  Result<void> remove_file(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return errno_error("remove", path);
    return {};
  }

  Result<void> remove_tree(const std::string& directory) override {
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (error) {
      errno = error.value();
      return errno_error("remove", directory);
    }
    return {};
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return errno_error("rename", from + " to " + to);
    return {};
  }

  Result<void> sync_directory(const std::string& directory) override {
    Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return errno_error("open", directory);
    if (::fsync(fd.get()) != 0) return errno_error("fsync", directory);
    return {};
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (fd.get() < 0) return errno_error("open", path);
    char* resolved = ::realpath(path.c_str(), nullptr);
    std::string key = resolved != nullptr ? resolved : path;
    std::free(resolved);
    MutexLock guard(lock_table().mutex);
    if (lock_table().held.contains(key) || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      char holder[24] = {};
      const ssize_t got = ::pread(fd.get(), holder, sizeof(holder) - 1, 0);
      const std::string pid =
          got > 0 ? std::string(holder, static_cast<std::size_t>(got)) : "unknown";
      return Error{ErrorCode::kAlreadyExists, path + " is in use by process " + pid};
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
      return errno_error("write", path);
    }
    lock_table().held.insert(key);
    return std::unique_ptr<FileLock>(
        std::make_unique<PosixFileLock>(std::move(fd), std::move(key)));
  }

  Result<DiskSpace> disk_space(const std::string& directory) override {
    struct statvfs info {};
    if (::statvfs(directory.c_str(), &info) != 0) return errno_error("statvfs", directory);
    return DiskSpace{static_cast<std::uint64_t>(info.f_blocks) * info.f_frsize,
                     static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize};
  }
};

}  // namespace

Result<std::string> FileSystem::read_file(const std::string& path) {
  HG_ASSIGN_OR_RETURN(const auto file, open_read(path));
  HG_ASSIGN_OR_RETURN(const std::uint64_t size, file->size_bytes());
  std::string bytes(static_cast<std::size_t>(size), '\0');
  HG_ASSIGN_OR_RETURN(const std::size_t got, file->read_at(0, bytes.size(), bytes.data()));
  bytes.resize(got);
  return bytes;
}

Result<void> FileSystem::write_file_atomic(const std::string& path, std::string_view data) {
  const std::string temporary = path + ".tmp";
  {
    HG_ASSIGN_OR_RETURN(const auto file, open_append(temporary));
    HG_RETURN_IF_ERROR(file->truncate(0));
    HG_RETURN_IF_ERROR(file->append(data));
    HG_RETURN_IF_ERROR(file->sync());
  }
  HG_RETURN_IF_ERROR(rename(temporary, path));
  return sync_directory(directory_of(path));
}

FileSystem& posix_fs() {
  static PosixFs* fs = new PosixFs;
  return *fs;
}

std::string directory_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace honeyguide::base
