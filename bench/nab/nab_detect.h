// Row scores of our detector for NAB, causal: no look at a file's range or length.
//
// The score is the sum of the calibrated surprises of all features, before the second calibration
// that makes every series alarm at the same rate: NAB's files differ in how many windows they
// have, and one threshold serves all of them.
#pragma once

#include <vector>

#include "nab/nab_score.h"

namespace honeyguide::bench {

struct NabSettings {
  // A row keeps its score only if it is the highest of this many rows before it: the refractory
  // period in a form that works for every threshold.
  std::size_t quiet_rows = 100;
};

std::vector<double> nab_scores(const NabFile& file, const NabSettings& settings);

}  // namespace honeyguide::bench
