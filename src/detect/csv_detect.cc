#include "detect/csv_detect.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/json_writer.h"

namespace honeyguide::detect {
namespace {

constexpr double kSimilarLog2 = 1;  // sizes within a factor of two

}  // namespace

struct CsvDetector::Event {
  double start_s = 0;
  double end_s = 0;
  std::uint64_t rows = 0;
  double peak_time_s = 0;
  Judgement peak;

  bool up() const { return peak.value >= peak.expected; }
  double size() const { return std::abs(peak.value - peak.expected); }
  bool similar_to(const Event& other) const {
    if (peak.feature != other.peak.feature || up() != other.up()) return false;
    return std::abs(std::log2(std::max(size(), 1e-300) / std::max(other.size(), 1e-300))) <=
           kSimilarLog2;
  }
};

struct CsvDetector::Track {
  explicit Track(MetricClass metric_class) : detector(metric_class) {}

  SeriesDetector detector;
  std::string series;
  bool open = false;
  Event event;
  std::vector<Event> past;
};

std::string format_score(double p) {
  p = std::clamp(p, 0.0, 1.0);
  if (p >= 1) return "0";
  const double decades = p > 0 ? std::ceil(-std::log10(p)) : 16;
  const int digits = static_cast<int>(std::clamp(decades, 0.0, 20.0)) + 9;
  char text[64];
  const int length = std::snprintf(text, sizeof(text), "%.*f", digits, p);
  // 1 - p by nines' complement: exact, where the subtraction of doubles would round.
  std::string out(text, static_cast<std::size_t>(length));
  if (out[0] != '0') return "0";
  int carry = 1;
  for (std::size_t i = out.size(); i-- > 2;) {
    const int digit = 9 - (out[i] - '0') + carry;
    carry = digit / 10;
    out[i] = static_cast<char>('0' + digit % 10);
  }
  if (carry != 0) return "1";
  return out;
}

CsvDetector::CsvDetector(CsvDetectOptions options, TextSink sink)
    : options_(std::move(options)),
      sink_(std::move(sink)),
      reader_([this](const SeriesRow& next) { row(next); }) {}

CsvDetector::~CsvDetector() = default;

base::Result<void> CsvDetector::feed(std::string_view bytes) {
  HG_RETURN_IF_ERROR(reader_.feed(bytes));
  if (too_many_) {
    return base::Error{base::ErrorCode::kResourceExhausted,
                       options_.file + " has more than " + std::to_string(kSeriesMax) + " series"};
  }
  return {};
}

base::Result<void> CsvDetector::finish() {
  HG_RETURN_IF_ERROR(reader_.finish());
  HG_RETURN_IF_ERROR(feed(""));
  for (Track* track : order_) {
    if (track->open) write_event(*track);
  }
  return {};
}

void CsvDetector::row(const SeriesRow& row) {
  auto found = tracks_.find(std::string(row.series));
  if (found == tracks_.end()) {
    if (tracks_.size() >= kSeriesMax) {
      too_many_ = true;
      return;
    }
    auto track = std::make_unique<Track>(options_.metric_class);
    track->series = row.series;
    order_.push_back(track.get());
    found = tracks_.emplace(track->series, std::move(track)).first;
  }
  Track& track = *found->second;
  const Judgement judgement = track.detector.observe(row.time_s, row.number, options_.limits);
  ++rows_;
  bad_rows_ += row.bad ? 1 : 0;
  anomalies_ += judgement.opened ? 1 : 0;
  if (options_.events) {
    follow_event(track, row, judgement);
  } else {
    write_row(row, judgement);
  }
}

void CsvDetector::write_row(const SeriesRow& row, const Judgement& judgement) {
  if (rows_ == 1 && options_.header) {
    line_ = options_.file_column ? "file,timestamp,value" : "timestamp,value";
    line_ += reader_.has_series() ? ",series,score,anomaly\n" : ",score,anomaly\n";
    sink_(line_);
  }
  line_.clear();
  if (options_.file_column) line_ += csv_field(options_.file) + ",";
  line_ += csv_field(row.timestamp);
  line_ += ',';
  line_ += csv_field(row.value);
  if (reader_.has_series()) line_ += "," + csv_field(row.series);
  line_ += ',';
  line_ += format_score(judgement.p);
  line_ += judgement.anomaly ? ",1\n" : ",0\n";
  sink_(line_);
}

void CsvDetector::follow_event(Track& track, const SeriesRow& row, const Judgement& judgement) {
  if (judgement.opened) {
    track.open = true;
    track.event = Event{row.time_s, row.time_s, 0, row.time_s, judgement};
  }
  if (!track.open) return;
  if (judgement.anomaly) {
    ++track.event.rows;
    track.event.end_s = row.time_s;
    if (judgement.p < track.event.peak.p) {
      track.event.peak = judgement;
      track.event.peak_time_s = row.time_s;
    }
  }
  if (judgement.closed) write_event(track);
}

void CsvDetector::write_event(Track& track) {
  track.open = false;
  const Event& event = track.event;
  const Judgement& peak = event.peak;
  base::JsonWriter json;
  json.begin_object();
  if (!options_.file.empty()) json.field("file", options_.file);
  if (reader_.has_series()) json.field("series", track.series);
  json.field("start", format_time_s(event.start_s)).field("end", format_time_s(event.end_s));
  json.field("rows", event.rows).field("peak_time", format_time_s(event.peak_time_s));
  json.field("value", peak.value).field("expected", peak.expected);
  json.field("expected_low", peak.expected_low).field("expected_high", peak.expected_high);
  json.field("p", peak.p).key("score").raw(format_score(peak.p));
  json.field("feature", feature_name(peak.feature));
  json.field("direction", event.up() ? "up" : "down");
  json.key("surprise").begin_object();
  for (int k = 0; k < kFeatureCount; ++k) {
    json.field(feature_name(static_cast<Feature>(k)), peak.surprise[static_cast<std::size_t>(k)]);
  }
  json.end_object().key("similar").begin_array();
  for (const Event& past : track.past) {
    if (past.similar_to(event)) json.value(format_time_s(past.start_s));
  }
  json.end_array().end_object();
  sink_(json.take() + "\n");
  if (track.past.size() == kPastEventsMax) track.past.erase(track.past.begin());
  track.past.push_back(event);
}

}  // namespace honeyguide::detect
