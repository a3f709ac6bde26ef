// One event loop on one thread, and the sockets that live on it. Private to net: includes Asio.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "base/mutex.h"

namespace honeyguide::net {

// Something with deadlines that lives on one IoThread.
class Ticked {
 public:
  virtual ~Ticked() = default;

  // Called about every kTickMillis on the owning thread, for deadlines. `now_ns` is steady.
  virtual void on_tick(std::int64_t now_ns) = 0;

  // Called when the thread ends: give everything up.
  virtual void on_thread_end() = 0;
};

class IoThread : public std::enable_shared_from_this<IoThread> {
 public:
  // Deadlines are as fine as this: one timer a thread instead of one a connection.
  static constexpr int kTickMillis = 50;
  // Bytes one read may take; the buffer is shared by all sockets of the thread.
  static constexpr std::size_t kScratchBytes = 256 * 1024;

  explicit IoThread(const base::Clock& clock);

  void start();
  // Ends the loop, joins, and gives up what is still registered.
  void stop();

  boost::asio::io_context& context() { return context_; }
  bool is_current() const { return std::this_thread::get_id() == thread_id_.load(); }
  std::int64_t now_ns() const { return clock_->steady_ns(); }
  char* scratch() { return scratch_.data(); }

  // Runs `work` on the thread; false (and dropped) after stop().
  bool post(std::function<void()> work);

  // Runs `work` on the thread and waits for it; runs it here when the thread has ended or is the
  // current one.
  void run_and_wait(const std::function<void()>& work);

  // On the thread: keeps `ticked` alive and ticking until remove().
  void add(std::shared_ptr<Ticked> ticked);
  void remove(const Ticked* ticked);

  // Connections that live here, for balancing. Any thread.
  std::atomic<int> connection_count{0};

 private:
  void arm_tick();

  const base::Clock* clock_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  bool tick_armed_ = false;
  std::atomic<std::thread::id> thread_id_{};
  std::thread thread_;
  base::Mutex mutex_;
  bool stopped_ HG_GUARDED_BY(mutex_) = false;
  std::unordered_map<const Ticked*, std::shared_ptr<Ticked>> ticked_;
  std::vector<char> scratch_;
};

}  // namespace honeyguide::net
