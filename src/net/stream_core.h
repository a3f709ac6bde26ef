// The buffer between a writer on any thread and a connection on its I/O thread. Private to net.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "net/stream_writer.h"

namespace honeyguide::net {

// Thread-safe. The connection takes pieces and reports how many bytes it still holds unsent.
class StreamCore {
 public:
  // `wake` is called (on the writer's thread, no lock held) when there are pieces or an end to take
  // and the connection has not been woken since its last take().
  StreamCore(std::size_t mark_bytes, std::function<void()> wake)
      : mark_(mark_bytes), wake_(std::move(wake)) {}

  // The writer's side: see StreamWriter.
  StreamState write(std::string bytes);
  StreamState state() const;
  std::size_t buffered_bytes() const;
  StreamState wait_writable(std::chrono::milliseconds timeout);
  void on_writable(std::function<void()> callback);
  // Nothing may be written any more; the connection ends the body after the last piece, or breaks
  // it off there if not `proper`.
  void end(bool proper);

  // The connection's side.
  struct Taken {
    std::vector<std::string> pieces;
    bool ended = false;
    bool proper = false;
    bool overflowed = false;  // the writer ignored kFull: break off
  };
  Taken take();
  // Bytes taken and not yet sent; frees the writer when they fall.
  void set_unsent(std::size_t bytes);
  void set_gone();

 private:
  StreamState state_locked() const HG_REQUIRES(mutex_);
  // The callback to run if the state left kFull; run it without the lock.
  std::function<void()> ready_callback() HG_REQUIRES(mutex_);

  const std::size_t mark_;
  const std::function<void()> wake_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<std::string> pieces_ HG_GUARDED_BY(mutex_);
  std::size_t queued_ HG_GUARDED_BY(mutex_) = 0;
  std::size_t unsent_ HG_GUARDED_BY(mutex_) = 0;
  bool woken_ HG_GUARDED_BY(mutex_) = false;
  bool ended_ HG_GUARDED_BY(mutex_) = false;
  bool proper_ HG_GUARDED_BY(mutex_) = false;
  bool gone_ HG_GUARDED_BY(mutex_) = false;
  bool overflowed_ HG_GUARDED_BY(mutex_) = false;
  std::function<void()> callback_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::net
