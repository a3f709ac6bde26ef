// The program's log: one line a message on stderr, through spdlog.
#pragma once

#include <string>

#include "base/log.h"

namespace honeyguide::cli {

// Drops messages below `level` ("debug", "info", "warning", "error"). Thread-safe.
base::LogSink stderr_log_sink(const std::string& level);

}  // namespace honeyguide::cli
