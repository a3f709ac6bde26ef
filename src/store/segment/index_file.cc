#include "store/segment/index_file.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/hash.h"
#include "store/segment/bloom.h"

namespace honeyguide::store::segment {
namespace {

constexpr std::size_t kBlockEntryBytes = 88;
// File header, version, checksum.
constexpr std::size_t kHeadBytes = kFileHeaderBytes + 8;
constexpr std::size_t kFactsBytes = 8 * 13 + 4 * 6;
constexpr std::uint32_t kBlocksMax = 1u << 20;

void put_entry(std::string& out, const BlockEntry& entry) {
  base::put_fixed(out, entry.offset);
  base::put_fixed(out, entry.body_size);
  base::put_fixed(out, entry.rows);
  base::put_fixed(out, entry.start_min);
  base::put_fixed(out, entry.start_max);
  base::put_fixed(out, entry.duration_max);
  base::put_fixed(out, entry.first_trace.bytes);
  base::put_fixed(out, entry.last_trace.bytes);
  base::put_fixed(out, entry.bloom_offset);
  base::put_fixed(out, entry.bloom_blocks);
  base::put_fixed(out, entry.error_rows);
  base::put_fixed(out, static_cast<std::uint32_t>(entry.kind));
}

BlockEntry read_entry(base::ByteReader& in) {
  BlockEntry out;
  out.offset = in.fixed<std::uint64_t>();
  out.body_size = in.fixed<std::uint32_t>();
  out.rows = in.fixed<std::uint32_t>();
  out.start_min = in.fixed<std::int64_t>();
  out.start_max = in.fixed<std::int64_t>();
  out.duration_max = in.fixed<std::int64_t>();
  out.first_trace.bytes = in.fixed<std::array<std::uint8_t, 16>>();
  out.last_trace.bytes = in.fixed<std::array<std::uint8_t, 16>>();
  out.bloom_offset = in.fixed<std::uint32_t>();
  out.bloom_blocks = in.fixed<std::uint32_t>();
  out.error_rows = in.fixed<std::uint32_t>();
  out.kind = static_cast<RecordKind>(in.fixed<std::uint32_t>());
  return out;
}

void put_facts(std::string& out, const SettledFile& f, std::uint32_t blocks,
               std::uint32_t bloom_bytes) {
  base::put_fixed(out, f.number);
  base::put_fixed(out, f.hour);
  base::put_fixed(out, f.first_sequence);
  base::put_fixed(out, f.last_sequence);
  base::put_fixed(out, f.span_rows);
  base::put_fixed(out, f.log_rows);
  base::put_fixed(out, f.bytes);
  base::put_fixed(out, f.start_min);
  base::put_fixed(out, f.start_max);
  base::put_fixed(out, f.log_min);
  base::put_fixed(out, f.log_max);
  base::put_fixed(out, f.filter_seed);
  base::put_fixed(out, f.filter_offset);
  base::put_fixed(out, f.filter_segment_length);
  base::put_fixed(out, f.filter_segment_count);
  base::put_fixed(out, f.tenant);
  base::put_fixed(out, static_cast<std::uint32_t>(f.file_class));
  base::put_fixed(out, blocks);
  base::put_fixed(out, bloom_bytes);
}

void read_facts(base::ByteReader& in, SettledFile& f, std::uint32_t& blocks,
                std::uint32_t& bloom_bytes) {
  f.number = in.fixed<std::uint64_t>();
  f.hour = in.fixed<std::int64_t>();
  f.first_sequence = in.fixed<std::uint64_t>();
  f.last_sequence = in.fixed<std::uint64_t>();
  f.span_rows = in.fixed<std::uint64_t>();
  f.log_rows = in.fixed<std::uint64_t>();
  f.bytes = in.fixed<std::uint64_t>();
  f.start_min = in.fixed<std::int64_t>();
  f.start_max = in.fixed<std::int64_t>();
  f.log_min = in.fixed<std::int64_t>();
  f.log_max = in.fixed<std::int64_t>();
  f.filter_seed = in.fixed<std::uint64_t>();
  f.filter_offset = in.fixed<std::uint64_t>();
  f.filter_segment_length = in.fixed<std::uint32_t>();
  f.filter_segment_count = in.fixed<std::uint32_t>();
  f.tenant = in.fixed<std::uint32_t>();
  f.file_class = static_cast<FileClass>(in.fixed<std::uint32_t>());
  blocks = in.fixed<std::uint32_t>();
  bloom_bytes = in.fixed<std::uint32_t>();
}

FuseShape shape_of(const SettledFile& file) {
  return {file.filter_seed, file.filter_segment_length, file.filter_segment_count};
}

}  // namespace

void IndexBuilder::add(const RecordHeader& header, std::uint64_t offset, EncodedBlock& block) {
  BlockEntry entry;
  entry.kind = header.kind;
  entry.offset = offset;
  entry.body_size = header.body_size;
  entry.rows = block.rows;
  entry.start_min = block.start_min;
  entry.start_max = block.start_max;
  entry.duration_max = block.duration_max;
  entry.error_rows = block.error_rows;
  if (!block.traces.empty()) {
    entry.first_trace = *std::min_element(block.traces.begin(), block.traces.end());
    entry.last_trace = *std::max_element(block.traces.begin(), block.traces.end());
  }
  for (const base::TraceId& id : block.traces) {
    trace_hashes_.push_back(trace_hash(id));
    // Log blocks are in time order: their value filter tells their traces, too.
    if (header.kind == RecordKind::kLogs) block.filter_hashes.push_back(trace_hash(id));
  }
  entry.bloom_offset = static_cast<std::uint32_t>(blooms_.size());
  entry.bloom_blocks = put_bloom(blooms_, block.filter_hashes);
  blocks_.push_back(entry);
  for (const OperationSeen& seen : block.operations) {
    std::string id(seen.service);
    id.push_back('\0');
    id += seen.name;
    id.push_back(static_cast<char>(seen.kind));
    operations_.try_emplace(std::move(id),
                            Named{std::string(seen.service), std::string(seen.name), seen.kind});
  }
  for (std::size_t i = 0; i < block.keys.size(); ++i) {
    auto& [scopes, count] = keys_[std::string(block.keys[i])];
    scopes |= block.key_scopes[i];
    ++count;
  }
}

std::string IndexBuilder::finish(SettledFile& file) {
  for (const BlockEntry& entry : blocks_) {
    const bool spans = entry.kind == RecordKind::kSpans;
    auto& low = spans ? file.start_min : file.log_min;
    auto& high = spans ? file.start_max : file.log_max;
    low = std::min(low, entry.start_min);
    high = std::max(high, entry.start_max);
    (spans ? file.span_rows : file.log_rows) += entry.rows;
    ++(spans ? file.span_blocks : file.log_blocks);
  }
  std::string fingerprints;
  // Logs may name no trace at all; the filter then holds one hash that no id is looked up by.
  if (trace_hashes_.empty()) trace_hashes_.push_back(0);
  const FuseShape shape = put_fuse_filter(fingerprints, trace_hashes_);
  file.filter_seed = shape.seed;
  file.filter_segment_length = shape.segment_length;
  file.filter_segment_count = shape.segment_count;
  file.filter_offset = kHeadBytes + kFactsBytes + blocks_.size() * kBlockEntryBytes;

  std::string names;
  std::string keys;
  base::put_varint(names, operations_.size());
  for (const auto& [id, named] : operations_) {
    base::put_bytes(names, named.service);
    base::put_bytes(names, named.name);
    names.push_back(static_cast<char>(named.kind));
  }
  base::put_varint(keys, keys_.size());
  for (const auto& [key, seen] : keys_) {
    base::put_bytes(keys, key);
    keys.push_back(static_cast<char>(seen.first));
    base::put_varint(keys, seen.second);
  }
  std::string tail;
  base::put_bytes(tail, names);
  base::put_bytes(tail, keys);
  file.bytes += file.filter_offset + fingerprints.size() + blooms_.size() + tail.size();

  std::string rest;
  put_facts(rest, file, static_cast<std::uint32_t>(blocks_.size()),
            static_cast<std::uint32_t>(blooms_.size()));
  for (const BlockEntry& entry : blocks_) put_entry(rest, entry);
  rest += fingerprints;
  rest += blooms_;
  rest += tail;
  std::string out;
  put_file_header(out, {FileKind::kIndex, file.number, file.first_sequence, file.last_sequence});
  base::put_fixed(out, base::hash64(rest));
  out += rest;
  return out;
}

base::Result<SettledIndex> SettledIndex::parse(std::string bytes, SettledFile& file) {
  const base::Error damaged{base::ErrorCode::kDataLoss, "index file is damaged"};
  SettledIndex out;
  out.bytes_ = std::make_shared<const std::string>(std::move(bytes));
  base::ByteReader in(*out.bytes_);
  FileHeader header;
  if (!parse_file_header(in.take(kFileHeaderBytes), header) || header.kind != FileKind::kIndex) {
    return damaged;
  }
  const auto checksum = in.fixed<std::uint64_t>();
  if (!in.ok() || base::hash64(std::string_view(*out.bytes_).substr(kHeadBytes)) != checksum) {
    return damaged;
  }
  std::uint32_t blocks = 0;
  std::uint32_t bloom_bytes = 0;
  read_facts(in, file, blocks, bloom_bytes);
  if (!in.ok() || blocks > kBlocksMax || blocks * kBlockEntryBytes > in.remaining()) return damaged;
  file.span_blocks = 0;
  file.log_blocks = 0;
  for (std::uint32_t i = 0; i < blocks; ++i) {
    out.blocks_.push_back(read_entry(in));
    const BlockEntry& entry = out.blocks_.back();
    const std::uint64_t end =
        entry.bloom_offset + std::uint64_t{entry.bloom_blocks} * kBloomBlockBytes;
    if (entry.bloom_blocks == 0 || end > bloom_bytes) return damaged;
    ++(entry.kind == RecordKind::kSpans ? file.span_blocks : file.log_blocks);
  }
  const FuseShape shape = shape_of(file);
  const bool power_of_two = (shape.segment_length & (shape.segment_length - 1)) == 0;
  if (!power_of_two || shape.segment_length == 0 || shape.segment_count == 0) return damaged;
  if (shape.slot_count() * 2 != in.take(shape.slot_count() * 2).size()) return damaged;
  out.blooms_ = in.take(bloom_bytes);
  out.operations_ = in.bytes();
  out.keys_ = in.bytes();
  if (!in.ok()) return damaged;
  return out;
}

std::string_view SettledIndex::fingerprints(const SettledFile& file) const {
  return std::string_view(*bytes_).substr(static_cast<std::size_t>(file.filter_offset));
}

bool SettledIndex::may_contain_value(const BlockEntry& block, std::uint64_t hash) const {
  return bloom_may_contain(blooms_.data() + block.bloom_offset, block.bloom_blocks, hash);
}

std::pair<std::size_t, std::size_t> SettledIndex::blocks_of(const base::TraceId& id) const {
  const auto first_log = std::partition_point(
      blocks_.begin(), blocks_.end(),
      [](const BlockEntry& entry) { return entry.kind == RecordKind::kSpans; });
  const auto begin = std::partition_point(
      blocks_.begin(), first_log, [&](const BlockEntry& entry) { return entry.last_trace < id; });
  const auto end = std::partition_point(
      begin, first_log, [&](const BlockEntry& entry) { return entry.first_trace <= id; });
  return {static_cast<std::size_t>(begin - blocks_.begin()),
          static_cast<std::size_t>(end - blocks_.begin())};
}

std::vector<OperationSeen> SettledIndex::operations() const {
  std::vector<OperationSeen> out;
  base::ByteReader in(operations_);
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    OperationSeen seen;
    seen.service = in.bytes();
    seen.name = in.bytes();
    seen.kind = in.fixed<telemetry::SpanKind>();
    if (in.ok()) out.push_back(seen);
  }
  return out;
}

