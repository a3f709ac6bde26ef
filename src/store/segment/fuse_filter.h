// Binary fuse filters with 16-bit fingerprints over trace ids: 2.3 bytes a trace, three probes, one
// absent id in 65,000 passes. Built once, when a file settles.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "store/trace_store.h"

namespace honeyguide::store::segment {

// The 64-bit hash of a trace id that filters hold.
std::uint64_t trace_hash(const base::TraceId& id);

// The numbers a probe needs; the fingerprints lie apart, so that they may stay on disk.
struct FuseShape {
  std::uint64_t seed = 0;
  std::uint32_t segment_length = 0;  // a power of two
  std::uint32_t segment_count = 0;

  std::size_t slot_count() const {
    return std::size_t{segment_length} * (std::size_t{segment_count} + 2);
  }
  // The three slots to look at, ascending by segment.
  void slots(std::uint64_t hash, std::size_t out[3]) const;
  std::uint16_t fingerprint(std::uint64_t hash) const;
};

// Appends the fingerprints (two bytes a slot). `hashes` must not be empty; they are sorted and made
// unique.
FuseShape put_fuse_filter(std::string& out, std::vector<std::uint64_t>& hashes);

// `fingerprints` is what put_fuse_filter appended.
bool fuse_may_contain(const FuseShape& shape, const char* fingerprints, std::uint64_t hash);

}  // namespace honeyguide::store::segment
