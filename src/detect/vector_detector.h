// Odd combinations: several metrics of one agent judged together.
//
// Each metric is centred and scaled by its own running level; the vector's Mahalanobis distance to
// a running, shrunken covariance is calibrated to a p-value. So a queue that grows while throughput
// falls is strange even if each alone is usual. The shares say which metric is odd: they add up to
// one. A missing metric is left out of the sum. Trivially copyable, not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "detect/alarm_gate.h"
#include "detect/tail_model.h"

namespace honeyguide::detect {

struct VectorJudgement {
  static constexpr int kDimensionMax = 8;

  double p = 1;
  bool judged = false;
  bool anomaly = false;
  bool opened = false;
  bool closed = false;
  int oddest = -1;  // the dimension with the largest share, -1 before anything is judged
  std::array<float, kDimensionMax> share{};
  std::array<float, kDimensionMax> deviation{};  // in scales, signed
  std::array<float, kDimensionMax> expected{};
};

class VectorDetector {
 public:
  static constexpr int kDimensionMax = VectorJudgement::kDimensionMax;
  static constexpr std::uint32_t kColdPoints = 200;

  // 1 to kDimensionMax dimensions, else HG_CHECK.
  explicit VectorDetector(int dimensions);

  // `values` has one entry a dimension, NaN where it is missing. Judges, then learns.
  VectorJudgement observe(double time_s, std::span<const double> values,
                          const AlarmLimits& limits = {});
  void feedback(Verdict verdict, double until_s) { gate_.feedback(verdict, until_s); }
  void withdraw(Verdict verdict) { gate_.withdraw(verdict); }

  std::string save() const;
  static base::Result<VectorDetector> load(std::string_view bytes);

 private:
  using Row = std::array<double, kDimensionMax>;

  // Solves (covariance + shrinkage) y = deviation over the present dimensions; gives the distance.
  double solve(const Row& deviation, const std::array<bool, kDimensionMax>& present, Row& y) const;
  void learn(std::span<const double> values, const Row& deviation,
             const std::array<bool, kDimensionMax>& present, double weight);

  int dimensions_;
  std::uint32_t seen_ = 0;
  std::array<double, kDimensionMax> level_{};
  std::array<float, kDimensionMax> scale_{};
  std::array<float, kDimensionMax * kDimensionMax> covariance_{};
  ScoreCalibrator calibrator_;
  AlarmGate gate_;
};

}  // namespace honeyguide::detect
