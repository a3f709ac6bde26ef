// The detector of one series: judges each point by what came before it, then learns from it.
//
// Forecast errors, shifts, noise, steps, stuck values and shapes become features; each feature is
// made a p-value by its own tail model, they are fused by the weights of the metric class, and the
// fused score is calibrated again, so that a point with p <= x comes about once in 1/x normal
// points, whatever the series. O(1) a point, no allocation, no clock, no I/O; trivially copyable;
// not thread-safe. A sample that is missing is not a value: it is told apart and never learned.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "detect/alarm_gate.h"
#include "detect/level_bank.h"
#include "detect/metric_class.h"
#include "detect/shape_memory.h"
#include "detect/tail_model.h"

namespace honeyguide::detect {

// What was found out about one point.
struct Judgement {
  double p = 1;          // in (0, 1]; 1 where nothing can be said
  bool judged = false;   // false: missing, or the detector is still cold
  bool anomaly = false;  // after hysteresis and refractory period
  bool opened = false;
  bool closed = false;
  bool after_gap = false;             // the first point after missing time
  Feature feature = Feature::kAbove;  // the one that says most
  double value = 0;
  double expected = 0;
  // Values outside have p <= 0.001 as far as single points go; 0 width while cold.
  double expected_low = 0;
  double expected_high = 0;
  std::array<float, kFeatureCount> surprise{};  // -log10 p of each feature

  double surprise_total() const;  // -log10 p
};

class SeriesDetector {
 public:
  static constexpr std::uint32_t kColdPoints = 200;

  explicit SeriesDetector(MetricClass metric_class = MetricClass::kGauge)
      : metric_class_(metric_class) {}

  // Judges and learns `value` at `time_s` (seconds since the epoch). A value that is not finite is
  // a missing sample. Time that stands still or goes back counts as one usual step.
  Judgement observe(double time_s, double value, const AlarmLimits& limits = {});

  // Learns only, for history that is too old to alert on.
  void learn(double time_s, double value);

  void feedback(Verdict verdict, double until_s) { gate_.feedback(verdict, until_s); }
  void withdraw(Verdict verdict) { gate_.withdraw(verdict); }
  std::uint32_t points() const { return seen_; }
  MetricClass metric_class() const { return metric_class_; }

  // Bytes with a version and a checksum, for checkpoints. load() gives kDataLoss for anything that
  // save() of this version did not write.
  std::string save() const;
  static base::Result<SeriesDetector> load(std::string_view bytes);

 private:
  struct Features {
    std::array<double, kFeatureCount> raw{};
    double miss = 0;       // scales from the expected value
    double slow_miss = 0;  // from the slow one
  };

  Features measure(double x, const Prediction& prediction);
  double fuse(const Features& features, Judgement& out) const;
  double confidence(double time_s) const;
  void begin(double time_s, double value);
  void note_gap(double time_s);
  void calibrate(double fused, double weight, std::uint32_t seen);
  void learn_features(const Features& features, double fused, double weight);
  void learn_steps(double x, double weight, const Prediction& prediction);

  double origin_ = 0;
  double first_time_s_ = 0;
  double last_time_s_ = 0;
  double last_ = 0;
  LevelBank levels_;
  std::array<TailModel, kFeatureCount> tails_;
  ScoreCalibrator calibrator_;
  ShapeMemory shapes_;
  AlarmGate gate_;
  float step_s_ = 0;
  float step_error_ = 0;  // mean absolute difference of neighbours
  float shift_ = 0;
  float drift_ = 0;
  float noise_ = 0;
  float repeat_share_ = 0.5F;
  float anchor_level_ = 0;  // the resting level before the last anomaly
  std::uint32_t seen_ = 0;
  std::uint16_t anchor_rows_ = 0;
  std::uint16_t repeat_run_ = 0;
  std::uint16_t strange_run_ = 0;
  std::uint16_t settle_rows_ = 0;  // after a gap
  MetricClass metric_class_;
};

}  // namespace honeyguide::detect
