#include "base/mem_fs.h"

#include <algorithm>
#include <cstring>

namespace honeyguide::base {
namespace {

Error not_found(const std::string& path) {
  return {ErrorCode::kNotFound, "open " + path + ": no such file or directory"};
}

}  // namespace

class MemWritableFile final : public WritableFile {
 public:
  MemWritableFile(MemFs& fs, std::shared_ptr<MemFile> file) : fs_(fs), file_(std::move(file)) {}

  Result<void> append(std::string_view data) override {
    MutexLock lock(fs_.mutex_);
    if (fs_.used_bytes() + data.size() > fs_.capacity_bytes_) {
      return Error{ErrorCode::kResourceExhausted, "write: no space left on device"};
    }
    file_->bytes.append(data);
    return {};
  }

  Result<void> sync() override {
    MutexLock lock(fs_.mutex_);
    file_->synced_bytes = file_->bytes.size();
    return {};
  }

  Result<void> truncate(std::uint64_t size_bytes) override {
    MutexLock lock(fs_.mutex_);
    file_->bytes.resize(static_cast<std::size_t>(size_bytes));
    file_->synced_bytes = std::min(file_->synced_bytes, size_bytes);
    return {};
  }

  std::uint64_t size_bytes() const override {
    MutexLock lock(fs_.mutex_);
    return file_->bytes.size();
  }

 private:
  MemFs& fs_;
  std::shared_ptr<MemFile> file_;
};

class MemReadableFile final : public ReadableFile {
 public:
  MemReadableFile(MemFs& fs, std::shared_ptr<MemFile> file) : fs_(fs), file_(std::move(file)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::size_t size, char* out) const override {
    MutexLock lock(fs_.mutex_);
    if (offset >= file_->bytes.size()) return std::size_t{0};
    const std::size_t got = std::min(size, file_->bytes.size() - static_cast<std::size_t>(offset));
    std::memcpy(out, file_->bytes.data() + offset, got);
    return got;
  }

  Result<std::uint64_t> size_bytes() const override {
    MutexLock lock(fs_.mutex_);
    return static_cast<std::uint64_t>(file_->bytes.size());
  }

 private:
  MemFs& fs_;
  std::shared_ptr<MemFile> file_;
};

class MemFileLock final : public FileLock {
 public:
  MemFileLock(MemFs& fs, std::string path) : fs_(fs), path_(std::move(path)) {}
  ~MemFileLock() override {
    MutexLock lock(fs_.mutex_);
    fs_.locks_.erase(path_);
  }

