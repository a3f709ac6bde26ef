// The I/O threads that servers and clients share: each runs one event loop, a connection stays on
// one of them for life.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace honeyguide::net {

class IoThread;  // private to net

// Thread-safe. Servers and clients made on a pool must be destroyed before it.
class IoPool {
 public:
  static constexpr int kThreadCountMax = 64;

  // Starts `thread_count` (1 to kThreadCountMax) threads with all signals blocked. `clock` must
  // outlive the pool; its steady time drives the timeouts.
  static base::Result<std::unique_ptr<IoPool>> create(int thread_count, const base::Clock& clock);

  // Stops the threads; connections that are still open are dropped.
  ~IoPool();

  IoPool(const IoPool&) = delete;
  IoPool& operator=(const IoPool&) = delete;

  int thread_count() const;

  // Runs `work` soon on one of the threads. It must not block.
  void post(std::function<void()> work);

  // True on one of this pool's threads.
  bool on_io_thread() const;

  const base::Clock& clock() const { return *clock_; }

  // For net itself.
  const std::vector<std::shared_ptr<IoThread>>& threads() const { return threads_; }

 private:
  explicit IoPool(const base::Clock& clock) : clock_(&clock) {}

  const base::Clock* clock_;
  std::vector<std::shared_ptr<IoThread>> threads_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace honeyguide::net
