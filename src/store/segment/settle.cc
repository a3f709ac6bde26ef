// Maintenance: settle of young files and the merge of closed hours.
#include <algorithm>
#include <limits>

#include "store/segment/maintenance.h"

namespace honeyguide::store::segment {
namespace {

// Records with fewer rows are first gathered into blocks of their own: a merge over ten thousand
// tiny blocks would spend its time and memory on their directories.
constexpr std::uint32_t kGatherRowsBelow = 1024;
// More closed young files than this: settle is behind.
constexpr std::size_t kFilesWaitingMax = 1;

// Gathers the rows of small records and encodes them as larger young blocks in memory.
class Gatherer {
 public:
  explicit Gatherer(std::vector<OpenBlock>& out) : out_(out) {}

  base::Result<void> add(OpenBlock block, const KeepRow& keep) {
    BlockReader& reader = *block.reader;
    const bool spans = block.header.kind == RecordKind::kSpans;
    Part part;
    for (std::uint32_t row = 0; row < reader.rows(); ++row) {
      const base::TraceId id = spans ? reader.row_trace_id(row) : reader.log_trace_id(row);
      if (keep(id, block.sequence_of(row))) part.rows.push_back(row);
    }
    if (part.rows.empty()) return {};
    const std::size_t children =
        spans ? reader.table_rows(Table::kEvent) + reader.table_rows(Table::kLink) : 0;
    if (rows_ + part.rows.size() > kBlockRowsMax || children_ + children > kBlockChildrenMax) {
      HG_RETURN_IF_ERROR(flush());
    }
    rows_ += part.rows.size();
    children_ += children;
    part.block = std::move(block);
    parts_.push_back(std::move(part));
    return {};
  }

  base::Result<void> flush() {
    if (parts_.empty()) return {};
    EncodedBlock encoded;
    OpenBlock gathered;
    gathered.header = parts_.front().block.header;
    bool whole = true;
    if (gathered.header.kind == RecordKind::kSpans) {
      telemetry::SpanBatch batch;
      for (Part& part : parts_) whole &= part.block.reader->materialize(part.rows, batch);
      const SpanSlice slice{&batch, 0, static_cast<std::uint32_t>(batch.size())};
      encoded = encoder_.encode_spans({&slice, 1}, nullptr);
    } else {
      telemetry::LogBatch batch;
      for (Part& part : parts_) whole &= part.block.reader->materialize_logs(part.rows, batch);
      const LogSlice slice{&batch, 0, static_cast<std::uint32_t>(batch.records.size())};
      encoded = encoder_.encode_logs({&slice, 1}, nullptr);
    }
    if (!whole) return base::Error{base::ErrorCode::kDataLoss, "a young block is damaged"};
    const std::size_t size = encoded.body.size();
    encoded.body.resize(size + kSlackBytes);
    auto body = std::make_shared<const std::string>(std::move(encoded.body));
    HG_ASSIGN_OR_RETURN(gathered.reader,
                        BlockReader::open(BlockBytes(std::move(body), 0, size), nullptr));
    // Deleted rows are gone already; what is left is never asked again.
    gathered.young = false;
    gathered.settled_sequence = std::numeric_limits<std::uint64_t>::max();
    out_.push_back(std::move(gathered));
    parts_.clear();
    rows_ = children_ = 0;
    return {};
  }

 private:
  struct Part {
    OpenBlock block;
    std::vector<std::uint32_t> rows;
  };
  std::vector<OpenBlock>& out_;
  std::vector<Part> parts_;
  std::size_t rows_ = 0;
  std::size_t children_ = 0;
  BlockWriter encoder_;
};

}  // namespace

// The records of a young file that belong to one tenant and arrival hour.
struct Maintenance::Loaded {
  std::vector<OpenBlock> spans;
  std::vector<OpenBlock> logs;
  Gatherer small_spans{spans};
  Gatherer small_logs{logs};

