// StoreReads: committed batches again, in commit order as far as it is kept.
#include <algorithm>

#include "store/segment/reading.h"

namespace honeyguide::store::segment {

base::Result<bool> StoreReads::replay_block(
    OpenBlock& block, Position from, Position reached, const Tombstones& tombstones,
    const std::function<bool(const CommittedBatch&)>& sink) {
  BlockReader& reader = *block.reader;
  CommittedBatch out;
  out.tenant = block.header.tenant;
  out.arrival = block.header.arrival;
  out.position = reached;
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
    Position from, std::uint64_t before, Position& reached,
    const std::function<bool(const CommittedBatch&)>& sink) {
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
    if (file->last_sequence <= from.sequence || file->last_sequence >= before) continue;
    Tombstones tombstones;
    for (const auto& [key, sequence] : all_tombstones) {
      if (key.first == file->tenant) tombstones.emplace(key.second, sequence);
    }
    const auto open = cache_.open(file);
    if (!open) {
      if (file->dropped) continue;
      return open.error();
    }
    // Files that settled together end at the same row: the last block of the last of them reaches
    // it.
    const bool last_file =
        &file == &files.back() || (&file)[1]->last_sequence > file->last_sequence;
    const std::vector<BlockEntry>& blocks = (*open)->index.blocks();
    for (const BlockEntry& entry : blocks) {
      if (last_file && &entry == &blocks.back()) {
        reached = std::max(reached, Position{0, file->last_sequence});
      }
      HG_ASSIGN_OR_RETURN(OpenBlock block, open_settled(**open, entry, true));
      HG_ASSIGN_OR_RETURN(const bool more, replay_block(block, from, reached, tombstones, sink));
      if (!more) return false;
    }
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
  // What has settled between the snapshot and now is in the young records, too.
  HG_ASSIGN_OR_RETURN(const bool more, replay_settled(from, young_first, reached, sink));
  if (!more) return reached;
  for (const YoungRecord& record : young) {
    HG_ASSIGN_OR_RETURN(OpenBlock block, open_young(record));
    Tombstones hidden;
    for (const auto& [key, sequence] : tombstones) {
      if (key.first == record.header.tenant) hidden.emplace(key.second, sequence);
    }
    reached = std::max(reached, Position{0, record.header.last_sequence()});
    HG_ASSIGN_OR_RETURN(const bool go_on, replay_block(block, from, reached, hidden, sink));
    if (!go_on) break;
  }
  return reached;
}

}  // namespace honeyguide::store::segment
