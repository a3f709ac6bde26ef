// Detection over a file: one row out for each row in, or one JSON line for each anomaly.
//
// Pure: bytes go in by feed(), text comes out through a sink. A row depends on the rows before it
// only, so a file can be fed while it is written. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "detect/series_csv.h"
#include "detect/series_detector.h"

namespace honeyguide::detect {

struct CsvDetectOptions {
  std::string file;          // the name in the `file` column and in events
  bool file_column = false;  // more than one file in the call
  bool header = true;        // write one before the first row
  bool events = false;       // JSON lines instead of CSV
  MetricClass metric_class = MetricClass::kGauge;
  AlarmLimits limits;
};

using TextSink = std::function<void(std::string_view)>;

// 1 - p as a decimal with at least nine significant digits of p, so that the difference of two
// high scores survives the text: 0.0000012345 gives "0.99999876550000". Always in [0, 1].
std::string format_score(double p);

class CsvDetector {
 public:
  static constexpr std::size_t kSeriesMax = 100'000;
  static constexpr std::size_t kPastEventsMax = 16;  // remembered for "similar"

  CsvDetector(CsvDetectOptions options, TextSink sink);
  ~CsvDetector();

  // kResourceExhausted at more than kSeriesMax series; else what the reader says.
  base::Result<void> feed(std::string_view bytes);
  // Must be called once at the end: writes what is open.
  base::Result<void> finish();

  std::uint64_t rows() const { return rows_; }
  // Rows whose timestamp or value was neither readable nor missing: written with score 0.
  std::uint64_t bad_rows() const { return bad_rows_; }
  std::uint64_t anomalies() const { return anomalies_; }

 private:
  struct Event;
  struct Track;

  void row(const SeriesRow& row);
  void write_row(const SeriesRow& row, const Judgement& judgement);
  void follow_event(Track& track, const SeriesRow& row, const Judgement& judgement);
  void write_event(Track& track);

  CsvDetectOptions options_;
  TextSink sink_;
  SeriesCsvReader reader_;
  std::unordered_map<std::string, std::unique_ptr<Track>> tracks_;
  std::vector<Track*> order_;
  std::string line_;
  std::uint64_t rows_ = 0;
  std::uint64_t bad_rows_ = 0;
  std::uint64_t anomalies_ = 0;
  bool too_many_ = false;
};

}  // namespace honeyguide::detect
