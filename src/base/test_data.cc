#include "base/test_data.h"

#include <cstdlib>

#include "base/file_system.h"

namespace honeyguide::base {

std::optional<std::string> shared_data(const std::string& name) {
  const char* root = std::getenv("HG_SHARED_DATA");
  const std::string path = std::string(root != nullptr ? root : "../shared/data") + "/" + name;
  if (!posix_fs().exists(path)) return std::nullopt;
  return path;
}

}  // namespace honeyguide::base
