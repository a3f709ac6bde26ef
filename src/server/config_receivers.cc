#include "server/config_receivers.h"

#include "base/strings.h"

namespace honeyguide::server {
namespace {

using base::Result;
using notify::ReceiverConfig;
using notify::ReceiverType;

class Reader {
 public:
  Reader(base::FileSystem& fs, const char* (*get_environment)(const char*))
      : fs_(fs), get_environment_(get_environment) {}

  Result<ReceiverConfig> receiver(const YamlSection& in) {
    HG_RETURN_IF_ERROR(in.check_keys({"name",
                                      "type",
                                      "url",
                                      "url_file",
                                      "url_env",
                                      "token_file",
                                      "token_env",
                                      "routing_key_file",
                                      "routing_key_env",
                                      "from",
                                      "to",
                                      "user",
                                      "password_file",
                                      "password_env",
                                      "require_tls",
                                      "command",
                                      "timeout",
                                      "hold",
                                      "title",
                                      "text"}));
    ReceiverConfig out;
    HG_RETURN_IF_ERROR(in.text("name", out.name));
    HG_RETURN_IF_ERROR(type(in, out.type));
    if (out.type == ReceiverType::kPagerDuty) out.url = notify::kPagerDutyUrl;
    HG_RETURN_IF_ERROR(in.text("url", out.url));
    HG_RETURN_IF_ERROR(secret(in, "url", out.url));
    HG_RETURN_IF_ERROR(secret(in, "token", out.token));
    HG_RETURN_IF_ERROR(secret(in, "routing_key", out.routing_key));
    HG_RETURN_IF_ERROR(secret(in, "password", out.password));
    HG_RETURN_IF_ERROR(in.text("from", out.from));
    HG_RETURN_IF_ERROR(in.texts("to", out.to));
    HG_RETURN_IF_ERROR(in.text("user", out.user));
    HG_RETURN_IF_ERROR(in.flag("require_tls", out.require_tls));
    HG_RETURN_IF_ERROR(in.texts("command", out.argv));
    HG_RETURN_IF_ERROR(in.duration("timeout", out.timeout_ns));
    HG_RETURN_IF_ERROR(in.duration("hold", out.hold_ns));
    HG_RETURN_IF_ERROR(in.text("title", out.title));
    HG_RETURN_IF_ERROR(in.text("text", out.text));
    return out;
  }

 private:
  static Result<void> type(const YamlSection& in, ReceiverType& out) {
    std::string word;
    HG_RETURN_IF_ERROR(in.text("type", word));
    for (int i = 0; i < notify::kReceiverTypes; ++i) {
      const auto candidate = static_cast<ReceiverType>(i);
      if (notify::receiver_type_name(candidate) != word) continue;
      out = candidate;
      return {};
    }
    return in.error("type", "is webhook, slack, pagerduty, email, alertmanager or command");
  }

  // NAME_file or NAME_env: secrets stay out of the configuration file.
  Result<void> secret(const YamlSection& in, const std::string& name, std::string& out) {
    const std::string file_key = name + "_file";
    const std::string env_key = name + "_env";
    std::string place;
    if (in.has(file_key.c_str())) {
      HG_RETURN_IF_ERROR(in.text(file_key.c_str(), place));
      const auto content = fs_.read_file(place);
      if (!content) return in.error(file_key.c_str(), content.error().message);
      out = base::trim(*content);
    } else if (in.has(env_key.c_str())) {
      HG_RETURN_IF_ERROR(in.text(env_key.c_str(), place));
      const char* value = get_environment_(place.c_str());
      if (value == nullptr) return in.error(env_key.c_str(), "names no environment variable");
      out = value;
    }
    return {};
  }

  base::FileSystem& fs_;
  const char* (*const get_environment_)(const char*);
};

}  // namespace

Result<std::vector<ReceiverConfig>> read_receivers(const YamlSection& section, base::FileSystem& fs,
                                                   const char* (*get_environment)(const char*)) {
  std::vector<ReceiverConfig> out;
  Reader reader(fs, get_environment);
  for (const auto& item : section.items()) {
    const auto name = item.IsMap() ? item["name"].as<std::string>("") : std::string();
    HG_ASSIGN_OR_RETURN(ReceiverConfig receiver,
                        reader.receiver(section.of(item, "receiver '" + name + "'")));
    out.push_back(std::move(receiver));
  }
  return out;
}

}  // namespace honeyguide::server
