// What a block consists of: the names of its columns and its column directory. The bytes are
// described in docs/formats/block.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace honeyguide::store::segment {

inline constexpr std::uint8_t kBlockVersion = 1;
inline constexpr std::uint32_t kBlockRowsMax = 4096;
// Attribute columns of a block over all its tables; further keys go to the overflow columns.
inline constexpr std::uint32_t kAttributeColumnsMax = 512;
// Text values from this size on lie out of line, with a preview of kPreviewBytes in the row.
inline constexpr std::size_t kLargeValueBytes = 4096;
inline constexpr std::size_t kPreviewBytes = 256;
// Events or links a block may hold; a span is never cut, so one span may exceed it alone.
inline constexpr std::size_t kBlockChildrenMax = 1u << 16;

enum class Field : std::uint8_t {
  kHeap = 1,
  kTraceIds = 2,     // raw 16 bytes each, in order of the trace table
  kTraceStarts = 3,  // per trace: earliest start
  kRowTrace = 4,
  kSpanIds = 5,  // raw 8 bytes each
  kParents = 6,
  kForeignParents = 7,  // raw ids of parents that lie in other blocks
  kStart = 8,           // since the trace's start
  kDuration = 9,
  kOddEndRows = 10,  // rows whose end lies before their start (0: not ended)
  kOddEnds = 11,     // their end times
  kName = 12,
  kKind = 13,
  kStatus = 14,
  kStatusMessage = 15,
  kTraceState = 16,
  kFlags = 17,
  kDroppedAttributes = 18,
  kDroppedEvents = 19,
  kDroppedLinks = 20,
  kRowResource = 21,
  kRowScope = 22,
  kResources = 23,
  kScopes = 24,
  kEventCount = 25,
  kEventTime = 26,  // since the span's start
  kEventName = 27,
  kEventDropped = 28,
  kLinkCount = 29,
  kLinkTraceIds = 30,
  kLinkSpanIds = 31,
  kLinkTraceState = 32,
  kLinkFlags = 33,
  kLinkDropped = 34,
  kRowShape = 35,
  kShapes = 36,
  kAttribute = 37,
  kOverflow = 38,
  kLargeValues = 39,
  kKeys = 40,
  kLogTime = 41,
  kLogObserved = 42,
  kLogTraceIds = 43,
  kLogSpanIds = 44,
  kLogSeverity = 45,
  kLogSeverityText = 46,
  kLogEventName = 47,
  kLogBody = 48,
  kLogFlags = 49,
  kLogDropped = 50,
};

// Whose rows a column describes.
enum class Table : std::uint8_t { kRow = 0, kEvent = 1, kLink = 2 };
inline constexpr std::size_t kTableCount = 3;

// Added to a telemetry::ValueType: the column holds references to large values.
inline constexpr std::uint8_t kLargeBit = 0x80;

struct ColumnEntry {
  Field field = Field::kHeap;
  Table table = Table::kRow;
  std::uint8_t type = 0;         // kAttribute: ValueType, maybe with kLargeBit
  std::uint32_t occurrence = 0;  // kAttribute: the n-th attribute of that key and type in a row
  std::uint32_t key = 0;         // kAttribute: index into the block's keys
  std::uint32_t checksum = 0;    // settled blocks: low half of xxh3-64 of the column
  std::uint64_t offset = 0;      // in the body
  std::uint64_t size = 0;
};

// Where a large value lies.
struct LargeRef {
  std::uint64_t hash_low = 0;
  std::uint64_t hash_high = 0;
  std::uint64_t offset = 0;  // in the block's kLargeValues column, or in its values file
  std::uint32_t stored_size = 0;
  std::uint32_t raw_size = 0;
};
// A reference column holds, a row, these 32 bytes and then the preview.
inline constexpr std::size_t kLargeRefBytes = 32;

inline constexpr std::uint8_t kFlagSettled = 1;         // column checksums; values in a values file
inline constexpr std::uint8_t kFlagParentDistance = 2;  // kParents counts back from the row

// Body = flags u8 | version u8 | rows u16 | directory size u32 | directory checksum u32 | directory
// | columns.
inline constexpr std::size_t kBodyHeadBytes = 12;

// Collects columns, then writes the body.
class BodyWriter {
 public:
  void add(Field field, std::string bytes) { add(ColumnEntry{field}, std::move(bytes)); }
  void add(Field field, Table table, std::string bytes) {
    ColumnEntry entry{field};
    entry.table = table;
    add(entry, std::move(bytes));
  }
  void add(ColumnEntry entry, std::string bytes);

  std::string finish(std::uint8_t flags, std::uint32_t rows) const;

 private:
  std::vector<ColumnEntry> entries_;
  std::vector<std::string> columns_;
};

struct BodyDirectory {
  std::uint8_t flags = 0;
  std::uint32_t rows = 0;
  std::vector<ColumnEntry> entries;

  const ColumnEntry* find(Field field, Table table = Table::kRow) const;
};

// Size of head and directory together, from the first kBodyHeadBytes; 0 if they are malformed.
std::uint64_t directory_end(std::string_view head);
// `bytes` holds at least directory_end() bytes of the body. False on malformed bytes; offsets and
// sizes are checked against `body_size`.
bool parse_directory(std::string_view bytes, std::uint64_t body_size, BodyDirectory& out);

}  // namespace honeyguide::store::segment
