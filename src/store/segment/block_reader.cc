#include "store/segment/block_reader.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/hash.h"
#include "store/segment/block_columns.h"
#include "store/segment/row_codec.h"

namespace honeyguide::store::segment {
namespace {

template <typename Id>
Id id_at(std::string_view raw, std::size_t index) {
  Id id;
  if ((index + 1) * sizeof(id.bytes) <= raw.size()) {
    std::memcpy(id.bytes.data(), raw.data() + index * sizeof(id.bytes), sizeof(id.bytes));
  }
  return id;
}

}  // namespace

BlockBytes::BlockBytes(std::shared_ptr<const std::string> buffer, std::size_t offset,
                       std::size_t size)
    : buffer_(std::move(buffer)), offset_(offset), size_(size), bytes_read_(size) {}

BlockBytes::BlockBytes(std::shared_ptr<const base::ReadableFile> file, std::uint64_t offset,
                       std::uint64_t size)
    : file_(std::move(file)), offset_(offset), size_(size) {}

std::optional<std::string_view> BlockBytes::fetch(std::uint64_t offset, std::uint64_t size,
                                                  Buffers& buffers) {
  if (offset > size_ || size > size_ - offset) return std::nullopt;
  if (buffer_) {
    if (buffers.empty() || buffers.front() != buffer_) buffers.insert(buffers.begin(), buffer_);
    return std::string_view(*buffer_).substr(static_cast<std::size_t>(offset_ + offset),
                                             static_cast<std::size_t>(size));
  }
  auto bytes = std::make_shared<std::string>();
  bytes->resize(static_cast<std::size_t>(size) + kSlackBytes);
  const auto got = file_->read_at(offset_ + offset, static_cast<std::size_t>(size), bytes->data());
  if (!got || *got != size) return std::nullopt;
  bytes_read_ += size;
  const std::string_view view = std::string_view(*bytes).substr(0, static_cast<std::size_t>(size));
  buffers.push_back(std::move(bytes));
  return view;
}

base::Result<std::unique_ptr<BlockReader>> BlockReader::open(
    BlockBytes bytes, std::shared_ptr<const base::ReadableFile> values) {
  // Most directories fit into the first read.
  constexpr std::uint64_t kFirstRead = 1024;
  std::unique_ptr<BlockReader> reader(new BlockReader(std::move(bytes)));
  reader->values_ = std::move(values);
  const std::uint64_t size = reader->bytes_.size();
  auto head = reader->bytes_.fetch(0, std::min(size, kFirstRead), reader->buffers_);
  std::uint64_t end = head ? directory_end(*head) : 0;
  if (head && end > head->size()) head = reader->bytes_.fetch(0, end, reader->buffers_);
  if (!head || end == 0 || !parse_directory(*head, size, reader->directory_)) {
    return base::Error{base::ErrorCode::kDataLoss, "block directory is damaged"};
  }
  return reader;
}

std::optional<std::string_view> BlockReader::column(const ColumnEntry& entry) {
  auto bytes = bytes_.fetch(entry.offset, entry.size, buffers_);
  if (bytes && settled() && static_cast<std::uint32_t>(base::hash64(*bytes)) != entry.checksum) {
    bytes.reset();
  }
  if (!bytes) fail();
  return bytes;
}

std::optional<std::string_view> BlockReader::text(Field field) {
  const ColumnEntry* entry = directory_.find(field);
  if (entry == nullptr) return std::nullopt;
  const auto bytes = column(*entry);
  std::string_view out;
  if (!bytes || !read_text(*bytes, field == Field::kHeap ? "" : heap(), buffers_, out)) {
    fail();
    return std::nullopt;
  }
  return out;
}

std::string_view BlockReader::heap() {
  if (!heap_) {
    heap_ = std::string_view();
    if (directory_.find(Field::kHeap) != nullptr) heap_ = text(Field::kHeap).value_or("");
  }
  return *heap_;
}

std::string_view BlockReader::raw(Field field, std::size_t width, std::size_t count) {
  auto& cached = raw_[static_cast<std::size_t>(field)];
  if (!cached) {
    cached = std::make_unique<std::string_view>();
    const ColumnEntry* entry = directory_.find(field);
    if (entry != nullptr) {
      const auto bytes = column(*entry);
      if (bytes && (count == 0 ? bytes->size() % width == 0 : bytes->size() == width * count)) {
        *cached = *bytes;
      } else {
        fail();
      }
    }
  }
  return *cached;
}

std::size_t BlockReader::table_rows(Table table) {
  if (table == Table::kRow) return rows();
  const auto& begins = child_begins(table);
  return begins.empty() ? 0 : begins.back();
}

std::size_t BlockReader::field_rows(Field field) {
  if (field == Field::kTraceStarts) return trace_count();
  if (field >= Field::kEventTime && field <= Field::kEventDropped) return table_rows(Table::kEvent);
  if (field >= Field::kLinkTraceIds && field <= Field::kLinkDropped) {
    return table_rows(Table::kLink);
  }
  return rows();
}

const IntColumn& BlockReader::ints(Field field) {
  auto& cached = ints_[static_cast<std::size_t>(field)];
  if (!cached) {
    const std::size_t count = field_rows(field);
    auto out = std::make_unique<IntColumn>(count);
    if (const ColumnEntry* entry = directory_.find(field)) {
      const auto bytes = column(*entry);
      if (bytes && !IntColumn::parse(*bytes, count, *out)) {
        fail();
        *out = IntColumn(count);
      }
    }
    cached = std::move(out);
  }
  return *cached;
}

const StringColumn& BlockReader::strings(Field field) {
  auto& cached = strings_[static_cast<std::size_t>(field)];
  if (!cached) {
    const std::size_t count = field_rows(field);
    auto out = std::make_unique<StringColumn>(count);
    if (const ColumnEntry* entry = directory_.find(field)) {
      const auto bytes = column(*entry);
      if (bytes && !StringColumn::parse(*bytes, count, heap(), buffers_, *out)) {
        fail();
        *out = StringColumn(count);
      }
    }
    cached = std::move(out);
  }
  return *cached;
}

std::size_t BlockReader::trace_count() {
  return raw(Field::kTraceIds, 16, 0).size() / 16;
}

base::TraceId BlockReader::trace_id(std::size_t trace) {
  return id_at<base::TraceId>(raw(Field::kTraceIds, 16, 0), trace);
}

const std::vector<std::uint32_t>& BlockReader::row_traces() {
  if (row_traces_.empty() && rows() > 0) {
    row_traces_.resize(rows());
    ints(Field::kRowTrace).decode32(row_traces_.data());
    const std::size_t traces = trace_count();
    for (std::uint32_t& trace : row_traces_) {
      if (trace < traces) continue;
      fail();
      trace = 0;
    }
  }
  return row_traces_;
}

base::TraceId BlockReader::row_trace_id(std::size_t row) {
  return trace_id(row_traces()[row]);
}

void BlockReader::rows_of_trace(const base::TraceId& id, std::vector<std::uint32_t>& out) {
  const std::string_view ids = raw(Field::kTraceIds, 16, 0);
  for (std::size_t trace = 0; trace < ids.size() / 16; ++trace) {
    if (std::memcmp(ids.data() + trace * 16, id.bytes.data(), 16) != 0) continue;
    const auto& traces = row_traces();
    for (std::uint32_t row = 0; row < traces.size(); ++row) {
      if (traces[row] == trace) out.push_back(row);
    }
    return;
  }
}

base::SpanId BlockReader::span_id(std::size_t row) {
  return id_at<base::SpanId>(raw(Field::kSpanIds, 8, rows()), row);
}

void BlockReader::load_parents() {
  parents_loaded_ = true;
  const IntColumn& parents = ints(Field::kParents);
  std::uint32_t foreign = 0;
  foreign_before_.reserve(rows());
  for (std::size_t row = 0; row < rows(); ++row) {
    foreign_before_.push_back(foreign);
    foreign += parents.get(row) == 1;
  }
  if (foreign > 0) raw(Field::kForeignParents, 8, foreign);
  const auto& traces = row_traces();
  first_rows_.assign(std::max<std::size_t>(trace_count(), 1), 0);
  for (std::size_t row = rows(); row-- > 0;) {
    first_rows_[traces[row]] = static_cast<std::uint32_t>(row);
  }
}

base::SpanId BlockReader::parent_id(std::size_t row) {
  if (!parents_loaded_) load_parents();
  const std::int64_t code = ints(Field::kParents).get(row);
  if (code == 0) return {};
  if (code == 1) {
    return id_at<base::SpanId>(raw(Field::kForeignParents, 8, 0), foreign_before_[row]);
  }
  const std::int64_t delta = base::unzigzag(static_cast<std::uint64_t>(code - 2));
  std::int64_t parent = 0;
  if ((directory_.flags & kFlagParentDistance) != 0) {
    parent = static_cast<std::int64_t>(row) - delta;
  } else {
    parent = first_rows_[row_traces()[row]] + delta;
  }
  if (parent < 0 || parent >= static_cast<std::int64_t>(rows())) {
    fail();
    return {};
  }
  return span_id(static_cast<std::size_t>(parent));
}

base::UnixNanos BlockReader::start(std::size_t row) {
  const std::uint32_t trace = row_traces()[row];
  return wrapping_add(ints(Field::kTraceStarts).get(trace), ints(Field::kStart).get(row));
}

const std::vector<std::int64_t>& BlockReader::starts() {
  if (starts_.empty() && rows() > 0) {
    starts_.resize(rows());
    ints(Field::kStart).decode(starts_.data());
    std::vector<std::int64_t> bases(trace_count());
    ints(Field::kTraceStarts).decode(bases.data());
    const auto& traces = row_traces();
    if (!bases.empty()) {
      for (std::size_t row = 0; row < starts_.size(); ++row) {
        starts_[row] = wrapping_add(starts_[row], bases[traces[row]]);
      }
    }
  }
  return starts_;
}

base::UnixNanos BlockReader::end(std::size_t row) {
  if (!odd_loaded_) {
    odd_loaded_ = true;
    const ColumnEntry* rows_entry = directory_.find(Field::kOddEndRows);
    const ColumnEntry* ends_entry = directory_.find(Field::kOddEnds);
    if (rows_entry != nullptr && ends_entry != nullptr) {
      const auto row_bytes = column(*rows_entry);
      const auto end_bytes = column(*ends_entry);
      if (!row_bytes || !end_bytes || !read_odd_ends(*row_bytes, *end_bytes, rows(), odd_ends_)) {
        fail();
      }
    }
  }
  const auto odd =
      std::lower_bound(odd_ends_.begin(), odd_ends_.end(), row,
                       [](const auto& entry, std::size_t wanted) { return entry.first < wanted; });
  if (odd != odd_ends_.end() && odd->first == row) return odd->second;
  return wrapping_add(start(row), ints(Field::kDuration).get(row));
}

const std::vector<std::string_view>& BlockReader::keys() {
  if (!keys_loaded_) {
    keys_loaded_ = true;
    base::ByteReader in(text(Field::kKeys).value_or(""));
    const std::uint64_t count = in.at_end() ? 0 : in.varint();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) keys_.push_back(in.bytes());
    if (!in.ok()) {
      fail();
      keys_.clear();
    }
  }
  return keys_;
}

