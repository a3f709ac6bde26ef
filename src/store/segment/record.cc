#include "store/segment/record.h"

#include <cstring>

#include "base/bytes.h"
#include "base/hash.h"
#include "store/segment/int_column.h"

namespace honeyguide::store::segment {
namespace {

// Header bytes before the checksum; the checksum covers them and the body.
constexpr std::size_t kCheckedHeaderBytes = 40;

std::uint64_t checksum(std::string_view header, std::string_view body) {
  return base::hash64(body, base::hash64(header));
}

}  // namespace

void put_file_header(std::string& out, const FileHeader& header) {
  base::put_fixed(out, kFileMagic);
  base::put_fixed(out, kFileVersion);
  base::put_fixed(out, header.kind);
  base::put_fixed(out, header.number);
  base::put_fixed(out, header.first_sequence);
  base::put_fixed(out, header.last_sequence);
}

bool parse_file_header(std::string_view bytes, FileHeader& out) {
  base::ByteReader in(bytes);
  const auto magic = in.fixed<std::uint32_t>();
  const auto version = in.fixed<std::uint16_t>();
  out.kind = in.fixed<FileKind>();
  out.number = in.fixed<std::uint64_t>();
  out.first_sequence = in.fixed<std::uint64_t>();
  out.last_sequence = in.fixed<std::uint64_t>();
  return in.ok() && magic == kFileMagic && version == kFileVersion;
}

void put_record(std::string& out, const RecordHeader& header, std::string_view body) {
  std::string head;
  base::put_fixed(head, kRecordMagic);
  base::put_fixed(head, header.kind);
  base::put_fixed(head, kRecordVersion);
  base::put_fixed(head, std::uint16_t{0});
  base::put_fixed(head, static_cast<std::uint32_t>(body.size()));
  base::put_fixed(head, header.tenant);
  base::put_fixed(head, header.first_sequence);
  base::put_fixed(head, header.rows);
  base::put_fixed(head, std::uint32_t{0});
  base::put_fixed(head, header.arrival);
  base::put_fixed(head, checksum(head, body));
  out += head;
  out += body;
  out.resize((out.size() + 7) / 8 * 8);
}

bool parse_record_header(std::string_view bytes, RecordHeader& out) {
  base::ByteReader in(bytes);
  const auto magic = in.fixed<std::uint32_t>();
  out.kind = in.fixed<RecordKind>();
  const auto version = in.fixed<std::uint8_t>();
  in.fixed<std::uint16_t>();
  out.body_size = in.fixed<std::uint32_t>();
  out.tenant = in.fixed<TenantId>();
  out.first_sequence = in.fixed<std::uint64_t>();
  out.rows = in.fixed<std::uint32_t>();
  in.fixed<std::uint32_t>();
  out.arrival = in.fixed<base::UnixNanos>();
  return in.ok() && magic == kRecordMagic && version == kRecordVersion && out.rows > 0 &&
         out.body_size <= kRecordBodyMax &&
         (out.kind == RecordKind::kSpans || out.kind == RecordKind::kLogs);
}

base::Result<RecordRead> read_record(const base::ReadableFile& file, std::uint64_t offset,
                                     std::uint64_t file_size) {
  const base::Error damaged{base::ErrorCode::kDataLoss,
                            "no whole record at byte " + std::to_string(offset)};
  char head[kRecordHeaderBytes];
  if (offset + kRecordHeaderBytes > file_size) return damaged;
  HG_ASSIGN_OR_RETURN(const std::size_t got, file.read_at(offset, sizeof(head), head));
  RecordRead out;
  const std::string_view head_view(head, got);
  if (got < sizeof(head) || !parse_record_header(head_view, out.header)) return damaged;
  if (record_size(out.header.body_size) > file_size - offset) return damaged;
  const std::size_t size = kRecordHeaderBytes + out.header.body_size;
  auto buffer = std::make_shared<std::string>();
  buffer->resize(size + kSlackBytes);
  HG_ASSIGN_OR_RETURN(const std::size_t body_got, file.read_at(offset, size, buffer->data()));
  if (body_got < size) return damaged;
  const std::string_view record(buffer->data(), size);
  std::uint64_t stored = 0;
  std::memcpy(&stored, record.data() + kCheckedHeaderBytes, 8);
  if (stored !=
      checksum(record.substr(0, kCheckedHeaderBytes), record.substr(kRecordHeaderBytes))) {
    return damaged;
  }
  out.buffer = std::move(buffer);
  return out;
}

}  // namespace honeyguide::store::segment
