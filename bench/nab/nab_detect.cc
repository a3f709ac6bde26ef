#include "nab/nab_detect.h"

#include <algorithm>

#include "detect/series_detector.h"

namespace honeyguide::bench {

std::vector<double> nab_scores(const NabFile& file, const NabSettings& settings) {
  detect::SeriesDetector detector;
  std::vector<double> surprise;
  for (std::size_t i = 0; i < file.value.size(); ++i) {
    const auto judgement = detector.observe(file.time_s[i], file.value[i]);
    double sum = 0;
    for (const float feature : judgement.surprise) sum += feature;
    surprise.push_back(judgement.judged ? sum : 0);
  }
  std::vector<double> out(surprise.size(), 0);
  for (std::size_t i = 0; i < surprise.size(); ++i) {
    const std::size_t from = i > settings.quiet_rows ? i - settings.quiet_rows : 0;
    const auto begin = surprise.begin();
    const auto highest =
        std::max_element(begin + static_cast<long>(from), begin + static_cast<long>(i));
    if (i == from || surprise[i] > *highest) out[i] = surprise[i];
  }
  return out;
}

}  // namespace honeyguide::bench
