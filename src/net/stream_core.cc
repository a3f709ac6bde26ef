#include "net/stream_core.h"

#include <utility>

namespace honeyguide::net {

StreamState StreamCore::state_locked() const {
  if (gone_ || ended_ || overflowed_) return StreamState::kGone;
  return queued_ + unsent_ >= mark_ ? StreamState::kFull : StreamState::kOpen;
}

std::function<void()> StreamCore::ready_callback() {
  if (state_locked() == StreamState::kFull) return nullptr;
  changed_.notify_all();
  return std::exchange(callback_, nullptr);
}

StreamState StreamCore::write(std::string bytes) {
  bool wake = false;
  StreamState state = StreamState::kGone;
  {
    base::MutexLock lock(mutex_);
    if (state_locked() == StreamState::kGone) return StreamState::kGone;
    if (queued_ + unsent_ >= 2 * mark_) overflowed_ = true;
    if (!overflowed_) {
      queued_ += bytes.size();
      pieces_.push_back(std::move(bytes));
    }
    wake = !std::exchange(woken_, true);
    state = state_locked();
  }
  if (wake) wake_();
  return state;
}

StreamState StreamCore::state() const {
  base::MutexLock lock(mutex_);
  return state_locked();
}

std::size_t StreamCore::buffered_bytes() const {
  base::MutexLock lock(mutex_);
  return queued_ + unsent_;
}

StreamState StreamCore::wait_writable(std::chrono::milliseconds timeout) {
  base::MutexLock lock(mutex_);
  changed_.wait_for(mutex_, timeout,
                    [this] HG_REQUIRES(mutex_) { return state_locked() != StreamState::kFull; });
  return state_locked();
}

void StreamCore::on_writable(std::function<void()> callback) {
  std::function<void()> now;
  {
    base::MutexLock lock(mutex_);
    callback_ = std::move(callback);
    now = ready_callback();
  }
  if (now) now();
}

void StreamCore::end(bool proper) {
  bool wake = false;
  {
    base::MutexLock lock(mutex_);
    if (ended_ || gone_) return;
    ended_ = true;
    proper_ = proper;
    wake = !std::exchange(woken_, true);
    changed_.notify_all();
  }
  if (wake) wake_();
}

StreamCore::Taken StreamCore::take() {
  base::MutexLock lock(mutex_);
  woken_ = false;
  unsent_ += queued_;
  queued_ = 0;
  return {std::exchange(pieces_, {}), ended_, proper_, overflowed_};
}

void StreamCore::set_unsent(std::size_t bytes) {
  std::function<void()> ready;
  {
    base::MutexLock lock(mutex_);
    unsent_ = bytes;
    ready = ready_callback();
  }
  if (ready) ready();
}

void StreamCore::set_gone() {
  std::function<void()> ready;
  {
    base::MutexLock lock(mutex_);
    gone_ = true;
    pieces_.clear();
    queued_ = 0;
    unsent_ = 0;
    ready = ready_callback();
  }
  if (ready) ready();
}

}  // namespace honeyguide::net
