// StoreReads: committed batches again, in commit order as far as it is kept.
#include <algorithm>

#include "store/segment/reading.h"

namespace honeyguide::store::segment {

base::Result<bool> StoreReads::replay_block(
    OpenBlock& block, Position from, const Tombstones& tombstones,
    const std::function<bool(const CommittedBatch&)>& sink) {
  BlockReader& reader = *block.reader;
  CommittedBatch out;
  out.tenant = block.header.tenant;
  out.arrival = block.header.arrival;
  out.position = {0, block.young ? block.header.last_sequence() : block.settled_sequence};
  const bool spans = block.header.kind == RecordKind::kSpans;
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 0; row < reader.rows(); ++row) {
    if (block.young && block.header.first_sequence + row <= from.sequence) continue;
    if (!tombstones.empty()) {
      const auto hidden =
          tombstones.find(spans ? reader.row_trace_id(row) : reader.log_trace_id(row));
      if (hidden != tombstones.end() && block.sequence_of(row) <= hidden->second) continue;
    }
    rows.push_back(row);
  }
  if (rows.empty()) return true;
  bool whole = false;
  if (spans) {
    auto batch = std::make_shared<telemetry::SpanBatch>();
    whole = reader.materialize(rows, *batch);
    reader.keep_alive(*batch);
    out.spans = std::move(batch);
  } else {
    auto batch = std::make_shared<telemetry::LogBatch>();
    whole = reader.materialize_logs(rows, *batch);
    reader.keep_alive(batch->context);
    out.logs = std::move(batch);
  }
  if (!whole) return base::Error{base::ErrorCode::kDataLoss, "a block is damaged"};
  return sink(out);
}

base::Result<bool> StoreReads::replay_settled(
    Position from, Position& reached, const std::function<bool(const CommittedBatch&)>& sink) {
  std::vector<std::shared_ptr<const SettledFile>> files;
  std::map<std::pair<TenantId, base::TraceId>, std::uint64_t> all_tombstones;
  {
    base::MutexLock lock(state_.mutex);
    files = state_.settled;
    all_tombstones = state_.tombstones;
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a->last_sequence < b->last_sequence; });
  for (const auto& file : files) {
    // A file that reaches past `from` is handed out whole: its rows have lost their order.
    if (file->last_sequence <= from.sequence) continue;
    Tombstones tombstones;
    for (const auto& [key, sequence] : all_tombstones) {
      if (key.first == file->tenant) tombstones.emplace(key.second, sequence);
    }
    const auto open = cache_.open(file);
    if (!open) {
      if (file->dropped) continue;
      return open.error();
    }
    for (const BlockEntry& entry : (*open)->index.blocks()) {
      HG_ASSIGN_OR_RETURN(OpenBlock block, open_settled(**open, entry, true));
      HG_ASSIGN_OR_RETURN(const bool more, replay_block(block, from, tombstones, sink));
      if (!more) return false;
    }
    reached = std::max(reached, Position{0, file->last_sequence});
  }
  return true;
}

base::Result<Position> StoreReads::replay(Position from,
                                          const std::function<bool(const CommittedBatch&)>& sink) {
  // Young files are taken first, so that what settles meanwhile is handed out from here.
  std::vector<YoungRecord> young;
  std::map<std::pair<TenantId, base::TraceId>, std::uint64_t> tombstones;
  {
    base::MutexLock lock(state_.mutex);
    for (const auto& file : state_.young) {
      for (const YoungRecord& record : file->records) {
        if (record.header.last_sequence() > from.sequence) young.push_back(record);
      }
    }
    tombstones = state_.tombstones;
  }
  Position reached = from;
  const std::uint64_t young_first =
      young.empty() ? ~std::uint64_t{0} : young.front().header.first_sequence;
  HG_ASSIGN_OR_RETURN(const bool more, replay_settled(from, reached, [&](const CommittedBatch& b) {
                        // Settled between the snapshot and now: the young record has it, too.
                        return b.position.sequence >= young_first || sink(b);
                      }));
  if (!more) return reached;
  for (const YoungRecord& record : young) {
    HG_ASSIGN_OR_RETURN(OpenBlock block, open_young(record));
    Tombstones hidden;
    for (const auto& [key, sequence] : tombstones) {
      if (key.first == record.header.tenant) hidden.emplace(key.second, sequence);
    }
    reached = std::max(reached, Position{0, record.header.last_sequence()});
    HG_ASSIGN_OR_RETURN(const bool go_on, replay_block(block, from, hidden, sink));
    if (!go_on) break;
  }
  return reached;
}

}  // namespace honeyguide::store::segment
