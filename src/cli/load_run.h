// LoadRunner: keeps a number of requests in flight against a receiver and measures what it answers.
// A closed loop (each answer starts the next request), or a steady rate while slots are free.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/latency_histogram.h"
#include "cli/load_shapes.h"

namespace honeyguide::cli {

enum class LoadAnswer : std::uint8_t {
  kAcked,      // taken, perhaps less `rejected_spans`
  kRetryable,  // send again after `retry_delay_ms`, or after a back-off if it is negative
  kLost,       // no answer: connection refused, reset, deadline
  kRefused,    // will never be taken
};

struct LoadOutcome {
  LoadAnswer answer = LoadAnswer::kAcked;
  std::uint64_t rejected_spans = 0;
  std::int64_t retry_delay_ms = -1;
  std::string message;
};

// Sends one request body. Thread-safe.
class LoadTransport {
 public:
  virtual ~LoadTransport() = default;
  // Calls `done` exactly once, on any thread. `slot` chooses the connection. The body may be moved
  // from; the runner does not touch it before `done`.
  virtual void send(std::shared_ptr<std::string> body, int slot,
                    std::function<void(LoadOutcome)> done) = 0;
};

struct LoadPlan {
  int slots = 4;                   // requests in flight
  double spans_per_second = 0;     // 0: as fast as the receiver acknowledges
  std::int64_t duration_ns = 0;    // no request starts later
  std::uint64_t requests_max = 0;  // 0: only the duration ends the run
  int attempts_max = 10;           // of one request, when answers are retryable or lost
  bool stop_when_lost = false;     // the first lost request ends the run
  std::int64_t drain_ns = 30 * base::kNanosPerSecond;  // waiting for answers at the end
};

struct LoadReport {
  std::uint64_t spans_acked = 0;
  std::uint64_t spans_rejected = 0;
  std::uint64_t bytes_acked = 0;
  std::uint64_t requests_acked = 0;
  std::uint64_t requests_refused = 0;
  std::uint64_t requests_given_up = 0;  // attempts_max reached, or cut off at the end
  std::uint64_t answers_retryable = 0;
  std::uint64_t answers_lost = 0;
  std::int64_t elapsed_ns = 0;  // until the last acknowledgement
  LatencyHistogram latency;     // of acknowledged attempts, send to answer
  std::string last_error;
};

class LoadRunner {
 public:
  // All must outlive the runner; the transport may call back until run() returns.
  LoadRunner(const LoadBodies& bodies, LoadTransport& transport, const base::Clock& clock,
             const LoadPlan& plan);

  // Called for each acknowledged request that lost no span, one at a time.
  void on_acked(std::function<void(std::uint64_t number)> visit) { on_acked_ = std::move(visit); }
  // Called about once a second by run().
  void on_progress(std::function<void(const LoadReport&)> visit) {
    on_progress_ = std::move(visit);
  }

  // Blocks until the plan is done and every answer is in or given up.
  LoadReport run();

 private:
  struct Slot {
    std::shared_ptr<std::string> body;
    std::uint64_t number = 0;
    std::size_t bytes = 0;
    int attempt = 0;
    base::UnixNanos made_at = 0;
    std::int64_t sent_ns = 0;
    std::int64_t due_ns = -1;  // of a retry; -1: free for the next request
  };

  bool take_next(Slot& slot);  // under the lock
  void send(int index);
  void answered(int index, LoadOutcome outcome);
  bool settle(Slot& slot, const LoadOutcome& outcome);  // under the lock
  void start_waiting(std::unique_lock<std::mutex>& lock);
  bool over(std::int64_t now) const;  // under the lock

  const LoadBodies& bodies_;
  LoadTransport& transport_;
  const base::Clock& clock_;
  const LoadPlan plan_;
  std::function<void(std::uint64_t)> on_acked_;
  std::function<void(const LoadReport&)> on_progress_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  std::deque<int> waiting_;  // slots that wait for their time
  int in_flight_ = 0;
  std::uint64_t next_number_ = 0;
  std::int64_t started_ns_ = 0;
  bool stopped_ = false;
  LoadReport report_;
};

}  // namespace honeyguide::cli
