// The official scoring of the Numenta Anomaly Benchmark, as its documentation defines it.
//
// Within a labelled window only the earliest-weighted detection counts, by a sigmoid of its place;
// a detection outside costs by its distance from the window before it; rows of the probation are
// never scored. One threshold serves all files: the best one over all distinct scores.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace honeyguide::bench {

struct NabWindow {
  std::size_t first = 0;  // rows, both inclusive
  std::size_t last = 0;
};

struct NabFile {
  std::string name;
  std::vector<double> time_s;
  std::vector<double> value;
  std::vector<NabWindow> windows;  // ascending
};

struct NabProfile {
  const char* name;
  double true_positive;
  double false_positive;
  double false_negative;
};
inline constexpr NabProfile kNabProfiles[] = {
    {"standard", 1, 0.11, 1}, {"low FP", 1, 0.22, 1}, {"low FN", 1, 0.11, 2}};

// Rows at the front that are not scored: 15 % of the file, at most 750.
std::size_t nab_probation(std::size_t rows);

// 2 / (1 + e^(5 y)) - 1, and -1 for y > 3.
double nab_sigmoid(double y);

struct NabResult {
  double raw = 0;
  double threshold = 0;
  double score = 0;  // 0 for a detector that says nothing, 100 for a perfect one
};

// `scores[i]` are the row scores of `files[i]`. A row is a detection if score >= threshold.
double nab_raw(std::span<const NabFile> files, std::span<const std::vector<double>> scores,
               const NabProfile& profile, double threshold);
// The best threshold over all files.
NabResult nab_best(std::span<const NabFile> files, std::span<const std::vector<double>> scores,
                   const NabProfile& profile);
// The same, but each half of the files (even and odd places) is scored with the threshold that is
// best for the other half.
NabResult nab_held_out(std::span<const NabFile> files, std::span<const std::vector<double>> scores,
                       const NabProfile& profile);

}  // namespace honeyguide::bench
