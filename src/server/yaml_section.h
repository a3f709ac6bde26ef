// YamlSection: reads the entries of one mapping of the configuration file; every error names file,
// line and column. Only .cc files that read YAML include it.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "base/result.h"

namespace honeyguide::server {

class YamlSection {
 public:
  // `what` names the section in messages: "mitigation", "receiver 'ops'".
  YamlSection(YAML::Node node, std::string file, std::string what)
      : node_(std::move(node)), file_(std::move(file)), what_(std::move(what)) {}

  // kInvalidArgument if it is no mapping or has a key that is not in `names`.
  base::Result<void> check_keys(const std::set<std::string>& names) const;

  bool has(const char* name) const { return static_cast<bool>(node_[name]); }
  // The items of a list; empty for anything else.
  std::vector<YAML::Node> items() const;
  YAML::Node node(const char* name) const { return node_[name]; }
  YamlSection section(const char* name, std::string what) const {
    return {node_[name], file_, std::move(what)};
  }
  YamlSection of(const YAML::Node& node, std::string what) const {
    return {node, file_, std::move(what)};
  }

  // Each leaves `out` alone where the key is missing.
  base::Result<void> text(const char* name, std::string& out) const;
  base::Result<void> flag(const char* name, bool& out) const;
  base::Result<void> integer(const char* name, int& out) const;
  base::Result<void> real(const char* name, double& out) const;
  base::Result<void> duration(const char* name, std::int64_t& out_ns) const;
  // A list of scalars, or one scalar.
  base::Result<void> texts(const char* name, std::vector<std::string>& out) const;
  // A mapping as JSON text, scalars typed as YAML reads them.
  base::Result<void> json_object(const char* name, std::string& out) const;

  base::Error error(const char* name, const std::string& message) const;
  base::Error error(const std::string& message) const;

 private:
  base::Error at(const YAML::Node& node, const std::string& message) const;

  YAML::Node node_;
  std::string file_;
  std::string what_;
};

}  // namespace honeyguide::server
