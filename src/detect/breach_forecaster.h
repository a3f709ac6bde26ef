// When will this series cross its threshold?
//
// The maximum over the next h seconds is forecast directly, for a ladder of h up to the horizon, by
// four simple models: stay, straight line, daily profile with a decaying offset, weekly profile
// with the same. What came true is compared with each forecast once its time has passed, and the
// quantiles of the difference are tracked on line: they turn the best model's forecast into
// P(breach within h), whatever the distribution is. The time to breach is read from the same
// ladder. O(1) a point, trivially copyable, no clock; not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "detect/season_profile.h"

namespace honeyguide::detect {

struct ForecastOptions {
  double threshold = 0;
  bool below = false;           // a breach is value <= threshold, else value >= threshold
  double horizon_s = 6 * 3600;  // 5 minutes to 24 hours
  double alert_p = 0.2;         // an alert starts at this probability
  double clear_p = 0.1;         // and ends under this one
};

struct BreachForecast {
  double p_breach = 0;  // within the horizon; 1 in a breach
  // Quantiles of the time to breach from now, given that it comes within the horizon; NaN where
  // p_breach is below 0.01.
  double eta_q10_s = 0;
  double eta_q50_s = 0;
  double eta_q90_s = 0;
  bool breached = false;     // the value is over the threshold already: nothing to forecast
  bool alert = false;        // never while breached
  double expected_peak = 0;  // the median of the extreme value within the horizon
  std::string_view model = "none";
};

class BreachForecaster {
 public:
  static constexpr int kStepMax = 8;  // rungs of the ladder
  static constexpr std::uint32_t kColdPoints = 30;

  // kInvalidArgument for a horizon or probabilities out of range or a threshold that is no number.
  static base::Result<BreachForecaster> create(const ForecastOptions& options);

  // Learns the value at `time_s` (not finite: missing) and forecasts from there.
  BreachForecast observe(double time_s, double value);

  const ForecastOptions& options() const { return options_; }
  int ladder_count() const { return step_count_; }
  double ladder_s(int step) const { return step_s_[static_cast<std::size_t>(step)]; }

  std::string save() const;
  // kDataLoss for anything that save() of this version did not write.
  static base::Result<BreachForecaster> load(std::string_view bytes);

 private:
  enum Model { kStay, kLine, kDay, kWeek, kModelCount };
  static constexpr int kQuantileCount = 9;
  static constexpr int kPendingMax = 24;
  static constexpr int kBlockCount = 16;

  // The distribution of (true maximum - forecast), in scales.
  struct Misses {
    std::array<float, kQuantileCount> quantile;
    float spread = 1;  // mean absolute distance from the median
    std::uint32_t seen = 0;
  };
  // A forecast whose time has not passed.
  struct Pending {
    double due_s = 0;
    float highest = 0;
    float scale = 1;
    float p = -1;  // of the whole horizon, before reliability; < 0 where it was not asked
    bool any = false;
    std::array<float, kModelCount> forecast{};
  };
  struct Rung {
    std::array<Misses, kModelCount> misses;
    std::array<Pending, kPendingMax> pending;
    double next_s = 0;  // when to remember the next forecast
    std::uint8_t first = 0;
    std::uint8_t count = 0;
  };
  // How often a breach came when p was in this tenth: corrects what the quantiles cannot know.
  struct Reliability {
    static constexpr int kBins = 10;
    std::array<float, kBins> came{};
    std::array<float, kBins> asked{};
    double corrected(double p) const;
    void learn(double p, bool breached);
  };
  using Peaks = std::array<std::array<double, kModelCount>, kStepMax>;

  BreachForecaster() = default;
  void learn(double time_s, double x);
  void learn_line(double time_s, double x);
  void settle(double time_s, double x);
  void remember(double time_s, const Peaks& peaks, double p);
  Peaks forecast_peaks(double time_s) const;
  bool usable(int model, double time_s) const;
  int best_model(const Rung& rung, double time_s) const;
  double scale_at(double time_s) const;
  static double p_over(const Misses& misses, double distance);
  static void learn_miss(Misses& misses, double miss);
  double fill(double time_s, const Peaks& peaks, BreachForecast& out) const;
  double threshold() const { return options_.below ? -options_.threshold : options_.threshold; }
  double eta(const std::array<double, kStepMax>& p, double share) const;

  ForecastOptions options_;
  std::array<double, kStepMax> step_s_{};
  int step_count_ = 0;
  double first_time_s_ = 0;
  double last_time_s_ = 0;
  double last_ = 0;
  double offset_ = 0;       // from the daily profile
  double week_offset_ = 0;  // from the weekly one
  double slope_ = 0;        // a second
  double error_ = 0;        // mean absolute difference of neighbours
  double interval_s_ = 0;
  double block_start_s_ = 0;
  double block_sum_ = 0;
  int block_points_ = 0;
  int blocks_ = 0;
  std::array<double, kBlockCount> block_time_s_{};
  std::array<double, kBlockCount> block_mean_{};
  std::uint32_t seen_ = 0;
  bool alerting_ = false;
  SeasonProfile<96, 86400> day_;
  SeasonProfile<84, 604800> week_;
  SeasonProfile<48, 86400> spread_;
  std::array<Rung, kStepMax> rungs_;
  Reliability reliability_;
};

}  // namespace honeyguide::detect
