#include "store/segment/block_format.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::store::segment {
namespace {

// Columns a directory may claim: fixed ones and attributes of all tables, with room to spare.
constexpr std::uint64_t kEntriesMax = 4096;

std::uint32_t checksum32(std::string_view bytes) {
  return static_cast<std::uint32_t>(base::hash64(bytes));
}

}  // namespace

void BodyWriter::add(ColumnEntry entry, std::string bytes) {
  entry.size = bytes.size();
  entries_.push_back(entry);
  columns_.push_back(std::move(bytes));
}

std::string BodyWriter::finish(std::uint8_t flags, std::uint32_t rows) const {
  std::string directory;
  base::put_varint(directory, entries_.size());
  std::size_t total = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const ColumnEntry& entry = entries_[i];
    directory.push_back(static_cast<char>(entry.field));
    directory.push_back(static_cast<char>(entry.table));
    if (entry.field == Field::kAttribute) {
      directory.push_back(static_cast<char>(entry.type));
      base::put_varint(directory, entry.occurrence);
      base::put_varint(directory, entry.key);
    }
    base::put_varint(directory, entry.size);
    if ((flags & kFlagSettled) != 0) base::put_fixed(directory, checksum32(columns_[i]));
    total += columns_[i].size();
  }
  std::string out;
  out.reserve(kBodyHeadBytes + directory.size() + total + 8);
  out.push_back(static_cast<char>(flags));
  out.push_back(static_cast<char>(kBlockVersion));
  base::put_fixed(out, static_cast<std::uint16_t>(rows));
  base::put_fixed(out, static_cast<std::uint32_t>(directory.size()));
  base::put_fixed(out, checksum32(directory));
  out += directory;
  for (const std::string& column : columns_) out += column;
  return out;
}

const ColumnEntry* BodyDirectory::find(Field field, Table table) const {
  for (const ColumnEntry& entry : entries) {
    if (entry.field == field && entry.table == table) return &entry;
  }
  return nullptr;
}

std::uint64_t directory_end(std::string_view head) {
  if (head.size() < kBodyHeadBytes) return 0;
  base::ByteReader in(head.substr(4));
  return kBodyHeadBytes + std::uint64_t{in.fixed<std::uint32_t>()};
}

bool parse_directory(std::string_view bytes, std::uint64_t body_size, BodyDirectory& out) {
  base::ByteReader in(bytes);
  out.flags = in.fixed<std::uint8_t>();
  const auto version = in.fixed<std::uint8_t>();
  out.rows = in.fixed<std::uint16_t>();
  const auto size = in.fixed<std::uint32_t>();
  const auto checksum = in.fixed<std::uint32_t>();
  const std::string_view directory = in.take(size);
  if (!in.ok() || version != kBlockVersion || checksum32(directory) != checksum) return false;
  if (out.rows > kBlockRowsMax) return false;
  base::ByteReader entries(directory);
  const std::uint64_t count = entries.varint();
  if (count > kEntriesMax) return false;
  std::uint64_t offset = kBodyHeadBytes + size;
  out.entries.clear();
  out.entries.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    ColumnEntry entry;
    entry.field = static_cast<Field>(entries.fixed<std::uint8_t>());
    entry.table = static_cast<Table>(entries.fixed<std::uint8_t>());
    if (static_cast<std::size_t>(entry.table) >= kTableCount) return false;
    if (entry.field == Field::kAttribute) {
      entry.type = entries.fixed<std::uint8_t>();
      entry.occurrence = static_cast<std::uint32_t>(entries.varint());
      entry.key = static_cast<std::uint32_t>(entries.varint());
    }
    entry.size = entries.varint();
    if ((out.flags & kFlagSettled) != 0) entry.checksum = entries.fixed<std::uint32_t>();
    entry.offset = offset;
    if (!entries.ok() || entry.size > body_size || offset > body_size - entry.size) return false;
    offset += entry.size;
    out.entries.push_back(entry);
  }
  return entries.at_end();
}

}  // namespace honeyguide::store::segment
