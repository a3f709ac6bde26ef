// WorkerPool: the threads on which queries run, so that a heavy one cannot starve ingest. Bounded:
// a full queue refuses, the caller answers 503. Lower scheduling priority than the I/O threads.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace honeyguide::server {

class WorkerPool {
 public:
  // `nice` is added to the threads' niceness (0 to 19).
  WorkerPool(int thread_count, int queue_max, int nice);
  // Finishes what is queued.
  ~WorkerPool();

  // False if the queue is full or the pool is closing: the work was not taken.
  bool submit(std::function<void()> work);

  int queued_count() const;
  int running_count() const;

 private:
  void run(int nice);

  const int queue_max_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<std::function<void()>> queue_ HG_GUARDED_BY(mutex_);
  int running_ HG_GUARDED_BY(mutex_) = 0;
  bool closing_ HG_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace honeyguide::server
