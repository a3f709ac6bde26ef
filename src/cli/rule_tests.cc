#include "cli/rule_tests.h"

#include <algorithm>
#include <map>
#include <memory>

#include <yaml-cpp/yaml.h>

#include "alerts/alert_book.h"
#include "alerts/rule_evaluator.h"
#include "base/strings.h"
#include "server/alerting_file.h"
#include "store/model/model_series.h"

namespace honeyguide::cli {
namespace {

using alerts::Alert;
using alerts::AlertingConfig;
using alerts::Labels;
using base::Error;
using base::ErrorCode;
using base::Result;

// Any instant will do; a round one keeps buckets and test times in step.
constexpr base::UnixNanos kEpoch = 1'600'000'000 * base::kNanosPerSecond;
constexpr std::int64_t kBucketNs = 10 * base::kNanosPerSecond;
constexpr std::int64_t kTestLengthMaxNs = 30 * base::kNanosPerDay;

struct Expected {
  std::int64_t at = 0;
  std::string name;
  std::vector<std::pair<Labels, Labels>> alerts;  // labels, annotations
};

class TestFile {
 public:
  TestFile(std::string path, const ReadText& read) : path_(std::move(path)), read_(read) {}

  Result<RuleTestReport> run() {
    HG_ASSIGN_OR_RETURN(const std::string text, read_(path_));
    try {
      return run(YAML::Load(text));
    } catch (const YAML::Exception& error) {  // yaml-cpp throws; nothing of it leaves
      return Error{ErrorCode::kInvalidArgument, path_ + ":" + std::to_string(error.mark.line + 1) +
                                                    ":" + std::to_string(error.mark.column + 1) +
                                                    ": " + error.msg};
    }
  }

 private:
  Error at(const YAML::Node& node, const std::string& message) const {
    const YAML::Mark mark = node.Mark();
    return {ErrorCode::kInvalidArgument, path_ + ":" + std::to_string(mark.line + 1) + ":" +
                                             std::to_string(mark.column + 1) + ": " + message};
  }

  Result<std::int64_t> duration(const YAML::Node& node, const char* key,
                                std::int64_t fallback) const {
    if (!node[key]) return fallback;
    const auto ns = base::parse_duration_ns(node[key].as<std::string>(""));
    if (!ns || *ns < 0 || *ns > kTestLengthMaxNs) {
      return at(node[key], std::string(key) + ": a duration from 0s to 30d");
    }
    return *ns;
  }

  Result<RuleTestReport> run(const YAML::Node& root) {
    if (!root.IsMap() || !root["rule_files"] || !root["tests"]) {
      return Error{ErrorCode::kInvalidArgument,
                   path_ + ": a test file has 'rule_files' and 'tests'"};
    }
    config_.default_rules = false;
    const std::size_t slash = path_.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path_.substr(0, slash + 1);
    for (const auto& item : root["rule_files"]) {
      const auto name = item.as<std::string>("");
      HG_RETURN_IF_ERROR(load_rules(config_, name.starts_with("/") ? name : folder + name, read_));
    }
    HG_ASSIGN_OR_RETURN(interval_ns_, duration(root, "evaluation_interval", base::kNanosPerMinute));
    if (interval_ns_ < base::kNanosPerSecond) {
      return at(root["evaluation_interval"], "evaluation_interval: at least 1s");
    }
    for (const auto& test : root["tests"]) HG_RETURN_IF_ERROR(run_test(test));
    return std::move(report_);
  }

