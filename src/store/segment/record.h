// Records: the checksummed envelope of every block, and the file header before them
// (docs/formats/segment.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"
#include "store/trace_store.h"

namespace honeyguide::store::segment {

inline constexpr std::uint32_t kFileMagic = 0x46534748;    // "HGSF"
inline constexpr std::uint32_t kRecordMagic = 0x52534748;  // "HGSR"
inline constexpr std::uint16_t kFileVersion = 1;
inline constexpr std::uint8_t kRecordVersion = 1;
inline constexpr std::size_t kFileHeaderBytes = 32;
inline constexpr std::size_t kRecordHeaderBytes = 48;
// A longer body is damage.
inline constexpr std::uint32_t kRecordBodyMax = 1u << 30;

enum class FileKind : std::uint16_t { kSegment = 1, kValues = 2, kIndex = 3 };
enum class RecordKind : std::uint8_t { kSpans = 1, kLogs = 2 };

struct RecordHeader {
  RecordKind kind = RecordKind::kSpans;
  std::uint32_t body_size = 0;
  TenantId tenant = 0;
  std::uint64_t first_sequence = 0;  // of row 0; settled records: of the earliest row, unordered
  std::uint32_t rows = 0;
  base::UnixNanos arrival = 0;

  std::uint64_t last_sequence() const { return first_sequence + rows - 1; }
};

struct FileHeader {
  FileKind kind = FileKind::kSegment;
  std::uint64_t number = 0;
  std::uint64_t first_sequence = 0;  // young: of the first row to come
  std::uint64_t last_sequence = 0;   // settled: of the latest row; young: 0
};
void put_file_header(std::string& out, const FileHeader& header);
bool parse_file_header(std::string_view bytes, FileHeader& out);

// Header, body, and zeros up to a multiple of eight bytes.
void put_record(std::string& out, const RecordHeader& header, std::string_view body);
constexpr std::uint64_t record_size(std::uint32_t body_size) {
  return (kRecordHeaderBytes + std::uint64_t{body_size} + 7) / 8 * 8;
}

// False if it is no record header; the body is not looked at.
bool parse_record_header(std::string_view bytes, RecordHeader& out);

struct RecordRead {
  RecordHeader header;
  std::shared_ptr<const std::string> buffer;  // header and body, with slack behind them
};
// kDataLoss if there is no whole record with a good checksum at `offset`.
base::Result<RecordRead> read_record(const base::ReadableFile& file, std::uint64_t offset,
                                     std::uint64_t file_size);

}  // namespace honeyguide::store::segment
