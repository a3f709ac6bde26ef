// Were the breach forecasts right? Every forecast is scored once its time has passed.
//
// A breach is met where a value crosses after kQuietShare of the horizon (at most two hours) under
// the threshold. It counts as caught if an alert lay within the horizon before it. An alert episode
// is right if a breach comes before its end + horizon. Coverage is the share of actual times of
// breach inside [q10, q90] of the forecasts made for them. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "detect/breach_forecaster.h"

namespace honeyguide::detect {

struct ForecastAccuracy {
  std::uint64_t breaches = 0;
  std::uint64_t caught = 0;
  std::uint64_t episodes = 0;
  std::uint64_t right = 0;
  std::uint64_t scored = 0;   // forecasts whose time has passed
  std::uint64_t timed = 0;    // of them, alerts that were followed by a breach in time
  std::uint64_t covered = 0;  // of those, inside [q10, q90]
  std::uint64_t before_median = 0;
  double brier_sum = 0;
  std::vector<double> lead_s;  // of the last kLeadsMax caught breaches

  double precision() const;
  double recall() const;
  double f1() const;
  double coverage() const;
  double brier() const;
  double lead_median_s() const;
  // Adds another series' figures, for totals by metric class.
  ForecastAccuracy& operator+=(const ForecastAccuracy& other);
};

class ForecastScorer {
 public:
  static constexpr std::size_t kPendingMax = 512;  // forecasts waiting; later ones are sampled
  static constexpr std::size_t kEpisodesMax = 64;
  static constexpr std::size_t kLeadsMax = 256;
  static constexpr double kQuietShare = 1;

  explicit ForecastScorer(double horizon_s) : horizon_s_(horizon_s) {}

  // In order of time. What is still open at the end of the data is not scored.
  void observe(double time_s, const BreachForecast& forecast);
  const ForecastAccuracy& accuracy() const { return accuracy_; }
  // Forecasts whose time has not passed.
  std::size_t pending() const { return pending_.size(); }

  std::string save() const;
  // kDataLoss for anything that save() of this version did not write.
  static base::Result<ForecastScorer> load(std::string_view bytes);

 private:
  struct Pending {
    double time_s;
    float p_breach;
    float eta_q10_s;
    float eta_q50_s;
    float eta_q90_s;
    bool alert;
  };
  struct Episode {
    double start_s;
    double end_s;
    bool right = false;
  };

  void on_breach(double time_s);
  void expire(double time_s);

  double horizon_s_;
  double last_breach_s_ = -1e300;
  double next_pending_s_ = -1e300;
  bool alerting_ = false;
  std::deque<Pending> pending_;
  std::deque<Episode> episodes_;
  ForecastAccuracy accuracy_;
};

}  // namespace honeyguide::detect