  Result<void> write_series(store::SeriesStore& store, const YAML::Node& node,
                            std::int64_t step_ns) const {
    // The comparison only makes an expression of it.
    const auto text = node["series"].as<std::string>("");
    const auto parsed = alerts::parse_expression(text + " > 0");
    if (!parsed) return at(node, "series '" + text + "': " + parsed.error().message);
    store::SeriesInfo info;
    info.key.name = parsed->series;
    for (const alerts::LabelMatcher& matcher : parsed->matchers) {
      if (matcher.op != alerts::LabelMatcher::Op::kEqual) {
        return at(node["series"], "series: labels have one value each, name=\"value\"");
      }
      info.key.labels.emplace_back(matcher.label, matcher.value);
    }
    info.key.normalise();
    const bool counter = info.key.name.ends_with("_total");
    info.kind = counter ? telemetry::SeriesKind::kCounter : telemetry::SeriesKind::kGauge;
    auto values = parse_test_values(node["values"].as<std::string>(""));
    if (!values) return at(node["values"], values.error().message);
    HG_RETURN_IF_ERROR(store.register_series(0, info));
    std::vector<store::SeriesPoint> points;
    std::optional<double> before;
    for (std::size_t i = 0; i < values->size(); ++i) {
      if (!(*values)[i]) continue;
      const double value = *(*values)[i];
      // Counters are written as they count and stored as their increase.
      const double stored = !counter           ? value
                            : !before          ? 0
                            : value >= *before ? value - *before
                                               : value;
      points.push_back({info.key.id(), {kEpoch + static_cast<std::int64_t>(i) * step_ns, stored}});
      before = value;
    }
    return store.write(0, points);
  }

  Result<Expected> expected(const YAML::Node& node) const {
    Expected out;
    HG_ASSIGN_OR_RETURN(out.at, duration(node, "eval_time", 0));
    out.name = node["alertname"].as<std::string>("");
    const auto& rules = config_.rules;
    if (std::none_of(rules.begin(), rules.end(),
                     [&](const auto& r) { return r.name == out.name; })) {
      return at(node, "alertname: no rule is called '" + out.name + "'");
    }
    for (const auto& alert : node["exp_alerts"]) {
      std::pair<Labels, Labels> one;
      for (const auto& entry : alert["exp_labels"]) {
        one.first[entry.first.as<std::string>("")] = entry.second.as<std::string>("");
      }
      for (const auto& entry : alert["exp_annotations"]) {
        one.second[entry.first.as<std::string>("")] = entry.second.as<std::string>("");
      }
      out.alerts.push_back(std::move(one));
    }
    return out;
  }

  Result<void> run_test(const YAML::Node& test) {
    const auto name = test["name"].as<std::string>("line " + std::to_string(test.Mark().line + 1));
    HG_ASSIGN_OR_RETURN(const std::int64_t step_ns,
                        duration(test, "interval", base::kNanosPerMinute));
    if (step_ns == 0 || step_ns % kBucketNs != 0) {
      return at(test, "interval: a multiple of 10s, the finest that series are stored in");
    }
    store::ModelSeriesStore store;
    for (const auto& series : test["input_series"]) {
      HG_RETURN_IF_ERROR(write_series(store, series, step_ns));
    }
    std::vector<Expected> all;
    for (const auto& item : test["alert_rule_test"]) {
      HG_ASSIGN_OR_RETURN(auto one, expected(item));
      all.push_back(std::move(one));
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Expected& a, const Expected& b) { return a.at < b.at; });
    alerts::AlertBook book(config_);
    alerts::RuleEvaluator evaluator(0, store);
    std::int64_t passed = 0;
    for (const Expected& one : all) {
      for (; passed <= one.at; passed += interval_ns_) {
        const base::UnixNanos now = kEpoch + passed;
        HG_ASSIGN_OR_RETURN(auto judged, evaluator.evaluate(config_.rules, now));
        book.update("rules", std::move(judged.holding), judged.unknown, now);
        book.advance(now);
      }
      compare(name, one, book);
    }
    return {};
  }

  static bool contains(const Labels& all, const Labels& some) {
    return std::all_of(some.begin(), some.end(), [&](const auto& entry) {
      const auto found = all.find(entry.first);
      return found != all.end() && found->second == entry.second;
    });
  }

  static std::string braces(const Labels& labels) {
    std::string out = "{";
    for (const auto& [name, value] : labels) {
      out += (out.size() > 1 ? ", " : "") + name + "=\"" + value + "\"";
    }
    return out + "}";
  }

