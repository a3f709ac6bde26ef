#include "honeyguide/result.h"

#include "base/result.h"

namespace honeyguide {

std::string_view error_code_name(ErrorCode code) {
  static_assert(static_cast<int>(ErrorCode::kDataLoss) ==
                static_cast<int>(base::ErrorCode::kDataLoss));
  return base::error_code_name(static_cast<base::ErrorCode>(code));
}

}  // namespace honeyguide
