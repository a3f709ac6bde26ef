#include "detect/tail_model.h"

#include <algorithm>
#include <cmath>

namespace honeyguide::detect {
namespace {

constexpr double kTailShare = 0.02;
// A tail heavier than this would make every value plausible; a lighter one than exponential would
// end somewhere, and the next larger value would be impossible.
constexpr double kShapeMax = 0.45;
constexpr double kQuantileStep = 0.04;
constexpr double kExcessRateMin = 0.01;
constexpr double kTypicalRate = 0.002;
constexpr std::uint32_t kFirstPoints = 32;
constexpr double kExcessCap = 8;  // in mean excesses: one wild value must not blind the tail
constexpr double kSurpriseMax = 16;
constexpr double kBinsPerOctave = 4;
constexpr double kLowestOctave = -4;
constexpr double kRescaleAt = 1e6;
constexpr double kMemoryPoints = 20000;

}  // namespace

void TailModel::shape_and_scale(double& shape, double& scale) const {
  const double mean = excess_;
  const double variance = std::max(excess_square_ - mean * mean, 1e-12 * mean * mean);
  shape = std::clamp(0.5 * (1 - mean * mean / variance), 0.0, kShapeMax);
  scale = mean * (1 - shape);
}

double TailModel::value_at(double decades) const {
  if (excess_ <= 0) return 0;
  double shape = 0;
  double scale = 1;
  shape_and_scale(shape, scale);
  const double over = decades - kTailShareLog10;
  return quantile_ + (shape < 0.01 ? over * scale / 0.4342944819
                                   : scale * (std::pow(10, over * shape) - 1) / shape);
}

double TailModel::surprise(double value) const {
  if (excess_ <= 0) return 0;
  const double over = value - quantile_;
  if (over <= 0) return kTailShareLog10 * std::max(0.0, value) / std::max(1e-12, double{quantile_});
  double shape = 0;
  double scale = 1;
  shape_and_scale(shape, scale);
  const double decades =
      shape < 0.01 ? over / scale * 0.4342944819 : std::log10(1 + shape * over / scale) / shape;
  return std::min(kTailShareLog10 + decades, kSurpriseMax);
}

void TailModel::learn(double value, double weight, std::uint32_t seen) {
  const double n = seen + 1.0;
  const bool started = excess_ > 0;
  const double unit = std::max({double{excess_}, 0.1 * typical_, 1e-9});
  const double bounded = started ? std::min(value, quantile_ + kExcessCap * unit) : value;
  typical_ += static_cast<float>((bounded - typical_) * weight * std::max(1 / n, kTypicalRate));
  if (!started) {
    // The first guess is between a normal and an exponential tail with the mean seen so far.
    if (seen < kFirstPoints) return;
    quantile_ = 3 * typical_;
    excess_ = static_cast<float>(std::max(0.7 * typical_, 1e-9));
    excess_square_ = 2 * excess_ * excess_;
    return;
  }
  const double step = kQuantileStep * weight * (1 + 20 / (1 + n * kTailShare)) * unit;
  if (value > quantile_) {
    const double over = bounded - quantile_;
    const double rate = weight * std::max(kExcessRateMin, 1 / (3 + kTailShare * n));
    excess_ += static_cast<float>((over - excess_) * rate);
    excess_square_ += static_cast<float>((over * over - excess_square_) * rate);
    quantile_ += static_cast<float>(step * (1 - kTailShare));
  } else {
    quantile_ = std::max(0.0F, quantile_ - static_cast<float>(step * kTailShare));
  }
}

double ScoreCalibrator::position(double score) {
  const double octave = std::log2(std::max(score, 1e-9)) - kLowestOctave;
  return std::clamp(octave * kBinsPerOctave, 0.0, kBinCount - 1e-6);
}

double ScoreCalibrator::p_value(double score) const {
  if (total_ < 20) return 1;
  const double at = position(score);
  const int bin = static_cast<int>(at);
  double above = 0;
  for (int i = bin + 1; i < kBinCount; ++i) above += bins_[i];
  const double share = (above + bins_[bin] * (1 - (at - bin)) + 0.5) / (total_ + 0.5);
  const double surprise = tail_.surprise(score);
  const double body = std::clamp(share, kTailShare, 1.0);
  return surprise > kTailShareLog10 ? std::min(body, std::pow(10, -surprise)) : body;
}

void ScoreCalibrator::learn(double score, double weight, std::uint32_t seen) {
  tail_.learn(score, weight, seen);
  const auto add = static_cast<float>(increment_ * weight);
  bins_[static_cast<int>(position(score))] += add;
  total_ += add;
  increment_ *= static_cast<float>(1 + 1 / kMemoryPoints);
  if (increment_ < kRescaleAt) return;
  for (float& bin : bins_) bin /= increment_;
  total_ /= increment_;
  increment_ = 1;
}

}  // namespace honeyguide::detect
