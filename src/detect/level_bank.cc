#include "detect/level_bank.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace honeyguide::detect {
namespace {

constexpr double kDaySeconds = 86400;
constexpr double kWeekSeconds = 604800;
constexpr double kReadyPeriods = 1.2;
constexpr double kErrorRate = 0.01;
constexpr double kLevelClip = 2;  // a level moves by at most this many errors' worth a point
constexpr double kErrorClip = 6;  // an error counts at most this many times the usual one
constexpr std::uint32_t kFreePoints = 30;  // nothing is clipped before
constexpr double kLevelRate[] = {0.3, 0.1, 0.1, 0.01, 0.01, 0.003};
constexpr double kDayRate = 0.25;  // of a slot's distance, a day
constexpr double kWeekRate = 0.3;  // a week
constexpr double kSpreadRate = 0.3;
constexpr float kHabitDecay = 0.6F;
constexpr double kHabitMax = 20;
constexpr double kRangeRate = 2e-4;

int habit_slot(double time_s) {
  const double inside = time_s - std::floor(time_s / kDaySeconds) * kDaySeconds;
  // Times so far away that a day is less than their precision have no place in it.
  if (!(inside >= 0 && inside < kDaySeconds)) return 0;
  return std::min(static_cast<int>(inside / kDaySeconds * 48), 47);
}

double learning_share(double rate, double slot_s, double step_s) {
  return std::min(0.5, rate / std::max(1.0, slot_s / step_s));
}

}  // namespace

Prediction LevelBank::predict(double time_s, double elapsed_s, double magnitude) {
  day_ready_ = elapsed_s > kDaySeconds * kReadyPeriods;
  week_ready_ = elapsed_s > kWeekSeconds * kReadyPeriods;
  const auto day = day_.at(time_s);
  const auto week = week_.at(time_s);
  day_known_ = day.known;
  week_known_ = week.known;
  day_value_ = static_cast<float>(day.value);
  week_value_ = static_cast<float>(week.value);
  const double range = double{highest_} - double{lowest_};
  floor_ = static_cast<float>(std::max({1e-9, 1e-3 * range, 1e-4 * magnitude}));

  for (int k = 0; k < kCount; ++k) forecast_[k] = level_[k];
  forecast_[kDayFast] += day_value_;
  forecast_[kDaySlow] += day_value_;
  forecast_[kWeekSlow] += week_value_;
  const bool day_usable = day_ready_ && day.known;
  const bool week_usable = week_ready_ && week.known;
  const bool usable[kCount] = {true, true, day_usable, day_usable, week_usable, true};

  double weight_sum = 0;
  double sum = 0;
  best_slow_ = kSlow;
  for (int k = 0; k < kCount; ++k) {
    if (!usable[k]) continue;
    const double error = std::max(error_[k], floor_) / floor_;
    const double weight = 1 / (error * error * error * error);
    weight_sum += weight;
    sum += weight * forecast_[k];
    if ((k == kDaySlow || k == kWeekSlow) && error_[k] < error_[best_slow_]) {
      best_slow_ = static_cast<std::uint8_t>(k);
    }
  }
  Prediction out;
  out.floor = floor_;
  out.expected = weight_sum > 0 ? sum / weight_sum : level_[kSlow];
  double scale = std::max(mixture_error_, floor_);
  const auto spread = day_error_.at(time_s);
  if (day_ready_ && spread.known) {
    scale = std::sqrt(0.5 * (scale * scale + spread.value * spread.value));
  }
  out.scale = std::max(scale, double{floor_});
  out.habit = day_ready_ ? habit(time_s) : 0;
  out.slow = forecast_[best_slow_];
  out.slow_scale = std::max(error_[best_slow_], floor_);
  out.season = best_slow_ == kSlow ? 0 : best_slow_ == kWeekSlow ? week_value_ : day_value_;
  expected_ = static_cast<float>(out.expected);
  scale_ = static_cast<float>(out.scale);
  return out;
}

double LevelBank::error_limit(int k, double times, std::uint32_t seen) const {
  if (seen < kFreePoints) return std::numeric_limits<double>::max();
  return times * std::max(error_[k], floor_);
}

