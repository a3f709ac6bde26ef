#include "store/segment/recovery.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/strings.h"
#include "store/segment/describe.h"
#include "store/segment/file_transaction.h"
#include "store/segment/index_file.h"
#include "store/segment/reading.h"

namespace honeyguide::store::segment {
namespace {

// The N of "settled-N.hgs"; 0 if it is another name.
std::uint64_t number_of(std::string_view name, std::string_view prefix, std::string_view suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return 0;
  if (name.size() < prefix.size() + suffix.size()) return 0;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  return base::parse_uint64(name).value_or(0);
}

// A file of another version is not damage: whoever wrote it can read it.
base::Result<void> check_version(const std::string& path, std::string_view head) {
  base::ByteReader in(head);
  const auto magic = in.fixed<std::uint32_t>();
  const auto version = in.fixed<std::uint16_t>();
  if (!in.ok() || magic != kFileMagic || version == kFileVersion) return {};
  return base::Error{base::ErrorCode::kFailedPrecondition,
                     path + " has format version " + std::to_string(version) +
                         ", this release reads " + std::to_string(kFileVersion) +
                         "; use the release that wrote it"};
}

}  // namespace

base::Result<void> Recovery::run(bool rebuild) {
  base::FileSystem& fs = state_.options.fs;
  HG_RETURN_IF_ERROR(fs.create_directories(state_.young_directory()));
  HG_RETURN_IF_ERROR(fs.create_directories(state_.partition_root()));
  HG_ASSIGN_OR_RETURN(const int finished, FileTransaction::recover(fs, state_.options.directory));
  if (finished > 0) state_.log(base::LogLevel::kInfo, "finished an interrupted file change");
  HG_RETURN_IF_ERROR(fs.remove_tree(state_.options.directory + "/staging"));
  HG_RETURN_IF_ERROR(load_partitions(rebuild));
  HG_RETURN_IF_ERROR(load_young());
  return load_sequence();
}

base::Result<void> Recovery::load_sequence() {
  const std::string path = state_.options.directory + "/sequence";
  if (!state_.options.fs.exists(path)) return {};
  HG_ASSIGN_OR_RETURN(const std::string bytes, state_.options.fs.read_file(path));
  base::ByteReader in(bytes);
  const auto sequence = in.fixed<std::uint64_t>();
  base::MutexLock lock(state_.mutex);
  if (in.ok()) state_.last_sequence = std::max(state_.last_sequence, sequence);
  return {};
}

base::Result<void> Recovery::load_partitions(bool rebuild) {
  base::FileSystem& fs = state_.options.fs;
  HG_ASSIGN_OR_RETURN(const auto tenants, fs.list(state_.partition_root()));
  for (const std::string& tenant : tenants) {
    const auto id = base::parse_uint64(tenant);
    if (!id) continue;
    for (const FileClass file_class : {FileClass::kAll, FileClass::kKept}) {
      const std::string root = state_.partition_root() + "/" + tenant +
                               (file_class == FileClass::kAll ? "/all" : "/kept");
      if (!fs.exists(root)) continue;
      HG_ASSIGN_OR_RETURN(const auto hours, fs.list(root));
      for (const std::string& hour : hours) {
        HG_RETURN_IF_ERROR(
            load_partition(static_cast<TenantId>(*id), file_class, root + "/" + hour, rebuild));
      }
    }
  }
  return {};
}

base::Result<void> Recovery::load_partition(TenantId tenant, FileClass file_class,
                                            const std::string& directory, bool rebuild) {
  HG_ASSIGN_OR_RETURN(const auto names, state_.options.fs.list(directory));
  const auto hour = base::parse_int64(directory.substr(directory.rfind('/') + 1));
  if (!hour) return {};
  for (const std::string& name : names) {
    const std::uint64_t number = number_of(name, "settled-", ".hgs");
    if (number == 0) continue;
    auto file = std::make_shared<SettledFile>();
    file->tenant = tenant;
    file->file_class = file_class;
    file->hour = *hour * base::kNanosPerHour;
    file->number = number;
    file->directory = directory;
    HG_RETURN_IF_ERROR(load_settled(file, rebuild));
  }
  // An hour whose last file was dropped leaves an empty folder.
  if (names.empty()) HG_RETURN_IF_ERROR(state_.options.fs.remove_tree(directory));
  return {};
}

base::Result<void> Recovery::load_settled(const std::shared_ptr<SettledFile>& file, bool rebuild) {
  base::FileSystem& fs = state_.options.fs;
  const TenantId tenant = file->tenant;
  const base::UnixNanos hour = file->hour;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (attempt == 1 || rebuild) {
      if (attempt == 1 && rebuild) break;
      HG_RETURN_IF_ERROR(rebuild_index(*file));
    }
    auto bytes = fs.read_file(file->index_path());
    if (!bytes && bytes.error().code != base::ErrorCode::kNotFound) return bytes.error();
    if (!bytes) continue;
    const auto index = SettledIndex::parse(std::move(*bytes), *file);
    // Path and content must agree, or rows would show up under a foreign tenant.
    if (file->tenant != tenant || file->hour != hour) {
      return base::Error{base::ErrorCode::kDataLoss,
                         file->blocks_path() + " belongs to another partition"};
    }
    if (!index) continue;
    publish(file, *index);
    return {};
  }
  return base::Error{base::ErrorCode::kDataLoss, file->index_path() + " cannot be rebuilt"};
}

