#include "detect/shape_memory.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace honeyguide::detect {
namespace {

constexpr double kStepsPerScale = 15;  // int8 covers +-8 scales
constexpr double kDeviationMax = 8;
constexpr double kNewShapeFactor = 2;  // of the usual distance
constexpr double kMove = 0.1;
constexpr float kUseDecay = 0.995F;

}  // namespace

double ShapeMemory::nearest(int& which) const {
  double best = -1;
  for (int s = 0; s < known_; ++s) {
    int sum = 0;
    for (int i = 0; i < kLength; ++i) sum += std::abs(shapes_[s][i] - recent_[i]);
    if (best < 0 || sum < best) {
      best = sum;
      which = s;
    }
  }
  return std::max(best, 0.0) / (kStepsPerScale * kLength);
}

double ShapeMemory::observe(double deviation) {
  block_sum_ += static_cast<float>(std::clamp(deviation, -kDeviationMax, kDeviationMax));
  if (++rows_ < kBlockRows) return 0;
  std::rotate(recent_.begin(), recent_.begin() + 1, recent_.end());
  recent_.back() = static_cast<std::int8_t>(std::lround(block_sum_ / kBlockRows * kStepsPerScale));
  block_sum_ = 0;
  rows_ = 0;
  if (blocks_ < 60000) ++blocks_;
  if (blocks_ < kLength) return 0;

  int which = 0;
  const double distance = nearest(which);
  const double rate = std::max(0.01, 1.0 / (blocks_ - kLength + 1));
  if (known_ < kShapeCount || distance > kNewShapeFactor * usual_distance_) {
    const int slot =
        known_ < kShapeCount
            ? known_++
            : static_cast<int>(std::min_element(uses_.begin(), uses_.end()) - uses_.begin());
    shapes_[slot] = recent_;
    uses_[slot] = 1;
  } else {
    for (int i = 0; i < kLength; ++i) {
      shapes_[which][i] = static_cast<std::int8_t>(
          std::lround(shapes_[which][i] + (recent_[i] - shapes_[which][i]) * kMove));
    }
  }
  for (float& use : uses_) use *= kUseDecay;
  uses_[which] += 1;
  usual_distance_ += static_cast<float>((distance - usual_distance_) * rate);
  return distance;
}

}  // namespace honeyguide::detect
