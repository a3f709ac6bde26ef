#include "cli/log_sink.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/strings.h"

namespace honeyguide::cli {
namespace {

spdlog::level::level_enum level_of(base::LogLevel level) {
  switch (level) {
    case base::LogLevel::kDebug:
      return spdlog::level::debug;
    case base::LogLevel::kInfo:
      return spdlog::level::info;
    case base::LogLevel::kWarning:
      return spdlog::level::warn;
    case base::LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

base::LogSink stderr_log_sink(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("honeyguide",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->set_level(spdlog::level::from_str(base::to_lower(level)));
  return [logger](base::LogLevel message_level, std::string_view line) {
    logger->log(level_of(message_level), "{}", base::strip_control(line));
  };
}

}  // namespace honeyguide::cli
