#include "server/alerting_file.h"

#include <set>

#include <yaml-cpp/yaml.h>

#include "base/strings.h"

namespace honeyguide::server {
namespace {

using alerts::AlertingConfig;
using alerts::EscalationPolicy;
using alerts::EscalationStep;
using alerts::InhibitRule;
using alerts::Labels;
using alerts::Matchers;
using alerts::MuteInterval;
using alerts::Route;
using alerts::Rule;
using base::Error;
using base::ErrorCode;
using base::Result;

constexpr const char* kWeekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr int kRouteDepthMax = 16;

class Reader {
 public:
  explicit Reader(std::string file_name) : file_name_(std::move(file_name)) {}

  Result<void> section(AlertingConfig& out, const YAML::Node& node) {
    HG_RETURN_IF_ERROR(
        known_keys(node, "alerting",
                   {"default_rules", "evaluation_interval", "rules", "route", "mute_intervals",
                    "inhibit", "inhibit_along_handoffs", "escalation"}));
    HG_RETURN_IF_ERROR(flag(node, "default_rules", out.default_rules));
    HG_RETURN_IF_ERROR(flag(node, "inhibit_along_handoffs", out.inhibit_along_handoffs));
    HG_RETURN_IF_ERROR(duration(node, "evaluation_interval", out.evaluation_interval_ns));
    HG_RETURN_IF_ERROR(rules(out, node["rules"]));
    if (node["route"]) HG_RETURN_IF_ERROR(route(out.route, node["route"], 0));
    for (const auto& item : node["mute_intervals"]) {
      HG_ASSIGN_OR_RETURN(auto interval, mute_interval(item));
      out.mute_intervals.push_back(std::move(interval));
    }
    for (const auto& item : node["inhibit"]) {
      HG_ASSIGN_OR_RETURN(auto rule, inhibit(item));
      out.inhibit.push_back(std::move(rule));
    }
    for (const auto& item : node["escalation"]) {
      HG_ASSIGN_OR_RETURN(auto policy, escalation(item));
      out.policies.push_back(std::move(policy));
    }
    return {};
  }

  Result<void> rule_file(AlertingConfig& out, const YAML::Node& node) {
    HG_RETURN_IF_ERROR(known_keys(node, "a rule file", {"groups", "rules"}));
    HG_RETURN_IF_ERROR(rules(out, node["rules"]));
    for (const auto& group : node["groups"]) {
      HG_RETURN_IF_ERROR(known_keys(
          group, "a group", {"name", "interval", "query_offset", "limit", "labels", "rules"}));
      HG_RETURN_IF_ERROR(rules(out, group["rules"]));
    }
    return {};
  }

 private:
  Error at(const YAML::Node& node, const std::string& message) const {
    const YAML::Mark mark = node.Mark();
    return {ErrorCode::kInvalidArgument, file_name_ + ":" + std::to_string(mark.line + 1) + ":" +
                                             std::to_string(mark.column + 1) + ": " + message};
  }

  Result<void> known_keys(const YAML::Node& node, const std::string& what,
                          const std::set<std::string>& keys) const {
    if (!node.IsMap()) return at(node, what + " is a map");
    for (const auto& entry : node) {
      const auto key = entry.first.as<std::string>("");
      if (keys.contains(key)) continue;
      std::string all;
      for (const std::string& name : keys) all += (all.empty() ? "" : ", ") + name;
      return at(entry.first, what + ": '" + key + "' is not known; there are " + all);
    }
    return {};
  }

  Result<void> flag(const YAML::Node& node, const char* key, bool& out) const {
    if (!node[key]) return {};
    const auto text = node[key].as<std::string>("");
    if (text != "true" && text != "false") {
      return at(node[key], std::string(key) + ": true or false");
    }
    out = text == "true";
    return {};
  }

