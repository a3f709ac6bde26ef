// Counts latencies in buckets that grow with them: a quantile is at most 1.6 % above the true
// value. Fixed memory. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace honeyguide::cli {

class LatencyHistogram {
 public:
  // Negative values count as 0.
  void add(std::int64_t ns);

  std::uint64_t count() const { return count_; }
  // The upper end of the bucket that holds the q-th value, 0 <= q <= 1, but at most max_ns(). 0 if
  // nothing was added.
  std::int64_t quantile_ns(double q) const;
  std::int64_t max_ns() const { return max_ns_; }

 private:
  static constexpr int kSubBits = 6;  // 64 buckets for each doubling
  static constexpr std::size_t kBuckets = std::size_t{64 - kSubBits} << kSubBits;

  static std::size_t bucket_of(std::uint64_t ns);
  static std::int64_t upper_end(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::int64_t max_ns_ = 0;
};

}  // namespace honeyguide::cli
