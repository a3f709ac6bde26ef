#include <algorithm>
#include <ostream>
#include <set>

#include <nlohmann/json.hpp>

#include "alerts/rule.h"
#include "base/file_system.h"
#include "base/json_writer.h"
#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/cmd_alerts.h"
#include "cli/flags.h"
#include "cli/rule_tests.h"

namespace honeyguide::cli {
namespace {

using base::Result;
using nlohmann::json;

Result<std::string> read_text(const std::string& path) {
  return base::posix_fs().read_file(path);
}

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return "-";
  return base::strip_control(found->is_string() ? found->get<std::string>() : found->dump());
}

int list_rules(const ApiFlags& api, CommandIo& io) {
  auto client = ApiClient::create(api);
  if (!client) return report(io, "rules", client.error());
  const auto answer = client->get_json("/api/v1/rules");
  if (!answer) return report(io, "rules", answer.error());
  if (api.output == "json") {
    io.out << answer->dump() << "\n";
    return kExitOk;
  }
  for (const json& rule : (*answer)["items"]) {
    io.out << text_of(rule, "name") << "  " << text_of(rule, "severity") << "  "
           << text_of(rule, "state") << "  " << text_of(rule, "expression") << "\n";
    if (text_of(rule, "state") == "inert") {
      io.out << "    inert: " << text_of(rule, "inert_reason") << "\n";
    }
  }
  return kExitOk;
}

// Two rules of one name would be one alert.
Result<alerts::AlertingConfig> checked_rules(const std::vector<std::string>& files) {
  alerts::AlertingConfig config;
  config.default_rules = false;
  for (const std::string& file : files) {
    HG_RETURN_IF_ERROR(load_rules(config, file, read_text));
  }
  std::set<std::string> names;
  for (const alerts::Rule& rule : config.rules) {
    if (!names.insert(rule.name).second) {
      return base::Error{base::ErrorCode::kInvalidArgument,
                         rule.source + ": a second rule is called '" + rule.name + "'"};
    }
  }
  return config;
}

int check_rules(const std::vector<std::string>& files, const ApiFlags& api, CommandIo& io) {
  const auto config = checked_rules(files);
  if (!config) {
    io.err << config.error().message << "\n";
    return kExitFailed;
  }
  base::JsonWriter out;
  out.begin_object().key("rules").begin_array();
  for (const alerts::Rule& rule : config->rules) {
    out.begin_object().field("name", rule.name);
    out.field("expression", alerts::to_string(rule.expression));
    out.field("severity", alerts::severity_name(rule.severity)).field("file", rule.source);
    out.end_object();
    if (api.output == "json") continue;
    io.out << rule.name << "  " << alerts::severity_name(rule.severity) << "  "
           << alerts::to_string(rule.expression) << "\n";
  }
  out.end_array().end_object();
  if (api.output == "json") io.out << out.take() << "\n";
  if (api.output != "json") io.out << config->rules.size() << " rules: ok\n";
  return kExitOk;
}

int test_rules(const std::vector<std::string>& files, const ApiFlags& api, CommandIo& io) {
  std::uint64_t checks = 0;
  std::vector<std::string> failures;
  for (const std::string& file : files) {
    auto done = run_rule_tests(file, read_text);
    if (!done) {
      io.err << done.error().message << "\n";
      return kExitFailed;
    }
    checks += done->checks;
    for (const std::string& failure : done->failures) failures.push_back(file + ": " + failure);
  }
  if (api.output == "json") {
    io.out << json{{"checks", checks}, {"failures", failures}}.dump() << "\n";
  } else {
    for (const std::string& failure : failures) io.out << failure << "\n";
    io.out << checks << " checks, " << failures.size() << " failures\n";
  }
  return failures.empty() ? kExitOk : kExitFailed;
}

struct BacktestFlags {
  std::string rule;
  std::string expression;
  std::int64_t over_ns = 7 * base::kNanosPerDay;
};

json preview_body(const alerts::Rule& rule) {
  const auto duration = [](std::int64_t ns) {
    return std::to_string(ns / base::kNanosPerMilli) + "ms";
  };
  json body = {{"expr", alerts::to_string(rule.expression)},
               {"for", duration(rule.for_ns)},
               {"keep_firing_for", duration(rule.keep_firing_ns)}};
  if (rule.clear) body["clear"] = *rule.clear;
  return body;
}

// What to ask the server: of files, each rule; else one of the server's or an expression.
Result<std::vector<std::pair<std::string, json>>> backtests(const std::vector<std::string>& files,
                                                            const BacktestFlags& flags) {
  std::vector<std::pair<std::string, json>> out;
  if (!flags.rule.empty()) out.emplace_back(flags.rule, json{{"rule", flags.rule}});
  if (!flags.expression.empty()) {
    out.emplace_back(flags.expression, json{{"expr", flags.expression}});
  }
  HG_ASSIGN_OR_RETURN(const auto config, checked_rules(files));
  for (const alerts::Rule& rule : config.rules) out.emplace_back(rule.name, preview_body(rule));
  for (auto& [name, body] : out) {
    body["over"] = std::to_string(flags.over_ns / base::kNanosPerSecond) + "s";
  }
  return out;
}

int backtest_rules(const std::vector<std::string>& files, const BacktestFlags& flags,
                   const ApiFlags& api, CommandIo& io) {
  const auto asked = backtests(files, flags);
  if (!asked) {
    io.err << asked.error().message << "\n";
    return kExitFailed;
  }
  if (asked->empty()) {
    io.err << "honeyguide rules backtest: name rule files, --rule NAME or --expr EXPRESSION\n";
    return kExitUsage;
  }
  auto client = ApiClient::create(api);
  if (!client) return report(io, "rules", client.error());
  json all = json::array();
  for (const auto& [name, body] : *asked) {
    const auto text = client->send("POST", "/api/v1/rules/preview", body.dump());
    if (!text) return report(io, "rules", text.error());
    json answer = json::parse(*text, nullptr, false);
    if (!answer.is_object()) return report(io, "rules", {base::ErrorCode::kDataLoss, "no JSON"});
    answer["name"] = name;
    if (api.output != "json") {
      const auto firing = answer.value("firing_ms", std::int64_t{0});
      io.out << base::strip_control(name) << ": would have fired " << answer.value("fired", 0)
             << " times in " << base::format_duration_ns(flags.over_ns) << ", "
             << base::format_duration_ns(firing * base::kNanosPerMilli) << " in all, over "
             << answer.value("series_judged", 0) << " series";
      if (answer.value("series_judged", 0) == 0) io.out << " (inert)";
      io.out << "\n";
    }
    all.push_back(std::move(answer));
  }
  if (api.output == "json") io.out << json{{"items", all}}.dump() << "\n";
  return kExitOk;
}

}  // namespace