  Result<void> duration(const YAML::Node& node, const char* key, std::int64_t& out) const {
    if (!node[key]) return {};
    const auto ns = base::parse_duration_ns(node[key].as<std::string>(""));
    if (!ns || *ns < 0) return at(node[key], std::string(key) + ": a duration such as 30s or 5m");
    out = *ns;
    return {};
  }

  Result<void> text(const YAML::Node& node, const char* key, std::string& out) const {
    if (!node[key]) return {};
    if (!node[key].IsScalar()) return at(node[key], std::string(key) + ": one text");
    out = node[key].as<std::string>();
    return {};
  }

  Result<void> texts(const YAML::Node& node, const char* key, std::vector<std::string>& out) const {
    if (!node[key]) return {};
    if (!node[key].IsSequence()) return at(node[key], std::string(key) + ": a list of texts");
    out.clear();
    for (const auto& item : node[key]) out.push_back(item.as<std::string>(""));
    return {};
  }

  Result<void> labels(const YAML::Node& node, const char* key, Labels& out) const {
    if (!node[key]) return {};
    if (!node[key].IsMap()) return at(node[key], std::string(key) + ": 'name: value' pairs");
    for (const auto& entry : node[key]) {
      out[entry.first.as<std::string>()] = entry.second.as<std::string>("");
    }
    return {};
  }

  Result<void> matchers(const YAML::Node& node, const char* key, Matchers& out) const {
    std::vector<std::string> list;
    HG_RETURN_IF_ERROR(texts(node, key, list));
    std::vector<alerts::LabelMatcher> parsed;
    for (const std::string& item : list) {
      auto matcher = alerts::parse_matcher(item);
      if (!matcher) return at(node[key], matcher.error().message);
      parsed.push_back(std::move(matcher).value());
    }
    auto compiled = Matchers::compile(std::move(parsed));
    if (!compiled) return at(node[key], compiled.error().message);
    out = std::move(compiled).value();
    return {};
  }

  Result<void> severity(const YAML::Node& node, const char* key, alerts::Severity& out) const {
    if (!node[key]) return {};
    const auto parsed = alerts::parse_severity(node[key].as<std::string>(""));
    if (!parsed) {
      return at(node[key], std::string(key) + ": low, medium, high, critical or emergency");
    }
    out = *parsed;
    return {};
  }

  Result<void> rules(AlertingConfig& out, const YAML::Node& list) {
    if (!list) return {};
    if (!list.IsSequence()) return at(list, "rules: a list");
    for (const auto& item : list) {
      HG_ASSIGN_OR_RETURN(auto parsed, rule(item));
      out.rules.push_back(std::move(parsed));
    }
    return {};
  }

  Result<Rule> rule(const YAML::Node& node) {
    if (node.IsMap() && node["record"]) {
      return at(node["record"], "recording rules are not for honeyguide; leave them to Prometheus");
    }
    HG_RETURN_IF_ERROR(
        known_keys(node, "a rule",
                   {"alert", "expr", "clear", "for", "keep_firing_for", "severity", "category",
                    "labels", "annotations", "what_to_do", "runbook_url", "samples_min"}));
    Rule out;
    out.source = file_name_;
    HG_RETURN_IF_ERROR(text(node, "alert", out.name));
    if (!node["expr"]) return at(node, "rule '" + out.name + "': expr is missing");
    auto expression = alerts::parse_expression(base::trim(node["expr"].as<std::string>("")));
    if (!expression) return at(node["expr"], expression.error().message);
    out.expression = std::move(expression).value();
    if (node["clear"]) {
      out.clear = base::parse_double(node["clear"].as<std::string>(""));
      if (!out.clear) return at(node["clear"], "clear: a number");
    }
    HG_RETURN_IF_ERROR(duration(node, "for", out.for_ns));
    HG_RETURN_IF_ERROR(duration(node, "keep_firing_for", out.keep_firing_ns));
    HG_RETURN_IF_ERROR(labels(node, "labels", out.labels));
    HG_RETURN_IF_ERROR(labels(node, "annotations", out.annotations));
    HG_RETURN_IF_ERROR(text(node, "category", out.category));
    HG_RETURN_IF_ERROR(text(node, "what_to_do", out.what_to_do));
    HG_RETURN_IF_ERROR(text(node, "runbook_url", out.runbook_url));
    take_severity_label(out);
    HG_RETURN_IF_ERROR(severity(node, "severity", out.severity));
    if (node["samples_min"]) {
      const auto count = base::parse_uint64(node["samples_min"].as<std::string>(""));
      if (!count || *count == 0) return at(node["samples_min"], "samples_min: a number from 1");
      out.samples_min = *count;
    }
    if (const auto checked = alerts::check_rule(out); !checked) {
      return at(node, checked.error().message);
    }
    return out;
  }