  // Every expected alert fires with at least those labels and annotations, and no other one does.
  void compare(const std::string& test, const Expected& one, const alerts::AlertBook& book) {
    ++report_.checks;
    std::vector<Alert> firing = book.open_alerts();
    std::erase_if(firing, [&](const Alert& alert) { return alert.finding.rule != one.name; });
    const std::string where =
        "test '" + test + "', " + base::format_duration_ns(one.at) + ", alert " + one.name + ": ";
    for (const auto& [labels, annotations] : one.alerts) {
      const auto found = std::find_if(firing.begin(), firing.end(), [&](const Alert& alert) {
        return contains(alert.labels, labels) && contains(alert.finding.annotations, annotations);
      });
      if (found == firing.end()) {
        std::string wanted = "expected " + braces(labels);
        if (!annotations.empty()) wanted += " with " + braces(annotations);
        report_.failures.push_back(where + wanted + ", and it does not fire");
      } else {
        firing.erase(found);
      }
    }
    for (const Alert& alert : firing) {
      report_.failures.push_back(where + "fires unexpectedly: " + braces(alert.labels) + " with " +
                                 braces(alert.finding.annotations));
    }
  }

  const std::string path_;
  const ReadText& read_;
  AlertingConfig config_;
  std::int64_t interval_ns_ = 0;
  RuleTestReport report_;
};

// Splits "VALUE[+STEP|-STEP][xCOUNT]"; COUNT is how often it follows the first.
struct ValueWord {
  std::optional<double> value;  // nothing: a gap
  double step = 0;
  std::uint64_t count = 1;
};

std::optional<ValueWord> parse_word(std::string_view word) {
  ValueWord out;
  const std::size_t times = word.rfind('x');
  const bool repeats = times != std::string_view::npos;
  if (repeats) {
    const auto count = base::parse_uint64(word.substr(times + 1));
    if (!count || *count > kTestPointsMax) return std::nullopt;
    out.count = *count;
    word = word.substr(0, times);
  }
  if (word == "_") {
    out.count = repeats ? out.count : 1;
    return out;
  }
  const std::size_t sign = word.find_first_of("+-", 1);
  const bool slope = sign != std::string_view::npos && word[sign - 1] != 'e';
  out.value = base::parse_double(word.substr(0, slope ? sign : word.size()));
  if (!out.value) return std::nullopt;
  if (slope) {
    const auto step = base::parse_double(word.substr(sign + 1));
    if (!step) return std::nullopt;
    out.step = word[sign] == '-' ? -*step : *step;
  }
  if (repeats) ++out.count;  // the first and COUNT more, as promtool counts
  return out;
}

}  // namespace

Result<void> load_rules(AlertingConfig& config, const std::string& path, const ReadText& read) {
  HG_ASSIGN_OR_RETURN(const std::string text, read(path));
  try {
    const YAML::Node root = YAML::Load(text);
    if (root.IsMap() && root["alerting"]) {
      return server::apply_alerting(config, root["alerting"], path);
    }
  } catch (const YAML::Exception& error) {
    return Error{ErrorCode::kInvalidArgument, path + ":" + std::to_string(error.mark.line + 1) +
                                                  ":" + std::to_string(error.mark.column + 1) +
                                                  ": " + error.msg};
  }
  return server::apply_rule_file(config, text, path);
}

Result<std::vector<std::optional<double>>> parse_test_values(std::string_view text) {
  std::vector<std::optional<double>> out;
  for (const std::string_view word : base::split(text, ' ')) {
    if (word.empty()) continue;
    const auto parsed = parse_word(word);
    if (!parsed || out.size() + parsed->count > kTestPointsMax) {
      return Error{ErrorCode::kInvalidArgument,
                   "values: '" + std::string(word) +
                       "' is none of 5, 5x3, 1+2x3, 9-1x3, _, _x3 (at most 100000 points)"};
    }
    for (std::uint64_t i = 0; i < parsed->count; ++i) {
      out.push_back(parsed->value);
      if (out.back()) *out.back() += static_cast<double>(i) * parsed->step;
    }
  }
  return out;
}

Result<RuleTestReport> run_rule_tests(const std::string& path, const ReadText& read) {
  return TestFile(path, read).run();
}

}  // namespace honeyguide::cli
