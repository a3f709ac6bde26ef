#include "server/api.h"

#include <ctime>

#include "base/json_writer.h"
#include "base/strings.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kFailedPrecondition:
      return 409;
    case ErrorCode::kPermissionDenied:
      return 403;
    case ErrorCode::kResourceExhausted:
      return 429;
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kDeadlineExceeded:
      return 504;
    case ErrorCode::kCancelled:
      return 499;
    case ErrorCode::kDataLoss:
      return 500;
  }
  return 500;
}

std::vector<std::string> pattern_segments(std::string_view pattern) {
  std::vector<std::string> out;
  for (const std::string_view piece : base::split(pattern.substr(1), '/')) out.emplace_back(piece);
  return out;
}

bool is_parameter(const std::string& segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

// Digits of "2026-11-24T18:50:00", at fixed places.
std::optional<std::tm> parse_date_time(std::string_view text) {
  static constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    const bool separator = text[i] == kShape[i] || (kShape[i] == 'T' && text[i] == ' ');
    if (kShape[i] == 'd' ? !digit : !separator) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    return static_cast<int>(*base::parse_int64(text.substr(at, size)));
  };
  std::tm out{};
  out.tm_year = number(0, 4) - 1900;
  out.tm_mon = number(5, 2) - 1;
  out.tm_mday = number(8, 2);
  out.tm_hour = number(11, 2);
  out.tm_min = number(14, 2);
  out.tm_sec = number(17, 2);
  const bool in_range = out.tm_mon >= 0 && out.tm_mon < 12 && out.tm_mday >= 1 &&
                        out.tm_mday <= 31 && out.tm_hour < 24 && out.tm_min < 60 &&
                        out.tm_sec <= 60;
  if (!in_range) return std::nullopt;
  return out;
}

// "" or "Z" or "+02:00" to seconds east of UTC.
std::optional<std::int64_t> parse_zone(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = base::parse_int64(text.substr(1, 2));
  const auto minutes = base::parse_int64(text.substr(4, 2));
  if (!hours || !minutes) return std::nullopt;
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return text[0] == '-' ? -seconds : seconds;
}

std::optional<base::UnixNanos> parse_rfc3339(std::string_view text) {
  auto fields = parse_date_time(text);
  if (!fields) return std::nullopt;
  text.remove_prefix(19);
  std::int64_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    std::int64_t unit = base::kNanosPerSecond / 10;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      fraction += (text.front() - '0') * unit;
      unit /= 10;
      text.remove_prefix(1);
    }
  }
  const auto zone = parse_zone(text);
  if (!zone) return std::nullopt;
  const std::int64_t seconds = timegm(&*fields) - *zone;
  // What int64 nanoseconds can hold: the years 1678 to 2262.
  constexpr std::int64_t kSecondsMax = 9'223'372'035;
  if (seconds > kSecondsMax || seconds < -kSecondsMax) return std::nullopt;
  return seconds * base::kNanosPerSecond + fraction;
}

}  // namespace

const std::string& ApiRequest::path_param(std::string_view name) const {
  const auto found = path.find(name);
  HG_CHECK(found != path.end());
  return found->second;
}

std::string_view ApiRequest::param(std::string_view name) const {
  return query.get(name).value_or(std::string_view());
}

net::HttpResponse json_response(std::string body, int status) {
  auto response = net::HttpResponse::with_body(status, "application/json", std::move(body));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

net::HttpResponse error_response(const Error& error) {
  base::JsonWriter json;
  json.begin_object().key("error").begin_object();
  json.field("code", base::error_code_name(error.code)).field("message", error.message);
  json.end_object().end_object();
  auto response = json_response(json.take(), status_of(error.code));
  if (response.status == 429 || response.status == 503) response.headers.add("Retry-After", "1");
  return response;
}

void RouteTable::add(Route route) {
  Pattern pattern{pattern_segments(route.pattern), routes_.size()};
  for (const Route& other : routes_) {
    HG_CHECK(other.method != route.method || other.pattern != route.pattern);
  }
  routes_.push_back(std::move(route));
  patterns_.push_back(std::move(pattern));
}

// How many literal segments of the pattern stand in the path, nothing if it does not fit; `path`
// gets the parameters.
std::optional<std::size_t> RouteTable::literals_in(
    const Pattern& pattern, std::span<const std::string> segments,
    std::map<std::string, std::string, std::less<>>& path) {
  if (pattern.segments.size() != segments.size()) return std::nullopt;
  std::size_t literals = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string& wanted = pattern.segments[i];
    if (is_parameter(wanted)) {
      if (segments[i].empty()) return std::nullopt;
      path[wanted.substr(1, wanted.size() - 2)] = segments[i];
    } else if (wanted == segments[i]) {
      ++literals;
    } else {
      return std::nullopt;
    }
  }
  return literals;
}

