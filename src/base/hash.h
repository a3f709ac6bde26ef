// XXH3 (github.com/Cyan4973/xxHash): checksums and hash tables. Not a MAC: use a random seed where
// a sender could choose colliding keys.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"

namespace honeyguide::base {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  auto operator<=>(const Hash128&) const = default;
};

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);
Hash128 hash128(std::string_view bytes, std::uint64_t seed = 0);

// 64 random bits from the operating system.
std::uint64_t random_seed();

// Fills ids from the operating system's generator; never all-zero.
TraceId random_trace_id();
SpanId random_span_id();

}  // namespace honeyguide::base
