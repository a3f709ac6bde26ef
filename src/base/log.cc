#include "base/log.h"

namespace honeyguide::base {

std::string_view log_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "unknown";
}

LogSink null_log_sink() {
  return [](LogLevel, std::string_view) {};
}

}  // namespace honeyguide::base