std::vector<IndexKey> SettledIndex::keys() const {
  std::vector<IndexKey> out;
  base::ByteReader in(keys_);
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    IndexKey key;
    key.key = in.bytes();
    key.scopes = in.fixed<std::uint8_t>();
    key.blocks = in.varint();
    if (in.ok()) out.push_back(key);
  }
  return out;
}

base::Result<std::shared_ptr<const OpenSettled>> SettledCache::open(
    const std::shared_ptr<const SettledFile>& file) {
  {
    base::MutexLock lock(mutex_);
    const auto found = open_.find(file.get());
    if (found != open_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return *found->second;
    }
  }
  auto out = std::make_shared<OpenSettled>();
  out->file = file;
  HG_ASSIGN_OR_RETURN(std::string bytes, fs_.read_file(file->index_path()));
  SettledFile facts;
  HG_ASSIGN_OR_RETURN(out->index, SettledIndex::parse(std::move(bytes), facts));
  HG_ASSIGN_OR_RETURN(out->blocks, fs_.open_read(file->blocks_path()));
  if (fs_.exists(file->values_path())) {
    HG_ASSIGN_OR_RETURN(out->values, fs_.open_read(file->values_path()));
  }
  base::MutexLock lock(mutex_);
  const auto found = open_.find(file.get());
  if (found != open_.end()) return *found->second;
  order_.push_front(out);
  open_[file.get()] = order_.begin();
  bytes_ += out->index.memory_bytes();
  while (order_.size() > 1 && (bytes_ > bytes_max_ || order_.size() > files_max_)) {
    bytes_ -= order_.back()->index.memory_bytes();
    open_.erase(order_.back()->file.get());
    order_.pop_back();
  }
  return std::shared_ptr<const OpenSettled>(out);
}

