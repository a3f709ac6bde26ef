#include "otlp/response.h"

#include <algorithm>

#include "base/json_writer.h"
#include "otlp/text.h"
#include "otlp/wire_writer.h"

namespace honeyguide::otlp {
namespace {

constexpr std::string_view kRetryInfoType = "type.googleapis.com/google.rpc.RetryInfo";
constexpr std::int64_t kMillisPerSecond = 1000;
constexpr std::int64_t kNanosPerMilli = 1000000;

std::string_view rejected_name(Signal signal) {
  static constexpr std::string_view kNames[] = {"rejectedSpans", "rejectedLogRecords",
                                                "rejectedDataPoints"};
  return kNames[static_cast<std::size_t>(signal)];
}

// protobuf JSON writes a Duration as seconds with 0 or 3 decimals here: "5s", "0.250s".
std::string duration_text(std::int64_t ms) {
  std::string out = std::to_string(ms / kMillisPerSecond);
  if (const std::int64_t rest = ms % kMillisPerSecond; rest != 0) {
    const std::string digits = std::to_string(rest);
    out += "." + std::string(3 - digits.size(), '0') + digits;
  }
  return out + "s";
}

// Calls visit(content) for each length-delimited field `number` of the message.
template <typename Visit>
void each_message(std::string_view message, std::uint32_t number, Visit visit) {
  WireState state;
  WireReader in(message, state);
  while (in.next()) {
    if (in.tag() == wire_tag(number, kWireBytes)) {
      visit(in.bytes());
    } else {
      in.skip();
    }
  }
}

}  // namespace

std::string encode_export_response(Signal signal, Encoding encoding, std::uint64_t rejected,
                                   std::string_view error_message) {
  const bool full_success = rejected == 0 && error_message.empty();
  if (encoding == Encoding::kJson) {
    base::JsonWriter json;
    json.begin_object();
    if (!full_success) {
      json.key("partialSuccess").begin_object();
      if (rejected != 0) json.field(rejected_name(signal), std::to_string(rejected));
      if (!error_message.empty()) json.field("errorMessage", error_message);
      json.end_object();
    }
    json.end_object();
    return json.take();
  }
  std::string out;
  if (!full_success) {
    const OpenField partial_success(out, 1);
    put_wire_varint(out, 1, rejected);
    put_wire_bytes(out, 2, error_message);
  }
  return out;
}

std::string encode_status(Encoding encoding, int code, std::string_view message,
                          std::optional<std::int64_t> retry_delay_ms) {
  const std::int64_t delay_ms = std::max<std::int64_t>(0, retry_delay_ms.value_or(0));
  if (encoding == Encoding::kJson) {
    base::JsonWriter json;
    json.begin_object().field("code", code).field("message", message);
    if (retry_delay_ms) {
      json.key("details").begin_array().begin_object();
      json.field("@type", kRetryInfoType).field("retryDelay", duration_text(delay_ms));
      json.end_object().end_array();
    }
    json.end_object();
    return json.take();
  }
  std::string out;
  put_wire_varint(out, 1, static_cast<std::uint64_t>(static_cast<std::int64_t>(code)));
  put_wire_bytes(out, 2, is_utf8_fast(message) ? std::string(message) : repair_utf8(message));
  if (retry_delay_ms) {
    const OpenField detail(out, 3);
    append_wire_bytes(out, 1, kRetryInfoType);
    const OpenField retry_info(out, 2);
    const OpenField delay(out, 1);
    put_wire_varint(out, 1, static_cast<std::uint64_t>(delay_ms / kMillisPerSecond));
    put_wire_varint(out, 2,
                    static_cast<std::uint64_t>(delay_ms % kMillisPerSecond * kNanosPerMilli));
  }
  return out;
}

ExportResponse decode_export_response_protobuf(std::string_view body) {
  ExportResponse response;
  each_message(body, 1, [&](std::string_view partial_success) {
    WireState state;
    WireReader in(partial_success, state);
    while (in.next()) {
      if (in.tag() == wire_tag(1, kWireVarint)) {
        response.rejected = static_cast<std::int64_t>(in.varint());
      } else if (in.tag() == wire_tag(2, kWireBytes)) {
        response.error_message = repair_utf8(in.bytes());
      } else {
        in.skip();
      }
    }
  });
  return response;
}

std::optional<std::int64_t> decode_retry_delay_ms(std::string_view status_protobuf) {
  std::optional<std::int64_t> delay_ms;
  each_message(status_protobuf, 3, [&](std::string_view detail) {
    bool is_retry_info = false;
    each_message(detail, 1, [&](std::string_view type) {
      is_retry_info = type.substr(type.rfind('/') + 1) == "google.rpc.RetryInfo";
    });
    if (!is_retry_info) return;
    each_message(detail, 2, [&](std::string_view retry_info) {
      delay_ms = 0;
      each_message(retry_info, 1, [&](std::string_view duration) {
        // Bounded to a day, so that no arithmetic on a hostile answer overflows.
        constexpr std::uint64_t kSecondsMax = 86400;
        std::uint64_t seconds = 0;
        std::uint64_t nanos = 0;
        WireState state;
        WireReader in(duration, state);
        while (in.next()) {
          if (in.tag() == wire_tag(1, kWireVarint)) {
            seconds = in.varint();
          } else if (in.tag() == wire_tag(2, kWireVarint)) {
            nanos = in.varint();
          } else {
            in.skip();
          }
        }
        const bool negative = static_cast<std::int64_t>(seconds) < 0;
        seconds = negative ? 0 : std::min(seconds, kSecondsMax);
        nanos = std::min<std::uint64_t>(nanos, 999999999);
        delay_ms = static_cast<std::int64_t>(seconds) * kMillisPerSecond +
                   static_cast<std::int64_t>(nanos) / kNanosPerMilli;
      });
    });
  });
  return delay_ms;
}

}  // namespace honeyguide::otlp
