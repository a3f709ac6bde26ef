// gzip and zstd in memory, with limits against bombs. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/byte_budget.h"

namespace honeyguide::net {

enum class Encoding { kIdentity, kGzip, kZstd };

// What decoding may produce.
struct InflateLimits {
  std::size_t output_bytes_max = 64 * 1024 * 1024;
  std::size_t ratio_max = 100;  // output / input; applies to outputs above kRatioFreeBytes
};

// Outputs up to this size are never refused for their ratio: small repetitive batches compress
// far better than 100:1 and cannot hurt.
inline constexpr std::size_t kRatioFreeBytes = 1024 * 1024;

// "gzip" and "x-gzip", "zstd", "identity" and "" in any case; kInvalidArgument for others.
base::Result<Encoding> parse_encoding(std::string_view name);

// The decoded bytes. Concatenated gzip members and zstd frames are decoded in sequence. Errors:
// kInvalidArgument (malformed, truncated, trailing bytes), kResourceExhausted (a limit),
// kUnavailable (the reservation could not grow: try again later). `reservation`, if given and
// bound, is grown to hold the output as it appears, on top of what it holds.
base::Result<std::string> inflate(Encoding encoding, std::string_view input,
                                  const InflateLimits& limits,
                                  ByteReservation* reservation = nullptr);

// Compresses at a fast level.
std::string deflate_gzip(std::string_view input);
std::string deflate_zstd(std::string_view input);

}  // namespace honeyguide::net
