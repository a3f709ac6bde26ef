// BlockReader's way from columns back to rows.
#include "base/bytes.h"
#include "base/hash.h"
#include "store/segment/block_columns.h"
#include "store/segment/block_reader.h"
#include "store/segment/row_codec.h"
#include "store/segment/zstd_text.h"

namespace honeyguide::store::segment {

using telemetry::Range;
using telemetry::Span;
using telemetry::SpanBatch;
using telemetry::Value;

// Numbers of this block's keys, resources and scopes in the batch being filled.
struct BlockReader::OutMaps {
  std::vector<std::uint32_t> keys, resources, scopes;
  Buffers values;  // inflated large values
  std::uint64_t value_bytes = 0;

  explicit OutMaps(BlockReader& reader) {
    keys.assign(reader.keys().size(), kUnmapped);
    resources.assign(reader.context().resources().size(), kUnmapped);
    scopes.assign(reader.context().scopes().size(), kUnmapped);
  }
  std::uint32_t key(BlockReader& reader, std::size_t number, SpanBatch& out) {
    if (number >= keys.size()) {
      reader.fail();
      return out.intern_key("");
    }
    if (keys[number] == kUnmapped) keys[number] = out.intern_key(reader.keys()[number]);
    return keys[number];
  }
  std::uint32_t resource(BlockReader& reader, std::int64_t number, SpanBatch& out) {
    if (static_cast<std::uint64_t>(number) >= resources.size()) {
      reader.fail();
      number = 0;
    }
    std::uint32_t& mapped = resources[static_cast<std::size_t>(number)];
    if (mapped == kUnmapped) {
      mapped = out.copy_resource(reader.context(), static_cast<std::uint32_t>(number));
    }
    return mapped;
  }
  std::uint32_t scope(BlockReader& reader, std::int64_t number, SpanBatch& out) {
    if (static_cast<std::uint64_t>(number) >= scopes.size()) {
      reader.fail();
      number = 0;
    }
    std::uint32_t& mapped = scopes[static_cast<std::size_t>(number)];
    if (mapped == kUnmapped) {
      mapped = out.copy_scope(reader.context(), static_cast<std::uint32_t>(number));
    }
    return mapped;
  }
};

Value BlockReader::large_value(std::string_view reference, telemetry::ValueType type,
                               OutMaps& maps) {
  base::ByteReader in(reference);
  const auto ref = in.fixed<LargeRef>();
  std::optional<std::string_view> stored;
  if (in.ok() && settled() && values_) {
    BlockBytes file(values_, 0, ref.offset + ref.stored_size);
    stored = file.fetch(ref.offset, ref.stored_size, maps.values);
  } else if (const ColumnEntry* entry = directory_.find(Field::kLargeValues);
             in.ok() && entry != nullptr && ref.offset <= entry->size &&
             ref.stored_size <= entry->size - ref.offset) {
    stored = bytes_.fetch(entry->offset + ref.offset, ref.stored_size, buffers_);
  }
  auto raw = std::make_shared<std::string>();
  if (!stored || ref.raw_size / 32'768 > stored->size() ||
      !zstd_inflate(*stored, ref.raw_size, *raw)) {
    fail();
    return Value::of_text(type, in.take(in.remaining()));
  }
  const base::Hash128 hash = base::hash128(*raw);
  if (hash.low != ref.hash_low || hash.high != ref.hash_high) fail();
  maps.values.push_back(raw);
  maps.value_bytes += raw->size();
  return Value::of_text(type, *raw);
}

void BlockReader::append_overflow(AttributeTable& table, std::size_t row, std::size_t nth,
                                  SpanBatch& out, OutMaps& maps) {
  base::ByteReader in(table.overflow_.get(row));
  Value value;
  std::uint64_t key = 0;
  for (std::size_t i = 0; i <= nth; ++i) {
    key = in.varint();
    if (!read_row_value(in, value)) {
      fail();
      return;
    }
  }
  out.mutable_attributes().push_back({value, maps.key(*this, static_cast<std::size_t>(key), out)});
}

Range BlockReader::copy_attributes(Table which, std::size_t row, SpanBatch& out, OutMaps& maps) {
  auto& attributes = out.mutable_attributes();
  Range range{static_cast<std::uint32_t>(attributes.size()), 0};
  AttributeTable& from = *tables_[static_cast<std::size_t>(which)];
  if (!from.empty()) {
    std::size_t overflowed = 0;
    const auto columns = from.columns_of(row);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] == AttributeTable::kOverflow) {
        append_overflow(from, row, overflowed++, out, maps);
        continue;
      }
      const AttributeColumn& column = from.columns()[columns[i]];
      const std::uint32_t rank = from.rank(row, i);
      const std::uint32_t key = maps.key(*this, column.entry.key, out);
      attributes.push_back({column.is_large()
                                ? large_value(column.strings.get(rank), column.type(), maps)
                                : column.value(rank),
                            key});
    }
  }
  range.end = static_cast<std::uint32_t>(attributes.size());
  return range;
}

