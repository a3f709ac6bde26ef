#include "detect/vector_detector.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"

namespace honeyguide::detect {
namespace {

constexpr std::uint8_t kStateVersion = 1;
constexpr double kLevelRate = 0.03;
constexpr double kScaleRate = 0.01;
constexpr double kCovarianceRate = 0.005;
constexpr double kShrinkage = 0.2;  // added to the diagonal of a matrix with unit variances
constexpr double kDeviationMax = 12;
constexpr double kLearnedMax = 6;
constexpr double kStrange = 3;
constexpr double kStrangeWeight = 0.05;
constexpr std::uint32_t kUnsettledPoints = 40;

}  // namespace

VectorDetector::VectorDetector(int dimensions) : dimensions_(dimensions) {
  HG_CHECK(dimensions >= 1 && dimensions <= kDimensionMax);
}

// Gaussian elimination without pivots: the matrix is positive definite by the shrinkage.
double VectorDetector::solve(const Row& deviation, const std::array<bool, kDimensionMax>& present,
                             Row& y) const {
  double matrix[kDimensionMax][kDimensionMax + 1];
  int index[kDimensionMax];
  int size = 0;
  for (int i = 0; i < dimensions_; ++i) {
    if (present[i]) index[size++] = i;
  }
  for (int i = 0; i < size; ++i) {
    for (int k = 0; k < size; ++k) {
      matrix[i][k] = covariance_[index[i] * kDimensionMax + index[k]];
    }
    matrix[i][i] += kShrinkage;
    matrix[i][size] = deviation[index[i]];
  }
  for (int i = 0; i < size; ++i) {
    for (int k = i + 1; k < size; ++k) {
      const double factor = matrix[k][i] / std::max(matrix[i][i], 1e-9);
      for (int c = i; c <= size; ++c) matrix[k][c] -= factor * matrix[i][c];
    }
  }
  double distance = 0;
  for (int i = size - 1; i >= 0; --i) {
    double sum = matrix[i][size];
    for (int k = i + 1; k < size; ++k) sum -= matrix[i][k] * y[index[k]];
    y[index[i]] = sum / std::max(matrix[i][i], 1e-9);
    distance += y[index[i]] * deviation[index[i]];
  }
  return size > 0 ? std::sqrt(std::max(0.0, distance)) : 0;
}

VectorJudgement VectorDetector::observe(double time_s, std::span<const double> values,
                                        const AlarmLimits& limits) {
  HG_CHECK(values.size() == static_cast<std::size_t>(dimensions_));
  VectorJudgement out;
  Row deviation{};
  std::array<bool, kDimensionMax> present{};
  bool any = false;
  for (int i = 0; i < dimensions_; ++i) {
    out.expected[i] = static_cast<float>(level_[i]);
    present[i] = std::isfinite(values[i]) && std::abs(values[i]) < 1e18;
    if (!present[i]) continue;
    any = true;
    if (seen_ == 0) level_[i] = values[i];
    const double scale = std::max<double>(scale_[i], 1e-9 + 1e-3 * std::abs(level_[i]));
    deviation[i] = std::clamp((values[i] - level_[i]) / scale, -kDeviationMax, kDeviationMax);
    out.deviation[i] = static_cast<float>(deviation[i]);
  }
  if (!any) return out;
  Row y{};
  const double distance = solve(deviation, present, y);
  double total = 0;
  for (int i = 0; i < dimensions_; ++i) total += std::max(0.0, y[i] * deviation[i]);
  for (int i = 0; i < dimensions_ && total > 0; ++i) {
    out.share[i] = static_cast<float>(std::max(0.0, y[i] * deviation[i]) / total);
    if (out.oddest < 0 || out.share[i] > out.share[out.oddest]) out.oddest = i;
  }
  out.judged = seen_ >= kColdPoints;
  if (out.judged) out.p = calibrator_.p_value(distance);
  const double surprise = -std::log10(out.p);
  const auto state = gate_.observe(surprise, limits, time_s);
  out.anomaly = state.anomaly;
  out.opened = state.opened;
  out.closed = state.closed;
  const double weight = surprise > kStrange ? kStrangeWeight : 1;
  if (seen_ >= kUnsettledPoints) {
    calibrator_.learn(distance, weight, seen_ - kUnsettledPoints);
  }
  learn(values, deviation, present, weight);
  ++seen_;
  return out;
}

void VectorDetector::learn(std::span<const double> values, const Row& deviation,
                           const std::array<bool, kDimensionMax>& present, double weight) {
  const double early = 1 / (seen_ + 1.0);
  for (int i = 0; i < dimensions_; ++i) {
    if (!present[i]) continue;
    const double error = values[i] - level_[i];
    const double limit = seen_ < 30 ? 1e300 : kLearnedMax * std::max<double>(scale_[i], 1e-9);
    level_[i] += std::clamp(error, -limit, limit) * std::max(early, kLevelRate) * weight;
    scale_[i] += static_cast<float>((std::min(std::abs(error), limit) - scale_[i]) *
                                    std::max(early, kScaleRate) * weight);
    for (int k = 0; k < dimensions_ && seen_ >= kUnsettledPoints / 2; ++k) {
      if (!present[k]) continue;
      const double product = std::clamp(deviation[i], -kLearnedMax, kLearnedMax) *
                             std::clamp(deviation[k], -kLearnedMax, kLearnedMax);
      float& cell = covariance_[i * kDimensionMax + k];
      cell += static_cast<float>((product - cell) * std::max(early, kCovarianceRate) * weight);
    }
  }
}

std::string VectorDetector::save() const {
  static_assert(std::is_trivially_copyable_v<VectorDetector>);
  std::string out;
  out.push_back(static_cast<char>(kStateVersion));
  out.append(reinterpret_cast<const char*>(this), sizeof(*this));
  base::put_fixed(out, base::hash64(out));
  return out;
}

base::Result<VectorDetector> VectorDetector::load(std::string_view bytes) {
  const base::Error damaged{base::ErrorCode::kDataLoss, "detector state is damaged or foreign"};
  const std::size_t body = 1 + sizeof(VectorDetector);
  if (bytes.size() != body + sizeof(std::uint64_t)) return damaged;
  if (static_cast<std::uint8_t>(bytes[0]) != kStateVersion) return damaged;
  base::ByteReader reader(bytes.substr(body));
  if (reader.fixed<std::uint64_t>() != base::hash64(bytes.substr(0, body))) return damaged;
  VectorDetector out(1);
  std::memcpy(static_cast<void*>(&out), bytes.data() + 1, sizeof(out));
  return out;
}

}  // namespace honeyguide::detect
