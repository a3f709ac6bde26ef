// Has the recent course of the series been seen before?
//
// The last eight block means are compared with a handful of remembered shapes; the distance to the
// nearest is the novelty. A near shape is moved a little, a far one replaces the least used.
// Trivially copyable, not thread-safe.
#pragma once

#include <array>
#include <cstdint>

namespace honeyguide::detect {

class ShapeMemory {
 public:
  static constexpr int kLength = 8;
  static constexpr int kShapeCount = 8;
  static constexpr int kBlockRows = 5;

  // Takes the deviation of one point from its slow level, in scales. Returns the novelty at the end
  // of each block and 0 between.
  double observe(double deviation);

 private:
  double nearest(int& which) const;

  std::array<std::array<std::int8_t, kLength>, kShapeCount> shapes_{};
  std::array<std::int8_t, kLength> recent_{};
  std::array<float, kShapeCount> uses_{};
  float usual_distance_ = 0;
  float block_sum_ = 0;
  std::uint16_t blocks_ = 0;
  std::uint8_t rows_ = 0;
  std::uint8_t known_ = 0;
};

}  // namespace honeyguide::detect
