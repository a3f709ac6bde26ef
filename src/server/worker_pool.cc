#include "server/worker_pool.h"

#include <csignal>
#include <utility>

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace honeyguide::server {

WorkerPool::WorkerPool(int thread_count, int queue_max, int nice) : queue_max_(queue_max) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (int i = 0; i < thread_count; ++i) threads_.emplace_back([this, nice] { run(nice); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

WorkerPool::~WorkerPool() {
  {
    base::MutexLock lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::submit(std::function<void()> work) {
  {
    base::MutexLock lock(mutex_);
    if (closing_ || static_cast<int>(queue_.size()) >= queue_max_) return false;
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

int WorkerPool::queued_count() const {
  base::MutexLock lock(mutex_);
  return static_cast<int>(queue_.size());
}

int WorkerPool::running_count() const {
  base::MutexLock lock(mutex_);
  return running_;
}

void WorkerPool::run(int nice) {
  // On Linux niceness belongs to the thread.
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), nice);
  for (;;) {
    std::function<void()> work;
    {
      base::MutexLock lock(mutex_);
      while (queue_.empty() && !closing_) changed_.wait(mutex_);
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
    }
    work();
    base::MutexLock lock(mutex_);
    --running_;
  }
}

}  // namespace honeyguide::server
