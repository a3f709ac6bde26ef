#include "server/config_file.h"

#include <cstdlib>

#include <yaml-cpp/yaml.h>

#include "base/file_system.h"
#include "base/strings.h"
#include "server/alerting_file.h"
#include "server/config_mitigation.h"
#include "server/config_receivers.h"
#include "server/yaml_section.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

class Reader {
 public:
  Reader(ServeConfig& config, std::string file_name)
      : config_(config), file_name_(std::move(file_name)) {}

  Result<void> apply(const YAML::Node& root) {
    if (root.IsNull()) return {};
    if (!root.IsMap()) return at(root, "expected settings as 'name: value'");
    for (const auto& entry : root) {
      const auto name = entry.first.as<std::string>();
      HG_RETURN_IF_ERROR(apply_entry(name, entry.first, entry.second));
    }
    return {};
  }

 private:
  Error at(const YAML::Node& node, const std::string& message) const {
    const YAML::Mark mark = node.Mark();
    return {ErrorCode::kInvalidArgument, file_name_ + ":" + std::to_string(mark.line + 1) + ":" +
                                             std::to_string(mark.column + 1) + ": " + message};
  }

  Result<void> apply_entry(const std::string& name, const YAML::Node& key,
                           const YAML::Node& value) {
    if (name == "agents") return apply_agents(value);
    if (name == "budgets") return apply_budgets(value);
    if (name == "receivers") {
      if (!value.IsSequence()) return at(value, "'receivers' takes a list");
      HG_ASSIGN_OR_RETURN(config_.receivers,
                          read_receivers(YamlSection(value, file_name_, "receivers"),
                                         base::posix_fs(), [](const char* variable) -> const char* {
                                           return std::getenv(variable);
                                         }));
      return {};
    }
    if (name == "mitigation") {
      HG_ASSIGN_OR_RETURN(config_.mitigation,
                          read_mitigation(YamlSection(value, file_name_, "mitigation")));
      return {};
    }
    if (name == "alerting") return apply_alerting(config_.alerting, value, file_name_);
    std::string text;
    if (value.IsSequence()) {
      for (const auto& item : value) text += (text.empty() ? "" : ",") + item.as<std::string>("");
    } else if (value.IsScalar()) {
      text = value.as<std::string>();
    } else {
      return at(value, "'" + name + "' takes one value or a list of values");
    }
    const auto applied = apply_setting(config_, name, text);
    if (applied) {
      config_.sources[name] = {"file", file_name_ + ":" + std::to_string(key.Mark().line + 1)};
      return {};
    }
    if (applied.error().code != ErrorCode::kNotFound) return at(value, applied.error().message);
    return at(key, applied.error().message + nearest_hint(name));
  }

  static std::string nearest_hint(const std::string& name) {
    std::string best;
    std::size_t best_common = 2;
    for (const std::string& candidate : setting_names()) {
      std::size_t common = 0;
      while (common < name.size() && common < candidate.size() &&
             name[common] == candidate[common]) {
        ++common;
      }
      if (common > best_common) {
        best = candidate;
        best_common = common;
      }
    }
    return best.empty() ? "" : "; did you mean '" + best + "'?";
  }

  Result<void> apply_agents(const YAML::Node& node) {
    if (!node.IsMap()) return at(node, "'agents' takes 'scope' and 'teams'");
    for (const auto& entry : node) {
      const auto name = entry.first.as<std::string>();
      if (name == "scope") {
        const auto scope = entry.second.as<std::string>("");
        if (scope != "service" && scope != "name") {
          return at(entry.second, "agents.scope is 'name' or 'service'");
        }
        config_.agents_scope = scope == "service" ? scope : "";
      } else if (name == "teams" && entry.second.IsMap()) {
        for (const auto& team : entry.second) {
          config_.agent_teams[team.first.as<std::string>()] = team.second.as<std::string>("");
        }
      } else {
        return at(entry.first,
                  "unknown setting 'agents." + name + "'; there are 'scope' and 'teams'");
      }
    }
    return {};
  }

  Result<void> apply_budgets(const YAML::Node& node) {
    if (!node.IsSequence()) return at(node, "'budgets' takes a list");
    config_.budgets.clear();
    for (const auto& item : node) {
      HG_ASSIGN_OR_RETURN(BudgetConfig budget, read_budget(item));
      config_.budgets.push_back(std::move(budget));
    }
    return {};
  }

  Result<BudgetConfig> read_budget(const YAML::Node& item) {
    if (!item.IsMap() || !item["name"]) return at(item, "a budget needs at least a 'name'");
    BudgetConfig budget;
    budget.name = item["name"].as<std::string>("");
    if (const auto usd = item["usd"]) {
      const auto limit = base::parse_double(usd.as<std::string>(""));
      if (!limit || *limit <= 0) return at(usd, "'usd' is an amount above 0");
      budget.limit_usd = *limit;
    }
    if (const auto tokens = item["tokens"]) {
      const auto limit = base::parse_int64(tokens.as<std::string>(""));
      if (!limit || *limit <= 0) return at(tokens, "'tokens' is a number above 0");
      budget.limit_tokens = *limit;
    }
    if (budget.limit_usd == 0 && budget.limit_tokens == 0) {
      return at(item, "a budget needs 'usd' or 'tokens'");
    }
    if (const auto period = item["period"]) {
      const auto parsed = base::parse_duration_ns(period.as<std::string>(""));
      if (!parsed || *parsed <= 0) return at(period, "'period' is a duration such as 24h or 30d");
      budget.period_ns = *parsed;
    }
    if (const auto selector = item["selector"]) {
      if (!selector.IsMap()) return at(selector, "'selector' takes 'label: value' pairs");
      for (const auto& label : selector) {
        budget.selector[label.first.as<std::string>()] = label.second.as<std::string>("");
      }
    }
    return budget;
  }

  ServeConfig& config_;
  std::string file_name_;
};

}  // namespace

Result<void> apply_config_text(ServeConfig& config, const std::string& text,
                               const std::string& file_name) {
  // yaml-cpp throws; nothing of it leaves this function.
  try {
    return Reader(config, file_name).apply(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    const bool known = error.mark.line >= 0;
    return Error{ErrorCode::kInvalidArgument,
                 file_name +
                     (known ? ":" + std::to_string(error.mark.line + 1) + ":" +
                                  std::to_string(error.mark.column + 1)
                            : "") +
                     ": " + error.msg};
  }
}

}  // namespace honeyguide::server
