#include "store/segment/reading.h"

#include <algorithm>
#include <tuple>

namespace honeyguide::store::segment {
namespace {

using telemetry::SpanBatch;

// Memory of a row of an answer without its text: the span and its attributes.
std::uint64_t row_bytes(const SpanBatch& batch) {
  return batch.size() * sizeof(telemetry::Span) + batch.attributes({0, 0}).size();
}

struct FoundRow {
  base::UnixNanos start;
  base::SpanId span_id;
  std::uint32_t block;
  std::uint32_t row;
};

}  // namespace

bool StoreReads::out_of_budget(const base::Clock& clock, const ReadBudget& budget,
                               Partial& partial) {
  if (budget.stop.stop_requested()) {
    partial = Partial::kCancelled;
    return true;
  }
  if (budget.deadline_steady_ns != 0 && clock.steady_ns() >= budget.deadline_steady_ns) {
    partial = Partial::kDeadline;
    return true;
  }
  return false;
}

Snapshot StoreReads::snapshot(TenantId tenant, RecordKind kind, const TimeRange& time) {
  Snapshot out;
  base::MutexLock lock(state_.mutex);
  for (const auto& file : state_.young) {
    for (const YoungRecord& record : file->records) {
      if (record.header.tenant != tenant || record.header.kind != kind) continue;
      if (time.overlaps(record.start_min, record.start_max)) out.young.push_back(record);
    }
  }
  for (const auto& file : state_.settled) {
    if (file->tenant == tenant) out.settled.push_back(file);
  }
  for (const auto& [key, sequence] : state_.tombstones) {
    if (key.first == tenant) out.tombstones.emplace(key.second, sequence);
  }
  out.last_sequence = state_.last_sequence;
  return out;
}

base::Result<OpenBlock> StoreReads::open_young(const YoungRecord& record) {
  HG_ASSIGN_OR_RETURN(RecordRead read,
                      read_record(*record.file, record.offset,
                                  record.offset + record_size(record.header.body_size)));
  OpenBlock out;
  out.header = read.header;
  HG_ASSIGN_OR_RETURN(
      out.reader,
      BlockReader::open(
          BlockBytes(std::move(read.buffer), kRecordHeaderBytes, read.header.body_size), nullptr));
  return out;
}

base::Result<OpenBlock> StoreReads::open_settled(const OpenSettled& file, const BlockEntry& entry,
                                                 bool whole) {
  OpenBlock out;
  out.young = false;
  out.settled_sequence = file.file->last_sequence;
  out.header.kind = entry.kind;
  out.header.tenant = file.file->tenant;
  out.header.rows = entry.rows;
  out.header.first_sequence = file.file->first_sequence;
  out.header.arrival = file.file->hour;
  if (whole) {
    HG_ASSIGN_OR_RETURN(RecordRead read, read_record(*file.blocks, entry.offset,
                                                     entry.offset + record_size(entry.body_size)));
    out.header = read.header;
    HG_ASSIGN_OR_RETURN(out.reader,
                        BlockReader::open(BlockBytes(std::move(read.buffer), kRecordHeaderBytes,
                                                     read.header.body_size),
                                          file.values));
  } else {
    HG_ASSIGN_OR_RETURN(
        out.reader, BlockReader::open(
                        BlockBytes(file.blocks, entry.offset + kRecordHeaderBytes, entry.body_size),
                        file.values));
  }
  return out;
}

base::Result<std::vector<OpenBlock>> StoreReads::blocks_of_trace(TenantId tenant,
                                                                 const base::TraceId& id,
                                                                 Snapshot& snapshot,
                                                                 bool& damaged) {
  std::vector<OpenBlock> out;
  {
    base::MutexLock lock(state_.mutex);
    std::vector<std::uint32_t> numbers;
    for (const auto& file : state_.young) {
      numbers.clear();
      file->traces.find(tenant, id, numbers);
      for (const std::uint32_t number : numbers) {
        if (file->records[number].header.kind == RecordKind::kSpans) {
          snapshot.young.push_back(file->records[number]);
        }
      }
    }
    for (const auto& file : state_.settled) {
      if (file->tenant == tenant && file->span_rows > 0) snapshot.settled.push_back(file);
    }
    const auto hidden = state_.tombstones.find({tenant, id});
    if (hidden != state_.tombstones.end()) snapshot.tombstones.emplace(id, hidden->second);
  }
  for (const YoungRecord& record : snapshot.young) {
    auto block = open_young(record);
    if (block) {
      out.push_back(std::move(*block));
    } else {
      damaged = true;
    }
  }
  const std::uint64_t hash = trace_hash(id);
  for (const auto& file : snapshot.settled) {
    const auto maybe = cache_.may_contain_trace(file, hash);
    if (maybe && !*maybe) continue;
    const auto open = cache_.open(file);
    if (!open) {
      damaged = damaged || !file->dropped;
      continue;
    }
    const auto [begin, end] = (*open)->index.blocks_of(id);
    for (std::size_t i = begin; i < end; ++i) {
      auto block = open_settled(**open, (*open)->index.blocks()[i], true);
      if (block) {
        out.push_back(std::move(*block));
      } else {
        damaged = true;
      }
    }
  }
  return out;
}

base::Result<TraceRead> StoreReads::read_trace(TenantId tenant, const base::TraceId& id,
                                               const ReadTraceOptions& options) {
  Snapshot seen;
  bool damaged = false;
  HG_ASSIGN_OR_RETURN(std::vector<OpenBlock> blocks, blocks_of_trace(tenant, id, seen, damaged));
  std::vector<FoundRow> found;
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    rows.clear();
    BlockReader& reader = *blocks[i].reader;
    reader.rows_of_trace(id, rows);
    for (const std::uint32_t row : rows) {
      if (seen.hides(id, blocks[i].sequence_of(row))) continue;
      found.push_back({reader.start(row), reader.span_id(row), i, row});
    }
  }
  if (found.empty()) {
    if (damaged) return base::Error{base::ErrorCode::kDataLoss, "blocks of the trace are damaged"};
    return base::Error{base::ErrorCode::kNotFound, "trace " + id.to_hex() + " is not stored"};
  }
  // An order of the spans alone, so that pages fit together also when settle moves them meanwhile.
  std::stable_sort(found.begin(), found.end(), [](const FoundRow& a, const FoundRow& b) {
    return std::tie(a.start, a.span_id) < std::tie(b.start, b.span_id);
  });
  auto spans = std::make_shared<SpanBatch>();
  std::vector<std::unique_ptr<BlockReader::RowCopier>> copiers(blocks.size());
  TraceRead out;
  std::uint64_t large_bytes = 0;
  for (std::uint64_t i = options.from; i < found.size(); ++i) {
    if (out_of_budget(state_.options.clock, options.budget, out.partial)) {
    } else if (options.budget.rows_max > 0 && spans->size() >= options.budget.rows_max) {
      out.partial = Partial::kRows;
    } else if (!spans->empty() && row_bytes(*spans) + large_bytes > options.budget.bytes_max) {
      out.partial = Partial::kBytes;
    }
    if (out.partial != Partial::kNo) {
      out.next = i;
      break;
    }
    auto& copier = copiers[found[i].block];
    if (!copier) {
      copier = std::make_unique<BlockReader::RowCopier>(*blocks[found[i].block].reader, *spans);
    }
    const std::uint64_t before = copier->large_bytes();
    copier->copy(found[i].row);
    large_bytes += copier->large_bytes() - before;
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (copiers[i]) copiers[i]->keep_alive();
    damaged = damaged || blocks[i].reader->damaged();
  }
  if (damaged && out.partial == Partial::kNo) out.partial = Partial::kDamaged;
  out.spans = std::move(spans);
  return out;
}

