// Reads `timestamp,value[,series]` files row by row, however the bytes are cut into pieces.
//
// The header is optional. If it names `timestamp` and `value` (any case), these columns are used,
// and `series` if it is there; without such names the first three columns are meant. Fields may be
// quoted as RFC 4180 has it. Lines that are wholly empty are no rows. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace honeyguide::detect {

// "2014-04-01 00:05:00", "2014-04-01T00:05:00.5Z", "...+02:00", "2014-04-01" or seconds since the
// epoch; numbers of 1e11 and more are milliseconds. Without an offset UTC is meant.
std::optional<double> parse_time_s(std::string_view text);

// "2014-04-01T00:05:00Z", with milliseconds where there are some.
std::string format_time_s(double time_s);

struct SeriesRow {
  std::string_view timestamp;  // as written, quotes removed; valid during the callback
  std::string_view value;
  std::string_view series;
  double time_s = 0;  // NaN if it cannot be read
  double number = 0;  // NaN if the value is missing: empty, nan, null, na, - in any case
  bool bad = false;   // the timestamp or the value is neither readable nor missing
};

class SeriesCsvReader {
 public:
  static constexpr std::size_t kLineBytesMax = 64 * 1024;

  using OnRow = std::function<void(const SeriesRow&)>;

  explicit SeriesCsvReader(OnRow on_row) : on_row_(std::move(on_row)) {}

  // kInvalidArgument if a line is longer than kLineBytesMax or the header lacks a needed column.
  base::Result<void> feed(std::string_view bytes);
  // The last line, if it has no line end.
  base::Result<void> finish();

  // Known after the first row: is there a series column?
  bool has_series() const { return series_column_ >= 0; }

 private:
  base::Result<void> line(std::string_view text);
  void split(std::string_view text);
  base::Result<bool> read_header();

  OnRow on_row_;
  std::string rest_;
  std::vector<std::string> fields_;
  std::size_t field_count_ = 0;
  std::uint64_t line_number_ = 0;
  bool started_ = false;
  int time_column_ = 0;
  int value_column_ = 1;
  int series_column_ = -1;
};

// `text` as a CSV field, quoted if it must be.
std::string csv_field(std::string_view text);

}  // namespace honeyguide::detect
