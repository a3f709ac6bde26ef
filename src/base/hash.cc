#include "base/hash.h"

#include <cstring>

#include <sys/random.h>
#include <xxhash.h>

#include "base/check.h"

namespace honeyguide::base {
namespace {

void fill_random(void* out, std::size_t size) {
  // Requests of up to 256 bytes are never cut short once the generator is seeded (getrandom(2)).
  HG_CHECK(size <= 256);
  while (getrandom(out, size, 0) != static_cast<ssize_t>(size)) {
  }
}

template <typename Id>
Id random_id() {
  Id id;
  do {
    fill_random(id.bytes.data(), id.bytes.size());
  } while (!id.valid());
  return id;
}

}  // namespace

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Hash128 hash128(std::string_view bytes, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.low64, hash.high64};
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  fill_random(&seed, sizeof(seed));
  return seed;
}

TraceId random_trace_id() {
  return random_id<TraceId>();
}
SpanId random_span_id() {
  return random_id<SpanId>();
}

}  // namespace honeyguide::base
