#include "server/config_file.h"

#include <cstdlib>
#include <span>

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

constexpr std::int64_t kPeriodMinNs = base::kNanosPerMinute;
constexpr std::int64_t kPeriodMaxNs = 366 * base::kNanosPerDay;

class Reader {
 public:
  Reader(ServeConfig& config, std::string file_name)
      : config_(config), file_name_(std::move(file_name)) {}

  // A list of mappings; each is added to those that are there already.
  Result<void> apply_conventions(const YAML::Node& node) {
    if (!node.IsSequence()) return at(node, "'conventions' takes a list of mappings");
    for (const auto& item : node) {
      HG_ASSIGN_OR_RETURN(agents::MappingOverride line, read_mapping(item));
      if (const auto valid = agents::Conventions::create(std::span(&line, 1)); !valid) {
        return at(item, valid.error().message);
      }
      config_.conventions.push_back(std::move(line));
    }
    return {};
  }

  // Model -> {input, cached, output}, in USD per million tokens.
  Result<void> apply_prices(const YAML::Node& node) {
    if (!node.IsMap()) return at(node, "'prices' takes 'model: {input: USD, output: USD}'");
    for (const auto& entry : node) {
      const auto model = entry.first.as<std::string>("");
      if (model.empty()) return at(entry.first, "a price needs the name of a model");
      HG_ASSIGN_OR_RETURN(config_.prices[model], read_price(entry.second));
    }
    return {};
  }

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
    // Places that are kept: nobody shall believe that they do something.
    if (name == "tls") {
      return at(key, "'tls' is not there yet; put a proxy that ends TLS in front of the listeners");
    }
    if (name == "redaction") {
      return at(key, "'redaction' is not there yet; let the senders leave out what must not leave");
    }
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
    if (name == "conventions") return apply_conventions(value);
    if (name == "prices") return apply_prices(value);
    if (name == "conditions") return apply_conditions(value);
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
    if (!node.IsMap()) return at(node, "'agents' takes 'scope', 'teams', 'conflict_timeout'");
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
      } else if (name == "conflict_timeout") {
        const auto timeout = base::parse_duration_ns(entry.second.as<std::string>(""));
        if (!timeout || *timeout <= 0) {
          return at(entry.second, "'conflict_timeout' is a duration such as 30m");
        }
        config_.conflict_timeout_ns = *timeout;
      } else if (name == "teams") {
        return at(entry.second, "'agents.teams' takes 'agent: team' pairs");
      } else {
        return at(entry.first, "unknown setting 'agents." + name +
                                   "'; there are 'scope', 'teams' and 'conflict_timeout'");
      }
    }
    return {};
  }

  Result<void> apply_budgets(const YAML::Node& node) {
    if (!node.IsSequence()) return at(node, "'budgets' takes a list");
    config_.budgets.clear();
    for (const auto& item : node) {
      HG_ASSIGN_OR_RETURN(agents::BudgetRule budget, read_budget(item));
      for (const agents::BudgetRule& other : config_.budgets) {
        if (other.name == budget.name) {
          return at(item, "there are two budgets '" + budget.name + "'");
        }
      }
      config_.budgets.push_back(std::move(budget));
    }
    return {};
  }

  Result<agents::MappingOverride> read_mapping(const YAML::Node& item) {
    if (!item.IsMap())
      return at(item, "a mapping is 'attribute', then 'field', or 'value', 'role'");
    agents::MappingOverride line;
    for (const auto& entry : item) {
      const auto name = entry.first.as<std::string>("");
      const auto value = entry.second.as<std::string>("");
      if (name == "attribute") {
        line.attribute = value;
      } else if (name == "field") {
        line.field = value;
      } else if (name == "value") {
        line.value = value;
      } else if (name == "role") {
        line.role = value;
      } else {
        return at(entry.first, "unknown key '" + name +
                                   "' of a mapping; there are attribute, field, value, role");
      }
    }
    if (line.field.empty() && (line.value.empty() || line.role.empty())) {
      return at(item, "a mapping needs 'field', or 'value' and 'role'");
    }
    return line;
  }

  Result<agents::ModelPrice> read_price(const YAML::Node& node) {
    if (!node.IsMap() || !node["input"] || !node["output"]) {
      return at(node, "a price is {input: USD, output: USD} per million tokens, also 'cached'");
    }
    agents::ModelPrice price;
    bool cached = false;
    for (const auto& entry : node) {
      const auto name = entry.first.as<std::string>("");
      const auto usd = base::parse_double(entry.second.as<std::string>(""));
      if (!usd || *usd < 0 || *usd > 1e6) {
        return at(entry.second, "'" + name + "' is an amount in USD per million tokens");
      }
      const auto nano = static_cast<std::int64_t>(*usd * 1000 + 0.5);
      if (name == "input") {
        price.input_nano = nano;
      } else if (name == "output") {
        price.output_nano = nano;
      } else if (name == "cached") {
        price.cached_nano = nano;
        cached = true;
      } else {
        return at(entry.first,
                  "unknown key '" + name + "' of a price; there are input, cached, output");
      }
    }
    if (!cached) price.cached_nano = price.input_nano;
    return price;
  }

  Result<void> apply_conditions(const YAML::Node& node) {
    if (!node.IsSequence()) return at(node, "'conditions' takes a list");
    config_.conditions.clear();
    for (const auto& item : node) {
      if (!item.IsMap()) return at(item, "a condition needs at least 'name' and 'when'");
      watch::ConditionSpec spec;
      spec.severity = "high";
      spec.category = "performance";
      for (const auto& entry : item) {
        HG_RETURN_IF_ERROR(apply_condition(spec, entry.first, entry.second));
      }
      const auto checked = watch::ConditionBook::create({spec});
      if (!checked) return at(item, checked.error().message);
      config_.conditions.push_back(std::move(spec));
    }
    return {};
  }

  Result<void> apply_condition(watch::ConditionSpec& spec, const YAML::Node& key,
                               const YAML::Node& value) {
    const auto name = key.as<std::string>("");
    const std::pair<const char*, std::string*> kTexts[] = {
        {"name", &spec.name},         {"description", &spec.description},
        {"severity", &spec.severity}, {"category", &spec.category},
        {"when", &spec.when},         {"what_to_do", &spec.what_to_do}};
    for (const auto& [text, target] : kTexts) {
      if (name != text) continue;
      *target = value.as<std::string>("");
      return {};
    }
    if (name != "for") {
      return at(key, "unknown setting 'conditions." + name +
                         "'; there are name, description, severity, category, when, for, "
                         "what_to_do");
    }
    const auto parsed = base::parse_duration_ns(value.as<std::string>(""));
    if (!parsed) return at(value, "'for' is a duration such as 2m");
    spec.for_ns = *parsed;
    return {};
  }

  Result<agents::BudgetRule> read_budget(const YAML::Node& item) {
    if (!item.IsMap() || !item["name"]) return at(item, "a budget needs at least a 'name'");
    agents::BudgetRule budget;
    budget.name = item["name"].as<std::string>("");
    if (const auto usd = item["usd"]) {
      const auto limit = base::parse_double(usd.as<std::string>(""));
      if (!limit || *limit <= 0) return at(usd, "'usd' is an amount above 0");
      budget.limit_micro_usd = static_cast<std::int64_t>(*limit * 1e6 + 0.5);
    }
    if (const auto tokens = item["tokens"]) {
      const auto limit = base::parse_int64(tokens.as<std::string>(""));
      if (!limit || *limit <= 0) return at(tokens, "'tokens' is a number above 0");
      budget.limit_tokens = *limit;
    }
    if (budget.limit_micro_usd == 0 && budget.limit_tokens == 0) {
      return at(item, "a budget needs 'usd' or 'tokens'");
    }
    if (const auto period = item["period"]) {
      const auto parsed = base::parse_duration_ns(period.as<std::string>(""));
      if (!parsed || *parsed < kPeriodMinNs || *parsed > kPeriodMaxNs) {
        return at(period, "'period' is a duration from 1m to 366d, such as 24h or 30d");
      }
      budget.period_ns = *parsed;
    }
    if (const auto selector = item["selector"]) {
      if (!selector.IsMap() || selector.size() > 1) {
        return at(selector, "'selector' takes one 'label: value' pair");
      }
      for (const auto& label : selector) {
        if (!agents::is_budget_label(label.first.as<std::string>(""))) {
          return at(label.first, "a budget selects by agent, workflow or team");
        }
        budget.selector[label.first.as<std::string>()] = label.second.as<std::string>("");
      }
    }
    return budget;
  }

  ServeConfig& config_;
  std::string file_name_;
};

}  // namespace

namespace {

using Apply = Result<void> (Reader::*)(const YAML::Node&);

Result<void> apply_text(ServeConfig& config, const std::string& text, const std::string& file_name,
                        Apply apply) {
  // yaml-cpp throws; nothing of it leaves this function.
  try {
    Reader reader(config, file_name);
    return (reader.*apply)(YAML::Load(text));
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

}  // namespace

Result<void> apply_config_text(ServeConfig& config, const std::string& text,
                               const std::string& file_name) {
  return apply_text(config, text, file_name, &Reader::apply);
}

Result<void> apply_conventions_text(ServeConfig& config, const std::string& text,
                                    const std::string& file_name) {
  return apply_text(config, text, file_name, &Reader::apply_conventions);
}

Result<void> apply_prices_text(ServeConfig& config, const std::string& text,
                               const std::string& file_name) {
  return apply_text(config, text, file_name, &Reader::apply_prices);
}

}  // namespace honeyguide::server
