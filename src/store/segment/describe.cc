#include "store/segment/describe.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

#include "store/query.h"

namespace honeyguide::store::segment {
namespace {

// Scopes in which each of the block's keys occurs.
std::vector<std::uint8_t> key_scopes(BlockReader& block, bool rows_are_spans) {
  std::vector<std::uint8_t> out(block.keys().size(), 0);
  for (const auto& [table, scope] :
       {std::pair{Table::kRow, kScopeSpan}, std::pair{Table::kEvent, kScopeEvent},
        std::pair{Table::kLink, kScopeLink}}) {
    if (table != Table::kRow && !rows_are_spans) continue;
    for (const AttributeColumn& column : block.table(table).columns()) {
      if (column.entry.key < out.size()) out[column.entry.key] |= scope;
    }
  }
  const telemetry::SpanBatch& context = block.context();
  const auto mark = [&](telemetry::Range range, std::uint8_t scope) {
    for (const auto& attribute : context.attributes(range)) {
      const auto key = std::find(block.keys().begin(), block.keys().end(), context.key(attribute));
      if (key != block.keys().end())
        out[static_cast<std::size_t>(key - block.keys().begin())] |= scope;
    }
  };
  for (const auto& resource : context.resources()) mark(resource.attributes, kScopeResource);
  for (const auto& scope : context.scopes()) mark(scope.attributes, kScopeInstrumentation);
  return out;
}

// Attributes of whole rows: for what columns cannot tell alone (overflow, large values).
void add_row_values(BlockReader& block, bool spans, EncodedBlock& out,
                    std::vector<std::uint8_t>& scopes, bool hashes) {
  std::vector<std::uint32_t> rows(block.rows());
  std::iota(rows.begin(), rows.end(), 0u);
  telemetry::SpanBatch batch;
  telemetry::LogBatch logs;
  if (spans) {
    block.materialize(rows, batch);
  } else {
    block.materialize_logs(rows, logs);
  }
  telemetry::SpanBatch& from = spans ? batch : logs.context;
  const auto add = [&](telemetry::Range range, std::uint8_t scope) {
    for (const auto& attribute : from.attributes(range)) {
      const std::string_view key = from.key(attribute);
      const auto found = std::find(block.keys().begin(), block.keys().end(), key);
      if (found != block.keys().end()) {
        scopes[static_cast<std::size_t>(found - block.keys().begin())] |= scope;
      }
      if (hashes) {
        out.filter_hashes.push_back(filter_hash(key, telemetry::canonical_text(attribute.value)));
      }
    }
  };
  for (const telemetry::Span& span : batch.spans()) {
    add(span.attributes, kScopeSpan);
    for (const auto& event : batch.events(span.events)) add(event.attributes, kScopeEvent);
    for (const auto& link : batch.links(span.links)) add(link.attributes, kScopeLink);
  }
  for (const auto& record : logs.records) add(record.attributes, kScopeSpan);
}

void add_column_hashes(BlockReader& block, Table which, std::vector<std::uint64_t>& out) {
  AttributeTable& table = block.table(which);
  for (std::size_t i = 0; i < table.columns().size(); ++i) {
    AttributeColumn& column = block.parsed(table, i);
    if (column.is_large() || column.entry.key >= block.keys().size()) continue;
    const std::string_view key = block.keys()[column.entry.key];
    if (column.type() == telemetry::ValueType::kEmpty) {
      out.push_back(filter_hash(key, ""));
    } else if (column.type() >= telemetry::ValueType::kString) {
      for (const std::string_view text : column.strings.values()) {
        const auto value = telemetry::Value::of_text(column.type(), text);
        out.push_back(filter_hash(key, telemetry::canonical_text(value)));
      }
    } else {
      for (std::size_t j = 0; j < column.count; ++j) {
        out.push_back(filter_hash(key, telemetry::canonical_text(column.value(j))));
      }
    }
  }
}

void describe_spans(BlockReader& block, EncodedBlock& out) {
  const auto& starts = block.starts();
  out.start_min = *std::min_element(starts.begin(), starts.end());
  out.start_max = *std::max_element(starts.begin(), starts.end());
  std::vector<std::int64_t> durations(block.rows());
  block.ints(Field::kDuration).decode(durations.data());
  out.duration_max = *std::max_element(durations.begin(), durations.end());
  for (std::size_t i = 0; i < block.trace_count(); ++i) out.traces.push_back(block.trace_id(i));
  const telemetry::SpanBatch& context = block.context();
  std::set<std::tuple<std::int64_t, std::string_view, std::int64_t>> seen;
  for (std::uint32_t row = 0; row < block.rows(); ++row) {
    out.error_rows += block.ints(Field::kStatus).get(row) ==
                      static_cast<std::int64_t>(telemetry::StatusCode::kError);
    const std::int64_t resource = block.ints(Field::kRowResource).get(row);
    const std::string_view name = block.strings(Field::kName).get(row);
    const std::int64_t kind = block.ints(Field::kKind).get(row);
    if (static_cast<std::uint64_t>(resource) >= context.resources().size()) continue;
    if (!seen.emplace(resource, name, kind).second) continue;
    telemetry::Span probe;
    probe.resource = static_cast<std::uint32_t>(resource);
    out.operations.push_back(
        {context.service_name(probe), name, static_cast<telemetry::SpanKind>(kind)});
  }
}

void describe_logs(BlockReader& block, EncodedBlock& out) {
  out.start_min = out.start_max = block.log_effective(0);
  std::set<base::TraceId> seen;
  for (std::uint32_t row = 0; row < block.rows(); ++row) {
    out.start_min = std::min(out.start_min, block.log_effective(row));
    out.start_max = std::max(out.start_max, block.log_effective(row));
    const base::TraceId id = block.log_trace_id(row);
    if (id.valid() && seen.insert(id).second) out.traces.push_back(id);
  }
}

}  // namespace

EncodedBlock describe(BlockReader& block, RecordKind kind, bool hashes) {
  const bool spans = kind == RecordKind::kSpans;
  EncodedBlock out;
  out.rows = block.rows();
  if (out.rows == 0) return out;
  if (spans) {
    describe_spans(block, out);
  } else {
    describe_logs(block, out);
  }
  std::vector<std::uint8_t> scopes = key_scopes(block, spans);
  bool rows_needed = false;
  for (const Table table : {Table::kRow, Table::kEvent, Table::kLink}) {
    if (table != Table::kRow && !spans) continue;
    AttributeTable& attributes = block.table(table);
    rows_needed = rows_needed || attributes.has_overflow();
    for (const AttributeColumn& column : attributes.columns()) {
      rows_needed = rows_needed || (hashes && column.is_large());
    }
    if (hashes) add_column_hashes(block, table, out.filter_hashes);
  }
  if (rows_needed) add_row_values(block, spans, out, scopes, hashes);
  if (hashes) {
    const telemetry::SpanBatch& context = block.context();
    const auto add = [&](telemetry::Range range) {
      for (const auto& attribute : context.attributes(range)) {
        out.filter_hashes.push_back(
            filter_hash(context.key(attribute), telemetry::canonical_text(attribute.value)));
      }
    };
    for (const auto& resource : context.resources()) add(resource.attributes);
    for (const auto& scope : context.scopes()) add(scope.attributes);
    if (spans) {
      for (const std::string_view name : block.strings(Field::kName).values()) {
        out.filter_hashes.push_back(filter_hash(kNameFilterKey, name));
      }
    }
  }
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    if (scopes[i] == 0) continue;
    out.keys.push_back(block.keys()[i]);
    out.key_scopes.push_back(scopes[i]);
    if (hashes) out.filter_hashes.push_back(filter_key_hash(block.keys()[i]));
  }
  return out;
}

}  // namespace honeyguide::store::segment
