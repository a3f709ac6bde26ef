#include "net/retry.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/strings.h"
#include "net/http_text.h"

namespace honeyguide::net {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kDelaySecondsMax = 10LL * 365 * 86'400;

// Calls `visit(field, bytes)` for each length-delimited and `visit_number(field, value)` for each
// varint field of a protobuf message. False if malformed.
template <typename Visit, typename VisitNumber>
bool walk(std::string_view message, Visit visit, VisitNumber visit_number) {
  base::ByteReader reader(message);
  while (reader.ok() && !reader.at_end()) {
    const std::uint64_t tag = reader.varint();
    switch (tag & 7) {
      case 0:
        visit_number(tag >> 3, reader.varint());
        break;
      case 1:
        reader.take(8);
        break;
      case 2:
        visit(tag >> 3, reader.bytes());
        break;
      case 5:
        reader.take(4);
        break;
      default:
        return false;
    }
  }
  return reader.ok();
}

const auto kNoNumber = [](std::uint64_t, std::uint64_t) {};
const auto kNoBytes = [](std::uint64_t, std::string_view) {};

// google.protobuf.Duration{int64 seconds = 1; int32 nanos = 2}, rounded up to milliseconds.
std::optional<milliseconds> parse_duration(std::string_view message) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  const bool ok = walk(message, kNoBytes, [&](std::uint64_t field, std::uint64_t value) {
    if (field == 1) seconds = static_cast<std::int64_t>(value);
    if (field == 2) nanos = static_cast<std::int32_t>(value);
  });
  if (!ok || seconds < 0 || nanos < 0 || nanos >= 1'000'000'000) return std::nullopt;
  seconds = std::min(seconds, kDelaySecondsMax);
  return milliseconds(seconds * 1000 + (nanos + 999'999) / 1'000'000);
}

}  // namespace

RetryPolicy RetryPolicy::otlp() {
  RetryPolicy policy;
  policy.attempts_max = 5;
  return policy;
}

bool is_retryable_status(const RetryPolicy& policy, int status) {
  return std::find(policy.statuses.begin(), policy.statuses.end(), status) != policy.statuses.end();
}

bool is_retryable_code(GrpcCode code, bool has_retry_info) {
  switch (code) {
    case GrpcCode::kCancelled:
    case GrpcCode::kDeadlineExceeded:
    case GrpcCode::kAborted:
    case GrpcCode::kOutOfRange:
    case GrpcCode::kUnavailable:
    case GrpcCode::kDataLoss:
      return true;
    case GrpcCode::kResourceExhausted:
      return has_retry_info;
    default:
      return false;
  }
}

std::optional<milliseconds> retry_delay(const RetryPolicy& policy, int attempt,
                                        std::uint64_t random,
                                        std::optional<milliseconds> server_delay) {
  // 53 random bits as a fraction in [0, 1).
  const double fraction = static_cast<double>(random >> 11) * 0x1.0p-53;
  if (server_delay) {
    if (*server_delay > policy.server_delay_max) return std::nullopt;
    const auto asked = static_cast<double>(std::max<std::int64_t>(server_delay->count(), 0));
    return milliseconds(static_cast<std::int64_t>(asked + asked * 0.1 * fraction));
  }
  const double factor = std::pow(policy.backoff_factor, std::max(attempt - 2, 0));
  const double upper = std::min(static_cast<double>(policy.backoff_initial.count()) * factor,
                                static_cast<double>(policy.backoff_max.count()));
  return milliseconds(static_cast<std::int64_t>(upper * fraction));
}

std::optional<milliseconds> parse_retry_after(std::string_view value,
                                              std::int64_t unix_seconds_now) {
  value = base::trim(value);
  if (const auto seconds = base::parse_uint64(value)) {
    const auto capped = std::min<std::uint64_t>(*seconds, kDelaySecondsMax);
    return milliseconds(static_cast<std::int64_t>(capped) * 1000);
  }
  const auto date = parse_http_date(value);
  if (!date) return std::nullopt;
  return milliseconds(std::clamp<std::int64_t>(*date - unix_seconds_now, 0, kDelaySecondsMax) *
                      1000);
}

std::optional<milliseconds> parse_retry_info(std::string_view status_details) {
  std::optional<milliseconds> delay;
  // google.rpc.Status.details = 3: google.protobuf.Any{string type_url = 1; bytes value = 2}.
  const auto on_any = [&](std::string_view any) {
    std::string_view type;
    std::string_view value;
    walk(
        any,
        [&](std::uint64_t field, std::string_view bytes) {
          if (field == 1) type = bytes;
          if (field == 2) value = bytes;
        },
        kNoNumber);
    if (!type.ends_with("/google.rpc.RetryInfo")) return;
    walk(
        value,
        [&](std::uint64_t field, std::string_view bytes) {
          if (field == 1) delay = parse_duration(bytes);
        },
        kNoNumber);
  };
  const bool ok = walk(
      status_details,
      [&](std::uint64_t field, std::string_view bytes) {
        if (field == 3) on_any(bytes);
      },
      kNoNumber);
  return ok ? delay : std::nullopt;
}

}  // namespace honeyguide::net
