#include "otlp/decode.h"
#include "otlp/protobuf_common.h"

namespace honeyguide::otlp {
namespace {

using telemetry::LogRecord;

class LogsDecoder {
 public:
  LogsDecoder(DecodedLogs& out, const DecodeLimits& limits)
      : out_(out), filler_(out.batch.context, limits, "log record"), common_(filler_) {}

  base::Result<void> run(std::string_view body) {
    common_.walk(
        body,
        [&](std::uint32_t count) {
          make_room(out_.batch.records, std::min(count, filler_.limits().items_per_request_max));
        },
        [&](std::string_view message, std::uint32_t resource, std::uint32_t scope) {
          record(message, resource, scope);
        },
        [&] { return out_.batch.records.size(); });
    if (common_.state().failed()) return common_.malformed(body, "ExportLogsServiceRequest");
    out_.rejected_records = filler_.rejected_count();
    out_.error_message = filler_.error_message();
    return {};
  }

 private:
  void record(std::string_view message, std::uint32_t resource, std::uint32_t scope);
  bool record_part(WireReader& in, LogRecord& record);

  DecodedLogs& out_;
  Filler filler_;
  ProtobufCommon common_;
  KeyGuess keys_;
  std::string_view trace_id_;  // of the record at hand
  std::string_view span_id_;
  bool body_canonical_ = true;
};

void LogsDecoder::record(std::string_view message, std::uint32_t resource, std::uint32_t scope) {
  filler_.begin_item();
  LogRecord record;
  record.resource = resource;
  record.scope = scope;
  trace_id_ = span_id_ = {};
  body_canonical_ = true;
  const std::uint32_t begin = filler_.attributes_size();
  WireReader in(message, common_.state());
  while (in.next()) {
    if (in.tag() == wire_tag(6, kWireBytes)) {
      common_.attribute(in.bytes(), keys_, begin);
    } else if (!record_part(in, record)) {
      in.skip();
    }
  }
  record.attributes = filler_.attributes_since(begin);
  record.trace_id = filler_.id<16>(trace_id_, "trace id", IdRule::kOptional);
  record.span_id = filler_.id<8>(span_id_, "span id", IdRule::kOptional);
  if (!body_canonical_) record.body = canonical_value(record.body, filler_, common_.state());
  if (filler_.end_item()) out_.batch.records.push_back(record);
}

// Reads one field that is no attribute; false if it is unknown.
bool LogsDecoder::record_part(WireReader& in, LogRecord& record) {
  switch (in.tag()) {
    case wire_tag(1, kWireFixed64):
      record.time = filler_.time(in.fixed64(), "time");
      return true;
    case wire_tag(2, kWireVarint):
      record.severity_number = severity_of(in.varint());
      return true;
    case wire_tag(3, kWireBytes):
      record.severity_text = filler_.text(in.bytes());
      return true;
    case wire_tag(5, kWireBytes):
      merge_any_value(in.bytes(), record.body, body_canonical_, filler_, common_.state());
      return true;
    case wire_tag(7, kWireVarint):
      record.dropped_attributes_count = static_cast<std::uint32_t>(in.varint());
      return true;
    case wire_tag(8, kWireFixed32):
      record.flags = in.fixed32();
      return true;
    case wire_tag(9, kWireBytes):
      trace_id_ = in.bytes();
      return true;
    case wire_tag(10, kWireBytes):
      span_id_ = in.bytes();
      return true;
    case wire_tag(11, kWireFixed64):
      record.observed_time = filler_.time(in.fixed64(), "observed time");
      return true;
    case wire_tag(12, kWireBytes):
      record.event_name = filler_.text(in.bytes());
      return true;
    default:
      return false;
  }
}

}  // namespace

base::Result<DecodedLogs> decode_logs_protobuf(std::shared_ptr<const std::string> body,
                                               const DecodeLimits& limits) {
  HG_RETURN_IF_ERROR(check_body_size(*body, limits));
  DecodedLogs out;
  const std::string_view bytes = out.batch.context.adopt(std::move(body));
  HG_RETURN_IF_ERROR(LogsDecoder(out, limits).run(bytes));
  return out;
}

}  // namespace honeyguide::otlp
