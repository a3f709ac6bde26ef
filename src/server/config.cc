#include "server/config.h"

#include <algorithm>
#include <functional>

#include "base/strings.h"
#include "net/http_text.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

Error wrong(const std::string& name, const std::string& value, const std::string& expected) {
  return {ErrorCode::kInvalidArgument, name + ": '" + value + "' is not " + expected};
}

struct SizeUnit {
  std::string_view name;
  double bytes;
};
constexpr SizeUnit kSizeUnits[] = {
    {"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0}, {"tib", 1099511627776.0},
    {"kb", 1e3},     {"mb", 1e6},        {"gb", 1e9},           {"tb", 1e12},
    {"b", 1.0},      {"", 1.0},
};

Result<void> set_size(std::int64_t& out, const std::string& name, const std::string& value) {
  const std::size_t digits = value.find_first_not_of("0123456789.");
  const auto number = base::parse_double(value.substr(0, digits));
  const std::string unit =
      digits == std::string::npos ? "" : base::to_lower(base::trim(value.substr(digits)));
  for (const SizeUnit& candidate : kSizeUnits) {
    if (number && unit == candidate.name && *number >= 0 && *number * candidate.bytes < 9e18) {
      out = static_cast<std::int64_t>(*number * candidate.bytes);
      return {};
    }
  }
  return wrong(name, value, "a size; write 192MB or 4GiB");
}

Result<void> set_duration(std::int64_t& out, const std::string& name, const std::string& value) {
  const auto parsed = base::parse_duration_ns(value);
  if (!parsed || *parsed < 0) return wrong(name, value, "a duration; write 30s, 24h or 15d");
  out = *parsed;
  return {};
}

Result<void> set_bool(bool& out, const std::string& name, const std::string& value) {
  if (value != "true" && value != "false") return wrong(name, value, "true or false");
  out = value == "true";
  return {};
}

Result<void> set_int(int& out, const std::string& name, const std::string& value, int min,
                     int max) {
  const auto parsed = base::parse_int64(value);
  if (!parsed || *parsed < min || *parsed > max) {
    return wrong(name, value,
                 "a number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  out = static_cast<int>(*parsed);
  return {};
}

void set_list(std::vector<std::string>& out, const std::string& value) {
  out.clear();
  for (const std::string_view piece : base::split(value, ',')) {
    if (!base::trim(piece).empty()) out.emplace_back(base::trim(piece));
  }
}

Result<void> set_series_retention(ServeConfig& config, const std::string& value) {
  const auto parts = base::split(value, ',');
  std::int64_t* const targets[] = {&config.series_raw_ns, &config.series_minute_ns,
                                   &config.series_hour_ns};
  if (parts.size() != std::size(targets)) {
    return wrong("series_retention", value, "three durations; write 48h,15d,400d");
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    HG_RETURN_IF_ERROR(
        set_duration(*targets[i], "series_retention", std::string(base::trim(parts[i]))));
  }
  return {};
}

using Setter = std::function<Result<void>(ServeConfig&, const std::string& value)>;

Setter text(std::string ServeConfig::*member) {
  return [member](ServeConfig& config, const std::string& value) -> Result<void> {
    config.*member = value;
    return {};
  };
}
Setter size(std::int64_t ServeConfig::*member, const char* name) {
  return
      [member, name](ServeConfig& c, const std::string& v) { return set_size(c.*member, name, v); };
}
Setter duration(std::int64_t ServeConfig::*member, const char* name) {
  return [member, name](ServeConfig& c, const std::string& v) {
    return set_duration(c.*member, name, v);
  };
}
Setter boolean(bool ServeConfig::*member, const char* name) {
  return
      [member, name](ServeConfig& c, const std::string& v) { return set_bool(c.*member, name, v); };
}
Setter number(int ServeConfig::*member, const char* name, int min, int max) {
  return
      [=](ServeConfig& c, const std::string& v) { return set_int(c.*member, name, v, min, max); };
}
Setter list(std::vector<std::string> ServeConfig::*member) {
  return [member](ServeConfig& config, const std::string& value) -> Result<void> {
    set_list(config.*member, value);
    return {};
  };
}

const std::map<std::string, Setter>& setters() {
  static const auto* table = new std::map<std::string, Setter>{
      {"data", text(&ServeConfig::data)},
      {"otlp_grpc", text(&ServeConfig::otlp_grpc)},
      {"otlp_http", text(&ServeConfig::otlp_http)},
      {"http", text(&ServeConfig::http)},
      {"base_path", text(&ServeConfig::base_path)},
      {"allowed_hosts", list(&ServeConfig::allowed_hosts)},
      {"cors_origins", list(&ServeConfig::cors_origins)},
      {"token_file", text(&ServeConfig::token_file)},
      {"insecure", boolean(&ServeConfig::insecure, "insecure")},
      {"allow_purge", boolean(&ServeConfig::allow_purge, "allow_purge")},
      {"sync", text(&ServeConfig::sync)},
      {"retention", duration(&ServeConfig::retention_ns, "retention")},
      {"retention_errors", duration(&ServeConfig::retention_errors_ns, "retention_errors")},
      {"disk", size(&ServeConfig::disk_bytes, "disk")},
      {"memory", size(&ServeConfig::memory_bytes, "memory")},
      {"series_retention", set_series_retention},
      {"body_max", size(&ServeConfig::body_bytes_max, "body_max")},
      {"io_threads", number(&ServeConfig::io_threads, "io_threads", 1, 64)},
      {"query_threads", number(&ServeConfig::query_threads, "query_threads", 1, 64)},
      {"query_queue_max", number(&ServeConfig::query_queue_max, "query_queue_max", 1, 10'000)},
      {"query_deadline", duration(&ServeConfig::query_deadline_ns, "query_deadline")},
      {"conventions_file", text(&ServeConfig::conventions_file)},
      {"prices_file", text(&ServeConfig::prices_file)},
      {"rules_file", text(&ServeConfig::rules_file)},
      {"enable_exec", boolean(&ServeConfig::enable_exec, "enable_exec")},
      {"external_url", text(&ServeConfig::external_url)},
      {"forward", text(&ServeConfig::forward)},
      {"log_level", text(&ServeConfig::log_level)},
  };
  return *table;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<void> check_word(const std::string& name, const std::string& value,
                        const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), value) != words.end()) return {};
  std::string expected = "one of";
  for (const std::string& word : words) expected += " '" + word + "'";
  return wrong(name, value, expected);
}

}  // namespace

Result<ListenAddress> parse_listen_address(const std::string& text) {
  const auto parsed = net::parse_host_port(text);
  if (!parsed || text.find(':') == std::string::npos) {
    return Error{
        ErrorCode::kInvalidArgument,
        "'" + text + "' is not HOST:PORT; write 127.0.0.1:8321, [::1]:8321 or 127.0.0.1:0"};
  }
  return ListenAddress{parsed->host, parsed->port, is_loopback(parsed->host)};
}

Result<void> validate(const ServeConfig& config) {
  control::MitigationConfig mitigation = config.mitigation;
  mitigation.exec_enabled = config.enable_exec;
  HG_RETURN_IF_ERROR(control::validate(mitigation));
  HG_RETURN_IF_ERROR(notify::validate(config.receivers, config.enable_exec));
  if (config.data.empty()) return Error{ErrorCode::kInvalidArgument, "data: no directory given"};
  for (const auto& [name, text] :
       {std::pair<std::string, std::string>{"otlp_grpc", config.otlp_grpc},
        {"otlp_http", config.otlp_http},
        {"http", config.http}}) {
    const auto address = parse_listen_address(text);
    if (!address) return base::with_context(address.error(), name);
    if (!address->loopback && config.token_file.empty() && !config.insecure) {
      return Error{ErrorCode::kInvalidArgument,
                   name + ": " + text +
                       " can be reached from other machines; give --token-file FILE, or --insecure "
                       "if everybody who reaches it may send and read"};
    }
  }
  HG_RETURN_IF_ERROR(check_word("sync", config.sync, {"1s", "commit"}));
  HG_RETURN_IF_ERROR(check_word("log_level", base::to_lower(config.log_level),
                                {"debug", "info", "warning", "error"}));
  if (!config.base_path.empty() &&
      (config.base_path.front() != '/' || config.base_path.back() == '/')) {
    return wrong("base_path", config.base_path, "a path such as /honeyguide");
  }
  // What is read and does nothing yet must not look as if it did.
  if (!config.forward.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 "forward: this version does not do that yet; leave it out"};
  }
  constexpr std::int64_t kMemoryBytesMin = 64'000'000;
  if (config.memory_bytes < kMemoryBytesMin) {
    return Error{ErrorCode::kInvalidArgument, "memory: at least 64MB are needed"};
  }
  if (config.retention_ns < base::kNanosPerHour) {
    return Error{ErrorCode::kInvalidArgument, "retention: at least 1h; data go by whole hours"};
  }
  std::vector<std::string> receivers;
  for (const auto& receiver : config.receivers) receivers.push_back(receiver.name);
  return alerts::check_alerting(config.alerting, receivers);
}

Result<void> apply_environment(ServeConfig& config, const char* (*get)(const char* name)) {
  for (const std::string& name : setting_names()) {
    std::string variable = "HONEYGUIDE_" + name;
    std::transform(variable.begin(), variable.end(), variable.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    const char* value = get(variable.c_str());
    if (value == nullptr) continue;
    if (const auto applied = apply_setting(config, name, value); !applied) {
      return base::with_context(applied.error(), "environment variable " + variable);
    }
    config.sources[name] = {"environment", variable};
  }
  if (const char* level = get("LOG_LEVEL"); level != nullptr) {
    config.log_level = base::to_lower(level);
    config.sources["log_level"] = {"environment", "LOG_LEVEL"};
  }
  return {};
}

Result<void> apply_setting(ServeConfig& config, const std::string& name, const std::string& value) {
  const auto setter = setters().find(name);
  if (setter == setters().end())
    return Error{ErrorCode::kNotFound, "unknown setting '" + name + "'"};
  return setter->second(config, value);
}

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  for (const auto& [name, setter] : setters()) names.push_back(name);
  return names;
}

}  // namespace honeyguide::server
