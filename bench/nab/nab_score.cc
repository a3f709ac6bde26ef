#include "nab/nab_score.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace honeyguide::bench {
namespace {

constexpr std::size_t kOutside = std::numeric_limits<std::size_t>::max();

// What one row is worth as a detection.
struct RowWorth {
  double score;
  double worth;        // weight in a window, cost (negative) outside
  std::size_t window;  // over all files, or kOutside
};

struct Sheet {
  std::vector<RowWorth> rows;
  std::size_t scored_windows = 0;
  std::size_t windows = 0;
};

void add_file(const NabFile& file, std::span<const double> scores, const NabProfile& profile,
              Sheet& sheet) {
  const std::size_t probation = nab_probation(file.time_s.size());
  std::size_t next = 0;
  const NabWindow* before = nullptr;
  std::size_t current = kOutside;
  for (const NabWindow& window : file.windows) {
    sheet.windows += 1;
    if (window.last < probation) continue;
  }
  for (std::size_t i = 0; i < file.time_s.size(); ++i) {
    while (next < file.windows.size() && i > file.windows[next].last) {
      before = &file.windows[next++];
      current = kOutside;
    }
    const bool inside = next < file.windows.size() && i >= file.windows[next].first;
    if (i < probation) continue;
    if (inside) {
      if (current == kOutside) current = sheet.scored_windows++;
      const NabWindow& window = file.windows[next];
      const double width = static_cast<double>(window.last - window.first + 1);
      const double y = -static_cast<double>(window.last - i + 1) / width;
      sheet.rows.push_back(
          {scores[i], nab_sigmoid(y) * profile.true_positive / nab_sigmoid(-1), current});
    } else {
      double sigmoid = -1;
      if (before != nullptr) {
        const double width = static_cast<double>(before->last - before->first);
        sigmoid = nab_sigmoid(static_cast<double>(i - before->last) / width);
      }
      sheet.rows.push_back({scores[i], sigmoid * profile.false_positive, kOutside});
    }
  }
}

Sheet make_sheet(std::span<const NabFile> files, std::span<const std::vector<double>> scores,
                 const NabProfile& profile) {
  Sheet sheet;
  for (std::size_t i = 0; i < files.size(); ++i) add_file(files[i], scores[i], profile, sheet);
  return sheet;
}

double normalised(double raw, std::size_t windows, const NabProfile& profile) {
  const double perfect = static_cast<double>(windows) * profile.true_positive;
  const double null = -static_cast<double>(windows) * profile.false_negative;
  return 100 * (raw - null) / (perfect - null);
}

double raw_at(const Sheet& sheet, const NabProfile& profile, double threshold) {
  std::vector<double> best(sheet.scored_windows, -1);
  double raw = 0;
  for (const RowWorth& row : sheet.rows) {
    if (row.score < threshold) continue;
    if (row.window == kOutside) {
      raw += row.worth;
    } else {
      best[row.window] = std::max(best[row.window], row.worth);
    }
  }
  for (const double weight : best) raw += weight < 0 ? -profile.false_negative : weight;
  return raw;
}

NabResult best_of(Sheet& sheet, const NabProfile& profile) {
  std::sort(sheet.rows.begin(), sheet.rows.end(),
            [](const RowWorth& a, const RowWorth& b) { return a.score > b.score; });
  std::vector<double> best(sheet.scored_windows, -1);
  double raw = -static_cast<double>(sheet.scored_windows) * profile.false_negative;
  NabResult out{raw, std::numeric_limits<double>::infinity(), 0};
  for (std::size_t i = 0; i < sheet.rows.size(); ++i) {
    const RowWorth& row = sheet.rows[i];
    if (row.window == kOutside) {
      raw += row.worth;
    } else if (row.worth > best[row.window]) {
      raw += row.worth - (best[row.window] < 0 ? -profile.false_negative : best[row.window]);
      best[row.window] = row.worth;
    }
    const bool last_of_equal = i + 1 == sheet.rows.size() || sheet.rows[i + 1].score < row.score;
    if (last_of_equal && raw > out.raw) {
      out.raw = raw;
      out.threshold = row.score;
    }
  }
  out.score = normalised(out.raw, sheet.windows, profile);
  return out;
}

}  // namespace

std::size_t nab_probation(std::size_t rows) {
  return static_cast<std::size_t>(std::min(0.15 * static_cast<double>(rows), 0.15 * 5000));
}

double nab_sigmoid(double y) {
  return y > 3 ? -1 : 2 / (1 + std::exp(5 * y)) - 1;
}

double nab_raw(std::span<const NabFile> files, std::span<const std::vector<double>> scores,
               const NabProfile& profile, double threshold) {
  return raw_at(make_sheet(files, scores, profile), profile, threshold);
}

NabResult nab_best(std::span<const NabFile> files, std::span<const std::vector<double>> scores,
                   const NabProfile& profile) {
  Sheet sheet = make_sheet(files, scores, profile);
  return best_of(sheet, profile);
}

NabResult nab_held_out(std::span<const NabFile> files, std::span<const std::vector<double>> scores,
                       const NabProfile& profile) {
  Sheet halves[2];
  for (std::size_t i = 0; i < files.size(); ++i) {
    add_file(files[i], scores[i], profile, halves[i % 2]);
  }
  NabResult out;
  for (int half = 0; half < 2; ++half) {
    const double threshold = best_of(halves[1 - half], profile).threshold;
    out.raw += raw_at(halves[half], profile, threshold);
    out.threshold = threshold;
  }
  out.score = normalised(out.raw, halves[0].windows + halves[1].windows, profile);
  return out;
}

}  // namespace honeyguide::bench