void BlockReader::append_children(std::size_t row, Span& span, SpanBatch& out, OutMaps& maps) {
  const auto& event_begins = child_begins(Table::kEvent);
  std::vector<telemetry::Event> events;
  for (std::size_t i = event_begins[row]; i < event_begins[row + 1]; ++i) {
    telemetry::Event event;
    event.time = wrapping_add(ints(Field::kEventTime).get(i), span.start);
    event.name = strings(Field::kEventName).get(i);
    event.dropped_attributes_count = static_cast<std::uint32_t>(ints(Field::kEventDropped).get(i));
    event.attributes = copy_attributes(Table::kEvent, i, out, maps);
    events.push_back(event);
  }
  auto& all_events = out.mutable_events();
  span.events.begin = static_cast<std::uint32_t>(all_events.size());
  all_events.insert(all_events.end(), events.begin(), events.end());
  span.events.end = static_cast<std::uint32_t>(all_events.size());

  const auto& link_begins = child_begins(Table::kLink);
  const std::size_t link_count = link_begins.back();
  auto& all_links = out.mutable_links();
  span.links.begin = static_cast<std::uint32_t>(all_links.size());
  for (std::size_t i = link_begins[row]; i < link_begins[row + 1]; ++i) {
    telemetry::Link link;
    const std::string_view traces = raw(Field::kLinkTraceIds, 16, link_count);
    const std::string_view ids = raw(Field::kLinkSpanIds, 8, link_count);
    if (traces.empty() || ids.empty()) {
      fail();
      break;
    }
    link.trace_id = *base::TraceId::from_bytes(traces.substr(i * 16, 16));
    link.span_id = *base::SpanId::from_bytes(ids.substr(i * 8, 8));
    link.trace_state = strings(Field::kLinkTraceState).get(i);
    link.flags = static_cast<std::uint32_t>(ints(Field::kLinkFlags).get(i));
    link.dropped_attributes_count = static_cast<std::uint32_t>(ints(Field::kLinkDropped).get(i));
    link.attributes = copy_attributes(Table::kLink, i, out, maps);
    all_links.push_back(link);
  }
  span.links.end = static_cast<std::uint32_t>(all_links.size());
}

Span BlockReader::fixed_part(std::size_t row, SpanBatch& out, OutMaps& maps) {
  const auto number = [&](Field field) { return static_cast<std::uint32_t>(ints(field).get(row)); };
  Span span;
  span.trace_id = row_trace_id(row);
  span.span_id = span_id(row);
  span.parent_span_id = parent_id(row);
  span.start = start(row);
  span.end = end(row);
  span.name = strings(Field::kName).get(row);
  span.trace_state = strings(Field::kTraceState).get(row);
  span.status_message = strings(Field::kStatusMessage).get(row);
  span.kind = static_cast<telemetry::SpanKind>(number(Field::kKind));
  span.status = static_cast<telemetry::StatusCode>(number(Field::kStatus));
  span.flags = number(Field::kFlags);
  span.dropped_attributes_count = number(Field::kDroppedAttributes);
  span.dropped_events_count = number(Field::kDroppedEvents);
  span.dropped_links_count = number(Field::kDroppedLinks);
  span.resource = maps.resource(*this, ints(Field::kRowResource).get(row), out);
  span.scope = maps.scope(*this, ints(Field::kRowScope).get(row), out);
  return span;
}

