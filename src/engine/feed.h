// Feed: hands committed batches to analytics in commit order, without ever holding ingest up.
//
// Batches arrive by reference from the store's acknowledgements and wait in a ring bounded in
// bytes. When the ring is full the feed lets go of them and reads the gap back from the store
// later: the segments are the log. One thread (or the caller of poll()) consumes.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "base/mutex.h"
#include "base/result.h"
#include "store/trace_store.h"

namespace honeyguide::engine {

// Bytes of batches that wait in memory; beyond them the feed falls back to the store.
inline constexpr std::int64_t kFeedBytesMax = 32 << 20;

struct FeedStats {
  std::uint64_t batches_total = 0;  // consumed
  std::uint64_t spans_total = 0;
  std::uint64_t replayed_total = 0;  // batches read back from the store
  std::int64_t queued_bytes = 0;
  std::uint64_t queued_batches = 0;
};

class Feed {
 public:
  using Consumer = std::function<void(const store::CommittedBatch&)>;

  // Starts after `from`: everything the store holds beyond it is replayed first.
  Feed(store::TraceStore& store, store::Position from, std::int64_t bytes_max = kFeedBytesMax);

  // Called for each acknowledged batch, in commit order, from the store's thread. Never blocks
  // long.
  void push(store::CommittedBatch batch);

  // Consumes what is there, at most `batches_max`; gives the number consumed. Errors come from
  // reading the store back; the feed stays where it was and may be polled again.
  base::Result<std::uint64_t> poll(const Consumer& consumer, std::uint64_t batches_max);

  // Waits until there is something to poll, `stop` was called, or `timeout_ms` passed.
  void wait(std::int64_t timeout_ms);
  void stop();

  // Everything up to here was consumed.
  store::Position position() const;
  FeedStats stats() const;

 private:
  base::Result<std::uint64_t> poll_store(const Consumer& consumer, std::uint64_t batches_max);

  store::TraceStore& store_;
  const std::int64_t bytes_max_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<store::CommittedBatch> ring_ HG_GUARDED_BY(mutex_);
  std::int64_t ring_bytes_ HG_GUARDED_BY(mutex_) = 0;
  bool behind_ HG_GUARDED_BY(mutex_) = true;  // the ring does not start right after position_
  bool stopped_ HG_GUARDED_BY(mutex_) = false;
  store::Position position_ HG_GUARDED_BY(mutex_);
  FeedStats stats_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::engine
