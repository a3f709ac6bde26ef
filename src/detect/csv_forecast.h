// Breach forecasts over a file: for its end as JSON, or causally for every row as CSV.
//
// Pure: bytes go in by feed(), text comes out through a sink. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "detect/breach_forecaster.h"
#include "detect/csv_detect.h"
#include "detect/series_csv.h"

namespace honeyguide::detect {

struct CsvForecastOptions {
  std::string file;
  ForecastOptions forecast;
  bool backtest = false;  // a CSV row for each row in, instead of JSON for the end
};

class CsvForecaster {
 public:
  static constexpr std::size_t kSeriesMax = 10'000;

  // kInvalidArgument for forecast options that are out of range.
  static base::Result<std::unique_ptr<CsvForecaster>> create(CsvForecastOptions options,
                                                             TextSink sink);
  ~CsvForecaster();

  // kResourceExhausted at more than kSeriesMax series; else what the reader says.
  base::Result<void> feed(std::string_view bytes);
  // Must be called once at the end: writes the JSON, one line a series.
  base::Result<void> finish();
  std::uint64_t bad_rows() const { return bad_rows_; }

 private:
  struct Track;

  CsvForecaster(CsvForecastOptions options, const BreachForecaster& fresh, TextSink sink);
  void row(const SeriesRow& row);
  void write_row(const SeriesRow& row, const BreachForecast& forecast);
  void write_end(const Track& track);

  CsvForecastOptions options_;
  BreachForecaster fresh_;
  TextSink sink_;
  SeriesCsvReader reader_;
  std::unordered_map<std::string, std::unique_ptr<Track>> tracks_;
  std::vector<Track*> order_;
  std::string line_;
  std::uint64_t rows_ = 0;
  std::uint64_t bad_rows_ = 0;
  bool too_many_ = false;
};

}  // namespace honeyguide::detect