const std::vector<std::uint32_t>& BlockReader::child_begins(Table table) {
  auto& begins = child_begins_[static_cast<std::size_t>(table)];
  if (!begins.empty()) return begins;
  const IntColumn& counts = ints(table == Table::kEvent ? Field::kEventCount : Field::kLinkCount);
  begins.reserve(rows() + 1);
  std::uint64_t total = 0;
  for (std::size_t row = 0; row < rows(); ++row) {
    begins.push_back(static_cast<std::uint32_t>(total));
    const std::int64_t count = counts.get(row);
    if (count < 0 || static_cast<std::uint64_t>(count) > kColumnValuesMax - total) {
      fail();
      begins.assign(rows() + 1, 0);
      return begins;
    }
    total += static_cast<std::uint64_t>(count);
  }
  begins.push_back(static_cast<std::uint32_t>(total));
  return begins;
}

AttributeTable& BlockReader::table(Table table) {
  auto& cached = tables_[static_cast<std::size_t>(table)];
  if (!cached) {
    cached = std::make_unique<AttributeTable>();
    if (!cached->load(*this, table, table_rows(table))) {
      fail();
      *cached = AttributeTable();
    }
  }
  return *cached;
}

AttributeTable& BlockReader::ranked_table(Table which) {
  AttributeTable& out = table(which);
  out.build_ranks();
  return out;
}

