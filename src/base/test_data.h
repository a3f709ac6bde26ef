// Where tests find the shared input data, which may be absent: then they skip and say why.
#pragma once

#include <optional>
#include <string>

namespace honeyguide::base {

// The folder `name` of the shared data ("nab", "jaeger", ...): $HG_SHARED_DATA/name, else
// ../shared/data/name seen from the repository root, where ctest runs the tests. Nothing if absent.
std::optional<std::string> shared_data(const std::string& name);

}  // namespace honeyguide::base

// At the top of a test body: leaves `variable` (std::string) or skips the test.
#define HG_SHARED_DATA_OR_SKIP(variable, name)                      \
  const auto variable##_or = ::honeyguide::base::shared_data(name); \
  if (!variable##_or)                                               \
    GTEST_SKIP() << "shared data '" << (name)                       \
                 << "' is not beside the "                          \
                    "checkout; set HG_SHARED_DATA to its folder";   \
  const std::string& variable = *variable##_or
