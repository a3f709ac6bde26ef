#include "store/segment/block_writer.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "store/query.h"
#include "store/segment/block_columns.h"
#include "store/segment/zstd_text.h"

namespace honeyguide::store::segment {

using telemetry::Range;
using telemetry::Span;
using telemetry::SpanBatch;

// Large values of a young record: each compressed alone, equal ones once.
class BlockWriter::InBlockValues final : public LargeValueSink {
 public:
  LargeRef store(std::string_view raw) override {
    const base::Hash128 hash = base::hash128(raw);
    const auto [found, is_new] = known_.try_emplace(hash.low ^ hash.high);
    if (is_new || found->second.hash_low != hash.low || found->second.hash_high != hash.high) {
      LargeRef ref{hash.low, hash.high, bytes_.size(), 0, static_cast<std::uint32_t>(raw.size())};
      ref.stored_size = static_cast<std::uint32_t>(zstd_append(bytes_, raw));
      found->second = ref;
    }
    return found->second;
  }
  std::string take() {
    known_.clear();
    return std::exchange(bytes_, {});
  }

 private:
  std::string bytes_;
  std::unordered_map<std::uint64_t, LargeRef> known_;
};

BlockWriter::BlockWriter()
    : in_block_(std::make_unique<InBlockValues>()),
      row_attributes_(Table::kRow, kScopeSpan),
      event_attributes_(Table::kEvent, kScopeEvent),
      link_attributes_(Table::kLink, kScopeLink),
      spans_(std::make_unique<SpanColumns>()),
      logs_(std::make_unique<LogColumns>()) {}
BlockWriter::~BlockWriter() = default;

void BlockWriter::begin(LargeValueSink* values) {
  settled_ = values != nullptr;
  hashed_ = settled_;
  large_ = settled_ ? values : in_block_.get();
  keys_.reset();
  columns_left_ = kAttributeColumnsMax;
  row_attributes_.reset(keys_, *large_, columns_left_);
  event_attributes_.reset(keys_, *large_, columns_left_);
  link_attributes_.reset(keys_, *large_, columns_left_);
  resources_.reset();
  scopes_.reset();
  resource_services_.clear();
  arena_ = base::Arena();
  hashes_.clear();
  trace_index_.clear();
}

void BlockWriter::note_attributes(const SpanBatch& batch, Range range, std::uint8_t scope,
                                  const std::uint32_t* keys) {
  for (const auto& attribute : batch.attributes(range)) {
    keys_.mark(keys[attribute.key], scope);
    if (hashed_) {
      hashes_.push_back(
          filter_hash(batch.key(attribute), telemetry::canonical_text(attribute.value)));
    }
  }
}

std::uint32_t BlockWriter::resource_row(const SpanBatch& batch, std::uint32_t resource,
                                        const std::uint32_t* keys) {
  std::uint32_t& row = resource_map_[resource];
  if (row != kUnmapped) return row;
  const auto& from = batch.resources()[resource];
  std::string bytes;
  put_row_attributes(bytes, batch, from.attributes, keys);
  base::put_varint(bytes, from.dropped_attributes_count);
  base::put_bytes(bytes, from.schema_url);
  row = resources_.intern(arena_.copy(bytes));
  if (row == resource_services_.size()) {
    note_attributes(batch, from.attributes, kScopeResource, keys);
    Span probe;
    probe.resource = resource;
    resource_services_.push_back(arena_.copy(batch.service_name(probe)));
  }
  return row;
}

std::uint32_t BlockWriter::scope_row(const SpanBatch& batch, std::uint32_t scope,
                                     const std::uint32_t* keys) {
  std::uint32_t& row = scope_map_[scope];
  if (row != kUnmapped) return row;
  const auto& from = batch.scopes()[scope];
  std::string bytes;
  base::put_bytes(bytes, from.name);
  base::put_bytes(bytes, from.version);
  put_row_attributes(bytes, batch, from.attributes, keys);
  base::put_varint(bytes, from.dropped_attributes_count);
  base::put_bytes(bytes, from.schema_url);
  const std::size_t before = scopes_.values().size();
  row = scopes_.intern(arena_.copy(bytes));
  if (row == before) note_attributes(batch, from.attributes, kScopeInstrumentation, keys);
  return row;
}

std::uint32_t BlockWriter::trace_row(const base::TraceId& id) {
  SpanColumns& c = *spans_;
  if (!c.traces.empty() && c.traces[c.last_trace] == id) return c.last_trace;
  const auto [found, is_new] =
      trace_index_.try_emplace(id, static_cast<std::uint32_t>(c.traces.size()));
  if (is_new) {
    c.traces.push_back(id);
    c.first_rows.push_back(static_cast<std::uint32_t>(c.row_trace.size()));
  }
  c.last_trace = found->second;
  return found->second;
}

void BlockWriter::add_span_fixed(const SpanBatch& batch, const Span& span,
                                 const std::uint32_t* keys) {
  SpanColumns& c = *spans_;
  const std::uint32_t trace = trace_row(span.trace_id);
  if (trace == c.trace_starts.size()) {
    c.trace_starts.push_back(span.start);
  } else {
    c.trace_starts[trace] = std::min(c.trace_starts[trace], span.start);
  }
  if (span.end < span.start) {
    c.odd_end_rows.push_back(static_cast<std::int64_t>(c.row_trace.size()));
    c.odd_ends.push_back(span.end);
  }
  c.row_trace.push_back(trace);
  c.span_ids.push_back(span.span_id);
  c.parents.push_back(span.parent_span_id);
  c.starts.push_back(span.start);
  c.durations.push_back(span.end < span.start ? 0 : wrapping_sub(span.end, span.start));
  const std::uint32_t resource = resource_row(batch, span.resource, keys);
  const std::uint32_t name = c.names.intern(span.name);
  c.name_index.push_back(name);
  c.kinds.push_back(static_cast<std::int64_t>(span.kind));
  c.statuses.push_back(static_cast<std::int64_t>(span.status));
  c.error_rows += span.status == telemetry::StatusCode::kError;
  c.messages.add(span.status_message);
  c.trace_states.add(span.trace_state);
  c.flags.push_back(span.flags);
  c.dropped_attributes.push_back(span.dropped_attributes_count);
  c.dropped_events.push_back(span.dropped_events_count);
  c.dropped_links.push_back(span.dropped_links_count);
  c.resources.push_back(resource);
  c.scopes.push_back(scope_row(batch, span.scope, keys));
  c.note_operation(resource, name, span.kind);
}

void BlockWriter::add_children(const SpanBatch& batch, const Span& span,
                               const std::uint32_t* keys) {
  SpanColumns& c = *spans_;
  c.event_counts.push_back(span.events.size());
  for (const auto& event : batch.events(span.events)) {
    c.event_times.push_back(wrapping_sub(event.time, span.start));
    c.event_names.add(event.name);
    c.event_dropped.push_back(event.dropped_attributes_count);
    event_attributes_.add_row(batch.attributes(event.attributes), keys);
  }
  c.link_counts.push_back(span.links.size());
  for (const auto& link : batch.links(span.links)) {
    c.link_trace_ids.append(reinterpret_cast<const char*>(link.trace_id.bytes.data()), 16);
    c.link_span_ids.append(reinterpret_cast<const char*>(link.span_id.bytes.data()), 8);
    c.link_states.add(link.trace_state);
    c.link_flags.push_back(link.flags);
    c.link_dropped.push_back(link.dropped_attributes_count);
    link_attributes_.add_row(batch.attributes(link.attributes), keys);
  }
}

void BlockWriter::put_ids_and_times(BodyWriter& body, EncodedBlock& out) {
  SpanColumns& c = *spans_;
  std::string bytes;
  for (const base::TraceId& id : c.traces) {
    bytes.append(reinterpret_cast<const char*>(id.bytes.data()), 16);
  }
  body.add(Field::kTraceIds, std::move(bytes));
  put_ints(body, Field::kTraceStarts, c.trace_starts);
  put_ints(body, Field::kRowTrace, c.row_trace);
  bytes.clear();
  for (const base::SpanId& id : c.span_ids) {
    bytes.append(reinterpret_cast<const char*>(id.bytes.data()), 8);
  }
  body.add(Field::kSpanIds, std::move(bytes));
  out.start_min = *std::min_element(c.starts.begin(), c.starts.end());
  out.start_max = *std::max_element(c.starts.begin(), c.starts.end());
  out.duration_max = *std::max_element(c.durations.begin(), c.durations.end());
  for (std::size_t row = 0; row < c.starts.size(); ++row) {
    const auto trace = static_cast<std::size_t>(c.row_trace[row]);
    c.starts[row] = wrapping_sub(c.starts[row], c.trace_starts[trace]);
  }
  put_ints(body, Field::kStart, c.starts);
  put_ints(body, Field::kDuration, c.durations);
  if (c.odd_ends.empty()) return;
  std::string rows;
  std::string ends;
  std::int64_t previous = 0;
  for (std::size_t i = 0; i < c.odd_ends.size(); ++i) {
    base::put_varint(rows, static_cast<std::uint64_t>(c.odd_end_rows[i] - previous));
    base::put_varint(ends, base::zigzag(c.odd_ends[i]));
    previous = c.odd_end_rows[i];
  }
  body.add(Field::kOddEndRows, std::move(rows));
  body.add(Field::kOddEnds, std::move(ends));
}

std::uint8_t BlockWriter::put_parents(BodyWriter& body) {
  SpanColumns& c = *spans_;
  SpanIdRows rows(c.span_ids);
  std::vector<std::int64_t> from_first(c.parents.size());
  std::vector<std::int64_t> distance(c.parents.size());
  std::int64_t first_max = 0;
  std::int64_t distance_max = 0;
  std::string foreign;
  for (std::size_t row = 0; row < c.parents.size(); ++row) {
    if (!c.parents[row].valid()) continue;
    const std::uint32_t parent = rows.find(c.parents[row]);
    if (parent == kUnmapped) {
      from_first[row] = distance[row] = 1;
      foreign.append(reinterpret_cast<const char*>(c.parents[row].bytes.data()), 8);
      continue;
    }
    const std::int64_t first = c.first_rows[static_cast<std::size_t>(c.row_trace[row])];
    from_first[row] = 2 + static_cast<std::int64_t>(base::zigzag(parent - first));
    distance[row] =
        2 + static_cast<std::int64_t>(base::zigzag(static_cast<std::int64_t>(row) - parent));
    first_max = std::max(first_max, from_first[row]);
    distance_max = std::max(distance_max, distance[row]);
  }
  const bool by_distance = distance_max < first_max;
  put_ints(body, Field::kParents, by_distance ? distance : from_first);
  if (!foreign.empty()) body.add(Field::kForeignParents, std::move(foreign));
  return by_distance ? kFlagParentDistance : 0;
}

void BlockWriter::put_fixed(BodyWriter& body, TextWriter& text) {
  SpanColumns& c = *spans_;
  std::string bytes;
  put_string_column(bytes, text, c.names, c.name_index);
  body.add(Field::kName, std::move(bytes));
  put_ints(body, Field::kKind, c.kinds);
  put_ints(body, Field::kStatus, c.statuses);
  put_texts(body, Field::kStatusMessage, text, c.messages);
  put_texts(body, Field::kTraceState, text, c.trace_states);
  put_ints(body, Field::kFlags, c.flags);
  put_ints(body, Field::kDroppedAttributes, c.dropped_attributes);
  put_ints(body, Field::kDroppedEvents, c.dropped_events);
  put_ints(body, Field::kDroppedLinks, c.dropped_links);
  put_ints(body, Field::kRowResource, c.resources);
  put_ints(body, Field::kRowScope, c.scopes);
}

void BlockWriter::put_children(BodyWriter& body, TextWriter& text) {
  SpanColumns& c = *spans_;
  put_ints(body, Field::kEventCount, c.event_counts);
  put_ints(body, Field::kEventTime, c.event_times);
  put_texts(body, Field::kEventName, text, c.event_names);
  put_ints(body, Field::kEventDropped, c.event_dropped);
  put_ints(body, Field::kLinkCount, c.link_counts);
  if (!c.link_trace_ids.empty()) {
    body.add(Field::kLinkTraceIds, std::move(c.link_trace_ids));
    body.add(Field::kLinkSpanIds, std::move(c.link_span_ids));
  }
  put_texts(body, Field::kLinkTraceState, text, c.link_states);
  put_ints(body, Field::kLinkFlags, c.link_flags);
  put_ints(body, Field::kLinkDropped, c.link_dropped);
}

void BlockWriter::finish_block(BodyWriter& body, TextWriter& text, EncodedBlock& out,
                               std::uint8_t flags) {
  std::vector<std::uint64_t>* hashes = hashed_ ? &hashes_ : nullptr;
  row_attributes_.finish(body, text, hashes);
  event_attributes_.finish(body, text, hashes);
  link_attributes_.finish(body, text, hashes);
  const auto put_rows = [&](Field field, const StringInterner& rows) {
    std::string list;
    base::put_varint(list, rows.values().size());
    for (const std::string_view row : rows.values()) list += row;
    std::string bytes;
    text.put(bytes, list);
    body.add(field, std::move(bytes));
  };
  put_rows(Field::kResources, resources_);
  put_rows(Field::kScopes, scopes_);
  std::string keys;
  base::put_varint(keys, keys_.keys().size());
  for (const std::string_view key : keys_.keys()) base::put_bytes(keys, key);
  std::string bytes;
  text.put(bytes, keys);
  body.add(Field::kKeys, std::move(bytes));
  if (text.shared_heap() && !text.heap().empty()) {
    TextWriter alone(false);
    bytes.clear();
    alone.put(bytes, text.heap());
    body.add(Field::kHeap, std::move(bytes));
  }
  std::string large = in_block_->take();
  if (!large.empty()) body.add(Field::kLargeValues, std::move(large));
  out.body = body.finish(flags | (settled_ ? kFlagSettled : 0), out.rows);
  // Only keys that an attribute has: a batch may number keys that none of these rows use.
  for (std::size_t i = 0; i < keys_.keys().size(); ++i) {
    if (keys_.scopes()[i] == 0) continue;
    out.keys.push_back(keys_.keys()[i]);
    out.key_scopes.push_back(keys_.scopes()[i]);
    if (hashed_) hashes_.push_back(filter_key_hash(keys_.keys()[i]));
  }
  out.filter_hashes = hashes_;
}

EncodedBlock BlockWriter::encode_spans(std::span<const SpanSlice> slices, LargeValueSink* values) {
  begin(values);
  hashed_ = true;
  spans_->reset();
  SpanColumns& c = *spans_;
  EncodedBlock out;
  for (const SpanSlice& slice : slices) {
    const std::uint32_t* keys = keys_.map(*slice.batch);
    resource_map_.assign(slice.batch->resources().size(), kUnmapped);
    scope_map_.assign(slice.batch->scopes().size(), kUnmapped);
    for (std::uint32_t row = slice.begin; row < slice.end; ++row) {
      const Span& span = slice.batch->spans()[row];
      add_span_fixed(*slice.batch, span, keys);
      add_children(*slice.batch, span, keys);
      row_attributes_.add_row(slice.batch->attributes(span.attributes), keys);
    }
    out.rows += slice.end - slice.begin;
  }
  HG_CHECK(out.rows > 0 && out.rows <= kBlockRowsMax);
  BodyWriter body;
  TextWriter text(!settled_);
  put_ids_and_times(body, out);
  const std::uint8_t flags = put_parents(body);
  put_fixed(body, text);
  put_children(body, text);
  for (const auto& [resource, name, kind] : c.operations()) {
    out.operations.push_back({resource_services_[resource], c.names.values()[name], kind});
  }
  for (const std::string_view name : c.names.values()) {
    hashes_.push_back(filter_hash(kNameFilterKey, name));
  }
  finish_block(body, text, out, flags);
  out.error_rows = c.error_rows;
  out.traces = c.traces;
  return out;
}

}  // namespace honeyguide::store::segment
