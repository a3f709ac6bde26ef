// gzip and zstd on any bytes: no more output than the limit, and what is compressed comes back.
// The first byte of an input chooses the coding, the second the limit.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "net/compression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace honeyguide;
  if (size < 2) return 0;
  const auto encoding = data[0] % 2 == 0 ? net::Encoding::kGzip : net::Encoding::kZstd;
  net::InflateLimits limits;
  limits.output_bytes_max = std::size_t{data[1]} * 256 + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (const auto out = net::inflate(encoding, bytes, limits)) {
    HG_CHECK(out->size() <= limits.output_bytes_max);
  }
  const std::string packed =
      encoding == net::Encoding::kGzip ? net::deflate_gzip(bytes) : net::deflate_zstd(bytes);
  limits.output_bytes_max = bytes.size() + 1;
  const auto back = net::inflate(encoding, packed, limits);
  HG_CHECK(back.has_value() && *back == bytes);
  return 0;
}
