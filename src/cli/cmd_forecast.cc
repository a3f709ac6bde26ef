#include "cli/cmd_forecast.h"

#include <limits>
#include <ostream>

#include "base/clock.h"
#include "cli/flags.h"
#include "cli/read_pieces.h"
#include "detect/csv_forecast.h"

namespace honeyguide::cli {

int run_forecast(const std::vector<std::string>& args, CommandIo& io) {
  std::string file;
  detect::CsvForecastOptions options;
  std::int64_t horizon_ns = 6 * base::kNanosPerHour;
  double threshold = std::numeric_limits<double>::quiet_NaN();
  Flags flags("forecast", "Forecast when a series crosses a threshold");
  flags.positional("FILE", file, "CSV file of timestamp,value[,series]");
  flags.real("--threshold", threshold, "The value that must not be reached");
  flags.flag("--below", options.forecast.below, "A breach is a value at or below the threshold");
  flags.duration("--horizon", horizon_ns, "How far to look ahead, 5m to 24h");
  flags.flag("--backtest", options.backtest, "A CSV row for every row, from the rows before it");
  flags.footer(
      "Without --backtest the answer is one JSON line for the end of the file, with how right the "
      "forecasts within it were.\n\nExample:\n  honeyguide forecast disk.csv --threshold 90");
  if (const auto code = flags.parse(args, io)) return *code;
  if (!flags.given("--threshold")) {
    io.err << "honeyguide forecast: --threshold is needed\n";
    return kExitUsage;
  }
  options.file = file;
  options.forecast.threshold = threshold;
  options.forecast.horizon_s =
      static_cast<double>(horizon_ns) / static_cast<double>(base::kNanosPerSecond);
  auto forecaster =
      detect::CsvForecaster::create(options, [&](std::string_view text) { io.out << text; });
  if (!forecaster) {
    io.err << "honeyguide forecast: " << forecaster.error().message << "\n";
    return kExitUsage;
  }
  auto done = read_pieces(file, [&](std::string_view piece) { return (*forecaster)->feed(piece); });
  if (done) done = (*forecaster)->finish();
  io.out.flush();
  if (!done) {
    io.err << "honeyguide forecast: " << file << ": " << done.error().message << "\n";
    return done.error().code == base::ErrorCode::kNotFound ? kExitNotFound : kExitFailed;
  }
  if ((*forecaster)->bad_rows() > 0) {
    io.err << "honeyguide forecast: " << (*forecaster)->bad_rows()
           << " rows have a time or a value that cannot be read; they are left out\n";
  }
  return kExitOk;
}

}  // namespace honeyguide::cli