void LevelBank::learn(double time_s, double x, double weight, std::uint32_t seen, double step_s) {
  const double early = 1 / (seen + 1.0);
  const double error_rate = std::max(early, kErrorRate) * weight;
  for (int k = 0; k < kCount; ++k) {
    const bool seasonal = k == kDayFast || k == kDaySlow || k == kWeekSlow;
    if (k == kWeekSlow ? !(week_ready_ && week_known_) : seasonal && !(day_ready_ && day_known_)) {
      continue;
    }
    const double error = x - forecast_[k];
    const double counted = std::min(std::abs(error), error_limit(k, kErrorClip, seen));
    // The first error of a profile that just became ready is all there is to know about it.
    error_[k] += static_cast<float>((counted - error_[k]) * (error_[k] == 0 ? 1 : error_rate));
    const double limit = error_limit(k, kLevelClip, seen);
    const double rate = seasonal ? kLevelRate[k] : std::max(kLevelRate[k], early);
    level_[k] +=
        static_cast<float>(std::clamp(error, -limit, limit) * rate * (k == kFast ? 1 : weight));
  }
  const double miss = std::abs(x - expected_);
  const double counted = seen < kFreePoints ? miss : std::min(miss, kErrorClip * scale_);
  mixture_error_ += static_cast<float>((counted - mixture_error_) * error_rate);
  day_error_.learn(time_s, counted,
                   learning_share(kSpreadRate, day_error_.slot_seconds(), step_s) * weight);
  note_worst(time_s, miss / scale_);
  learn_profiles(time_s, x, weight, step_s);
  // The range forgets, or one wild point would raise the floor of every scale for good.
  lowest_ =
      std::min(static_cast<float>(lowest_ + (x - lowest_) * kRangeRate), static_cast<float>(x));
  highest_ =
      std::max(static_cast<float>(highest_ + (x - highest_) * kRangeRate), static_cast<float>(x));
}

// Jobs that run at a fixed time leave a large error in the same slot every day.
void LevelBank::note_worst(double time_s, double miss) {
  const int slot = habit_slot(time_s);
  if (slot != slot_now_) {
    float& worst = worst_[slot_now_];
    worst = std::max(worst_now_, worst * kHabitDecay);
    worst_now_ = 0;
    slot_now_ = static_cast<std::uint8_t>(slot);
  }
  worst_now_ = std::max(worst_now_, static_cast<float>(std::min(miss, kHabitMax)));
}

double LevelBank::habit(double time_s) const {
  const int slot = habit_slot(time_s);
  const int before = slot == 0 ? kHabitSlots - 1 : slot - 1;
  const int after = slot + 1 == kHabitSlots ? 0 : slot + 1;
  return std::max({worst_[before], worst_[slot], worst_[after]});
}

// A profile learns the value without the slow offset, or every level shift would be a new season.
void LevelBank::learn_profiles(double time_s, double x, double weight, double step_s) {
  double target = x;
  if (day_known_ && day_ready_) {
    const double limit = kErrorClip * std::max(error_[kDaySlow], floor_);
    target = day_value_ + std::clamp(x - forecast_[kDaySlow], -limit, limit);
  }
  day_.learn(time_s, target, learning_share(kDayRate, day_.slot_seconds(), step_s) * weight);
  target = x;
  if (week_known_ && week_ready_) {
    const double limit = kErrorClip * std::max(error_[kWeekSlow], floor_);
    target = week_value_ + std::clamp(x - forecast_[kWeekSlow], -limit, limit);
  }
  week_.learn(time_s, target, learning_share(kWeekRate, week_.slot_seconds(), step_s) * weight);
}

void LevelBank::forget_fast() {
  const float slow = forecast_[best_slow_];
  level_[kFast] = slow;
  level_[kMiddle] = slow;
  level_[kDayFast] = level_[kDaySlow];
}

double LevelBank::resting_level() const {
  return best_slow_ == kSlow ? level_[kMiddle] : level_[best_slow_];
}

}  // namespace honeyguide::detect
