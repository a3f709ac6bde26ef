#include "detect/csv_forecast.h"

#include <cmath>
#include <cstdio>

#include "base/json_writer.h"
#include "detect/forecast_score.h"

namespace honeyguide::detect {
namespace {

// Empty for what is not known.
void append_number(std::string& out, const char* format, double number) {
  out += ',';
  if (!std::isfinite(number)) return;
  char text[64];
  const int length = std::snprintf(text, sizeof(text), format, number);
  out.append(text, static_cast<std::size_t>(length));
}

void write_accuracy(base::JsonWriter& json, const ForecastAccuracy& accuracy) {
  json.key("accuracy").begin_object();
  json.field("breaches", accuracy.breaches).field("caught", accuracy.caught);
  json.field("alerts", accuracy.episodes).field("alerts_right", accuracy.right);
  json.field("precision", accuracy.precision()).field("recall", accuracy.recall());
  json.field("lead_median_s", accuracy.lead_median_s());
  json.field("coverage_q10_q90", accuracy.coverage()).field("brier", accuracy.brier());
  json.field("forecasts", accuracy.scored).end_object();
}

}  // namespace

struct CsvForecaster::Track {
  Track(const BreachForecaster& fresh, std::string_view name)
      : forecaster(fresh), scorer(fresh.options().horizon_s), series(name) {}

  BreachForecaster forecaster;
  ForecastScorer scorer;
  std::string series;
  std::uint64_t rows = 0;
  double time_s = 0;
  double value = 0;
  BreachForecast last;
};

base::Result<std::unique_ptr<CsvForecaster>> CsvForecaster::create(CsvForecastOptions options,
                                                                   TextSink sink) {
  HG_ASSIGN_OR_RETURN(const BreachForecaster fresh, BreachForecaster::create(options.forecast));
  return std::unique_ptr<CsvForecaster>(
      new CsvForecaster(std::move(options), fresh, std::move(sink)));
}

CsvForecaster::CsvForecaster(CsvForecastOptions options, const BreachForecaster& fresh,
                             TextSink sink)
    : options_(std::move(options)),
      fresh_(fresh),
      sink_(std::move(sink)),
      reader_([this](const SeriesRow& next) { row(next); }) {}

CsvForecaster::~CsvForecaster() = default;

base::Result<void> CsvForecaster::feed(std::string_view bytes) {
  HG_RETURN_IF_ERROR(reader_.feed(bytes));
  if (too_many_) {
    return base::Error{base::ErrorCode::kResourceExhausted,
                       options_.file + " has more than " + std::to_string(kSeriesMax) + " series"};
  }
  return {};
}

base::Result<void> CsvForecaster::finish() {
  HG_RETURN_IF_ERROR(reader_.finish());
  HG_RETURN_IF_ERROR(feed(""));
  if (options_.backtest) return {};
  for (const Track* track : order_) write_end(*track);
  return {};
}

void CsvForecaster::row(const SeriesRow& row) {
  auto found = tracks_.find(std::string(row.series));
  if (found == tracks_.end()) {
    if (tracks_.size() >= kSeriesMax) {
      too_many_ = true;
      return;
    }
    auto track = std::make_unique<Track>(fresh_, row.series);
    order_.push_back(track.get());
    found = tracks_.emplace(std::string(row.series), std::move(track)).first;
  }
  Track& track = *found->second;
  ++rows_;
  ++track.rows;
  bad_rows_ += row.bad ? 1 : 0;
  const BreachForecast forecast = track.forecaster.observe(row.time_s, row.number);
  if (std::isfinite(row.time_s)) {
    track.scorer.observe(row.time_s, forecast);
    track.time_s = row.time_s;
    track.last = forecast;
    if (std::isfinite(row.number)) track.value = row.number;
  }
  if (options_.backtest) write_row(row, forecast);
}

void CsvForecaster::write_row(const SeriesRow& row, const BreachForecast& forecast) {
  if (rows_ == 1) {
    sink_(reader_.has_series()
              ? "timestamp,value,series,p_breach,eta_q10_s,eta_q50_s,eta_q90_s,alert\n"
              : "timestamp,value,p_breach,eta_q10_s,eta_q50_s,eta_q90_s,alert\n");
  }
  line_ = csv_field(row.timestamp) + "," + csv_field(row.value);
  if (reader_.has_series()) line_ += "," + csv_field(row.series);
  append_number(line_, "%.6g", forecast.p_breach);
  append_number(line_, "%.1f", forecast.eta_q10_s);
  append_number(line_, "%.1f", forecast.eta_q50_s);
  append_number(line_, "%.1f", forecast.eta_q90_s);
  line_ += forecast.alert ? ",1\n" : ",0\n";
  sink_(line_);
}

void CsvForecaster::write_end(const Track& track) {
  const ForecastOptions& options = options_.forecast;
  base::JsonWriter json;
  json.begin_object();
  if (!options_.file.empty()) json.field("file", options_.file);
  if (reader_.has_series()) json.field("series", track.series);
  json.field("rows", track.rows).field("time", format_time_s(track.time_s));
  json.field("value", track.value).field("threshold", options.threshold);
  json.field("below", options.below).field("horizon_s", options.horizon_s);
  json.field("breached", track.last.breached).field("p_breach", track.last.p_breach);
  json.field("eta_q10_s", track.last.eta_q10_s).field("eta_q50_s", track.last.eta_q50_s);
  json.field("eta_q90_s", track.last.eta_q90_s).field("alert", track.last.alert);
  json.field("expected_peak", track.last.expected_peak).field("model", track.last.model);
  write_accuracy(json, track.scorer.accuracy());
  json.end_object();
  sink_(json.take() + "\n");
}

}  // namespace honeyguide::detect
