#include "base/faulty_fs.h"

#include <algorithm>
#include <utility>

namespace honeyguide::base {
namespace {

Error gone() {
  return {ErrorCode::kUnavailable, "the process has ended here"};
}

class FaultyWritableFile final : public WritableFile {
 public:
  FaultyWritableFile(FaultyFs& fs, std::unique_ptr<WritableFile> file)
      : fs_(fs), file_(std::move(file)) {}

  Result<void> append(std::string_view data) override {
    const FaultyFs::Fate fate = fs_.next_change();
    if (fate == FaultyFs::Fate::kGone) return gone();
    if (fate == FaultyFs::Fate::kEndsHere) {
      HG_RETURN_IF_ERROR(append_prefix(data, data.size()));
      return gone();
    }
    if (fs_.draw(&FaultPlan::torn_append_chance)) {
      HG_RETURN_IF_ERROR(append_prefix(data, data.size()));
      return Error{ErrorCode::kUnavailable, "write: injected fault"};
    }
    auto written = file_->append(data);
    // A disk that fills up takes what fits.
    if (!written && written.error().code == ErrorCode::kResourceExhausted) {
      (void)append_prefix(data, std::min<std::uint64_t>(data.size(), fs_.space_left()));
    }
    return written;
  }

  Result<void> sync() override {
    if (fs_.next_change() != FaultyFs::Fate::kGoes) return gone();
    if (fs_.draw(&FaultPlan::failed_sync_chance)) {
      return Error{ErrorCode::kUnavailable, "fdatasync: injected fault"};
    }
    return file_->sync();
  }

  Result<void> truncate(std::uint64_t size_bytes) override {
    if (fs_.next_change() != FaultyFs::Fate::kGoes) return gone();
    if (fs_.draw(&FaultPlan::failed_sync_chance)) {
      return Error{ErrorCode::kUnavailable, "ftruncate: injected fault"};
    }
    return file_->truncate(size_bytes);
  }
  std::uint64_t size_bytes() const override { return file_->size_bytes(); }

 private:
  Result<void> append_prefix(std::string_view data, std::uint64_t limit) {
    return file_->append(data.substr(0, static_cast<std::size_t>(fs_.draw_up_to(limit))));
  }

  FaultyFs& fs_;
  std::unique_ptr<WritableFile> file_;
};

class FaultyReadableFile final : public ReadableFile {
 public:
  FaultyReadableFile(FaultyFs& fs, std::unique_ptr<ReadableFile> file)
      : fs_(fs), file_(std::move(file)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::size_t size, char* out) const override {
    if (fs_.draw(&FaultPlan::failed_read_chance)) {
      return Error{ErrorCode::kUnavailable, "read: injected fault"};
    }
    return file_->read_at(offset, size, out);
  }
  Result<std::uint64_t> size_bytes() const override { return file_->size_bytes(); }

