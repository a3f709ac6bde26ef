// TracerCore: what stands behind a Tracer: sampling, the buffers of threads, the background thread
// and the exporters.
//
// A span that ends is appended to the buffer of its thread. The background thread takes all buffers
// every export interval, or sooner when a buffer has grown to kBufferBytes, makes batches and hands
// each to every exporter in turn. All that waits is bounded by Config::queue_bytes_max.
//
// After a fork the child starts with empty buffers and a thread of its own at its first span; what
// the parent had recorded stays the parent's.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "honeyguide/tracer.h"
#include "sdk/active_span.h"
#include "sdk/exporter.h"

namespace honeyguide::sdk {

inline constexpr std::size_t kBufferBytes = 64u << 10;
// Spans of one batch for an exporter, about.
inline constexpr std::size_t kBatchBytes = 1u << 20;

class TracerCore : public std::enable_shared_from_this<TracerCore> {
 public:
  // `clock` must outlive it. Without `background` nothing runs by itself: flush() does the work.
  TracerCore(const Config& config, const base::Clock& clock, base::LogSink log,
             std::vector<std::unique_ptr<SpanExporter>> exporters, bool background);
  ~TracerCore();

  // Fills context and, if the span is recorded, gives it.
  ActiveSpan* start(std::string_view name, const Attributes& attributes, const SpanOptions& options,
                    SpanContext& context);
  void end(ActiveSpan* span, UnixNanos time);  // 0: now

  base::Result<void> flush(std::chrono::milliseconds deadline);
  base::Result<void> shutdown(std::chrono::milliseconds deadline);
  TracerStats stats() const;
  UnixNanos now() const { return clock_.now(); }

 private:
  struct ThreadBuffer {
    base::Mutex mutex;
    std::string bytes HG_GUARDED_BY(mutex);
  };
  // All that must be made anew in a forked child.
  struct Life {
    std::uint32_t generation = 0;
    base::Mutex mutex;
    std::vector<std::shared_ptr<ThreadBuffer>> buffers HG_GUARDED_BY(mutex);
    base::Mutex export_mutex;  // held while exporters work
    base::CondVar wake;
    bool wake_now HG_GUARDED_BY(mutex) = false;
    bool stopping HG_GUARDED_BY(mutex) = false;
    std::thread thread;
  };
  struct ThreadSlot;

  Life& life();
  Life& new_life_after_fork(Life* old);
  void start_thread(Life& life);
  void run(Life& life);
  ThreadBuffer& buffer_of_thread(Life& life);
  void wake(Life& life);
  // Takes what has been recorded and exports it. Holds export_mutex.
  base::Result<void> drain(Life& life, std::chrono::milliseconds deadline);
  base::Result<void> export_records(std::string_view records, std::chrono::milliseconds deadline);
  bool sample(const base::TraceId& trace_id, const SpanContext& parent);
  void append_record(ActiveSpan* span);

  static thread_local ThreadSlot slot_;

  const Config config_;
  const base::Clock& clock_;
  const base::LogSink log_;
  const std::vector<std::unique_ptr<SpanExporter>> exporters_;
  const bool background_;
  const std::uint64_t id_;
  std::atomic<Life*> life_;
  std::atomic<bool> reviving_{false};
  std::atomic<bool> shut_down_{false};
  std::atomic<std::int64_t> rate_tokens_at_{0};  // steady time up to which traces were let through

  std::atomic<std::uint64_t> started_{0};
  std::atomic<std::uint64_t> sampled_out_{0};
  std::atomic<std::uint64_t> ended_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> exported_{0};
  std::atomic<std::uint64_t> export_failures_{0};
  std::atomic<std::uint64_t> queued_bytes_{0};
};

}  // namespace honeyguide::sdk
