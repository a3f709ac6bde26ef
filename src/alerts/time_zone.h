// Offsets of IANA time zones, from the machine's own database (/usr/share/zoneinfo).
#pragma once

#include <cstdint>
#include <string>

namespace honeyguide::alerts {

// UTC always is one.
bool is_time_zone(const std::string& name);
// Seconds east of UTC at a moment (Unix seconds); 0 for an unknown zone. Thread-safe; each zone is
// read once.
std::int64_t utc_offset_seconds(const std::string& name, std::int64_t unix_seconds);

}  // namespace honeyguide::alerts
