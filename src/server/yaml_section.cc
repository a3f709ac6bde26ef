#include "server/yaml_section.h"

#include "base/json_writer.h"
#include "base/strings.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;

constexpr int kDepthMax = 16;

bool write_json(JsonWriter& out, const YAML::Node& node, int depth) {
  if (depth > kDepthMax) return false;
  if (node.IsMap()) {
    out.begin_object();
    for (const auto& entry : node) {
      out.key(entry.first.as<std::string>(""));
      if (!write_json(out, entry.second, depth + 1)) return false;
    }
    out.end_object();
    return true;
  }
  if (node.IsSequence()) {
    out.begin_array();
    for (const auto& item : node) {
      if (!write_json(out, item, depth + 1)) return false;
    }
    out.end_array();
    return true;
  }
  if (!node.IsScalar()) {
    out.null();
    return true;
  }
  const std::string text = node.Scalar();
  const bool quoted = node.Tag() == "!";
  const auto whole = base::parse_int64(text);
  const auto number = base::parse_double(text);
  if (quoted) {
    out.value(text);
  } else if (text == "true" || text == "false") {
    out.value(text == "true");
  } else if (whole) {
    out.value(*whole);
  } else if (number) {
    out.value(*number);
  } else {
    out.value(text);
  }
  return true;
}

}  // namespace

Error YamlSection::at(const YAML::Node& node, const std::string& message) const {
  const YAML::Mark mark = node.Mark();
  return {ErrorCode::kInvalidArgument, file_ + ":" + std::to_string(mark.line + 1) + ":" +
                                           std::to_string(mark.column + 1) + ": " + what_ + ": " +
                                           message};
}

std::vector<YAML::Node> YamlSection::items() const {
  std::vector<YAML::Node> out;
  if (!node_.IsSequence()) return out;
  for (const auto& item : node_) out.push_back(item);
  return out;
}

Error YamlSection::error(const char* name, const std::string& message) const {
  return at(has(name) ? node_[name] : node_, "'" + std::string(name) + "' " + message);
}

Error YamlSection::error(const std::string& message) const {
  return at(node_, message);
}

Result<void> YamlSection::check_keys(const std::set<std::string>& names) const {
  if (!node_.IsMap()) return error("takes 'name: value' entries");
  for (const auto& entry : node_) {
    const auto name = entry.first.as<std::string>("");
    if (names.contains(name)) continue;
    std::string known;
    for (const std::string& candidate : names) known += (known.empty() ? "" : ", ") + candidate;
    return at(entry.first, "unknown entry '" + name + "'; there are " + known);
  }
  return {};
}

Result<void> YamlSection::text(const char* name, std::string& out) const {
  if (!has(name)) return {};
  if (!node_[name].IsScalar()) return error(name, "takes a text");
  out = node_[name].Scalar();
  return {};
}

Result<void> YamlSection::flag(const char* name, bool& out) const {
  std::string word = out ? "true" : "false";
  HG_RETURN_IF_ERROR(text(name, word));
  if (word != "true" && word != "false") return error(name, "is true or false");
  out = word == "true";
  return {};
}

Result<void> YamlSection::integer(const char* name, int& out) const {
  std::string word = std::to_string(out);
  HG_RETURN_IF_ERROR(text(name, word));
  const auto number = base::parse_int64(word);
  if (!number || *number < -1'000'000'000 || *number > 1'000'000'000) {
    return error(name, "is a whole number");
  }
  out = static_cast<int>(*number);
  return {};
}

Result<void> YamlSection::real(const char* name, double& out) const {
  if (!has(name)) return {};
  std::string word;
  HG_RETURN_IF_ERROR(text(name, word));
  const auto number = base::parse_double(word);
  if (!number) return error(name, "is a number");
  out = *number;
  return {};
}

Result<void> YamlSection::duration(const char* name, std::int64_t& out_ns) const {
  if (!has(name)) return {};
  std::string word;
  HG_RETURN_IF_ERROR(text(name, word));
  const auto parsed = base::parse_duration_ns(word);
  if (!parsed || *parsed < 0) return error(name, "is a duration such as 30s, 15m or 1h");
  out_ns = *parsed;
  return {};
}

Result<void> YamlSection::texts(const char* name, std::vector<std::string>& out) const {
  if (!has(name)) return {};
  const YAML::Node value = node_[name];
  out.clear();
  if (value.IsScalar()) {
    out.push_back(value.Scalar());
    return {};
  }
  if (!value.IsSequence()) return error(name, "takes a list");
  for (const auto& item : value) {
    if (!item.IsScalar()) return error(name, "takes a list of texts");
    out.push_back(item.Scalar());
  }
  return {};
}

Result<void> YamlSection::json_object(const char* name, std::string& out) const {
  if (!has(name)) return {};
  if (!node_[name].IsMap()) return error(name, "takes 'name: value' entries");
  JsonWriter json;
  if (!write_json(json, node_[name], 0)) return error(name, "is nested too deeply");
  out = json.take();
  return {};
}

}  // namespace honeyguide::server
