// BreachWatch: when will a series cross its threshold, and was that right?
//
// Fed with the judged points of SeriesWatch: every point of a series with a target is forecast, and
// every forecast is scored once its time has passed. Not thread-safe, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "detect/breach_forecaster.h"
#include "detect/forecast_score.h"
#include "store/state_store.h"
#include "watch/series_watch.h"

namespace honeyguide::watch {

// Series that are forecast at once, over all tenants: about 14 MB. Further ones are not forecast
// and counted.
inline constexpr std::size_t kForecastersMax = 500;

// What a series must not cross.
struct BreachTarget {
  std::string metric;  // name of the series
  double threshold = 0;
  bool below = false;  // worse when lower
  std::int64_t horizon_ns = base::kNanosPerHour;
  std::string metric_class;  // "throughput", "error_rate", "resource", "budget"
};
// The thresholds that are there from the start: processor and memory at 95 % (1 h and 4 h ahead),
// disk at 98 % (24 h), throughput of an agent at 2 tasks per hour and its share of failed calls at
// 0.1 (1 h), what is spent of a budget at all of it (6 h).
std::vector<BreachTarget> default_targets();

struct Prediction {
  std::string id;  // "pr-" and 16 hex digits: of the series and its target
  telemetry::SeriesKey key;
  std::string agent;
  BreachTarget target;
  base::UnixNanos since = 0;  // start of the alert
  base::UnixNanos at = 0;     // when the forecast was made: its times count from here
  double value = 0;
  detect::BreachForecast forecast;
};

struct ClassAccuracy {
  std::string metric_class;
  std::uint64_t series = 0;   // forecast now
  std::uint64_t pending = 0;  // forecasts whose time has not passed
  detect::ForecastAccuracy accuracy;
};

class BreachWatch {
 public:
  explicit BreachWatch(std::vector<BreachTarget> targets);

  void take(const JudgedPoint& point);
  void rewind(base::UnixNanos now);

  // Those that are alerted, the soonest first.
  std::vector<Prediction> predictions(store::TenantId tenant) const;
  // The state of every forecast series, alerted or not.
  std::vector<Prediction> all(store::TenantId tenant) const;
  // By class, in order of name.
  std::vector<ClassAccuracy> accuracy(store::TenantId tenant) const;
  std::size_t size() const { return entries_.size(); }
  std::uint64_t refused() const { return refused_; }

  // As SeriesWatch's: a forecaster goes to the slot of its series, so that both are of one moment.
  void collect_changes(std::uint64_t slot, std::uint64_t slots,
                       std::vector<store::StateChange>& out);
  void stored();
  bool load(std::string_view bytes);
  void clear();

 private:
  struct Entry {
    telemetry::SeriesKey key;
    BreachTarget target;
    detect::BreachForecaster forecaster;
    detect::ForecastScorer scorer;
    detect::BreachForecast last;
    double value = 0;
    base::UnixNanos at = 0;
    base::UnixNanos since = 0;
    bool changed = false;
  };
  // Tenant, series, target.
  using Key = std::tuple<store::TenantId, std::uint64_t, std::string>;

  Entry* entry(const Key& key, const JudgedPoint& point, const BreachTarget& target);
  void observe(Entry& entry, base::UnixNanos at, double value);
  static Prediction prediction_of(const Key& key, const Entry& entry);
  static std::string encode(const Key& key, const Entry& entry);

  const std::vector<BreachTarget> targets_;
  std::map<Key, Entry> entries_;
  std::vector<Entry*> collected_;
  std::vector<std::string> removed_;
  std::uint64_t refused_ = 0;
};

}  // namespace honeyguide::watch