base::Result<TraceSummary> StoreReads::summary(TenantId tenant, const base::TraceId& id) {
  Snapshot seen;
  bool damaged = false;
  HG_ASSIGN_OR_RETURN(std::vector<OpenBlock> blocks, blocks_of_trace(tenant, id, seen, damaged));
  TraceSummary out;
  out.trace_id = id;
  base::UnixNanos root_start = 0;
  base::SpanId root_id;
  std::vector<std::uint32_t> rows;
  for (OpenBlock& block : blocks) {
    rows.clear();
    BlockReader& reader = *block.reader;
    reader.rows_of_trace(id, rows);
    for (const std::uint32_t row : rows) {
      if (seen.hides(id, block.sequence_of(row))) continue;
      const base::UnixNanos start = reader.start(row);
      const base::UnixNanos end = std::max(start, reader.end(row));
      out.start = out.span_count == 0 ? start : std::min(out.start, start);
      out.end = out.span_count == 0 ? end : std::max(out.end, end);
      ++out.span_count;
      out.error_count += reader.ints(Field::kStatus).get(row) ==
                         static_cast<std::int64_t>(telemetry::StatusCode::kError);
      if (reader.parent_id(row).valid()) continue;
      const base::SpanId span_id = reader.span_id(row);
      if (out.has_root && std::tie(root_start, root_id) <= std::tie(start, span_id)) continue;
      out.has_root = true;
      root_start = start;
      root_id = span_id;
      out.root_name = reader.strings(Field::kName).get(row);
      telemetry::Span probe;
      probe.resource = static_cast<std::uint32_t>(reader.ints(Field::kRowResource).get(row));
      const bool known = probe.resource < reader.context().resources().size();
      out.root_service = known ? reader.context().service_name(probe) : "";
    }
  }
  if (out.span_count > 0) return out;
  return base::Error{base::ErrorCode::kNotFound, "trace " + id.to_hex() + " is not stored"};
}

}  // namespace honeyguide::store::segment
