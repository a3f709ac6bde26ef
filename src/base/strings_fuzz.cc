// Go durations on any text: what is understood prints as something that means the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/check.h"
#include "base/strings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace honeyguide;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto ns = base::parse_duration_ns(text)) {
    HG_CHECK(base::parse_duration_ns(base::format_duration_ns(*ns)).has_value());
  }
  return 0;
}
