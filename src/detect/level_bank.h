// What value is expected next: six simple forecasters, mixed by how well each did lately.
//
// Exponential levels of three speeds, the daily profile with a fast and a slow offset, the weekly
// profile with a slow offset. Each keeps the mean absolute error of its own one-step forecasts; the
// mixture weighs by the inverse fourth power of it, so a series without a season ignores the
// seasonal ones by itself. Learning is winsorised: one wild point moves nothing far. O(1) a point,
// trivially copyable, not thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "detect/season_profile.h"

namespace honeyguide::detect {

// All values are relative to the first value of the series, so that floats keep their precision.
struct Prediction {
  double expected = 0;    // the mixture
  double scale = 1;       // usual absolute error of the mixture here and now, > 0
  double slow = 0;        // the best of the forecasters that forget slowly
  double slow_scale = 1;  // its usual absolute error, > 0
  double season = 0;      // the seasonal part of `slow`, 0 without one
  double habit = 0;       // the worst error around this time of the day on the last days, in scales
  double floor = 1e-9;    // no scale is below it
};

class LevelBank {
 public:
  // `elapsed_s` is the time since the first point: profiles take part after a bit more than one of
  // their periods. `magnitude` is |value| without the origin, for the floor of constant series.
  Prediction predict(double time_s, double elapsed_s, double magnitude);

  // Learns `x` at `time_s`, which must be the time of the predict() call just before. `weight` in
  // (0, 1] slows learning in a suspected anomaly; `seen` points came before; `step_s` apart.
  void learn(double time_s, double x, double weight, std::uint32_t seen, double step_s);

  // After a gap the fast levels know nothing: they start again at the slow forecast.
  void forget_fast();

  // The level a return to normal comes back to: without the seasonal part.
  double resting_level() const;

 private:
  static constexpr int kCount = 6;
  enum { kFast, kMiddle, kDayFast, kDaySlow, kWeekSlow, kSlow };

  double error_limit(int k, double times, std::uint32_t seen) const;
  void note_worst(double time_s, double miss);
  double habit(double time_s) const;
  void learn_profiles(double time_s, double x, double weight, double step_s);

  std::array<float, kCount> level_{};
  std::array<float, kCount> error_{};  // mean absolute error
  float mixture_error_ = 0;
  float lowest_ = 0;
  float highest_ = 0;
  SeasonProfile<96, 86400> day_;
  SeasonProfile<84, 604800> week_;
  SeasonProfile<48, 86400> day_error_;
  static constexpr int kHabitSlots = 48;
  std::array<float, kHabitSlots> worst_{};  // of the last days, in scales, decaying
  float worst_now_ = 0;                     // in the slot of now
  std::uint8_t slot_now_ = 0;

  // Between predict() and learn().
  std::array<float, kCount> forecast_{};
  float expected_ = 0;
  float scale_ = 0;
  float floor_ = 0;
  float day_value_ = 0;
  float week_value_ = 0;
  std::uint8_t best_slow_ = kSlow;
  bool day_ready_ = false;
  bool week_ready_ = false;
  bool day_known_ = false;
  bool week_known_ = false;
};

}  // namespace honeyguide::detect
