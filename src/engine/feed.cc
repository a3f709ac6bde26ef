#include "engine/feed.h"

#include <chrono>
#include <utility>

namespace honeyguide::engine {
namespace {

std::int64_t batch_bytes(const store::CommittedBatch& batch) {
  std::int64_t bytes = 256;
  if (batch.spans) bytes += static_cast<std::int64_t>(batch.spans->size_bytes());
  if (batch.logs) bytes += static_cast<std::int64_t>(batch.logs->context.size_bytes());
  return bytes;
}

}  // namespace

Feed::Feed(store::TraceStore& store, store::Position from, std::int64_t bytes_max)
    : store_(store), bytes_max_(bytes_max), position_(from) {}

void Feed::push(store::CommittedBatch batch) {
  const std::int64_t bytes = batch_bytes(batch);
  {
    base::MutexLock lock(mutex_);
    if (ring_bytes_ + bytes > bytes_max_) {
      // Let everything go: what comes from here on is read back from the store.
      ring_.clear();
      ring_bytes_ = 0;
      behind_ = true;
    }
    if (!behind_) {
      ring_.push_back(std::move(batch));
      ring_bytes_ += bytes;
    }
  }
  changed_.notify_one();
}

base::Result<std::uint64_t> Feed::poll(const Consumer& consumer, std::uint64_t batches_max) {
  std::uint64_t consumed = 0;
  while (consumed < batches_max) {
    store::CommittedBatch batch;
    {
      base::MutexLock lock(mutex_);
      if (behind_) break;
      if (ring_.empty()) return consumed;
      batch = std::move(ring_.front());
      ring_.pop_front();
      ring_bytes_ -= batch_bytes(batch);
      if (batch.position <= position_) continue;
    }
    consumer(batch);
    ++consumed;
    base::MutexLock lock(mutex_);
    position_ = batch.position;
    ++stats_.batches_total;
    stats_.spans_total += batch.spans ? batch.spans->size() : 0;
  }
  if (consumed == batches_max) return consumed;
  HG_ASSIGN_OR_RETURN(const std::uint64_t replayed, poll_store(consumer, batches_max - consumed));
  return consumed + replayed;
}

base::Result<std::uint64_t> Feed::poll_store(const Consumer& consumer, std::uint64_t batches_max) {
  store::Position from;
  {
    base::MutexLock lock(mutex_);
    from = position_;
    // Pushes from here on are kept; what the store hands out of them again is skipped by position.
    behind_ = false;
  }
  std::uint64_t consumed = 0;
  bool stopped = false;
  const auto end = store_.replay(from, [&](const store::CommittedBatch& batch) {
    consumer(batch);
    ++consumed;
    base::MutexLock lock(mutex_);
    // Stopping where the position did not move would repeat what was just consumed for ever.
    const bool moved = batch.position > position_;
    if (moved) position_ = batch.position;
    ++stats_.batches_total;
    ++stats_.replayed_total;
    stats_.spans_total += batch.spans ? batch.spans->size() : 0;
    stopped = moved && consumed >= batches_max;
    return !stopped;
  });
  {
    base::MutexLock lock(mutex_);
    if (end && !stopped && *end > position_) position_ = *end;
    if (!end || stopped) {
      behind_ = true;
      ring_.clear();
      ring_bytes_ = 0;
    }
  }
  if (!end) return end.error();
  return consumed;
}

void Feed::wait(std::int64_t timeout_ms) {
  base::MutexLock lock(mutex_);
  if (!ring_.empty() || behind_ || stopped_) return;
  changed_.wait_for(mutex_, std::chrono::milliseconds(timeout_ms));
}

void Feed::stop() {
  {
    base::MutexLock lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

store::Position Feed::position() const {
  base::MutexLock lock(mutex_);
  return position_;
}

FeedStats Feed::stats() const {
  base::MutexLock lock(mutex_);
  FeedStats out = stats_;
  out.queued_bytes = ring_bytes_;
  out.queued_batches = ring_.size();
  return out;
}

}  // namespace honeyguide::engine
