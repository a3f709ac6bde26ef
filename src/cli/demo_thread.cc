#include "cli/demo_thread.h"

#include <chrono>
#include <utility>

namespace honeyguide::cli {

base::Result<void> DemoThread::start(DemoOptions options) {
  base::MutexLock lock(mutex_);
  if (stopping_) return base::Error{base::ErrorCode::kUnavailable, "the server is stopping"};
  if (running_) return base::Error{base::ErrorCode::kAlreadyExists, "the demo runs already"};
  if (thread_.joinable()) thread_.join();
  running_ = true;
  thread_ = std::thread([this, options = std::move(options)] {
    DemoHooks hooks;
    hooks.stop_within = [this](std::int64_t ns) { return stop_within(ns); };
    const auto done = send_demo(options, clock_, hooks);
    if (!done) log_(base::LogLevel::kWarning, "demo: " + done.error().message);
    base::MutexLock ended(mutex_);
    running_ = false;
  });
  return {};
}

bool DemoThread::stop_within(std::int64_t ns) {
  base::MutexLock lock(mutex_);
  if (!stopping_ && ns > 0) changed_.wait_for(mutex_, std::chrono::nanoseconds(ns));
  return stopping_;
}

void DemoThread::stop() {
  std::thread thread;
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

}  // namespace honeyguide::cli
