// Operations-like series with known anomalies, for tests, benches and rule trials.
//
// Families (traffic, latency, counts, CPU with jobs, memory, steps, success rate, queue) with the
// nuisances of real data that nobody would label: deployments, missing stretches, lone spikes,
// weekends, daily jobs, trends. Deterministic in the seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace honeyguide::detect {

enum class SyntheticFamily {
  kTraffic,
  kLatency,
  kCounts,
  kCpu,
  kMemory,
  kSteps,
  kSuccessRate,
  kQueue
};
inline constexpr int kSyntheticFamilyCount = 8;
std::string_view synthetic_family_name(SyntheticFamily family);

struct SyntheticOptions {
  SyntheticFamily family = SyntheticFamily::kTraffic;
  std::uint64_t seed = 1;
  std::int64_t start_s = 1'700'000'000;
  int step_s = 60;
  int days = 16;
  double anomalies_per_day = 0.7;  // 0: a clean series
};

struct SyntheticSeries {
  std::vector<std::int64_t> time_s;
  std::vector<double> value;        // NaN where the sample is missing
  std::vector<std::uint8_t> label;  // 1 inside a known anomaly
};

SyntheticSeries make_synthetic(const SyntheticOptions& options);

}  // namespace honeyguide::detect
