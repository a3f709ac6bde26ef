#include "store/segment/partition_writer.h"

#include <algorithm>
#include <tuple>

namespace honeyguide::store::segment {
namespace {

// Inflated large values a block under construction may hold; it is cut short beyond.
constexpr std::uint64_t kLargeBytesPerBlock = 16u << 20;

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::size_t children_of(BlockReader& reader, std::uint32_t row) {
  const auto& events = reader.child_begins(Table::kEvent);
  const auto& links = reader.child_begins(Table::kLink);
  return std::size_t{events[row + 1] - events[row]} + links[row + 1] - links[row];
}

}  // namespace

struct PartitionWriter::RowRef {
  base::TraceId trace;
  base::UnixNanos start;
  std::uint32_t block;
  std::uint32_t row;
};

PartitionWriter::PartitionWriter(base::FileSystem& fs, std::string staging,
                                 std::shared_ptr<SettledFile> facts)
    : fs_(fs),
      staging_(std::move(staging)),
      facts_(std::move(facts)),
      values_(fs, staged(facts_->values_path()), facts_->number) {}

std::string PartitionWriter::staged(const std::string& path) const {
  return staging_ + "/" + file_name(path);
}

base::Result<void> PartitionWriter::write_block(RecordKind kind, EncodedBlock block,
                                                std::uint64_t first_sequence) {
  if (!file_) {
    HG_ASSIGN_OR_RETURN(file_, fs_.open_append(staged(facts_->blocks_path())));
    std::string head;
    put_file_header(
        head, {FileKind::kSegment, facts_->number, facts_->first_sequence, facts_->last_sequence});
    HG_RETURN_IF_ERROR(file_->append(head));
    size_ = kFileHeaderBytes;
  }
  RecordHeader header;
  header.kind = kind;
  header.body_size = static_cast<std::uint32_t>(block.body.size());
  header.tenant = facts_->tenant;
  header.first_sequence = first_sequence;
  header.rows = block.rows;
  header.arrival = facts_->hour;
  std::string record;
  put_record(record, header, block.body);
  HG_RETURN_IF_ERROR(file_->append(record));
  index_.add(header, size_, block);
  size_ += record.size();
  if (pace_ && !pace_()) return stopping_error();
  return {};
}

base::Result<std::size_t> PartitionWriter::write_span_block(std::vector<OpenBlock>& blocks,
                                                            const std::vector<RowRef>& rows,
                                                            std::size_t begin) {
  telemetry::SpanBatch batch;
  std::vector<std::unique_ptr<BlockReader::RowCopier>> copiers(blocks.size());
  std::size_t end = std::min(rows.size(), begin + kBlockRowsMax);
  if (end < rows.size()) {
    // A trace that only began in the second half goes whole into the next block.
    std::size_t cut = end;
    while (cut > begin + kBlockRowsMax / 2 && rows[cut - 1].trace == rows[end].trace) --cut;
    if (cut > begin + kBlockRowsMax / 2) end = cut;
  }
  std::size_t children = 0;
  std::uint64_t large = 0;
  std::size_t at = begin;
  for (; at < end; ++at) {
    OpenBlock& from = blocks[rows[at].block];
    const std::size_t more = children_of(*from.reader, rows[at].row);
    if (at > begin && (children + more > kBlockChildrenMax || large > kLargeBytesPerBlock)) break;
    children += more;
    auto& copier = copiers[rows[at].block];
    if (!copier) copier = std::make_unique<BlockReader::RowCopier>(*from.reader, batch);
    const std::uint64_t before = copier->large_bytes();
    copier->copy(rows[at].row);
    large += copier->large_bytes() - before;
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (copiers[i] && blocks[i].reader->damaged()) {
      return base::Error{base::ErrorCode::kDataLoss, "a block to be settled is damaged"};
    }
  }
  const SpanSlice slice{&batch, 0, static_cast<std::uint32_t>(batch.size())};
  HG_RETURN_IF_ERROR(write_block(RecordKind::kSpans, encoder_.encode_spans({&slice, 1}, &values_),
                                 facts_->first_sequence));
  return at;
}

base::Result<void> PartitionWriter::add_spans(std::vector<OpenBlock>& blocks, const KeepRow& keep) {
  std::vector<RowRef> rows;
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    BlockReader& reader = *blocks[i].reader;
    for (std::uint32_t row = 0; row < reader.rows(); ++row) {
      const base::TraceId trace = reader.row_trace_id(row);
      if (keep && !keep(trace, blocks[i].sequence_of(row))) continue;
      rows.push_back({trace, reader.starts()[row], i, row});
    }
  }
  std::sort(rows.begin(), rows.end(), [](const RowRef& a, const RowRef& b) {
    return std::tie(a.trace, a.start, a.block, a.row) < std::tie(b.trace, b.start, b.block, b.row);
  });
  for (std::size_t at = 0; at < rows.size();) {
    HG_ASSIGN_OR_RETURN(at, write_span_block(blocks, rows, at));
  }
  return {};
}

base::Result<void> PartitionWriter::add_logs(std::vector<OpenBlock>& blocks, const KeepRow& keep) {
  std::vector<RowRef> rows;
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    BlockReader& reader = *blocks[i].reader;
    for (std::uint32_t row = 0; row < reader.rows(); ++row) {
      const base::TraceId trace = reader.log_trace_id(row);
      if (keep && !keep(trace, blocks[i].sequence_of(row))) continue;
      rows.push_back({trace, reader.log_effective(row), i, row});
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const RowRef& a, const RowRef& b) { return a.start < b.start; });
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlockRowsMax) {
    const std::size_t end = std::min(rows.size(), begin + kBlockRowsMax);
    telemetry::LogBatch batch;
    std::vector<std::uint32_t> run;
    for (std::size_t at = begin; at < end; ++at) {
      run.push_back(rows[at].row);
      if (at + 1 < end && rows[at + 1].block == rows[at].block) continue;
      if (!blocks[rows[at].block].reader->materialize_logs(run, batch)) {
        return base::Error{base::ErrorCode::kDataLoss, "a block to be settled is damaged"};
      }
      run.clear();
    }
    const LogSlice slice{&batch, 0, static_cast<std::uint32_t>(batch.records.size())};
    HG_RETURN_IF_ERROR(write_block(RecordKind::kLogs, encoder_.encode_logs({&slice, 1}, &values_),
                                   facts_->first_sequence));
  }
  return {};
}

base::Result<std::shared_ptr<SettledFile>> PartitionWriter::finish(FileTransaction& transaction) {
  if (index_.empty()) return std::shared_ptr<SettledFile>();
  HG_ASSIGN_OR_RETURN(const std::uint64_t value_bytes, values_.finish());
  HG_RETURN_IF_ERROR(file_->sync());
  facts_->bytes = size_ + value_bytes;
  const std::string index = index_.finish(*facts_);
  HG_ASSIGN_OR_RETURN(auto index_file, fs_.open_append(staged(facts_->index_path())));
  HG_RETURN_IF_ERROR(index_file->append(index));
  HG_RETURN_IF_ERROR(index_file->sync());
  HG_RETURN_IF_ERROR(fs_.sync_directory(staging_));
  if (value_bytes > 0) {
    transaction.rename(staged(facts_->values_path()), facts_->values_path());
  }
  transaction.rename(staged(facts_->blocks_path()), facts_->blocks_path());
  transaction.rename(staged(facts_->index_path()), facts_->index_path());
  return facts_;
}

}  // namespace honeyguide::store::segment
