// How good a detector is against labels: the two protocols in use for operations data.
//
// delay-k F1: a labelled segment counts as found, with all its points, if one of its first k + 1
// points is flagged; else all its points are missed. Flagged points outside count one by one.
// event F1: a run of flagged points is one prediction; it is right if it touches a segment, and a
// segment is found if a prediction touches it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace honeyguide::detect {

struct Counts {
  double true_positive = 0;
  double false_positive = 0;
  double false_negative = 0;
  // For events, where the share of right predictions and of found segments have different units.
  double right_prediction = 0;

  double precision() const;
  double recall() const;
  double f1() const;
  Counts& operator+=(const Counts& other);
};

// One series: what was flagged is score >= threshold. Spans of one length.
Counts delay_counts(std::span<const double> score, std::span<const std::uint8_t> label,
                    double threshold, int delay);
Counts event_counts(std::span<const double> score, std::span<const std::uint8_t> label,
                    double threshold);

}  // namespace honeyguide::detect
