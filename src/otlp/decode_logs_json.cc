#include "otlp/decode.h"
#include "otlp/json_common.h"

namespace honeyguide::otlp {
namespace {

using telemetry::LogRecord;
using MaybeElement = std::optional<JsonElement>;

constexpr std::string_view kSeverities[] = {
    "UNSPECIFIED", "TRACE",  "TRACE2", "TRACE3", "TRACE4", "DEBUG",  "DEBUG2", "DEBUG3", "DEBUG4",
    "INFO",        "INFO2",  "INFO3",  "INFO4",  "WARN",   "WARN2",  "WARN3",  "WARN4",  "ERROR",
    "ERROR2",      "ERROR3", "ERROR4", "FATAL",  "FATAL2", "FATAL3", "FATAL4"};

class LogsDecoder {
 public:
  LogsDecoder(DecodedLogs& out, const DecodeLimits& limits)
      : out_(out), filler_(out.batch.context, limits, "log record"), json_(filler_) {}

  base::Result<void> run(const JsonObject& root) {
    HG_RETURN_IF_ERROR(json_.walk(
        root, {"resourceLogs", "scopeLogs", "logRecords"},
        [&](const JsonElement& element, std::uint32_t resource, std::uint32_t scope) {
          filler_.begin_item();
          LogRecord record;
          record.resource = resource;
          record.scope = scope;
          if (const auto members = json_.object(element, "a log record")) read(*members, record);
          if (filler_.end_item()) out_.batch.records.push_back(record);
        },
        [&] { return out_.batch.records.size(); }));
    out_.rejected_records = filler_.rejected_count();
    out_.error_message = filler_.error_message();
    return {};
  }

 private:
  void read(const JsonObject& members, LogRecord& record) {
    MaybeElement trace_id;
    MaybeElement span_id;
    MaybeElement attributes;
    each_member(members, [&](std::string_view name, const JsonElement& member) {
      if (name == "traceId") trace_id = member;
      if (name == "spanId") span_id = member;
      if (name == "attributes") attributes = member;
      read_member(name, member, record);
    });
    record.trace_id = json_.id<16>(trace_id, "traceId", IdRule::kOptional);
    record.span_id = json_.id<8>(span_id, "spanId", IdRule::kOptional);
    record.attributes = json_.attributes(attributes, keys_);
  }

  void read_member(std::string_view name, const JsonElement& member, LogRecord& record) {
    if (name == "timeUnixNano") {
      record.time = json_.time(member, "timeUnixNano");
    } else if (name == "observedTimeUnixNano") {
      record.observed_time = json_.time(member, "observedTimeUnixNano");
    } else if (name == "severityNumber") {
      record.severity_number =
          severity_of(json_.enumeration(member, "SEVERITY_NUMBER_", kSeverities, "severityNumber"));
    } else if (name == "severityText") {
      record.severity_text = json_.text(member, "severityText");
    } else if (name == "body") {
      record.body = json_.any_value(member);
    } else if (name == "eventName") {
      record.event_name = json_.text(member, "eventName");
    } else if (name == "flags") {
      record.flags = json_.uint32(member, "flags");
    } else if (name == "droppedAttributesCount") {
      record.dropped_attributes_count = json_.uint32(member, "droppedAttributesCount");
    }
  }

  DecodedLogs& out_;
  Filler filler_;
  JsonCommon json_;
  KeyGuess keys_;
};

}  // namespace

base::Result<DecodedLogs> decode_logs_json(std::shared_ptr<const std::string> body,
                                           const DecodeLimits& limits) {
  HG_RETURN_IF_ERROR(check_body_size(*body, limits));
  JsonDocument document;
  HG_RETURN_IF_ERROR(document.parse(*body, limits.json_depth_max));
  DecodedLogs out;
  HG_RETURN_IF_ERROR(LogsDecoder(out, limits).run(document.root()));
  return out;
}

}  // namespace honeyguide::otlp