base::Result<void> Recovery::rebuild_index(SettledFile& file) {
  base::FileSystem& fs = state_.options.fs;
  HG_ASSIGN_OR_RETURN(const std::shared_ptr<const base::ReadableFile> blocks,
                      fs.open_read(file.blocks_path()));
  std::shared_ptr<const base::ReadableFile> values;
  SettledFile fresh;
  fresh.tenant = file.tenant;
  fresh.file_class = file.file_class;
  fresh.hour = file.hour;
  fresh.number = file.number;
  fresh.directory = file.directory;
  if (fs.exists(file.values_path())) {
    HG_ASSIGN_OR_RETURN(values, fs.open_read(file.values_path()));
    HG_ASSIGN_OR_RETURN(fresh.bytes, values->size_bytes());
  }
  HG_ASSIGN_OR_RETURN(const std::uint64_t size, blocks->size_bytes());
  fresh.bytes += size;
  char head[kFileHeaderBytes];
  HG_ASSIGN_OR_RETURN(const std::size_t got, blocks->read_at(0, sizeof(head), head));
  HG_RETURN_IF_ERROR(check_version(file.blocks_path(), {head, got}));
  FileHeader header;
  if (!parse_file_header({head, got}, header)) {
    return base::Error{base::ErrorCode::kDataLoss, file.blocks_path() + " has no file header"};
  }
  fresh.first_sequence = header.first_sequence;
  fresh.last_sequence = header.last_sequence;
  IndexBuilder index;
  std::uint64_t damaged = 0;
  HG_RETURN_IF_ERROR(
      each_record(*blocks, size, damaged, [&](RecordRead read, std::uint64_t offset) {
        const RecordHeader record = read.header;
        auto block = BlockReader::open(
            BlockBytes(std::move(read.buffer), kRecordHeaderBytes, record.body_size), values);
        if (!block) {
          ++damaged;
          return;
        }
        EncodedBlock described = describe(**block, record.kind, true);
        if ((*block)->damaged()) ++damaged;
        index.add(record, offset, described);
      }));
  if (damaged > 0) note_damage(file.blocks_path(), damaged);
  ++rebuilt_count_;
  return fs.write_file_atomic(file.index_path(), index.finish(fresh));
}

void Recovery::note_damage(const std::string& path, std::uint64_t records) {
  state_.log(base::LogLevel::kError,
             path + ": " + std::to_string(records) + " damaged places left out");
  base::MutexLock lock(state_.mutex);
  state_.quarantined += records;
}

base::Result<void> Recovery::each_record(
    const base::ReadableFile& file, std::uint64_t size, std::uint64_t& damaged,
    const std::function<void(RecordRead, std::uint64_t)>& visit) {
  bool in_damage = false;
  for (std::uint64_t offset = kFileHeaderBytes; offset < size;) {
    auto read = read_record(file, offset, size);
    if (read) {
      in_damage = false;
      const std::uint64_t next = offset + record_size(read->header.body_size);
      visit(std::move(*read), offset);
      offset = next;
      continue;
    }
    if (read.error().code != base::ErrorCode::kDataLoss) return read.error();
    // Look for the next record: they start at multiples of eight.
    if (!in_damage) ++damaged;
    in_damage = true;
    offset += 8;
  }
  return {};
}