void BlockReader::load_tables() {
  if (tables_loaded_) return;
  tables_loaded_ = true;
  for (const Table which : {Table::kRow, Table::kEvent, Table::kLink}) {
    AttributeTable& loaded = ranked_table(which);
    for (std::size_t i = 0; i < loaded.columns().size(); ++i) parsed(loaded, i);
    const ColumnEntry* entry = directory_.find(Field::kOverflow, which);
    if (entry == nullptr) continue;
    const auto bytes = column(*entry);
    if (!bytes || !StringColumn::parse(*bytes, loaded.rows(), heap(), buffers_, loaded.overflow_)) {
      fail();
      loaded.overflow_ = StringColumn(loaded.rows());
    }
  }
}

bool BlockReader::materialize(std::span<const std::uint32_t> rows, SpanBatch& out) {
  load_tables();
  OutMaps maps(*this);
  out.mutable_spans().reserve(out.size() + rows.size());
  for (const std::uint32_t row : rows) {
    Span span = fixed_part(row, out, maps);
    span.attributes = copy_attributes(Table::kRow, row, out, maps);
    append_children(row, span, out, maps);
    out.add_span(span);
  }
  buffers_.insert(buffers_.end(), maps.values.begin(), maps.values.end());
  return !damaged_;
}

BlockReader::RowCopier::RowCopier(BlockReader& from, SpanBatch& out) : from_(from), out_(out) {
  from_.load_tables();
  maps_ = std::make_unique<OutMaps>(from_);
}
BlockReader::RowCopier::~RowCopier() = default;

void BlockReader::RowCopier::copy(std::uint32_t row) {
  Span span = from_.fixed_part(row, out_, *maps_);
  span.attributes = from_.copy_attributes(Table::kRow, row, out_, *maps_);
  from_.append_children(row, span, out_, *maps_);
  out_.add_span(span);
}

void BlockReader::RowCopier::keep_alive() {
  from_.keep_alive(out_);
  for (const auto& value : maps_->values) out_.adopt(value);
}

std::uint64_t BlockReader::RowCopier::large_bytes() const {
  return maps_->value_bytes;
}

bool BlockReader::materialize_logs(std::span<const std::uint32_t> rows, telemetry::LogBatch& out) {
  load_tables();
  OutMaps maps(*this);
  const std::string_view span_ids = raw(Field::kLogSpanIds, 8, this->rows());
  for (const std::uint32_t row : rows) {
    telemetry::LogRecord record;
    record.time = log_time(row);
    record.observed_time = wrapping_add(ints(Field::kLogObserved).get(row), record.time);
    record.trace_id = log_trace_id(row);
    if (!span_ids.empty()) record.span_id = *base::SpanId::from_bytes(span_ids.substr(row * 8, 8));
    record.severity_number = static_cast<std::uint8_t>(ints(Field::kLogSeverity).get(row));
    record.severity_text = strings(Field::kLogSeverityText).get(row);
    record.event_name = strings(Field::kLogEventName).get(row);
    const std::string_view body = strings(Field::kLogBody).get(row);
    base::ByteReader in(body);
    if (!body.empty() && !read_row_value(in, record.body)) fail();
    record.flags = static_cast<std::uint32_t>(ints(Field::kLogFlags).get(row));
    record.dropped_attributes_count = static_cast<std::uint32_t>(ints(Field::kLogDropped).get(row));
    record.resource = maps.resource(*this, ints(Field::kRowResource).get(row), out.context);
    record.scope = maps.scope(*this, ints(Field::kRowScope).get(row), out.context);
    record.attributes = copy_attributes(Table::kRow, row, out.context, maps);
    out.records.push_back(record);
  }
  buffers_.insert(buffers_.end(), maps.values.begin(), maps.values.end());
  return !damaged_;
}

void BlockReader::keep_alive(SpanBatch& out) const {
  for (const auto& buffer : buffers_) out.adopt(buffer);
}

}  // namespace honeyguide::store::segment
