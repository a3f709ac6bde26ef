#include "detect/alarm_gate.h"

#include <algorithm>

namespace honeyguide::detect {

AlarmGate::State AlarmGate::observe(double surprise, const AlarmLimits& limits, double time_s) {
  State state;
  if (time_s >= offset_until_s_) offset_ = 0;
  const double offset = offset_;
  if (open_) {
    ++rows_;
    if (surprise < limits.close + offset || rows_ >= limits.rows_max) {
      open_ = false;
      state.closed = true;
      quiet_ = static_cast<std::uint16_t>(std::clamp(limits.quiet_rows, 0, 65535));
    }
  } else {
    const double bar = limits.open + offset + (quiet_ > 0 ? limits.reopen_extra : 0);
    if (surprise >= bar) {
      open_ = true;
      rows_ = 0;
      state.opened = true;
    }
    if (quiet_ > 0) --quiet_;
  }
  state.anomaly = open_;
  return state;
}

namespace {

float step_of(Verdict verdict) {
  return verdict == Verdict::kThumbsDown ? 0.5F : -0.25F;
}

}  // namespace

void AlarmGate::withdraw(Verdict verdict) {
  offset_ = std::clamp(offset_ - step_of(verdict), -1.0F, 2.0F);
}

void AlarmGate::feedback(Verdict verdict, double until_s) {
  offset_ = std::clamp(offset_ + step_of(verdict), -1.0F, 2.0F);
  offset_until_s_ = std::max(offset_until_s_, until_s);
}

double AlarmGate::bar_offset(double time_s) const {
  return time_s < offset_until_s_ ? offset_ : 0;
}

}  // namespace honeyguide::detect
