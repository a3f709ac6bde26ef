// What is usual at this time of the day and of the week.
//
// A ring of slots over a fixed period in epoch time, read with linear interpolation between slot
// centres, so that a smooth curve has no steps. A slot that was never visited reads as unknown.
// Plain state, trivially copyable, not thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace honeyguide::detect {

template <int kSlots, int kPeriodSeconds>
class SeasonProfile {
 public:
  struct Reading {
    double value = 0;
    bool known = false;
  };

  static constexpr double slot_seconds() { return double{kPeriodSeconds} / kSlots; }

  // The interpolated profile at `time_s`, seconds since the epoch.
  Reading at(double time_s) const {
    const Place place = place_of(time_s);
    const bool left_known = visits_[place.left] > 0;
    const bool right_known = visits_[place.right] > 0;
    const double left = value_[place.left];
    const double right = value_[place.right];
    if (left_known && right_known) return {left + (right - left) * place.part, true};
    if (!left_known && !right_known) return {};
    return {left_known ? left : right, true};
  }

  // Moves the slots around `time_s` towards `value` by `rate` in [0, 1], shared by distance. A slot
  // starts as a plain mean of its first points, so its step is never below 1 / visits.
  void learn(double time_s, double value, double rate) {
    const Place place = place_of(time_s);
    move(place.left, value, rate, 1 - place.part);
    move(place.right, value, rate, place.part);
  }

 private:
  struct Place {
    int left;
    int right;
    double part;  // 0 at the centre of left, 1 at the centre of right
  };

  static Place place_of(double time_s) {
    double inside = time_s - std::floor(time_s / kPeriodSeconds) * kPeriodSeconds;
    // Times so far away that the period is less than their precision have no place in it.
    if (!(inside >= 0 && inside < kPeriodSeconds)) inside = 0;
    const double at = std::min(inside / slot_seconds(), kSlots - 1e-9) - 0.5;
    const int left = at < 0 ? kSlots - 1 : static_cast<int>(at);
    return {left, left + 1 == kSlots ? 0 : left + 1, at - std::floor(at)};
  }

  void move(int slot, double value, double rate, double share) {
    if (share < 0.05) return;
    std::uint8_t& seen = visits_[slot];
    const double step = std::max(rate, 1.0 / (seen + 1.0)) * (seen == 0 ? 1 : share);
    value_[slot] += static_cast<float>((value - value_[slot]) * step);
    if (seen < 255) ++seen;
  }

  std::array<float, kSlots> value_{};
  std::array<std::uint8_t, kSlots> visits_{};
};

}  // namespace honeyguide::detect