 private:
  FaultyFs& fs_;
  std::unique_ptr<ReadableFile> file_;
};

}  // namespace

void FaultyFs::set_plan(const FaultPlan& plan) {
  MutexLock lock(plan_mutex_);
  plan_ = plan;
}

void FaultyFs::stop_after(std::uint64_t changes) {
  MutexLock lock(plan_mutex_);
  changes_left_ = changes;
}

bool FaultyFs::stopped() {
  MutexLock lock(plan_mutex_);
  return stopped_;
}

void FaultyFs::restart() {
  MutexLock lock(plan_mutex_);
  changes_left_ = std::numeric_limits<std::uint64_t>::max();
  stopped_ = false;
  plan_ = {};
}

FaultyFs::Fate FaultyFs::next_change() {
  MutexLock lock(plan_mutex_);
  if (stopped_) return Fate::kGone;
  if (changes_left_ == std::numeric_limits<std::uint64_t>::max()) return Fate::kGoes;
  if (changes_left_ > 0) {
    --changes_left_;
    return Fate::kGoes;
  }
  stopped_ = true;
  return Fate::kEndsHere;
}

void FaultyFs::crash() {
  std::vector<std::function<void()>> lost;
  {
    MutexLock lock(plan_mutex_);
    lost = std::exchange(undo_, {});
  }
  const auto kept = static_cast<std::size_t>(draw_up_to(lost.size()));
  while (lost.size() > kept) {
    lost.back()();
    lost.pop_back();
  }
  lose_power([this](std::uint64_t unsynced) { return draw_up_to(unsynced); });
}

Result<void> FaultyFs::change(const std::string& what, double FaultPlan::*chance) {
  if (next_change() != Fate::kGoes) return gone();
  if (draw(chance)) return Error{ErrorCode::kUnavailable, what + ": injected fault"};
  return {};
}

void FaultyFs::remember(std::function<void()> undo) {
  MutexLock lock(plan_mutex_);
  undo_.push_back(std::move(undo));
}

Result<std::unique_ptr<WritableFile>> FaultyFs::open_append(const std::string& path) {
  if (!file_at(path)) {
    if (next_change() != Fate::kGoes) return gone();
    remember([this, path] { put_file(path, nullptr); });
  }
  HG_ASSIGN_OR_RETURN(auto file, MemFs::open_append(path));
  return std::unique_ptr<WritableFile>(
      std::make_unique<FaultyWritableFile>(*this, std::move(file)));
}

Result<std::unique_ptr<ReadableFile>> FaultyFs::open_read(const std::string& path) {
  if (draw(&FaultPlan::failed_open_chance)) {
    return Error{ErrorCode::kUnavailable, "open " + path + ": injected fault"};
  }
  HG_ASSIGN_OR_RETURN(auto file, MemFs::open_read(path));
  return std::unique_ptr<ReadableFile>(
      std::make_unique<FaultyReadableFile>(*this, std::move(file)));
}

Result<void> FaultyFs::create_directories(const std::string& directory) {
  if (exists(directory)) return MemFs::create_directories(directory);
  if (next_change() != Fate::kGoes) return gone();
  return MemFs::create_directories(directory);
}

Result<void> FaultyFs::remove_file(const std::string& path) {
  HG_RETURN_IF_ERROR(change("unlink " + path, &FaultPlan::failed_directory_chance));
  auto file = file_at(path);
  if (file) remember([this, path, file] { put_file(path, file); });
  return MemFs::remove_file(path);
}

Result<void> FaultyFs::remove_tree(const std::string& directory) {
  if (!exists(directory)) return {};
  HG_RETURN_IF_ERROR(change("unlink " + directory, &FaultPlan::failed_directory_chance));
  return MemFs::remove_tree(directory);
}

Result<void> FaultyFs::rename(const std::string& from, const std::string& to) {
  HG_RETURN_IF_ERROR(change("rename " + from, &FaultPlan::failed_directory_chance));
  auto file = file_at(from);
  auto replaced = file_at(to);
  HG_RETURN_IF_ERROR(MemFs::rename(from, to));
  if (file) {
    remember([this, from, to, file, replaced] {
      put_file(to, replaced);
      put_file(from, file);
    });
  }
  return {};
}

Result<void> FaultyFs::sync_directory(const std::string& directory) {
  HG_RETURN_IF_ERROR(change("fsync " + directory, &FaultPlan::failed_directory_chance));
  HG_RETURN_IF_ERROR(MemFs::sync_directory(directory));
  MutexLock lock(plan_mutex_);
  undo_.clear();
  return {};
}

bool FaultyFs::draw(double FaultPlan::*chance) {
  MutexLock lock(plan_mutex_);
  if (plan_.*chance <= 0) return false;
  return std::uniform_real_distribution<double>(0, 1)(random_) < plan_.*chance;
}

std::uint64_t FaultyFs::draw_up_to(std::uint64_t limit) {
  MutexLock lock(plan_mutex_);
  return std::uniform_int_distribution<std::uint64_t>(0, limit)(random_);
}

}  // namespace honeyguide::base
