// Series chunks and ticks on any bytes: what decodes encodes again to the same points.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "store/series_chunk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace honeyguide;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto points = store::decode_chunk(bytes)) {
    const auto again = store::decode_chunk(store::encode_chunk(*points));
    HG_CHECK(again.has_value() && again->size() == points->size());
    for (std::size_t i = 0; i < points->size(); ++i) {
      HG_CHECK((*again)[i].bucket == (*points)[i].bucket);
      HG_CHECK(std::bit_cast<std::uint64_t>((*again)[i].value) ==
               std::bit_cast<std::uint64_t>((*points)[i].value));
    }
  }
  if (const auto tick = store::decode_tick(bytes)) {
    const auto again = store::decode_tick(store::encode_tick(tick->tenant, tick->points));
    HG_CHECK(again.has_value() && again->points.size() == tick->points.size());
  }
  return 0;
}
