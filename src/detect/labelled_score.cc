#include "detect/labelled_score.h"

#include <algorithm>

namespace honeyguide::detect {

double Counts::precision() const {
  const double all = right_prediction + false_positive;
  return all > 0 ? right_prediction / all : 0;
}

double Counts::recall() const {
  const double all = true_positive + false_negative;
  return all > 0 ? true_positive / all : 0;
}

double Counts::f1() const {
  const double p = precision();
  const double r = recall();
  return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

Counts& Counts::operator+=(const Counts& other) {
  true_positive += other.true_positive;
  false_positive += other.false_positive;
  false_negative += other.false_negative;
  right_prediction += other.right_prediction;
  return *this;
}

Counts delay_counts(std::span<const double> score, std::span<const std::uint8_t> label,
                    double threshold, int delay) {
  Counts out;
  for (std::size_t i = 0; i < score.size();) {
    if (label[i] == 0) {
      out.false_positive += score[i] >= threshold ? 1 : 0;
      ++i;
      continue;
    }
    std::size_t end = i;
    bool found = false;
    while (end < score.size() && label[end] != 0) {
      if (end - i <= static_cast<std::size_t>(delay) && score[end] >= threshold) found = true;
      ++end;
    }
    (found ? out.true_positive : out.false_negative) += static_cast<double>(end - i);
    i = end;
  }
  out.right_prediction = out.true_positive;
  return out;
}

Counts event_counts(std::span<const double> score, std::span<const std::uint8_t> label,
                    double threshold) {
  Counts out;
  for (std::size_t i = 0; i < score.size();) {
    if (!(score[i] >= threshold)) {
      ++i;
      continue;
    }
    bool right = false;
    for (; i < score.size() && score[i] >= threshold; ++i) right = right || label[i] != 0;
    (right ? out.right_prediction : out.false_positive) += 1;
  }
  for (std::size_t i = 0; i < score.size();) {
    if (label[i] == 0) {
      ++i;
      continue;
    }
    bool found = false;
    for (; i < score.size() && label[i] != 0; ++i) found = found || score[i] >= threshold;
    (found ? out.true_positive : out.false_negative) += 1;
  }
  return out;
}

}  // namespace honeyguide::detect