  // Prometheus' rules carry their severity as a label, often "page", "warning" or "info".
  static void take_severity_label(Rule& rule) {
    const auto label = rule.labels.find("severity");
    if (label == rule.labels.end()) return;
    const std::string& word = label->second;
    if (const auto known = alerts::parse_severity(word)) {
      rule.severity = *known;
    } else if (word == "page" || word == "error") {
      rule.severity = alerts::Severity::kCritical;
    } else if (word == "info" || word == "none") {
      rule.severity = alerts::Severity::kLow;
    }
    rule.labels.erase(label);
    if (const auto url = rule.annotations.find("runbook_url"); url != rule.annotations.end()) {
      rule.runbook_url = url->second;
    }
  }

  Result<void> route(Route& out, const YAML::Node& node, int depth) {
    if (depth > kRouteDepthMax) return at(node, "route: nested too deep");
    HG_RETURN_IF_ERROR(
        known_keys(node, "route",
                   {"receiver", "matchers", "group_by", "group_wait", "group_interval",
                    "repeat_interval", "mute_intervals", "continue", "routes"}));
    HG_RETURN_IF_ERROR(text(node, "receiver", out.receiver));
    HG_RETURN_IF_ERROR(matchers(node, "matchers", out.matchers));
    HG_RETURN_IF_ERROR(texts(node, "group_by", out.group_by));
    HG_RETURN_IF_ERROR(duration(node, "group_wait", out.group_wait_ns));
    HG_RETURN_IF_ERROR(duration(node, "group_interval", out.group_interval_ns));
    HG_RETURN_IF_ERROR(duration(node, "repeat_interval", out.repeat_interval_ns));
    HG_RETURN_IF_ERROR(texts(node, "mute_intervals", out.mute_intervals));
    HG_RETURN_IF_ERROR(flag(node, "continue", out.proceed));
    for (const auto& item : node["routes"]) {
      Route child = out;  // inherits all but what follows
      child.receiver.clear();
      child.matchers = {};
      child.routes.clear();
      child.proceed = false;
      HG_RETURN_IF_ERROR(route(child, item, depth + 1));
      out.routes.push_back(std::move(child));
    }
    return {};
  }

  Result<int> minute_of_day(const YAML::Node& node, const char* key, int fallback) const {
    if (!node[key]) return fallback;
    const auto parts = base::split(node[key].as<std::string>(""), ':');
    const auto hour = parts.size() == 2 ? base::parse_int64(parts[0]) : std::nullopt;
    const auto minute = parts.size() == 2 ? base::parse_int64(parts[1]) : std::nullopt;
    const bool good = hour && minute && *hour >= 0 && *hour <= 24 && *minute >= 0 && *minute < 60;
    if (!good || *hour * 60 + *minute > 24 * 60) {
      return at(node[key], std::string(key) + ": a time of day in quotes, \"22:30\"");
    }
    return static_cast<int>(*hour * 60 + *minute);
  }

