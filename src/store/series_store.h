// SeriesStore: the contract behind which metric series are kept, apart from spans.
//
// A point is the full value of one bucket; writing a bucket again overwrites it (the later write
// wins). Nothing is ever incremented, so a replay after a crash changes nothing. Thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/query.h"
#include "store/trace_store.h"
#include "telemetry/series.h"

namespace honeyguide::store {

enum class Resolution : std::uint8_t { k10s = 0, k1m = 1, k1h = 2 };
// 10 s, 1 min, 1 h in nanoseconds.
std::int64_t resolution_ns(Resolution resolution);
// Start of the bucket that holds `time`: floor to the resolution, also before 1970.
base::UnixNanos bucket_start(base::UnixNanos time, Resolution resolution);

// Stored series a tenant may have; further ones are refused with kResourceExhausted and counted,
// and the caller folds them into an overflow series.
inline constexpr std::uint32_t kSeriesPerTenantMax = 100'000;

struct SeriesInfo {
  telemetry::SeriesKey key;
  telemetry::SeriesKind kind = telemetry::SeriesKind::kGauge;
  std::string unit;  // UCUM, as OpenTelemetry writes it: "s", "{task}", "1"
  std::string help;
};

struct SeriesPoint {
  std::uint64_t series = 0;  // SeriesKey::id()
  telemetry::Point point;    // time = start of its 10 s bucket
};

// Labels must equal (value) or match (RE2, whole value) or differ.
struct LabelMatcher {
  enum class Op : std::uint8_t { kEqual, kNotEqual, kMatches, kNotMatches };
  std::string label;
  Op op = Op::kEqual;
  std::string value;
};

struct SeriesRetention {
  std::int64_t raw_ns = 48 * base::kNanosPerHour;  // 10 s points
  std::int64_t minute_ns = 15 * base::kNanosPerDay;
  std::int64_t hour_ns = 400 * base::kNanosPerDay;
};

struct SeriesStoreStats {
  std::uint64_t series = 0;
  std::uint64_t points = 0;
  std::uint64_t bytes = 0;
  std::uint64_t refused_series = 0;
};

class SeriesStore {
 public:
  virtual ~SeriesStore() = default;

  // Makes the series known. Idempotent; kind, unit and help of the first registration stay.
  virtual base::Result<void> register_series(TenantId tenant, const SeriesInfo& info) = 0;
  // Series by name (all names if empty) and matchers, sorted by canonical key, at most `limit`.
  virtual base::Result<std::vector<SeriesInfo>> find_series(
      TenantId tenant, std::string_view name, const std::vector<LabelMatcher>& matchers,
      std::uint32_t limit = std::numeric_limits<std::uint32_t>::max()) = 0;

  // Writes 10 s points in one atomic step; also folds them into the 1 min and 1 h buckets of the
  // series (gauge and ratio: last value; counter: sum), by full value from the 10 s points, so that
  // a rewrite is idempotent. kNotFound for a series that is not registered.
  virtual base::Result<void> write(TenantId tenant, const std::vector<SeriesPoint>& points) = 0;

  // What was written before survives power loss, and not only a kill of the process. Called before
  // a checkpoint that says so. Stores whose checkpoints share their log need do nothing.
  virtual base::Result<void> sync() { return {}; }

  // Points of buckets that start in [time.begin, time.end), ascending.
  virtual base::Result<std::vector<telemetry::Point>> read(TenantId tenant, std::uint64_t series,
                                                           Resolution resolution,
                                                           TimeRange time) = 0;

  virtual base::Result<void> apply_retention(const SeriesRetention& retention,
                                             base::UnixNanos now) = 0;
  virtual base::Result<void> purge() = 0;
  virtual SeriesStoreStats stats() = 0;
  virtual base::Result<void> close() = 0;
};

}  // namespace honeyguide::store