base::Result<bool> SettledCache::may_contain_trace(const std::shared_ptr<const SettledFile>& file,
                                                   std::uint64_t hash) {
  const FuseShape shape = shape_of(*file);
  {
    base::MutexLock lock(mutex_);
    const auto found = open_.find(file.get());
    if (found != open_.end()) {
      const OpenSettled& open = **found->second;
      return fuse_may_contain(shape, open.index.fingerprints(*file).data(), hash);
    }
  }
  HG_ASSIGN_OR_RETURN(const auto index, fs_.open_read(file->index_path()));
  std::size_t slots[3];
  shape.slots(hash, slots);
  std::uint16_t print = shape.fingerprint(hash);
  for (const std::size_t slot : slots) {
    std::uint16_t stored = 0;
    HG_ASSIGN_OR_RETURN(const std::size_t got, index->read_at(file->filter_offset + slot * 2, 2,
                                                              reinterpret_cast<char*>(&stored)));
    if (got != 2) return base::Error{base::ErrorCode::kDataLoss, "index file is cut"};
    print ^= stored;
  }
  return print == 0;
}

void SettledCache::forget(const SettledFile& file) {
  base::MutexLock lock(mutex_);
  const auto found = open_.find(&file);
  if (found == open_.end()) return;
  bytes_ -= (*found->second)->index.memory_bytes();
  order_.erase(found->second);
  open_.erase(found);
}

std::uint64_t SettledCache::memory_bytes() {
  base::MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace honeyguide::store::segment