  Result<MuteInterval> mute_interval(const YAML::Node& node) {
    HG_RETURN_IF_ERROR(
        known_keys(node, "a mute interval", {"name", "weekdays", "from", "to", "time_zone"}));
    MuteInterval out;
    HG_RETURN_IF_ERROR(text(node, "name", out.name));
    HG_RETURN_IF_ERROR(text(node, "time_zone", out.time_zone));
    HG_ASSIGN_OR_RETURN(out.begin_minute, minute_of_day(node, "from", 0));
    HG_ASSIGN_OR_RETURN(out.end_minute, minute_of_day(node, "to", 24 * 60));
    std::vector<std::string> days;
    HG_RETURN_IF_ERROR(texts(node, "weekdays", days));
    if (!days.empty()) out.weekdays = 0;
    for (const std::string& day : days) {
      int found = -1;
      for (int i = 0; i < 7; ++i) {
        if (base::to_lower(day).substr(0, 3) == kWeekdays[i]) found = i;
      }
      if (found < 0) return at(node["weekdays"], "weekdays: mon, tue, wed, thu, fri, sat, sun");
      out.weekdays = static_cast<std::uint8_t>(out.weekdays | 1 << found);
    }
    if (const auto checked = alerts::check_mute_interval(out); !checked) {
      return at(node, checked.error().message);
    }
    return out;
  }

  Result<InhibitRule> inhibit(const YAML::Node& node) {
    HG_RETURN_IF_ERROR(known_keys(node, "an inhibit rule", {"name", "source", "target", "equal"}));
    InhibitRule out;
    HG_RETURN_IF_ERROR(text(node, "name", out.name));
    HG_RETURN_IF_ERROR(matchers(node, "source", out.source));
    HG_RETURN_IF_ERROR(matchers(node, "target", out.target));
    HG_RETURN_IF_ERROR(texts(node, "equal", out.equal));
    if (out.source.empty() || out.target.empty()) {
      return at(node, "an inhibit rule has matchers in 'source' and in 'target'");
    }
    return out;
  }

  Result<EscalationPolicy> escalation(const YAML::Node& node) {
    HG_RETURN_IF_ERROR(
        known_keys(node, "an escalation policy",
                   {"name", "matchers", "severity_min", "steps", "repeat", "repeats_max"}));
    EscalationPolicy out;
    HG_RETURN_IF_ERROR(text(node, "name", out.name));
    HG_RETURN_IF_ERROR(matchers(node, "matchers", out.matchers));
    HG_RETURN_IF_ERROR(severity(node, "severity_min", out.severity_min));
    HG_RETURN_IF_ERROR(duration(node, "repeat", out.repeat_ns));
    if (node["repeats_max"]) {
      const auto count = base::parse_uint64(node["repeats_max"].as<std::string>(""));
      if (!count || *count > 1000) return at(node["repeats_max"], "repeats_max: 0 to 1000");
      out.repeats_max = static_cast<std::uint32_t>(*count);
    }
    for (const auto& item : node["steps"]) {
      HG_RETURN_IF_ERROR(known_keys(item, "a step", {"after", "receivers", "title", "not_during"}));
      EscalationStep step;
      HG_RETURN_IF_ERROR(duration(item, "after", step.after_ns));
      HG_RETURN_IF_ERROR(texts(item, "receivers", step.receivers));
      HG_RETURN_IF_ERROR(text(item, "title", step.title));
      HG_RETURN_IF_ERROR(text(item, "not_during", step.schedule));
      out.steps.push_back(std::move(step));
    }
    return out;
  }

  const std::string file_name_;
};

}  // namespace

Result<void> apply_alerting(AlertingConfig& config, const YAML::Node& section,
                            const std::string& file_name) {
  return Reader(file_name).section(config, section);
}

Result<void> apply_rule_file(AlertingConfig& config, const std::string& text,
                             const std::string& file_name) {
  // yaml-cpp throws; nothing of it leaves this function.
  try {
    return Reader(file_name).rule_file(config, YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return Error{ErrorCode::kInvalidArgument,
                 file_name + ":" + std::to_string(error.mark.line + 1) + ":" +
                     std::to_string(error.mark.column + 1) + ": " + error.msg};
  }
}

}  // namespace honeyguide::server
