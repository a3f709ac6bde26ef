// Logging by callback: the library hands each line to its host and prints nothing itself.
#pragma once

#include <functional>
#include <string_view>

namespace honeyguide::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning", "error".
std::string_view log_level_name(LogLevel level);

// Takes one line without a newline. Called from any thread; must not block for long and must not
// throw. Values of telemetry (prompts, tool results) are never logged, only ids and numbers.
using LogSink = std::function<void(LogLevel level, std::string_view line)>;

// A sink that drops everything.
LogSink null_log_sink();

}  // namespace honeyguide::base
