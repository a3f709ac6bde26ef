// Mutex with Clang's thread-safety annotations: `HG_GUARDED_BY(mutex_)` on a member makes an
// unguarded access a compile error under clang. With g++ the annotations are empty.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define HG_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define HG_THREAD_ATTRIBUTE(x)
#endif
#define HG_GUARDED_BY(x) HG_THREAD_ATTRIBUTE(guarded_by(x))
#define HG_REQUIRES(...) HG_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define HG_EXCLUDES(...) HG_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace honeyguide::base {

class HG_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() HG_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() HG_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  bool try_lock() HG_THREAD_ATTRIBUTE(try_acquire_capability(true)) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

class HG_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) HG_THREAD_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() HG_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Wait with the Mutex held: `while (!ready_) changed_.wait(mutex_);`
using CondVar = std::condition_variable_any;

}  // namespace honeyguide::base
