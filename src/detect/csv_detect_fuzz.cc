// Any bytes are either read or refused, in any cut, and give as many rows out as in.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "detect/csv_detect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using honeyguide::detect::CsvDetector;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::uint64_t lines = 0;
  CsvDetector detector({}, [&](std::string_view) { ++lines; });
  const std::size_t half = size / 2;
  if (!detector.feed(bytes.substr(0, half))) return 0;
  if (!detector.feed(bytes.substr(half))) return 0;
  if (!detector.finish()) return 0;
  HG_CHECK(lines == detector.rows() + (detector.rows() > 0 ? 1 : 0));
  return 0;
}
