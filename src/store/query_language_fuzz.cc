// The search language on any text: it answers or points at a character of the text, and what it
// lets through compiles and can be described.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "store/query_language.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace honeyguide;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto query = store::parse_query(text);
  if (!query) {
    HG_CHECK(!query.error().message.empty());
    return 0;
  }
  HG_CHECK(!store::describe(*query).empty());
  if (query->kind == store::Query::Kind::kSpanset) {
    HG_CHECK(store::compile(query->spanset.span).has_value());
  }
  return 0;
}
