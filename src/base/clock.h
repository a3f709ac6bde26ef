// Time is passed in. Only SystemClock reads the machine's clocks; tests and the simulation use
// SimClock.
#pragma once

#include <atomic>
#include <cstdint>

namespace honeyguide::base {

// Nanoseconds since the Unix epoch, UTC.
using UnixNanos = std::int64_t;

inline constexpr std::int64_t kNanosPerMicro = 1'000;
inline constexpr std::int64_t kNanosPerMilli = 1'000'000;
inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr std::int64_t kNanosPerMinute = 60 * kNanosPerSecond;
inline constexpr std::int64_t kNanosPerHour = 3600 * kNanosPerSecond;
inline constexpr std::int64_t kNanosPerDay = 24 * kNanosPerHour;

class Clock {
 public:
  virtual ~Clock() = default;

  // Wall clock. May jump in both directions.
  virtual UnixNanos now() const = 0;

  // Never goes back; its zero means nothing. For durations and deadlines.
  virtual std::int64_t steady_ns() const = 0;
};

// The machine's clocks. Thread-safe.
class SystemClock final : public Clock {
 public:
  UnixNanos now() const override;
  std::int64_t steady_ns() const override;
};

// Stands still until moved. Thread-safe.
class SimClock final : public Clock {
 public:
  explicit SimClock(UnixNanos start = 1'750'000'000 * kNanosPerSecond) : now_(start) {}

  UnixNanos now() const override { return now_.load(); }
  std::int64_t steady_ns() const override { return steady_.load(); }

  // Moves both clocks forward. `ns` >= 0.
  void advance(std::int64_t ns) {
    now_ += ns;
    steady_ += ns;
  }
  // A wall clock jump; the steady clock does not notice.
  void jump_to(UnixNanos now) { now_ = now; }

 private:
  std::atomic<UnixNanos> now_;
  std::atomic<std::int64_t> steady_{0};
};

}  // namespace honeyguide::base
