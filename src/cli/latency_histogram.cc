#include "cli/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace honeyguide::cli {

std::size_t LatencyHistogram::bucket_of(std::uint64_t ns) {
  const int width = std::bit_width(ns);
  if (width <= kSubBits) return static_cast<std::size_t>(ns);
  const int shift = width - kSubBits - 1;
  return (static_cast<std::size_t>(shift + 1) << kSubBits) +
         static_cast<std::size_t>((ns >> shift) - (std::uint64_t{1} << kSubBits));
}

std::int64_t LatencyHistogram::upper_end(std::size_t bucket) {
  const std::size_t octave = bucket >> kSubBits;
  const std::uint64_t low = bucket & ((std::size_t{1} << kSubBits) - 1);
  if (octave == 0) return static_cast<std::int64_t>(low);
  const std::size_t shift = octave - 1;
  return static_cast<std::int64_t>(((low + (std::uint64_t{1} << kSubBits) + 1) << shift) - 1);
}

void LatencyHistogram::add(std::int64_t ns) {
  ns = std::max<std::int64_t>(ns, 0);
  ++buckets_[std::min(bucket_of(static_cast<std::uint64_t>(ns)), kBuckets - 1)];
  ++count_;
  max_ns_ = std::max(max_ns_, ns);
}

std::int64_t LatencyHistogram::quantile_ns(double q) const {
  if (count_ == 0) return 0;
  const auto rank = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_))), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(upper_end(i), max_ns_);
  }
  return max_ns_;
}

}  // namespace honeyguide::cli
