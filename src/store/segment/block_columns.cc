#include "store/segment/block_columns.h"

#include <algorithm>
#include <bit>

namespace honeyguide::store::segment {

void TextColumn::reset() {
  interner.reset();
  index.clear();
  any = false;
}

void put_ints(BodyWriter& body, Field field, const std::vector<std::int64_t>& values) {
  const bool zeros =
      std::all_of(values.begin(), values.end(), [](std::int64_t value) { return value == 0; });
  if (zeros) return;
  std::string bytes;
  put_int_column(bytes, values);
  body.add(field, std::move(bytes));
}

void put_texts(BodyWriter& body, Field field, TextWriter& text, const TextColumn& column) {
  if (!column.any) return;
  std::string bytes;
  put_string_column(bytes, text, column.interner, column.index);
  body.add(field, std::move(bytes));
}

SpanIdRows::SpanIdRows(const std::vector<base::SpanId>& ids) : ids_(ids) {
  slots_.assign(std::bit_ceil(ids.size() * 2 + 1), kUnmapped);
  for (std::uint32_t row = 0; row < ids.size(); ++row) {
    std::uint32_t& slot = slots_[place(ids[row])];
    if (slot == kUnmapped) slot = row;
  }
}

std::size_t SpanIdRows::place(const base::SpanId& id) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = base::HexIdHash{}(id) >> 7 & mask;
  while (slots_[at] != kUnmapped && ids_[slots_[at]] != id) at = (at + 1) & mask;
  return at;
}

std::uint32_t SpanIdRows::find(const base::SpanId& id) const {
  return slots_[place(id)];
}

void BlockWriter::SpanColumns::reset() {
  traces.clear();
  first_rows.clear();
  trace_starts.clear();
  last_trace = 0;
  error_rows = 0;
  for (auto* column :
       {&row_trace, &starts, &durations, &odd_end_rows, &odd_ends, &kinds, &statuses, &flags,
        &resources, &scopes, &dropped_attributes, &dropped_events, &dropped_links, &event_counts,
        &event_times, &event_dropped, &link_counts, &link_flags, &link_dropped}) {
    column->clear();
  }
  span_ids.clear();
  parents.clear();
  names.reset();
  name_index.clear();
  for (TextColumn* column : {&messages, &trace_states, &event_names, &link_states}) column->reset();
  link_trace_ids.clear();
  link_span_ids.clear();
  operations_.clear();
  operations_seen_.clear();
  last_operation_ = ~std::uint64_t{0};
}

void BlockWriter::SpanColumns::note_operation(std::uint32_t resource, std::uint32_t name,
                                              telemetry::SpanKind kind) {
  const std::uint64_t key =
      std::uint64_t{resource} << 40 | std::uint64_t{name} << 8 | static_cast<std::uint64_t>(kind);
  if (key == last_operation_) return;
  last_operation_ = key;
  if (operations_seen_.try_emplace(key).second) operations_.push_back({resource, name, kind});
}

void BlockWriter::LogColumns::reset() {
  for (auto* column : {&times, &observed, &severities, &flags, &dropped, &resources, &scopes}) {
    column->clear();
  }
  trace_ids.clear();
  span_ids.clear();
  for (TextColumn* column : {&severity_texts, &event_names, &bodies}) column->reset();
}

}  // namespace honeyguide::store::segment
