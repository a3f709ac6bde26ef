// StoreReads: log records by trace and time, and the values of an attribute.
#include <algorithm>
#include <set>

#include "store/segment/attribute_writer.h"
#include "store/segment/reading.h"

namespace honeyguide::store::segment {
namespace {

struct FoundLog {
  base::UnixNanos time;
  std::uint64_t order;  // later found, later committed: ties keep commit order
  std::size_t block;
  std::uint32_t row;
};

bool later(const FoundLog& a, const FoundLog& b) {
  return a.time != b.time ? a.time > b.time : a.order < b.order;
}

// Adds the texts of a block's values of `key`, until `limit`.
void add_values(BlockReader& block, std::string_view key, std::uint32_t limit,
                std::set<std::string>& out) {
  const auto& keys = block.keys();
  const auto number = std::find(keys.begin(), keys.end(), key) - keys.begin();
  if (number == static_cast<std::ptrdiff_t>(keys.size())) return;
  const auto add = [&](const telemetry::Value& value) {
    if (out.size() < limit) out.insert(telemetry::canonical_text(value));
  };
  bool rows_needed = false;
  for (const Table which : {Table::kRow, Table::kEvent, Table::kLink}) {
    AttributeTable& table = block.table(which);
    rows_needed = rows_needed || table.has_overflow();
    for (std::size_t i = 0; i < table.columns().size(); ++i) {
      if (static_cast<std::ptrdiff_t>(table.columns()[i].entry.key) != number) continue;
      AttributeColumn& column = block.parsed(table, i);
      if (column.is_large()) {
        rows_needed = true;
      } else if (column.type() >= telemetry::ValueType::kString) {
        for (const std::string_view text : column.strings.values()) {
          add(telemetry::Value::of_text(column.type(), text));
        }
      } else {
        for (std::size_t j = 0; j < column.count && out.size() < limit; ++j) add(column.value(j));
      }
    }
  }
  const telemetry::SpanBatch& context = block.context();
  const auto add_range = [&](telemetry::Range range) {
    for (const auto& attribute : context.attributes(range)) {
      if (context.key(attribute) == key) add(attribute.value);
    }
  };
  for (const auto& resource : context.resources()) add_range(resource.attributes);
  for (const auto& scope : context.scopes()) add_range(scope.attributes);
  if (!rows_needed || out.size() >= limit) return;
  std::vector<std::uint32_t> rows(block.rows());
  for (std::uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
  telemetry::SpanBatch batch;
  block.materialize(rows, batch);
  for (const auto& attribute : batch.mutable_attributes()) {
    if (batch.key(attribute) == key) add(attribute.value);
  }
}

}  // namespace

base::Result<std::vector<std::string>> StoreReads::attribute_values(TenantId tenant,
                                                                    std::string_view key,
                                                                    std::uint32_t limit) {
  std::set<std::string> values;
  Snapshot seen = snapshot(tenant, RecordKind::kSpans, {});
  for (auto record = seen.young.rbegin(); record != seen.young.rend(); ++record) {
    if (values.size() >= limit) break;
    auto block = open_young(*record);
    if (block) add_values(*block->reader, key, limit, values);
  }
  std::sort(seen.settled.begin(), seen.settled.end(),
            [](const auto& a, const auto& b) { return a->last_sequence > b->last_sequence; });
  const std::uint64_t hash = filter_key_hash(key);
  for (const auto& file : seen.settled) {
    if (values.size() >= limit) break;
    const auto open = cache_.open(file);
    if (!open) continue;
    for (const BlockEntry& entry : (*open)->index.blocks()) {
      if (entry.kind != RecordKind::kSpans || values.size() >= limit) break;
      if (!(*open)->index.may_contain_value(entry, hash)) continue;
      auto block = open_settled(**open, entry, false);
      if (block) add_values(*block->reader, key, limit, values);
    }
  }
  return std::vector<std::string>(values.begin(), values.end());
}

base::Result<LogRead> StoreReads::search_logs(TenantId tenant, const LogSearch& search) {
  Snapshot seen = snapshot(tenant, RecordKind::kLogs, search.time);
  LogRead out;
  bool damaged = false;
  std::vector<OpenBlock> blocks;
  std::vector<FoundLog> found;
  const auto scan = [&](base::Result<OpenBlock> opened) {
    if (!opened) {
      damaged = true;
      return;
    }
    BlockReader& block = *opened->reader;
    const std::size_t before = found.size();
    for (std::uint32_t row = 0; row < block.rows(); ++row) {
      const base::UnixNanos time = block.log_effective(row);
      if (!search.time.contains(time)) continue;
      const base::TraceId trace = block.log_trace_id(row);
      if (search.trace_id && trace != *search.trace_id) continue;
      if (!seen.tombstones.empty() && seen.hides(trace, opened->sequence_of(row))) continue;
      found.push_back({time, found.size(), blocks.size(), row});
    }
    damaged = damaged || block.damaged();
    if (found.size() > before) blocks.push_back(std::move(*opened));
    if (found.size() > std::size_t{search.limit} * 4 + 4096) {
      // Only the newest can be answered; forget the rest before they add up.
      std::nth_element(found.begin(), found.begin() + search.limit + 1, found.end(), later);
      found.resize(std::size_t{search.limit} + 1);
    }
  };
  std::sort(seen.settled.begin(), seen.settled.end(),
            [](const auto& a, const auto& b) { return a->first_sequence < b->first_sequence; });
  for (const auto& file : seen.settled) {
    if (file->log_rows == 0 || !search.time.overlaps(file->log_min, file->log_max)) continue;
    if (out_of_budget(state_.options.clock, search.budget, out.partial)) break;
    const auto open = cache_.open(file);
    if (!open) {
      damaged = damaged || !file->dropped;
      continue;
    }
    for (const BlockEntry& entry : (*open)->index.blocks()) {
      if (entry.kind != RecordKind::kLogs) continue;
      if (!search.time.overlaps(entry.start_min, entry.start_max)) continue;
      if (search.trace_id &&
          !(*open)->index.may_contain_value(entry, trace_hash(*search.trace_id))) {
        continue;
      }
      scan(open_settled(**open, entry, true));
    }
  }
  for (const YoungRecord& record : seen.young) {
    if (out_of_budget(state_.options.clock, search.budget, out.partial)) break;
    scan(open_young(record));
  }
  std::sort(found.begin(), found.end(), later);
  if (found.size() > search.limit) {
    found.resize(search.limit);
    if (out.partial == Partial::kNo) out.partial = Partial::kRows;
  }
  auto logs = std::make_shared<telemetry::LogBatch>();
  for (const FoundLog& hit : found) {
    blocks[hit.block].reader->materialize_logs({&hit.row, 1}, *logs);
  }
  for (const OpenBlock& block : blocks) block.reader->keep_alive(logs->context);
  if (damaged && out.partial == Partial::kNo) out.partial = Partial::kDamaged;
  out.logs = std::move(logs);
  return out;
}

}  // namespace honeyguide::store::segment