  Loaded() = default;
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;
};

base::Result<std::map<Maintenance::Partition, Maintenance::Loaded>> Maintenance::load_young(
    YoungFile& file) {
  std::map<Partition, Loaded> out;
  for (const YoungRecord& record : file.records) {
    auto block = StoreReads::open_young(record);
    if (!block) {
      if (block.error().code != base::ErrorCode::kDataLoss) return block.error();
      file.damaged = true;
      base::MutexLock lock(state_.mutex);
      ++state_.quarantined;
      continue;
    }
    const TenantId tenant = record.header.tenant;
    Loaded& group = out[{tenant, arrival_hour(record.header.arrival)}];
    const bool spans = record.header.kind == RecordKind::kSpans;
    if (record.header.rows < kGatherRowsBelow) {
      HG_RETURN_IF_ERROR((spans ? group.small_spans : group.small_logs)
                             .add(std::move(*block), not_deleted(tenant)));
    } else {
      (spans ? group.spans : group.logs).push_back(std::move(*block));
    }
    if (pace_ && !pace_()) return stopping_error();
  }
  for (auto& [partition, group] : out) {
    HG_RETURN_IF_ERROR(group.small_spans.flush());
    HG_RETURN_IF_ERROR(group.small_logs.flush());
  }
  return out;
}

base::Result<void> Maintenance::settle_file(const std::shared_ptr<YoungFile>& file) {
  HG_ASSIGN_OR_RETURN(const std::string staging, fresh_staging());
  HG_ASSIGN_OR_RETURN(auto groups, load_young(*file));
  FileTransaction transaction;
  std::vector<std::shared_ptr<SettledFile>> settled;
  for (auto& [partition, group] : groups) {
    auto facts = new_file(partition.first, FileClass::kAll, partition.second);
    facts->first_sequence = file->first_sequence;
    facts->last_sequence = file->last_sequence;
    PartitionWriter writer(state_.options.fs, staging, facts);
    writer.set_pace(pace_);
    const KeepRow keep = not_deleted(partition.first);
    HG_RETURN_IF_ERROR(writer.add_spans(group.spans, keep));
    HG_RETURN_IF_ERROR(writer.add_logs(group.logs, keep));
    HG_ASSIGN_OR_RETURN(auto done, writer.finish(transaction));
    if (done) settled.push_back(std::move(done));
    group.spans.clear();
    group.logs.clear();
  }
  if (file->damaged) {
    const std::string quarantine = state_.options.directory + "/quarantine/";
    transaction.rename(file->path, quarantine + std::to_string(file->number) + ".hgs");
  } else {
    transaction.remove(file->path);
  }
  return commit(std::move(transaction), [this, file, settled] {
    replace({}, settled);
    base::MutexLock lock(state_.mutex);
    std::erase(state_.young, file);
  });
}

bool Maintenance::is_behind() {
  base::MutexLock lock(state_.mutex);
  std::size_t waiting = 0;
  std::size_t memory = 0;
  for (const auto& file : state_.young) {
    waiting += file->closed && file->last_sequence <= state_.hold_after;
    memory += file->memory_bytes();
  }
  return waiting > kFilesWaitingMax ||
         (waiting > 0 && memory > state_.options.young_index_bytes_max / 2);
}

base::Result<bool> Maintenance::settle_one(bool force) {
  if (force || committer_.rotation_due()) {
    HG_ASSIGN_OR_RETURN(const bool rotated, committer_.rotate());
    (void)rotated;
  }
  std::shared_ptr<YoungFile> oldest;
  {
    base::MutexLock lock(state_.mutex);
    if (state_.young.empty()) return false;
    oldest = state_.young.front();
    // Files settle in order; one that reaches past the held position waits whole.
    if (!oldest->closed || oldest->last_sequence > state_.hold_after) return false;
  }
  HG_RETURN_IF_ERROR(settle_file(oldest));
  return true;
}

base::Result<bool> Maintenance::merge_one(bool force) {
  std::map<std::tuple<TenantId, FileClass, base::UnixNanos>,
           std::vector<std::shared_ptr<const SettledFile>>>
      partitions;
  base::UnixNanos young_first = std::numeric_limits<base::UnixNanos>::max();
  {
    base::MutexLock lock(state_.mutex);
    for (const auto& file : state_.settled) {
      partitions[{file->tenant, file->file_class, file->hour}].push_back(file);
    }
    for (const auto& file : state_.young) young_first = std::min(young_first, file->first_arrival);
  }
  const base::UnixNanos now = state_.options.clock.now();
  for (auto& [key, files] : partitions) {
    const base::UnixNanos hour_end = std::get<2>(key) + base::kNanosPerHour;
    const bool closed = now - hour_end >= state_.options.hour_close_ns && young_first >= hour_end;
    std::uint64_t rows = 0;
    for (const auto& file : files) rows += file->span_rows + file->log_rows;
    if (files.size() < 2 || rows > state_.options.hour_merge_rows_max) continue;
    if (!closed && !force) continue;
    HG_RETURN_IF_ERROR(rewrite(files, std::get<1>(key), not_deleted(std::get<0>(key))));
    return true;
  }
  return false;
}

base::Result<bool> Maintenance::run(bool force) {
  base::MutexLock lock(work_mutex_);
  HG_RETURN_IF_ERROR(finish_earlier());
  bool any = false;
  for (;;) {
    HG_ASSIGN_OR_RETURN(bool did, settle_one(force));
    if (!did) {
      HG_ASSIGN_OR_RETURN(did, erase_one());
    }
    if (!did) {
      HG_ASSIGN_OR_RETURN(did, merge_one(force));
    }
    any = any || did;
    if (!did || !force) return any;
  }
}

}  // namespace honeyguide::store::segment
