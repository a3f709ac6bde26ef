#include "net/io_pool.h"

#include <atomic>
#include <future>
#include <string>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <pthread.h>
#include <signal.h>

#include "net/io_thread.h"

namespace honeyguide::net {

IoThread::IoThread(const base::Clock& clock)
    : clock_(&clock),
      work_(boost::asio::make_work_guard(context_)),
      timer_(context_),
      scratch_(kScratchBytes) {}

void IoThread::start() {
  // Threads inherit the mask: block every signal before, restore it after.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    thread_id_ = std::this_thread::get_id();
    pthread_setname_np(pthread_self(), "hg-net");
    context_.run();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void IoThread::stop() {
  {
    base::MutexLock lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
  }
  context_.stop();
  if (thread_.joinable()) thread_.join();
  thread_id_ = std::this_thread::get_id();
  auto left = std::move(ticked_);
  ticked_.clear();
  for (auto& [key, ticked] : left) ticked->on_thread_end();
  left.clear();
  // Run what is queued (cancelled waits, posted work): it holds the last references to connections.
  timer_.cancel();
  work_.reset();
  context_.restart();
  context_.poll();
  thread_id_ = std::thread::id{};
}

bool IoThread::post(std::function<void()> work) {
  base::MutexLock lock(mutex_);
  if (stopped_) return false;
  boost::asio::post(context_, std::move(work));
  return true;
}

void IoThread::run_and_wait(const std::function<void()>& work) {
  if (is_current()) return work();
  std::promise<void> done;
  const bool posted = post([&] {
    work();
    done.set_value();
  });
  if (!posted) return work();
  done.get_future().wait();
}

void IoThread::add(std::shared_ptr<Ticked> ticked) {
  const Ticked* key = ticked.get();
  ticked_.emplace(key, std::move(ticked));
  if (!tick_armed_) arm_tick();
}

void IoThread::remove(const Ticked* ticked) {
  ticked_.erase(ticked);
}

void IoThread::arm_tick() {
  tick_armed_ = true;
  timer_.expires_after(std::chrono::milliseconds(kTickMillis));
  timer_.async_wait([this](boost::system::error_code error) {
    tick_armed_ = false;
    if (error) return;
    // A tick may remove anything, itself included: go over a copy.
    std::vector<std::shared_ptr<Ticked>> all;
    all.reserve(ticked_.size());
    for (const auto& [key, ticked] : ticked_) all.push_back(ticked);
    const std::int64_t now = now_ns();
    for (const auto& ticked : all) ticked->on_tick(now);
    if (!ticked_.empty() && !tick_armed_) arm_tick();
  });
}

base::Result<std::unique_ptr<IoPool>> IoPool::create(int thread_count, const base::Clock& clock) {
  if (thread_count < 1 || thread_count > kThreadCountMax) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "the number of I/O threads must be 1 to " + std::to_string(kThreadCountMax)};
  }
  std::unique_ptr<IoPool> pool(new IoPool(clock));
  for (int i = 0; i < thread_count; ++i) {
    pool->threads_.push_back(std::make_shared<IoThread>(clock));
    pool->threads_.back()->start();
  }
  return pool;
}

IoPool::~IoPool() {
  for (const auto& thread : threads_) thread->stop();
}

int IoPool::thread_count() const {
  return static_cast<int>(threads_.size());
}

void IoPool::post(std::function<void()> work) {
  const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed) % threads_.size();
  threads_[index]->post(std::move(work));
}

bool IoPool::on_io_thread() const {
  for (const auto& thread : threads_) {
    if (thread->is_current()) return true;
  }
  return false;
}

}  // namespace honeyguide::net
