#include "store/series_store.h"

namespace honeyguide::store {

std::int64_t resolution_ns(Resolution resolution) {
  switch (resolution) {
    case Resolution::k10s:
      return 10 * base::kNanosPerSecond;
    case Resolution::k1m:
      return base::kNanosPerMinute;
    case Resolution::k1h:
      return base::kNanosPerHour;
  }
  return base::kNanosPerHour;
}

base::UnixNanos bucket_start(base::UnixNanos time, Resolution resolution) {
  const std::int64_t width = resolution_ns(resolution);
  const std::int64_t rest = time % width;
  return time - (rest < 0 ? rest + width : rest);
}

}  // namespace honeyguide::store
