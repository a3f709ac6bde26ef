#include "honeyguide/config.h"

#include <cstdlib>

#include "base/strings.h"

namespace honeyguide {
namespace {

// Empty if unset: an empty variable counts as unset, as OpenTelemetry wants.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

Error bad(const char* name, const std::string& value, const char* wanted) {
  return Error{ErrorCode::kInvalidArgument,
               std::string(name) + "='" + value + "': expected " + wanted};
}

Result<void> read_sampler(Config& config) {
  const std::string name = variable("OTEL_TRACES_SAMPLER");
  if (name == "always_on" || name == "parentbased_always_on") config.sampler = Sampler::kAlwaysOn;
  if (name == "always_off") config.sampler = Sampler::kAlwaysOff;
  if (name == "traceidratio") config.sampler = Sampler::kRatio;
  if (name == "parentbased_traceidratio") config.sampler = Sampler::kParentRatio;
  if (config.sampler != Sampler::kRatio && config.sampler != Sampler::kParentRatio) return {};
  const std::string argument = variable("OTEL_TRACES_SAMPLER_ARG");
  if (argument.empty()) return {};
  const auto ratio = base::parse_double(argument);
  if (!ratio || *ratio < 0 || *ratio > 1) {
    return bad("OTEL_TRACES_SAMPLER_ARG", argument, "a number from 0 to 1");
  }
  config.sampler_ratio = *ratio;
  return {};
}

Result<void> read_milliseconds(const char* name, std::chrono::milliseconds& out) {
  const std::string text = variable(name);
  if (text.empty()) return {};
  const auto value = base::parse_int64(text);
  if (!value || *value < 1 || *value > 3'600'000) {
    return bad(name, text, "milliseconds, 1 to 3600000");
  }
  out = std::chrono::milliseconds(*value);
  return {};
}

}  // namespace

Result<Config> Config::from_environment() {
  Config out;
  if (auto name = variable("OTEL_SERVICE_NAME"); !name.empty()) out.service_name = name;
  if (auto url = variable("OTEL_EXPORTER_OTLP_ENDPOINT"); !url.empty()) out.server = url;
  const std::string resource = variable("OTEL_RESOURCE_ATTRIBUTES");
  for (const std::string_view pair : base::split(resource, ',')) {
    if (base::trim(pair).empty()) continue;
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      return bad("OTEL_RESOURCE_ATTRIBUTES", resource, "key=value,key=value");
    }
    out.resource_attributes.emplace_back(base::trim(pair.substr(0, equals)),
                                         base::trim(pair.substr(equals + 1)));
  }
  if (auto read = read_sampler(out); !read) return read.error();
  if (auto read = read_milliseconds("OTEL_BSP_SCHEDULE_DELAY", out.export_interval); !read) {
    return read.error();
  }
  if (auto read = read_milliseconds("OTEL_BSP_EXPORT_TIMEOUT", out.export_timeout); !read) {
    return read.error();
  }
  return out;
}

}  // namespace honeyguide