void Recovery::publish(const std::shared_ptr<SettledFile>& file, const SettledIndex& index) {
  base::MutexLock lock(state_.mutex);
  state_.next_file_number = std::max(state_.next_file_number, file->number + 1);
  state_.last_sequence = std::max(state_.last_sequence, file->last_sequence);
  for (const OperationSeen& seen : index.operations()) {
    state_.catalog.note_operation(file->tenant, file->hour, seen.service, seen.name, seen.kind);
  }
  for (const IndexKey& key : index.keys()) {
    state_.catalog.note_key(file->tenant, file->hour, key.key, key.scopes, key.blocks);
  }
  state_.settled.push_back(file);
}

base::Result<void> Recovery::load_young() {
  base::FileSystem& fs = state_.options.fs;
  HG_ASSIGN_OR_RETURN(const auto names, fs.list(state_.young_directory()));
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : names) {
    if (const std::uint64_t number = number_of(name, "", ".hgs"); number != 0) {
      numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  for (const std::uint64_t number : numbers) {
    auto file = std::make_shared<YoungFile>();
    file->number = number;
    file->path = state_.young_directory() + "/" + std::to_string(number) + ".hgs";
    HG_RETURN_IF_ERROR(scan_young(file, number == numbers.back()));
  }
  return {};
}

base::Result<void> Recovery::scan_young(const std::shared_ptr<YoungFile>& file, bool is_last) {
  base::FileSystem& fs = state_.options.fs;
  HG_ASSIGN_OR_RETURN(file->reader, fs.open_read(file->path));
  HG_ASSIGN_OR_RETURN(std::uint64_t size, file->reader->size_bytes());
  char head[kFileHeaderBytes];
  HG_ASSIGN_OR_RETURN(const std::size_t got, file->reader->read_at(0, sizeof(head), head));
  HG_RETURN_IF_ERROR(check_version(file->path, {head, got}));
  FileHeader header;
  const bool has_header = parse_file_header({head, got}, header);
  std::uint64_t good_end = kFileHeaderBytes;
  std::uint64_t damaged = 0;
  HG_RETURN_IF_ERROR(
      each_record(*file->reader, size, damaged, [&](RecordRead read, std::uint64_t offset) {
        good_end = offset + record_size(read.header.body_size);
        add_record(*file, read, offset);
      }));
  if (is_last && has_header) {
    HG_ASSIGN_OR_RETURN(const auto writer, fs.open_append(file->path));
    if (good_end < size) {
      // A torn tail: what follows the last good record was never acknowledged as durable.
      HG_RETURN_IF_ERROR(writer->truncate(good_end));
      size = good_end;
      --damaged;
    }
    // A killed process leaves its last rows to the kernel; from now on they survive power loss.
    HG_RETURN_IF_ERROR(writer->sync());
  }
  if (damaged > 0) {
    file->damaged = true;
    note_damage(file->path, damaged);
  }
  base::MutexLock lock(state_.mutex);
  state_.next_file_number = std::max(state_.next_file_number, file->number + 1);
  if (has_header && header.first_sequence > 0) {
    state_.last_sequence = std::max(state_.last_sequence, header.first_sequence - 1);
  }
  if (file->records.empty()) {
    // Nothing in it yet (or never: a file that was being created).
    return file->damaged ? base::Result<void>{} : fs.remove_file(file->path);
  }
  state_.last_sequence = std::max(state_.last_sequence, file->last_sequence);
  file->closed = true;
  file->size_bytes = size;
  state_.young.push_back(file);
  return {};
}

void Recovery::add_record(YoungFile& file, const RecordRead& read, std::uint64_t offset) {
  auto block = BlockReader::open(BlockBytes(read.buffer, kRecordHeaderBytes, read.header.body_size),
                                 nullptr);
  EncodedBlock described;
  const bool spans = read.header.kind == RecordKind::kSpans;
  if (block) described = describe(**block, read.header.kind, spans);
  if (!block || (*block)->damaged()) {
    file.damaged = true;
    note_damage(file.path, 1);
    if (!block) return;
  }
  YoungRecord record;
  record.file = file.reader;
  record.offset = offset;
  record.header = read.header;
  record.start_min = described.start_min;
  record.start_max = described.start_max;
  record.duration_max = described.duration_max;
  if (spans) record.set_filter(described.filter_hashes);
  file.add(record, described.traces);
  base::MutexLock lock(state_.mutex);
  state_.catalog.note(read.header.tenant, arrival_hour(read.header.arrival), described);
}

}  // namespace honeyguide::store::segment
