#include "store/segment/fuse_filter.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/hash.h"

namespace honeyguide::store::segment {
namespace {

// Seeds tried before giving up. A seed fails rarely (well below 5 %), so this many failures mean a
// bug.
constexpr int kSeedsMax = 100;

std::uint64_t remix(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdu;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53u;
  return x ^ x >> 33;
}

FuseShape shape_for(std::size_t count, std::uint64_t seed) {
  // Sizes from the construction's published analysis: segments grow with the logarithm of the
  // count, the excess shrinks to 1.125.
  FuseShape out;
  out.seed = seed;
  const double log = std::log(static_cast<double>(std::max<std::size_t>(count, 2)));
  const int bits = std::clamp(static_cast<int>(std::floor(log / std::log(3.33) + 2.25)), 2, 18);
  out.segment_length = 1u << bits;
  const double factor = count <= 1 ? 2.0 : std::max(1.125, 0.875 + 0.25 * std::log(1e6) / log);
  const double capacity = std::ceil(static_cast<double>(count) * factor);
  const double segments = std::ceil(capacity / out.segment_length);
  out.segment_count = static_cast<std::uint32_t>(std::max(1.0, segments - 2));
  return out;
}

// Peels slots that only one hash still uses; gives the peeling order, or nothing if it stalls.
bool peel(const FuseShape& shape, const std::vector<std::uint64_t>& hashes,
          std::vector<std::pair<std::uint64_t, std::size_t>>& order) {
  const std::size_t slots = shape.slot_count();
  std::vector<std::uint64_t> mixed(slots, 0);
  std::vector<std::uint32_t> used(slots, 0);
  std::size_t at[3];
  for (const std::uint64_t hash : hashes) {
    shape.slots(hash, at);
    for (const std::size_t slot : at) {
      mixed[slot] ^= hash;
      ++used[slot];
    }
  }
  std::vector<std::size_t> single;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    if (used[slot] == 1) single.push_back(slot);
  }
  order.clear();
  order.reserve(hashes.size());
  while (!single.empty()) {
    const std::size_t slot = single.back();
    single.pop_back();
    if (used[slot] != 1) continue;
    const std::uint64_t hash = mixed[slot];
    order.emplace_back(hash, slot);
    shape.slots(hash, at);
    for (const std::size_t other : at) {
      mixed[other] ^= hash;
      if (--used[other] == 1) single.push_back(other);
    }
  }
  return order.size() == hashes.size();
}

}  // namespace

std::uint64_t trace_hash(const base::TraceId& id) {
  return base::hash64({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

void FuseShape::slots(std::uint64_t hash, std::size_t out[3]) const {
  const std::uint64_t h = remix(hash ^ seed);
  const std::uint64_t mask = segment_length - 1;
  const std::uint64_t start = (h >> 32) * segment_count >> 32;
  const std::uint64_t h2 = h * 0x9e3779b97f4a7c15u;
  out[0] = static_cast<std::size_t>(start * segment_length + (h & mask));
  out[1] = static_cast<std::size_t>((start + 1) * segment_length + (h2 >> 40 & mask));
  out[2] = static_cast<std::size_t>((start + 2) * segment_length + (h2 >> 20 & mask));
}

std::uint16_t FuseShape::fingerprint(std::uint64_t hash) const {
  return static_cast<std::uint16_t>(remix(hash ^ ~seed) >> 13);
}

FuseShape put_fuse_filter(std::string& out, std::vector<std::uint64_t>& hashes) {
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  HG_CHECK(!hashes.empty());
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  FuseShape shape;
  bool built = false;
  for (int attempt = 0; attempt < kSeedsMax && !built; ++attempt) {
    shape = shape_for(hashes.size(), remix(static_cast<std::uint64_t>(attempt) + 1));
    built = peel(shape, hashes, order);
  }
  HG_CHECK(built);
  std::vector<std::uint16_t> prints(shape.slot_count(), 0);
  for (auto entry = order.rbegin(); entry != order.rend(); ++entry) {
    std::size_t at[3];
    shape.slots(entry->first, at);
    std::uint16_t print = shape.fingerprint(entry->first);
    for (const std::size_t slot : at) {
      if (slot != entry->second) print ^= prints[slot];
    }
    prints[entry->second] = print;
  }
  out.append(reinterpret_cast<const char*>(prints.data()), prints.size() * 2);
  return shape;
}

bool fuse_may_contain(const FuseShape& shape, const char* fingerprints, std::uint64_t hash) {
  std::size_t at[3];
  shape.slots(hash, at);
  std::uint16_t print = shape.fingerprint(hash);
  for (const std::size_t slot : at) {
    std::uint16_t stored;
    std::memcpy(&stored, fingerprints + slot * 2, 2);
    print ^= stored;
  }
  return print == 0;
}

}  // namespace honeyguide::store::segment
