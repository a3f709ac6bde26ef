#include "base/faulty_fs.h"

namespace honeyguide::base {
namespace {

class FaultyWritableFile final : public WritableFile {
 public:
  FaultyWritableFile(FaultyFs& fs, std::unique_ptr<WritableFile> file)
      : fs_(fs), file_(std::move(file)) {}

  Result<void> append(std::string_view data) override {
    if (fs_.draw(&FaultPlan::torn_append_chance)) {
      const auto kept = static_cast<std::size_t>(fs_.draw_up_to(data.size()));
      HG_RETURN_IF_ERROR(file_->append(data.substr(0, kept)));
      return Error{ErrorCode::kUnavailable, "write: injected fault"};
    }
    return file_->append(data);
  }

  Result<void> sync() override {
    if (fs_.draw(&FaultPlan::failed_sync_chance)) {
      return Error{ErrorCode::kUnavailable, "fdatasync: injected fault"};
    }
    return file_->sync();
  }

  Result<void> truncate(std::uint64_t size_bytes) override { return file_->truncate(size_bytes); }
  std::uint64_t size_bytes() const override { return file_->size_bytes(); }

 private:
  FaultyFs& fs_;
  std::unique_ptr<WritableFile> file_;
};

}  // namespace

void FaultyFs::set_plan(const FaultPlan& plan) {
  MutexLock lock(plan_mutex_);
  plan_ = plan;
}

void FaultyFs::crash() {
  lose_power([this](std::uint64_t unsynced) { return draw_up_to(unsynced); });
}

Result<std::unique_ptr<WritableFile>> FaultyFs::open_append(const std::string& path) {
  HG_ASSIGN_OR_RETURN(auto file, MemFs::open_append(path));
  return std::unique_ptr<WritableFile>(
      std::make_unique<FaultyWritableFile>(*this, std::move(file)));
}

Result<std::unique_ptr<ReadableFile>> FaultyFs::open_read(const std::string& path) {
  if (draw(&FaultPlan::failed_open_chance)) {
    return Error{ErrorCode::kUnavailable, "open " + path + ": injected fault"};
  }
  return MemFs::open_read(path);
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
