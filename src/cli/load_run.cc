#include "cli/load_run.h"

#include <algorithm>
#include <chrono>

namespace honeyguide::cli {
namespace {

constexpr std::int64_t kBackoffFirstNs = 50 * base::kNanosPerMilli;
constexpr std::int64_t kBackoffMaxNs = 2 * base::kNanosPerSecond;
constexpr std::chrono::milliseconds kTick{1};       // while something waits for its time
constexpr std::chrono::milliseconds kLongTick{20};  // in a closed loop

// True while this thread is inside LoadTransport::send(): an answer that comes at once must not
// start the next request from within it, or the stack would grow with the run.
thread_local bool in_send = false;

std::int64_t backoff_ns(int attempt) {
  return std::min(kBackoffMaxNs, kBackoffFirstNs << std::min(attempt - 1, 6));
}

}  // namespace

LoadRunner::LoadRunner(const LoadBodies& bodies, LoadTransport& transport, const base::Clock& clock,
                       const LoadPlan& plan)
    : bodies_(bodies), transport_(transport), clock_(clock), plan_(plan) {
  slots_.resize(static_cast<std::size_t>(std::max(plan.slots, 1)));
  for (Slot& slot : slots_) slot.body = std::make_shared<std::string>();
}

bool LoadRunner::over(std::int64_t now) const {
  return stopped_ || now - started_ns_ >= plan_.duration_ns ||
         (plan_.requests_max != 0 && next_number_ >= plan_.requests_max);
}

bool LoadRunner::take_next(Slot& slot) {
  const std::int64_t now = clock_.steady_ns();
  if (over(now)) return false;
  if (plan_.spans_per_second > 0) {
    const double seconds = static_cast<double>(now - started_ns_) / 1e9;
    const double allowed = seconds * plan_.spans_per_second / bodies_.spans_per_request();
    if (static_cast<double>(next_number_) > allowed) return false;
  }
  slot.number = next_number_++;
  slot.attempt = 0;
  return true;
}

void LoadRunner::send(int index) {
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  // Whoever still holds the last body (a connection that is going away) keeps it.
  if (slot.body.use_count() > 1) slot.body = std::make_shared<std::string>();
  // The same bytes at each attempt, as a real exporter sends them.
  if (slot.attempt == 0) slot.made_at = clock_.now();
  bodies_.fill(slot.number, slot.made_at, *slot.body);
  slot.bytes = slot.body->size();
  ++slot.attempt;
  slot.sent_ns = clock_.steady_ns();
  const bool nested = in_send;
  in_send = true;
  transport_.send(slot.body, index,
                  [this, index](LoadOutcome outcome) { answered(index, std::move(outcome)); });
  in_send = nested;
}

// True if the slot is free again, false if its request is to be sent once more at due_ns.
bool LoadRunner::settle(Slot& slot, const LoadOutcome& outcome) {
  const std::int64_t now = clock_.steady_ns();
  if (outcome.answer == LoadAnswer::kAcked) {
    report_.latency.add(now - slot.sent_ns);
    ++report_.requests_acked;
    report_.spans_acked += bodies_.spans_per_request() - outcome.rejected_spans;
    report_.spans_rejected += outcome.rejected_spans;
    report_.bytes_acked += slot.bytes;
    report_.elapsed_ns = now - started_ns_;
    if (on_acked_ && outcome.rejected_spans == 0) on_acked_(slot.number);
    return true;
  }
  if (!outcome.message.empty()) report_.last_error = outcome.message;
  if (outcome.answer == LoadAnswer::kRefused) {
    ++report_.requests_refused;
    return true;
  }
  const bool lost = outcome.answer == LoadAnswer::kLost;
  ++(lost ? report_.answers_lost : report_.answers_retryable);
  if (lost && plan_.stop_when_lost) stopped_ = true;
  const bool late = now - started_ns_ >= plan_.duration_ns + plan_.drain_ns;
  if (slot.attempt >= plan_.attempts_max || stopped_ || late) {
    ++report_.requests_given_up;
    return true;
  }
  slot.due_ns = now + (outcome.retry_delay_ms >= 0 ? outcome.retry_delay_ms * base::kNanosPerMilli
                                                   : backoff_ns(slot.attempt));
  return false;
}

void LoadRunner::answered(int index, LoadOutcome outcome) {
  bool next = false;
  {
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_[static_cast<std::size_t>(index)];
    const bool is_free = settle(slot, outcome);
    next = is_free && !in_send && take_next(slot);
    if (!next) {
      waiting_.push_back(index);
      --in_flight_;
      if (in_flight_ == 0) changed_.notify_one();
    }
  }
  if (next) send(index);
}

// Sends what waits and may go now: retries that are due, free slots that the rate allows.
void LoadRunner::start_waiting(std::unique_lock<std::mutex>& lock) {
  for (std::size_t count = waiting_.size(); count > 0 && !waiting_.empty(); --count) {
    const int index = waiting_.front();
    waiting_.pop_front();
    Slot& slot = slots_[static_cast<std::size_t>(index)];
    const bool ready =
        slot.due_ns >= 0 ? slot.due_ns <= clock_.steady_ns() && !stopped_ : take_next(slot);
    if (!ready) {
      waiting_.push_back(index);
      continue;
    }
    slot.due_ns = -1;
    ++in_flight_;
    lock.unlock();
    send(index);
    lock.lock();
  }
}

LoadReport LoadRunner::run() {
  std::unique_lock lock(mutex_);
  started_ns_ = clock_.steady_ns();
  for (int i = 0; i < static_cast<int>(slots_.size()); ++i) waiting_.push_back(i);
  std::int64_t progress_ns = started_ns_ + base::kNanosPerSecond;
  while (true) {
    start_waiting(lock);
    const std::int64_t now = clock_.steady_ns();
    const bool retrying = !stopped_ && std::any_of(slots_.begin(), slots_.end(),
                                                   [](const Slot& s) { return s.due_ns >= 0; });
    const bool drained = in_flight_ == 0 && !retrying;
    if (over(now) && drained) break;
    if (now - started_ns_ >= plan_.duration_ns + plan_.drain_ns && in_flight_ == 0) break;
    if (on_progress_ && now >= progress_ns) {
      progress_ns = now + base::kNanosPerSecond;
      report_.elapsed_ns = now - started_ns_;
      on_progress_(report_);
    }
    changed_.wait_for(lock, waiting_.empty() ? kLongTick : kTick);
  }
  for (const Slot& slot : slots_) {
    if (slot.due_ns >= 0) ++report_.requests_given_up;
  }
  return report_;
}

}  // namespace honeyguide::cli
