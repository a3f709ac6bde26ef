#include "health/components.h"

#include <utility>

#include "base/strings.h"

namespace honeyguide::health {

std::string_view state_name(State state) {
  switch (state) {
    case State::kUnknown:
      return "unknown";
    case State::kHealthy:
      return "healthy";
    case State::kDegraded:
      return "degraded";
    case State::kUnhealthy:
      return "unhealthy";
  }
  return "unknown";
}

base::Result<void> Components::add(const std::string& name, std::int64_t heartbeat_max_ns,
                                   std::string advice) {
  base::MutexLock lock(mutex_);
  if (!entries_.contains(name) && entries_.size() >= kComponentsMax) {
    return base::Error{base::ErrorCode::kResourceExhausted,
                       "at most " + std::to_string(kComponentsMax) + " components report health"};
  }
  Entry& entry = entries_[name];
  entry.heartbeat_max_ns = heartbeat_max_ns;
  entry.silent_advice = std::move(advice);
  entry.added_at = clock_.steady_ns();
  return {};
}

void Components::beat(std::string_view name) {
  base::MutexLock lock(mutex_);
  const auto found = entries_.find(name);
  if (found != entries_.end()) found->second.beat_at = clock_.steady_ns();
}

void Components::report(std::string_view name, State state, std::string detail,
                        std::string advice) {
  base::MutexLock lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.reported = state;
  entry.detail = std::move(detail);
  entry.advice = std::move(advice);
  if (state != State::kUnhealthy) entry.beat_at = clock_.steady_ns();
}

void Components::remove(std::string_view name) {
  base::MutexLock lock(mutex_);
  const auto found = entries_.find(name);
  if (found != entries_.end()) entries_.erase(found);
}

std::vector<ComponentStatus> Components::snapshot() const {
  base::MutexLock lock(mutex_);
  const std::int64_t now = clock_.steady_ns();
  std::vector<ComponentStatus> out;
  for (const auto& [name, entry] : entries_) {
    ComponentStatus status;
    status.name = name;
    status.heartbeat_age_ns = entry.beat_at < 0 ? -1 : now - entry.beat_at;
    const std::int64_t silent_ns = now - (entry.beat_at < 0 ? entry.added_at : entry.beat_at);
    if (entry.heartbeat_max_ns > 0 && silent_ns > entry.heartbeat_max_ns) {
      status.state = State::kUnhealthy;
      status.detail = "silent for " + base::format_duration_ns(silent_ns);
      status.advice = entry.silent_advice;
    } else if (entry.reported != State::kUnknown) {
      status.state = entry.reported;
      status.detail = entry.detail;
      status.advice = entry.advice;
    } else if (entry.beat_at >= 0) {
      status.state = State::kHealthy;
    }
    out.push_back(std::move(status));
  }
  return out;
}

}  // namespace honeyguide::health
