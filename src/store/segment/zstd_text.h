// zstd at level 1 for string bytes and large values. Contexts are kept per thread and reused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace honeyguide::store::segment {

// Appends the frame of `bytes` to `out` and gives its length.
std::size_t zstd_append(std::string& out, std::string_view bytes);

// Inflates a frame that must hold exactly `raw_size` bytes; false otherwise. `out` gets kSlackBytes
// of zeros behind its end when it is used as a column, which is the caller's business.
bool zstd_inflate(std::string_view frame, std::size_t raw_size, std::string& out);

}  // namespace honeyguide::store::segment