AttributeColumn& BlockReader::parsed(AttributeTable& table, std::size_t number) {
  AttributeColumn& out = table.columns()[number];
  if (out.parsed) return out;
  out.parsed = true;
  const auto bytes = column(out.entry);
  bool good = bytes.has_value();
  if (out.type() >= telemetry::ValueType::kString) {
    good = good && StringColumn::parse(*bytes, out.count, heap(), buffers_, out.strings);
    if (!good) out.strings = StringColumn(out.count);
  } else {
    good = good && IntColumn::parse(*bytes, out.count, out.numbers);
    if (!good) out.numbers = IntColumn(out.count);
  }
  if (!good) fail();
  return out;
}

const telemetry::SpanBatch& BlockReader::context() {
  if (!context_loaded_) {
    context_loaded_ = true;
    if (!load_row_list(Field::kResources, false) || !load_row_list(Field::kScopes, true)) fail();
    // Rows name a resource and a scope; damage must not leave them pointing at nothing.
    if (context_.resources().empty()) context_.add_resource({});
    if (context_.scopes().empty()) context_.add_scope({});
  }
  return context_;
}

bool BlockReader::load_row_list(Field field, bool scopes) {
  base::ByteReader in(text(field).value_or(""));
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    if (scopes) {
      telemetry::Scope scope;
      scope.name = in.bytes();
      scope.version = in.bytes();
      if (!read_row_attributes(in, keys(), context_, scope.attributes)) return false;
      scope.dropped_attributes_count = static_cast<std::uint32_t>(in.varint());
      scope.schema_url = in.bytes();
      context_.add_scope(scope);
    } else {
      telemetry::Resource resource;
      if (!read_row_attributes(in, keys(), context_, resource.attributes)) return false;
      resource.dropped_attributes_count = static_cast<std::uint32_t>(in.varint());
      resource.schema_url = in.bytes();
      context_.add_resource(resource);
    }
  }
  return in.ok();
}

base::UnixNanos BlockReader::log_time(std::size_t row) {
  return ints(Field::kLogTime).get(row);
}

base::UnixNanos BlockReader::log_effective(std::size_t row) {
  const base::UnixNanos time = log_time(row);
  return time != 0 ? time : wrapping_add(ints(Field::kLogObserved).get(row), time);
}

base::TraceId BlockReader::log_trace_id(std::size_t row) {
  const std::string_view ids = raw(Field::kLogTraceIds, 16, rows());
  return id_at<base::TraceId>(ids, row);
}

}  // namespace honeyguide::store::segment
