// Reads over young and settled blocks: by id, by predicate, logs, values, replay. Each takes a
// snapshot of what is published and works on that without a lock; files that are dropped meanwhile
// count as gone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "store/segment/block_reader.h"
#include "store/segment/index_file.h"
#include "store/segment/state.h"

namespace honeyguide::store::segment {

// Deleted traces of one tenant as of the snapshot.
using Tombstones = std::unordered_map<base::TraceId, std::uint64_t, base::HexIdHash>;

// What a read works on.
struct Snapshot {
  std::vector<YoungRecord> young;                           // wanted ones, oldest first
  std::vector<std::shared_ptr<const SettledFile>> settled;  // of the tenant
  Tombstones tombstones;
  std::uint64_t last_sequence = 0;

  bool hides(const base::TraceId& id, std::uint64_t sequence) const {
    const auto found = tombstones.find(id);
    return found != tombstones.end() && sequence <= found->second;
  }
};

// A block that was opened for a read.
struct OpenBlock {
  std::unique_ptr<BlockReader> reader;
  RecordHeader header;
  bool young = true;
  // The sequence a row is judged by against tombstones: its own if young, else the file's last.
  std::uint64_t sequence_of(std::uint32_t row) const {
    return young ? header.first_sequence + row : settled_sequence;
  }
  std::uint64_t settled_sequence = 0;
};

class StoreReads {
 public:
  StoreReads(StoreState& state, SettledCache& cache) : state_(state), cache_(cache) {}

  base::Result<TraceRead> read_trace(TenantId tenant, const base::TraceId& id,
                                     const ReadTraceOptions& options);
  base::Result<TraceSummary> summary(TenantId tenant, const base::TraceId& id);
  base::Result<SearchResult> search(TenantId tenant, const SpanSearch& search);
  base::Result<std::vector<std::string>> attribute_values(TenantId tenant, std::string_view key,
                                                          std::uint32_t limit);
  base::Result<LogRead> search_logs(TenantId tenant, const LogSearch& search);
  base::Result<Position> replay(Position from,
                                const std::function<bool(const CommittedBatch&)>& sink);

  // Young records of a tenant and kind that overlap `time`, and its settled files.
  Snapshot snapshot(TenantId tenant, RecordKind kind, const TimeRange& time);
  // The block of a young record, whole and checked.
  static base::Result<OpenBlock> open_young(const YoungRecord& record);
  // Whole and checked, or (`whole` false) column by column.
  static base::Result<OpenBlock> open_settled(const OpenSettled& file, const BlockEntry& entry,
                                              bool whole);
  static bool out_of_budget(const base::Clock& clock, const ReadBudget& budget, Partial& partial);

 private:
  friend class SpanSearcher;

  base::Result<std::vector<OpenBlock>> blocks_of_trace(TenantId tenant, const base::TraceId& id,
                                                       Snapshot& snapshot, bool& damaged);
  base::Result<bool> replay_settled(Position from, std::uint64_t before, Position& reached,
                                    const std::function<bool(const CommittedBatch&)>& sink);
  base::Result<bool> replay_block(OpenBlock& block, Position from, Position reached,
                                  const Tombstones& tombstones,
                                  const std::function<bool(const CommittedBatch&)>& sink);

  StoreState& state_;
  SettledCache& cache_;
};

}  // namespace honeyguide::store::segment
