// Readers of what put_row_value and put_row_attributes wrote, and of the pair of odd-end columns.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "telemetry/span_batch.h"

namespace honeyguide::store::segment {

// Borrows text from the reader's buffer. False on malformed bytes.
bool read_row_value(base::ByteReader& in, telemetry::Value& out);
// Appends to the attributes of `out`, interning keys by name, and gives their range.
bool read_row_attributes(base::ByteReader& in, const std::vector<std::string_view>& keys,
                         telemetry::SpanBatch& out, telemetry::Range& range);

// The odd-end columns are varints: row distances and signed end times.
bool read_odd_ends(std::string_view row_bytes, std::string_view end_bytes, std::uint32_t rows,
                   std::vector<std::pair<std::uint32_t, std::int64_t>>& out);

}  // namespace honeyguide::store::segment
