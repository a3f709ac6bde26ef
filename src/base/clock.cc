#include "base/clock.h"

#include <ctime>

namespace honeyguide::base {
namespace {

std::int64_t read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * kNanosPerSecond + now.tv_nsec;
}

}  // namespace

UnixNanos SystemClock::now() const {
  return read_clock(CLOCK_REALTIME);
}
std::int64_t SystemClock::steady_ns() const {
  return read_clock(CLOCK_MONOTONIC);
}

}  // namespace honeyguide::base
