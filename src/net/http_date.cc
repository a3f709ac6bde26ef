// IMF-fixdate of RFC 9110 5.6.7, without the locale and the time zone of the C library.
#include <cstdio>

#include "base/strings.h"
#include "net/http_text.h"

namespace honeyguide::net {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr const char* kDays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr int kDaysBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

bool is_leap(std::int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

// Days from 1970-01-01 to the first day of `year` (>= 1970).
std::int64_t days_before_year(std::int64_t year) {
  const std::int64_t past = year - 1;
  return (year - 1970) * 365 + (past / 4 - 492) - (past / 100 - 19) + (past / 400 - 4);
}

std::int64_t days_before_month(std::int64_t year, int month) {
  return kDaysBefore[month] + (month > 1 && is_leap(year) ? 1 : 0);
}

}  // namespace

std::string format_http_date(std::int64_t unix_seconds) {
  constexpr std::int64_t kYear9999End = 253'402'300'799;
  if (unix_seconds < 0) unix_seconds = 0;
  if (unix_seconds > kYear9999End) unix_seconds = kYear9999End;
  const std::int64_t days = unix_seconds / kSecondsPerDay;
  const auto second = static_cast<int>(unix_seconds % kSecondsPerDay);
  std::int64_t year = 1970 + days / 366;
  while (days_before_year(year + 1) <= days) ++year;
  const std::int64_t day_of_year = days - days_before_year(year);
  int month = 11;
  while (days_before_month(year, month) > day_of_year) --month;
  char text[64];
  const int size = std::snprintf(
      text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[days % 7],
      static_cast<int>(day_of_year - days_before_month(year, month)) + 1, kMonths[month],
      static_cast<int>(year), second / 3600, second / 60 % 60, second % 60);
  return std::string(text, static_cast<std::size_t>(size));
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  constexpr std::string_view kShape = "Aaa, 00 Aaa 0000 00:00:00 GMT";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit
                         : (kShape[i] != 'A' && kShape[i] != 'a' && text[i] != kShape[i])) {
      return std::nullopt;
    }
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    return static_cast<int>(*base::parse_int64(text.substr(at, size)));
  };
  int month = 0;
  while (month < 12 && text.substr(8, 3) != kMonths[month]) ++month;
  const int day = number(5, 2);
  const int year = number(12, 4);
  const int hour = number(17, 2);
  const int minute = number(20, 2);
  const int second = number(23, 2);
  if (month == 12 || year < 1970 || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::int64_t month_end =
      month == 11 ? 365 + (is_leap(year) ? 1 : 0) : days_before_month(year, month + 1);
  if (day < 1 || day > month_end - days_before_month(year, month)) return std::nullopt;
  const std::int64_t days = days_before_year(year) + days_before_month(year, month) + day - 1;
  return days * kSecondsPerDay + hour * 3600 + minute * 60 + second;
}

}  // namespace honeyguide::net
