// Jaeger's filter expressions on any bytes: an answer that compiles, or an error that says where.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "store/jaeger_query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace honeyguide;
  auto filter =
      store::parse_jaeger_filter(std::string_view(reinterpret_cast<const char*>(data), size));
  if (filter) {
    HG_CHECK(store::compile(*filter).has_value());
  } else {
    HG_CHECK(!filter.error().message.empty());
  }
  return 0;
}
