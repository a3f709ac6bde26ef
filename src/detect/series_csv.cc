#include "detect/series_csv.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>

#include "base/strings.h"

namespace honeyguide::detect {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kMillisecondsFrom = 1e11;

// Reads exactly `digits` digits from the front of `text`.
bool take_number(std::string_view& text, int digits, int& out) {
  if (text.size() < static_cast<std::size_t>(digits)) return false;
  out = 0;
  for (int i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(static_cast<std::size_t>(digits));
  return true;
}

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, double& seconds) {
  if (!take_char(text, '.') && !take_char(text, ',')) return true;
  double unit = 0.1;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    seconds += unit * (text.front() - '0');
    unit /= 10;
    ++digits;
    text.remove_prefix(1);
  }
  return digits > 0;
}

// "", "Z", "+02:00", "+0200", "+02", all to the end of the text.
bool take_offset(std::string_view& text, int& offset_s) {
  offset_s = 0;
  if (text.empty()) return true;
  if (take_char(text, 'Z') || take_char(text, 'z')) return text.empty();
  const bool minus = text.front() == '-';
  if (!minus && text.front() != '+') return false;
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!take_number(text, 2, hours)) return false;
  take_char(text, ':');
  if (!text.empty() && !take_number(text, 2, minutes)) return false;
  offset_s = (hours * 3600 + minutes * 60) * (minus ? -1 : 1);
  return text.empty();
}

std::optional<double> parse_iso(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!take_number(text, 4, year) || !take_char(text, '-') || !take_number(text, 2, month) ||
      !take_char(text, '-') || !take_number(text, 2, day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  double seconds =
      static_cast<double>(std::chrono::sys_days{date}.time_since_epoch().count()) * 86400;
  if (text.empty()) return seconds;
  if (!take_char(text, 'T') && !take_char(text, 't') && !take_char(text, ' ')) return std::nullopt;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!take_number(text, 2, hour) || !take_char(text, ':') || !take_number(text, 2, minute)) {
    return std::nullopt;
  }
  if (take_char(text, ':') && !take_number(text, 2, second)) return std::nullopt;
  if (hour > 24 || minute > 59 || second > 60) return std::nullopt;
  seconds += hour * 3600 + minute * 60 + second;
  int offset_s = 0;
  if (!take_fraction(text, seconds)) return std::nullopt;
  while (take_char(text, ' ')) {
  }
  if (!take_offset(text, offset_s)) return std::nullopt;
  return seconds - offset_s;
}

bool is_missing(std::string_view text) {
  if (text.empty() || text == "-") return true;
  const std::string lower = base::to_lower(text);
  return lower == "nan" || lower == "null" || lower == "na" || lower == "none" || lower == "n/a";
}

}  // namespace

std::optional<double> parse_time_s(std::string_view text) {
  text = base::trim(text);
  if (const auto number = base::parse_double(text)) {
    return std::abs(*number) >= kMillisecondsFrom ? *number / 1000 : *number;
  }
  return parse_iso(text);
}

std::string format_time_s(double time_s) {
  if (!std::isfinite(time_s) || std::abs(time_s) > 2.5e11) return "";
  const auto millis = static_cast<std::int64_t>(std::llround(time_s * 1000));
  const auto days = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(millis)));
  const std::chrono::year_month_day date{days};
  const std::int64_t inside = millis - days.time_since_epoch().count() * 86'400'000;
  char text[64];
  int length =
      std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d",
                    static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                    static_cast<unsigned>(date.day()), static_cast<int>(inside / 3600000),
                    static_cast<int>(inside / 60000 % 60), static_cast<int>(inside / 1000 % 60));
  std::string out(text, static_cast<std::size_t>(length));
  if (inside % 1000 != 0) {
    length = std::snprintf(text, sizeof(text), ".%03d", static_cast<int>(inside % 1000));
    out.append(text, static_cast<std::size_t>(length));
  }
  return out + "Z";
}

base::Result<void> SeriesCsvReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (rest_.size() + piece.size() > kLineBytesMax) {
      return base::Error{base::ErrorCode::kInvalidArgument,
                         "line " + std::to_string(line_number_ + 1) + " is longer than " +
                             std::to_string(kLineBytesMax) + " bytes"};
    }
    if (end == std::string_view::npos) {
      rest_.append(piece);
      return {};
    }
    if (rest_.empty()) {
      HG_RETURN_IF_ERROR(line(piece));
    } else {
      rest_.append(piece);
      const std::string whole = std::move(rest_);
      rest_.clear();
      HG_RETURN_IF_ERROR(line(whole));
    }
    bytes.remove_prefix(end + 1);
  }
  return {};
}

base::Result<void> SeriesCsvReader::finish() {
  const std::string last = std::move(rest_);
  rest_.clear();
  return line(last);
}

void SeriesCsvReader::split(std::string_view text) {
  field_count_ = 0;
  std::size_t at = 0;
  for (;;) {
    if (fields_.size() == field_count_) fields_.emplace_back();
    std::string& field = fields_[field_count_++];
    field.clear();
    if (at < text.size() && text[at] == '"') {
      for (++at; at < text.size(); ++at) {
        if (text[at] == '"' && (at + 1 >= text.size() || text[at + 1] != '"')) break;
        if (text[at] == '"') ++at;
        field.push_back(text[at]);
      }
      at = std::min(text.size(), at + 1);
    }
    const std::size_t comma = std::min(text.find(',', at), text.size());
    field.append(text.substr(at, comma - at));
    if (comma == text.size()) return;
    at = comma + 1;
  }
}

// True if the fields are a header and no row.
base::Result<bool> SeriesCsvReader::read_header() {
  series_column_ = field_count_ > 2 ? 2 : -1;
  if (parse_time_s(fields_[0])) return false;
  int time_column = -1;
  int value_column = -1;
  int series_column = -1;
  for (std::size_t i = 0; i < field_count_; ++i) {
    const std::string name = base::to_lower(base::trim(fields_[i]));
    if (name == "timestamp") time_column = static_cast<int>(i);
    if (name == "value") value_column = static_cast<int>(i);
    if (name == "series") series_column = static_cast<int>(i);
  }
  if (time_column >= 0 && value_column >= 0) {
    time_column_ = time_column;
    value_column_ = value_column;
    series_column_ = series_column;
  } else if (field_count_ < 2) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "the first line has no timestamp and value; expected "
                       "timestamp,value[,series]"};
  }
  return true;
}

base::Result<void> SeriesCsvReader::line(std::string_view text) {
  ++line_number_;
  if (line_number_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (text.empty()) return {};
  split(text);
  if (!started_) {
    started_ = true;
    HG_ASSIGN_OR_RETURN(const bool header, read_header());
    if (header) return {};
  }
  const auto field = [&](int column) -> std::string_view {
    const bool there = column >= 0 && static_cast<std::size_t>(column) < field_count_;
    return there ? std::string_view(fields_[static_cast<std::size_t>(column)]) : "";
  };
  SeriesRow row;
  row.timestamp = field(time_column_);
  row.value = field(value_column_);
  row.series = field(series_column_);
  const auto time_s = parse_time_s(row.timestamp);
  const std::string_view value = base::trim(row.value);
  const auto number = base::parse_double(value);
  row.time_s = time_s.value_or(kNan);
  row.number = number.value_or(kNan);
  row.bad = !time_s || (!number && !is_missing(value));
  on_row_(row);
  return {};
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  return out + "\"";
}

}  // namespace honeyguide::detect