int run_rules(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  BacktestFlags backtest;
  std::string verb;
  std::vector<std::string> files;
  Flags flags("rules", "Alerting rules: list a server's; check, test and backtest files");
  flags.positional("verb", verb, "list, check, test or backtest");
  flags.positionals("files", files,
                    "check, backtest: rule files (groups:, rules: or a configuration file); test: "
                    "test files",
                    false);
  flags.text("--rule", backtest.rule, "backtest: a rule of the server");
  flags.text("--expr", backtest.expression, "backtest: an expression");
  flags.duration("--over", backtest.over_ns, "backtest: the time before now (at most 15d)");
  api.add_to(flags);
  flags.footer(
      "check and test need no server. backtest says how often a rule would have fired over what\n"
      "the server has stored. Example: honeyguide rules backtest --expr 'queue_depth > 10'");
  if (const auto code = flags.parse(args, io)) return *code;
  if (verb == "list") return list_rules(api, io);
  if (verb == "backtest") return backtest_rules(files, backtest, api, io);
  if ((verb != "check" && verb != "test") || files.empty()) {
    io.err << "honeyguide rules: write 'list', 'check FILE...', 'test FILE...' or 'backtest'\n";
    return kExitUsage;
  }
  return verb == "check" ? check_rules(files, api, io) : test_rules(files, api, io);
}

}  // namespace honeyguide::cli