RouteMatch RouteTable::match(std::string_view method, std::span<const std::string> segments) const {
  // "/traces/compare" wins over "/traces/{trace_id}", under every method.
  RouteMatch best;
  std::size_t best_literals = 0;
  for (const Pattern& pattern : patterns_) {
    std::map<std::string, std::string, std::less<>> path;
    const auto literals = literals_in(pattern, segments, path);
    if (!literals || *literals < best_literals) continue;
    if (*literals > best_literals) best = {};
    best_literals = *literals;
    const Route& route = routes_[pattern.route];
    if (route.method == method || (method == "HEAD" && route.method == "GET")) {
      best.route = &route;
      best.path = std::move(path);
    } else {
      best.allow += (best.allow.empty() ? "" : ", ") + route.method;
    }
  }
  return best;
}

std::optional<base::UnixNanos> parse_time(std::string_view text) {
  // Seconds reach 1e11 in the year 5138; milliseconds, microseconds and nanoseconds of our times
  // lie a factor of 1,000 apart each.
  if (const auto whole = base::parse_int64(text)) {
    const std::int64_t magnitude = *whole < 0 ? -*whole : *whole;
    if (magnitude < 100'000'000'000) {
      // What int64 nanoseconds can hold.
      if (magnitude > 9'223'372'035) return std::nullopt;
      return *whole * base::kNanosPerSecond;
    }
    if (magnitude < 100'000'000'000'000) return *whole * base::kNanosPerMilli;
    if (magnitude < 100'000'000'000'000'000) return *whole * base::kNanosPerMicro;
    return *whole;
  }
  const auto seconds = base::parse_double(text);
  if (!seconds) return parse_rfc3339(text);
  if (*seconds > 9e9 || *seconds < -9e9) return std::nullopt;
  return static_cast<base::UnixNanos>(*seconds * 1e9);
}

base::Result<base::UnixNanos> time_param(const ApiRequest& request, std::string_view name,
                                         base::UnixNanos fallback) {
  const auto text = request.query.get(name);
  if (!text || text->empty()) return fallback;
  const auto time = parse_time(*text);
  if (!time) {
    return Error{ErrorCode::kInvalidArgument,
                 std::string(name) + ": '" + std::string(text->substr(0, 60)) +
                     "' is no time; write RFC 3339 or Unix seconds, ms, us or ns"};
  }
  return *time;
}

base::Result<std::int64_t> int_param(const ApiRequest& request, std::string_view name,
                                     std::int64_t fallback, std::int64_t min, std::int64_t max) {
  const auto text = request.query.get(name);
  if (!text || text->empty()) return fallback;
  const auto number = base::parse_int64(*text);
  if (!number || *number < min || *number > max) {
    return Error{ErrorCode::kInvalidArgument, std::string(name) + ": '" +
                                                  std::string(text->substr(0, 60)) +
                                                  "' is not a number from " + std::to_string(min) +
                                                  " to " + std::to_string(max)};
  }
  return *number;
}

base::Result<std::int64_t> duration_param(const ApiRequest& request, std::string_view name,
                                          std::int64_t fallback) {
  const auto text = request.query.get(name);
  if (!text || text->empty()) return fallback;
  const auto duration = base::parse_duration_ns(*text);
  if (!duration || *duration < 0) {
    return Error{ErrorCode::kInvalidArgument, std::string(name) + ": '" +
                                                  std::string(text->substr(0, 60)) +
                                                  "' is no duration; write 500ms, 2s or 1h30m"};
  }
  return *duration;
}

base::Result<std::string_view> word_param(const ApiRequest& request, std::string_view name,
                                          std::initializer_list<std::string_view> words) {
  const std::string_view text = request.param(name);
  if (text.empty()) return text;
  std::string allowed;
  for (const std::string_view word : words) {
    if (word == text) return text;
    allowed += (allowed.empty() ? "" : ", ") + std::string(word);
  }
  return Error{
      ErrorCode::kInvalidArgument,
      std::string(name) + ": '" + std::string(text.substr(0, 60)) + "' is none of " + allowed};
}

base::Result<base::TraceId> parse_trace_id(std::string_view text) {
  std::string padded(text);
  if (padded.size() < 32) padded.insert(0, 32 - padded.size(), '0');
  const auto id = base::TraceId::from_hex(padded);
  if (!id || text.empty() || !id->valid()) {
    return Error{ErrorCode::kInvalidArgument,
                 "'" + std::string(text.substr(0, 60)) + "' is no trace id; it has 32 hex digits"};
  }
  return *id;
}

std::string format_time(base::UnixNanos time) {
  std::int64_t seconds = time / base::kNanosPerSecond;
  std::int64_t fraction = time % base::kNanosPerSecond;
  if (fraction < 0) {
    fraction += base::kNanosPerSecond;
    --seconds;
  }
  const std::time_t whole = seconds;
  std::tm fields{};
  gmtime_r(&whole, &fields);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &fields);
  std::string digits = std::to_string(fraction);
  digits.insert(0, 9 - digits.size(), '0');
  return std::string(text, size) + "." + digits + "Z";
}

}  // namespace honeyguide::server
