// Turns a feature of unknown distribution into a p-value, on line and in a few bytes.
//
// The idea: the upper 2 % of every feature is described by its 98 % quantile and a generalised
// Pareto tail over it, the part below by a decaying histogram (ScoreCalibrator) or not at all
// (TailModel). All features then speak one language, -log10(p), and one threshold serves every
// series. Values are judged before they are learned from. Plain state, no allocation; not
// thread-safe.
#pragma once

#include <array>
#include <cstdint>

namespace honeyguide::detect {

// -log10 of the share of points that TailModel describes.
inline constexpr double kTailShareLog10 = 1.69897000433602;  // share 0.02

// The upper tail of a non-negative feature. 16 bytes.
class TailModel {
 public:
  // -log10(p) of `value` where it lies in the upper 2 %; below that a ramp from 0 to
  // kTailShareLog10 that keeps the order of values.
  double surprise(double value) const;

  // The smallest value with a surprise of `decades` >= kTailShareLog10; 0 while nothing is known.
  double value_at(double decades) const;

  // Takes `value` into account. `weight` in (0, 1] slows learning down, for points that are
  // suspected to be anomalous; `seen` is the number of points learned before.
  void learn(double value, double weight, std::uint32_t seen);

 private:
  // The two parameters of the tail.
  void shape_and_scale(double& shape, double& scale) const;

  float quantile_ = 0;       // 98 %
  float excess_ = 0;         // mean of (value - quantile) over the quantile
  float excess_square_ = 0;  // mean square of the same
  float typical_ = 0;        // mean of the feature: sets the step before a tail is known
};

// The whole distribution of a non-negative score: histogram below, Pareto tail above.
class ScoreCalibrator {
 public:
  static constexpr int kBinCount = 32;

  // The share of learned points with a score at or above `score`, in (0, 1].
  double p_value(double score) const;
  void learn(double score, double weight, std::uint32_t seen);

  // The score that is exceeded once in 10^decades points, for decades >= kTailShareLog10; 0 while
  // nothing is known.
  double tail_value(double decades) const { return tail_.value_at(decades); }

 private:
  static double position(double score);

  std::array<float, kBinCount> bins_{};
  float total_ = 0;
  float increment_ = 1;
  TailModel tail_;
};

}  // namespace honeyguide::detect