 private:
  MemFs& fs_;
  std::string path_;
};

void MemFs::set_capacity_bytes(std::uint64_t capacity_bytes) {
  MutexLock lock(mutex_);
  capacity_bytes_ = capacity_bytes;
}

void MemFs::lose_power(const std::function<std::uint64_t(std::uint64_t)>& keep) {
  MutexLock lock(mutex_);
  for (auto& [path, file] : files_) {
    const std::uint64_t unsynced = file->bytes.size() - file->synced_bytes;
    file->bytes.resize(static_cast<std::size_t>(file->synced_bytes + keep(unsynced)));
    file->synced_bytes = file->bytes.size();
  }
  locks_.clear();
}

std::shared_ptr<MemFile> MemFs::file_at(const std::string& path) {
  MutexLock lock(mutex_);
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second;
}

void MemFs::put_file(const std::string& path, std::shared_ptr<MemFile> file) {
  MutexLock lock(mutex_);
  if (file) {
    files_[path] = std::move(file);
  } else {
    files_.erase(path);
  }
}

std::uint64_t MemFs::free_bytes() {
  MutexLock lock(mutex_);
  const std::uint64_t used = used_bytes();
  return capacity_bytes_ > used ? capacity_bytes_ - used : 0;
}

std::uint64_t MemFs::used_bytes() const {
  std::uint64_t used = 0;
  for (const auto& [path, file] : files_) used += file->bytes.size();
  return used;
}

bool MemFs::is_directory(const std::string& path) const {
  return path == "." || path == "/" || directories_.contains(path);
}

Result<std::unique_ptr<WritableFile>> MemFs::open_append(const std::string& path) {
  MutexLock lock(mutex_);
  if (!is_directory(directory_of(path))) return not_found(path);
  auto& file = files_[path];
  if (!file) file = std::make_shared<MemFile>();
  return std::unique_ptr<WritableFile>(std::make_unique<MemWritableFile>(*this, file));
}

Result<std::unique_ptr<ReadableFile>> MemFs::open_read(const std::string& path) {
  MutexLock lock(mutex_);
  const auto found = files_.find(path);
  if (found == files_.end()) return not_found(path);
  return std::unique_ptr<ReadableFile>(std::make_unique<MemReadableFile>(*this, found->second));
}

bool MemFs::exists(const std::string& path) {
  MutexLock lock(mutex_);
  return files_.contains(path) || is_directory(path);
}

Result<std::vector<std::string>> MemFs::list(const std::string& directory) {
  MutexLock lock(mutex_);
  if (!is_directory(directory)) return not_found(directory);
  std::set<std::string> names;
  const auto add = [&](const std::string& path) {
    if (directory_of(path) == directory) names.insert(path.substr(path.find_last_of('/') + 1));
  };
  for (const auto& [path, file] : files_) add(path);
  for (const std::string& path : directories_) add(path);
  return std::vector<std::string>(names.begin(), names.end());
}

Result<void> MemFs::create_directories(const std::string& directory) {
  MutexLock lock(mutex_);
  for (std::string path = directory; !is_directory(path); path = directory_of(path)) {
    if (files_.contains(path)) {
      return Error{ErrorCode::kAlreadyExists, path + " is a file, not a directory"};
    }
    directories_.insert(path);
  }
  return {};
}

Result<void> MemFs::remove_file(const std::string& path) {
  MutexLock lock(mutex_);
  if (files_.erase(path) == 0) return not_found(path);
  return {};
}

Result<void> MemFs::remove_tree(const std::string& directory) {
  MutexLock lock(mutex_);
  const std::string prefix = directory + "/";
  std::erase_if(files_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
  std::erase_if(directories_, [&](const std::string& path) {
    return path == directory || path.starts_with(prefix);
  });
  return {};
}

Result<void> MemFs::rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  if (!is_directory(directory_of(to))) return not_found(to);
  if (const auto file = files_.find(from); file != files_.end()) {
    files_[to] = file->second;
    files_.erase(from);
    return {};
  }
  if (!directories_.contains(from)) return not_found(from);
  const std::string prefix = from + "/";
  std::map<std::string, std::shared_ptr<MemFile>> files;
  for (const auto& [path, file] : files_) {
    files[path.starts_with(prefix) ? to + path.substr(from.size()) : path] = file;
  }
  std::set<std::string> directories;
  for (const std::string& path : directories_) {
    const bool moves = path == from || path.starts_with(prefix);
    directories.insert(moves ? to + path.substr(from.size()) : path);
  }
  files_ = std::move(files);
  directories_ = std::move(directories);
  return {};
}

Result<void> MemFs::sync_directory(const std::string& directory) {
  MutexLock lock(mutex_);
  if (!is_directory(directory)) return not_found(directory);
  return {};
}

Result<std::unique_ptr<FileLock>> MemFs::lock(const std::string& path) {
  MutexLock lock(mutex_);
  if (!locks_.insert(path).second) {
    return Error{ErrorCode::kAlreadyExists, path + " is in use by process 0"};
  }
  return std::unique_ptr<FileLock>(std::make_unique<MemFileLock>(*this, path));
}

Result<DiskSpace> MemFs::disk_space(const std::string&) {
  MutexLock lock(mutex_);
  const std::uint64_t used = used_bytes();
  return DiskSpace{capacity_bytes_, capacity_bytes_ > used ? capacity_bytes_ - used : 0};
}

}  // namespace honeyguide::base
