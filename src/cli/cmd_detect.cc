#include "cli/cmd_detect.h"

#include <ostream>

#include "cli/flags.h"
#include "cli/read_pieces.h"
#include "detect/csv_detect.h"

namespace honeyguide::cli {

int run_detect(const std::vector<std::string>& args, CommandIo& io) {
  std::vector<std::string> files;
  std::string output = "csv";
  std::string metric_class = "gauge";
  Flags flags("detect", "Find anomalies in files of timestamp,value[,series]");
  flags.positionals("FILE", files, "CSV files; times as ISO 8601 or seconds since the epoch");
  flags.choice("--output", output, {"csv", "events"},
               "csv: a row for each row, with score and anomaly; events: a JSON line an anomaly");
  flags.choice("--class", metric_class, {"gauge", "latency", "rate", "counter", "sparse"},
               "What kind of quantity the values are");
  flags.footer(
      "A score of 0.999 is exceeded on about one normal point in a thousand. Rows are judged by "
      "the "
      "rows before them.\n\nExample:\n  honeyguide detect cpu.csv --output events");
  if (const auto code = flags.parse(args, io)) return *code;

  std::uint64_t bad_rows = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    detect::CsvDetectOptions options;
    options.file = files[i];
    options.file_column = files.size() > 1;
    options.header = i == 0;
    options.events = output == "events";
    options.metric_class =
        detect::parse_metric_class(metric_class).value_or(detect::MetricClass::kGauge);
    detect::CsvDetector detector(options, [&](std::string_view text) { io.out << text; });
    auto done = read_pieces(files[i], [&](std::string_view piece) { return detector.feed(piece); });
    if (done) done = detector.finish();
    if (!done) {
      io.out.flush();
      io.err << "honeyguide detect: " << files[i] << ": " << done.error().message << "\n";
      return done.error().code == base::ErrorCode::kNotFound ? kExitNotFound : kExitFailed;
    }
    bad_rows += detector.bad_rows();
  }
  io.out.flush();
  if (bad_rows > 0) {
    io.err << "honeyguide detect: " << bad_rows
           << " rows have a time or a value that cannot be read; they have score 0\n";
  }
  return kExitOk;
}

}  // namespace honeyguide::cli
