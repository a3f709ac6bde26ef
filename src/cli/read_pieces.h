// Reads a file in pieces, for commands that work on files larger than memory.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace honeyguide::cli {

// Calls `on_piece` with each piece of the file in order and stops at its first error.
base::Result<void> read_pieces(const std::string& path,
                               const std::function<base::Result<void>(std::string_view)>& on_piece);

}  // namespace honeyguide::cli
