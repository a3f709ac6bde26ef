// BlockWriter's half for log records; the columns they share with spans are in block_writer.cc.
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "store/query.h"
#include "store/segment/block_columns.h"
#include "store/segment/block_writer.h"

namespace honeyguide::store::segment {

EncodedBlock BlockWriter::encode_logs(std::span<const LogSlice> slices, LargeValueSink* values) {
  begin(values);
  logs_->reset();
  LogColumns& c = *logs_;
  EncodedBlock out;
  out.start_min = std::numeric_limits<std::int64_t>::max();
  out.start_max = std::numeric_limits<std::int64_t>::min();
  for (const LogSlice& slice : slices) {
    const telemetry::SpanBatch& context = slice.batch->context;
    const std::uint32_t* keys = keys_.map(context);
    resource_map_.assign(context.resources().size(), kUnmapped);
    scope_map_.assign(context.scopes().size(), kUnmapped);
    for (std::uint32_t row = slice.begin; row < slice.end; ++row) {
      const telemetry::LogRecord& record = slice.batch->records[row];
      out.start_min = std::min(out.start_min, record.effective_time());
      out.start_max = std::max(out.start_max, record.effective_time());
      c.times.push_back(record.time);
      c.observed.push_back(wrapping_sub(record.observed_time, record.time));
      c.trace_ids.append(reinterpret_cast<const char*>(record.trace_id.bytes.data()), 16);
      c.span_ids.append(reinterpret_cast<const char*>(record.span_id.bytes.data()), 8);
      c.severities.push_back(record.severity_number);
      c.severity_texts.add(record.severity_text);
      c.event_names.add(record.event_name);
      std::string body;
      put_row_value(body, record.body);
      c.bodies.add(arena_.copy(body));
      c.flags.push_back(record.flags);
      c.dropped.push_back(record.dropped_attributes_count);
      c.resources.push_back(resource_row(context, record.resource, keys));
      c.scopes.push_back(scope_row(context, record.scope, keys));
      row_attributes_.add_row(context.attributes(record.attributes), keys);
      if (record.trace_id.valid() && trace_index_.try_emplace(record.trace_id).second) {
        out.traces.push_back(record.trace_id);
      }
    }
    out.rows += slice.end - slice.begin;
  }
  HG_CHECK(out.rows > 0 && out.rows <= kBlockRowsMax);
  BodyWriter body;
  TextWriter text(!settled_);
  put_ints(body, Field::kLogTime, c.times);
  put_ints(body, Field::kLogObserved, c.observed);
  const auto any_byte = [](const std::string& ids) {
    return ids.find_first_not_of('\0') != std::string::npos;
  };
  if (any_byte(c.trace_ids) || any_byte(c.span_ids)) {
    body.add(Field::kLogTraceIds, std::move(c.trace_ids));
    body.add(Field::kLogSpanIds, std::move(c.span_ids));
  }
  put_ints(body, Field::kLogSeverity, c.severities);
  put_texts(body, Field::kLogSeverityText, text, c.severity_texts);
  put_texts(body, Field::kLogEventName, text, c.event_names);
  put_texts(body, Field::kLogBody, text, c.bodies);
  put_ints(body, Field::kLogFlags, c.flags);
  put_ints(body, Field::kLogDropped, c.dropped);
  put_ints(body, Field::kRowResource, c.resources);
  put_ints(body, Field::kRowScope, c.scopes);
  finish_block(body, text, out, 0);
  return out;
}

}  // namespace honeyguide::store::segment
