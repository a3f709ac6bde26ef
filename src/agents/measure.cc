#include "agents/measure.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "base/bytes.h"

namespace honeyguide::agents {
namespace {

constexpr std::uint16_t kSketchBase = 256;  // first key of a sketch: beyond every measure
static_assert(static_cast<int>(Measure::kCount) <= kSketchBase);

// Upper bounds of the bins, whole nanoseconds: computed once, the same on every machine because
// only the four factors are not powers of two.
const std::array<std::int64_t, kSketchBins>& bounds() {
  static const std::array<std::int64_t, kSketchBins> kBounds = [] {
    // 2^(1/4), 2^(2/4), 2^(3/4), 2 in millionths.
    constexpr std::int64_t kFactors[4] = {1'189'207, 1'414'214, 1'681'793, 2'000'000};
    std::array<std::int64_t, kSketchBins> all{};
    for (int i = 0; i < kSketchBins; ++i) {
      const std::int64_t power = std::int64_t{1} << (i / 4);
      all[static_cast<std::size_t>(i)] = kSketchUnitNs * kFactors[i % 4] / 1000 * power / 1000;
    }
    return all;
  }();
  return kBounds;
}

void put_counts(std::string& out, const Counts& counts) {
  base::put_varint(out, counts.entries().size());
  for (const auto& [key, value] : counts.entries()) {
    base::put_varint(out, key);
    base::put_varint(out, base::zigzag(value));
  }
}

bool take_counts(base::ByteReader& in, Counts& counts) {
  const std::uint64_t size = in.varint();
  if (size > in.remaining() / 2) return false;
  std::vector<std::pair<std::uint16_t, std::int64_t>> entries;
  entries.reserve(static_cast<std::size_t>(size));
  for (std::uint64_t i = 0; i < size; ++i) {
    const auto key = static_cast<std::uint16_t>(in.varint());
    entries.emplace_back(key, in.signed_varint());
  }
  counts.set_entries(std::move(entries));
  return in.ok();
}

void put_buckets(std::string& out, const std::map<base::UnixNanos, Counts>& buckets) {
  base::put_varint(out, buckets.size());
  for (const auto& [start, counts] : buckets) {
    base::put_fixed(out, start);
    put_counts(out, counts);
  }
}

bool take_buckets(base::ByteReader& in, std::map<base::UnixNanos, Counts>& buckets) {
  const std::uint64_t size = in.varint();
  if (size > in.remaining() / 9) return false;
  for (std::uint64_t i = 0; i < size; ++i) {
    const auto start = in.fixed<base::UnixNanos>();
    if (!take_counts(in, buckets[start])) return false;
  }
  return in.ok();
}

void add_to(std::map<base::UnixNanos, Counts>& buckets, base::UnixNanos start, const Counts& counts,
            std::int64_t sign) {
  Counts& bucket = buckets[start];
  bucket.add(counts, sign);
  if (bucket.empty()) buckets.erase(start);
}

}  // namespace

std::uint16_t sketch_key(Sketch sketch, int bin) {
  return static_cast<std::uint16_t>(kSketchBase + static_cast<int>(sketch) * kSketchBins + bin);
}

int sketch_bin(std::int64_t ns) {
  const auto& all = bounds();
  const auto found = std::upper_bound(all.begin(), all.end(), std::max<std::int64_t>(0, ns));
  return std::min(static_cast<int>(found - all.begin()), kSketchBins - 1);
}

std::int64_t sketch_value_ns(int bin) {
  const auto& all = bounds();
  const double high = static_cast<double>(all[static_cast<std::size_t>(bin)]);
  const double low =
      bin == 0 ? high / 1.189207 : static_cast<double>(all[static_cast<std::size_t>(bin - 1)]);
  return std::llround(std::sqrt(low * high));
}

void Counts::add_at(std::uint16_t key, std::int64_t value) {
  if (value == 0) return;
  const auto at =
      std::lower_bound(entries_.begin(), entries_.end(), key,
                       [](const auto& entry, std::uint16_t k) { return entry.first < k; });
  if (at == entries_.end() || at->first != key) {
    entries_.insert(at, {key, value});
    return;
  }
  at->second += value;
  if (at->second == 0) entries_.erase(at);
}

std::int64_t Counts::get_at(std::uint16_t key) const {
  const auto at =
      std::lower_bound(entries_.begin(), entries_.end(), key,
                       [](const auto& entry, std::uint16_t k) { return entry.first < k; });
  return at == entries_.end() || at->first != key ? 0 : at->second;
}

void Counts::add(Sketch sketch, std::int64_t ns, std::int64_t count) {
  add_at(sketch_key(sketch, sketch_bin(ns)), count);
}

void Counts::add(const Counts& other, std::int64_t sign) {
  if (entries_.empty() && sign == 1) {
    entries_ = other.entries_;
    return;
  }
  std::vector<std::pair<std::uint16_t, std::int64_t>> sum;
  sum.reserve(entries_.size() + other.entries_.size());
  auto mine = entries_.begin();
  auto theirs = other.entries_.begin();
  while (mine != entries_.end() || theirs != other.entries_.end()) {
    if (theirs == other.entries_.end() || (mine != entries_.end() && mine->first < theirs->first)) {
      sum.push_back(*mine++);
    } else if (mine == entries_.end() || theirs->first < mine->first) {
      sum.emplace_back(theirs->first, sign * theirs->second);
      ++theirs;
    } else {
      const std::int64_t value = mine->second + sign * theirs->second;
      if (value != 0) sum.emplace_back(mine->first, value);
      ++mine;
      ++theirs;
    }
  }
  entries_ = std::move(sum);
}

std::int64_t Counts::sketch_count(Sketch sketch) const {
  std::int64_t count = 0;
  for (const auto& [key, value] : entries_) {
    if (key >= sketch_key(sketch, 0) && key <= sketch_key(sketch, kSketchBins - 1)) count += value;
  }
  return count;
}

std::int64_t Counts::quantile_ns(Sketch sketch, double quantile) const {
  const std::int64_t count = sketch_count(sketch);
  if (count <= 0) return -1;
  const auto rank = static_cast<std::int64_t>(
      std::ceil(std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count)));
  std::int64_t seen = 0;
  for (const auto& [key, value] : entries_) {
    if (key < sketch_key(sketch, 0) || key > sketch_key(sketch, kSketchBins - 1)) continue;
    seen += value;
    if (seen >= std::max<std::int64_t>(1, rank)) {
      return sketch_value_ns(key - sketch_key(sketch, 0));
    }
  }
  return -1;
}

