// From p-values to anomalies: hysteresis, a limit on the length, a refractory period.
//
// An anomaly opens at a surprise (-log10 p) of `open`, closes under `close` or after `rows_max`
// rows, because what lasts is told by its beginning and by the rules; after that only a clearly
// stranger point opens the next one within `quiet_rows`. Trivially copyable, not thread-safe.
#pragma once

#include <cstdint>

namespace honeyguide::detect {

struct AlarmLimits {
  double open = 3;
  double close = 2.3;
  double reopen_extra = 1;  // on top of `open`, within the quiet rows
  int rows_max = 12;
  int quiet_rows = 60;
};

enum class Verdict { kThumbsUp, kThumbsDown };

class AlarmGate {
 public:
  struct State {
    bool anomaly = false;
    bool opened = false;  // this row is the first
    bool closed = false;  // this row is the first after it
  };

  State observe(double surprise, const AlarmLimits& limits, double time_s);

  // A human's opinion on an anomaly: thumbs down raises the bar of this series by half a decade (at
  // most two in all), thumbs up lowers it by a quarter (at most one). It ends at `until_s`; a later
  // opinion extends it.
  void feedback(Verdict verdict, double until_s);
  // Takes an earlier opinion back.
  void withdraw(Verdict verdict);
  double bar_offset(double time_s) const;

 private:
  double offset_until_s_ = 0;
  float offset_ = 0;
  std::uint16_t rows_ = 0;   // of the open anomaly
  std::uint16_t quiet_ = 0;  // rows left
  bool open_ = false;
};

}  // namespace honeyguide::detect
