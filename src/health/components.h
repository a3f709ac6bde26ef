// Components: who is alive and working, by heartbeat and by what each says of itself. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace honeyguide::health {

enum class State : std::uint8_t { kUnknown = 0, kHealthy = 1, kDegraded = 2, kUnhealthy = 3 };
// "unknown", "healthy", "degraded", "unhealthy".
std::string_view state_name(State state);

struct ComponentStatus {
  std::string name;
  State state = State::kUnknown;
  std::string detail;                  // what is wrong, for people; empty while healthy
  std::string advice;                  // what to do about it
  std::int64_t heartbeat_age_ns = -1;  // -1: never beat
};

class Components {
 public:
  // Components kept; further ones are refused.
  static constexpr std::size_t kComponentsMax = 256;

  // `clock` must outlive this; its steady time counts.
  explicit Components(const base::Clock& clock) : clock_(clock) {}

  // A component that beats at least every `heartbeat_max_ns` (0: it has no heartbeat and counts by
  // report() alone). `advice` is given when it falls silent. Registering again changes both.
  // kResourceExhausted beyond the limit.
  base::Result<void> add(const std::string& name, std::int64_t heartbeat_max_ns,
                         std::string advice);
  // It ran just now. Unknown names are ignored.
  void beat(std::string_view name);
  // What a check of the component found; stays until the next report. Counts as a heartbeat unless
  // the state is kUnhealthy.
  void report(std::string_view name, State state, std::string detail, std::string advice);
  void remove(std::string_view name);

  // In name order. A component that is silent for longer than it may is kUnhealthy whatever it
  // reported; one that never beat is kUnknown for that long after it was added, then kUnhealthy.
  std::vector<ComponentStatus> snapshot() const;

 private:
  struct Entry {
    std::int64_t heartbeat_max_ns = 0;
    std::string silent_advice;
    std::int64_t added_at = 0;
    std::int64_t beat_at = -1;
    State reported = State::kUnknown;
    std::string detail;
    std::string advice;
  };

  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::health
