// What a watch found out about one stretch of one series, one agent or one silence. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "detect/metric_class.h"
#include "store/trace_store.h"
#include "telemetry/series.h"

namespace honeyguide::watch {

// Stored as one byte: never renumber.
enum class AnomalyKind : std::uint8_t {
  kSeries = 0,   // one series left its band
  kAgent = 1,    // an agent's figures do not go together as usual
  kAbsence = 2,  // an agent or service that reports regularly fell silent
};
std::string_view anomaly_kind_name(AnomalyKind kind);  // "series", "agent", "absence"

enum class Opinion : std::int8_t { kNone = 0, kAnomaly = 1, kNotAnomaly = -1 };

// Why: a feature of the detector with its -log10 p, or a metric of the agent with its share.
struct Reason {
  std::string name;
  double weight = 0;
  bool operator==(const Reason&) const = default;
};

struct Anomaly {
  std::string id;  // "an-" and 16 hex digits of tenant, subject and onset: the same after a replay
  store::TenantId tenant = 0;
  AnomalyKind kind = AnomalyKind::kSeries;
  telemetry::SeriesKey key;  // of the series; for an agent {"agent", {agent=...}}
  std::string agent;         // empty where the series is nobody's
  detect::MetricClass metric_class = detect::MetricClass::kGauge;
  base::UnixNanos onset = 0;
  base::UnixNanos end = 0;  // 0: still open
  base::UnixNanos peak = 0;
  base::UnixNanos refractory_until = 0;  // 0: open
  std::int64_t step_ns = 0;              // between judged points
  // At the strangest point. `p` of it; the band holds values with p > 0.001 as single points.
  double value = 0;
  double expected = 0;
  double expected_low = 0;
  double expected_high = 0;
  double p = 1;
  double bar = 3;  // -log10 p from which it counted as an anomaly
  bool up = false;
  std::vector<Reason> reasons;       // strongest first
  std::vector<std::string> similar;  // ids of earlier ones of the same series, feature and size
  std::string trace_id;              // an exemplar, 32 hex digits, or empty
  Opinion opinion = Opinion::kNone;
  base::UnixNanos opinion_until = 0;

  bool operator==(const Anomaly&) const = default;
};

// "low" up to a decade beyond the bar, "medium" up to three, "high" above. For an absence "high".
std::string_view severity_of(const Anomaly& anomaly);

std::string anomaly_id(store::TenantId tenant, std::uint64_t subject, base::UnixNanos onset);

// Bytes for the state store. kDataLoss for anything that encode() of this version did not write.
std::string encode(const Anomaly& anomaly);
base::Result<Anomaly> decode_anomaly(std::string_view bytes);

// A series key as bytes, for every state of this module.
void put_key(std::string& out, const telemetry::SeriesKey& key);
telemetry::SeriesKey read_key(base::ByteReader& reader);

}  // namespace honeyguide::watch
