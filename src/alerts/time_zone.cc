#include "alerts/time_zone.h"

#include <absl/time/time.h>

namespace honeyguide::alerts {

bool is_time_zone(const std::string& name) {
  absl::TimeZone zone;
  return !name.empty() && absl::LoadTimeZone(name, &zone);
}

std::int64_t utc_offset_seconds(const std::string& name, std::int64_t unix_seconds) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(name, &zone)) return 0;
  return zone.At(absl::FromUnixSeconds(unix_seconds)).offset;
}

}  // namespace honeyguide::alerts