std::int64_t window_length_ns(Window window) {
  static constexpr std::int64_t kLengths[] = {5 * base::kNanosPerMinute, base::kNanosPerHour,
                                              base::kNanosPerDay, 0};
  return kLengths[static_cast<std::size_t>(window)];
}

std::string_view window_name(Window window) {
  static constexpr std::string_view kNames[] = {"5m", "1h", "24h", "total"};
  return kNames[static_cast<std::size_t>(window)];
}

void History::add(base::UnixNanos time, const Counts& counts, std::int64_t sign) {
  if (counts.empty()) return;
  total_.add(counts, sign);
  add_to(fine_, bucket_of(time, kFineNs), counts, sign);
  add_to(coarse_, bucket_of(time, kCoarseNs), counts, sign);
}

Counts History::window(Window window, base::UnixNanos now) const {
  if (window == Window::kSinceStart) return total_;
  const bool coarse = window == Window::kDay;
  const std::int64_t width = coarse ? kCoarseNs : kFineNs;
  const auto& buckets = coarse ? coarse_ : fine_;
  const base::UnixNanos first = bucket_of(now - window_length_ns(window), width);
  Counts sum;
  for (auto at = buckets.lower_bound(first); at != buckets.end() && at->first <= now; ++at) {
    sum.add(at->second);
  }
  return sum;
}

const Counts* History::fine(base::UnixNanos start) const {
  const auto found = fine_.find(start);
  return found == fine_.end() ? nullptr : &found->second;
}

void History::prune(base::UnixNanos now) {
  const base::UnixNanos fine_from = bucket_of(now - 70 * base::kNanosPerMinute, kFineNs);
  const base::UnixNanos coarse_from = bucket_of(now - 25 * base::kNanosPerHour, kCoarseNs);
  fine_.erase(fine_.begin(), fine_.lower_bound(fine_from));
  coarse_.erase(coarse_.begin(), coarse_.lower_bound(coarse_from));
}

void History::save(std::string& out) const {
  put_counts(out, total_);
  put_buckets(out, fine_);
  put_buckets(out, coarse_);
}

bool History::load(std::string_view& bytes) {
  base::ByteReader in(bytes);
  if (!take_counts(in, total_) || !take_buckets(in, fine_) || !take_buckets(in, coarse_)) {
    return false;
  }
  bytes.remove_prefix(bytes.size() - in.remaining());
  return true;
}

}  // namespace honeyguide::agents
