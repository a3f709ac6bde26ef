#include "alerts/rule.h"

#include <array>
#include <cmath>
#include <utility>

#include "base/strings.h"

namespace honeyguide::alerts {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::int64_t kMinute = base::kNanosPerMinute;
constexpr std::uint64_t kRatioSamplesMin = 10;

constexpr std::array<std::pair<std::string_view, Fold>, 8> kFunctions = {{
    {"last_over_time", Fold::kLast},
    {"avg_over_time", Fold::kAvg},
    {"min_over_time", Fold::kMin},
    {"max_over_time", Fold::kMax},
    {"sum_over_time", Fold::kSum},
    {"increase", Fold::kSum},
    {"count_over_time", Fold::kCount},
    {"rate", Fold::kRate},
}};

constexpr std::array<std::pair<std::string_view, Comparison>, 6> kComparisons = {{
    {">=", Comparison::kGreaterEqual},
    {"<=", Comparison::kLessEqual},
    {"==", Comparison::kEqual},
    {"!=", Comparison::kNotEqual},
    {">", Comparison::kGreater},
    {"<", Comparison::kLess},
}};

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':' || c == '.';
}

// Reads an expression front to back; the first mistake ends it.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Expression> read() {
    Expression out;
    const std::string word = name();
    bool in_call = false;
    for (const auto& [function, fold] : kFunctions) {
      if (word != function || peek() != '(') continue;
      ++at_;
      in_call = true;
      out.fold = fold;
    }
    out.series = in_call ? name() : word;
    if (out.series.empty()) return wrong("the name of a series");
    HG_RETURN_IF_ERROR(matchers(out));
    if (in_call) {
      HG_RETURN_IF_ERROR(window(out));
      if (peek() != ')') return wrong("')'");
      ++at_;
    }
    HG_RETURN_IF_ERROR(comparison(out));
    const auto number = base::parse_double(base::trim(text_.substr(at_)));
    if (!number) return wrong("a number, and nothing behind it");
    out.threshold = *number;
    return out;
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  char peek() {
    skip_spaces();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  std::string name() {
    skip_spaces();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }
  Error wrong(const std::string& expected) const {
    return Error{ErrorCode::kInvalidArgument, "'" + std::string(text_) + "', column " +
                                                  std::to_string(at_ + 1) + ": expected " +
                                                  expected};
  }

  // {a="x",b!~"y"}: commas inside quotes do not separate.
  Result<void> matchers(Expression& out) {
    if (peek() != '{') return {};
    ++at_;
    while (peek() != '}') {
      const std::size_t begin = at_;
      bool quoted = false;
      while (at_ < text_.size() && (quoted || (text_[at_] != ',' && text_[at_] != '}'))) {
        quoted ^= text_[at_] == '"';
        ++at_;
      }
      if (at_ >= text_.size()) return wrong("'}'");
      HG_ASSIGN_OR_RETURN(auto matcher, parse_matcher(text_.substr(begin, at_ - begin)));
      out.matchers.push_back(std::move(matcher));
      if (text_[at_] == ',') ++at_;
    }
    ++at_;
    return {};
  }

  Result<void> window(Expression& out) {
    if (peek() != '[') return wrong("a window such as [5m]");
    const std::size_t end = text_.find(']', at_);
    if (end == std::string_view::npos) return wrong("a window such as [5m]");
    const auto ns = base::parse_duration_ns(text_.substr(at_ + 1, end - at_ - 1));
    if (!ns || *ns < 10 * base::kNanosPerSecond || *ns > 15 * base::kNanosPerDay) {
      return wrong("a window from 10s to 15d");
    }
    out.over_ns = *ns;
    at_ = end + 1;
    return {};
  }

  Result<void> comparison(Expression& out) {
    skip_spaces();
    for (const auto& [word, comparison] : kComparisons) {
      if (!text_.substr(at_).starts_with(word)) continue;
      out.comparison = comparison;
      at_ += word.size();
      return {};
    }
    return wrong("one of > >= < <= == !=");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Rule make_rule(const char* name, const char* expression, Severity severity, const char* category,
               const char* summary, const char* what_to_do, std::int64_t for_ns) {
  Rule rule;
  rule.name = name;
  rule.expression = parse_expression(expression).value();
  rule.severity = severity;
  rule.category = category;
  rule.annotations["summary"] = summary;
  rule.what_to_do = what_to_do;
  rule.for_ns = for_ns;
  rule.keep_firing_ns = 2 * kMinute;
  return rule;
}

void add_pair(std::vector<Rule>& rules, const char* name, const std::string& left,
              const char* comparison, double warning, double critical, const char* category,
              const char* summary, const char* what_to_do) {
  for (const bool severe : {false, true}) {
    const std::string expression =
        left + comparison + base::format_double(severe ? critical : warning);
    rules.push_back(make_rule(name, expression.c_str(),
                              severe ? Severity::kHigh : Severity::kMedium, category, summary,
                              what_to_do, 2 * kMinute));
    if (severe) rules.back().name += "-critical";
  }
}

}  // namespace

bool compare(Comparison comparison, double value, double threshold) {
  switch (comparison) {
    case Comparison::kGreater:
      return value > threshold;
    case Comparison::kGreaterEqual:
      return value >= threshold;
    case Comparison::kLess:
      return value < threshold;
    case Comparison::kLessEqual:
      return value <= threshold;
    case Comparison::kEqual:
      return value == threshold;
    case Comparison::kNotEqual:
      return value != threshold;
  }
  return false;
}

std::string_view comparison_text(Comparison comparison) {
  for (const auto& [word, what] : kComparisons) {
    if (what == comparison) return word;
  }
  return ">";
}

Result<Expression> parse_expression(std::string_view text) {
  return Reader(text).read();
}

std::string to_string(const Expression& expression) {
  std::string selector = expression.series;
  for (std::size_t i = 0; i < expression.matchers.size(); ++i) {
    selector += (i == 0 ? "{" : ",") + to_string(expression.matchers[i]);
  }
  if (!expression.matchers.empty()) selector += "}";
  if (expression.over_ns != 0) {
    for (const auto& [word, fold] : kFunctions) {
      if (fold != expression.fold) continue;
      const std::int64_t seconds = expression.over_ns / base::kNanosPerSecond;
      selector = std::string(word) + "(" + selector + "[" + std::to_string(seconds) + "s])";
      break;
    }
  }
  return selector + " " + std::string(comparison_text(expression.comparison)) + " " +
         base::format_double(expression.threshold);
}

Result<void> check_rule(const Rule& rule) {
  const auto wrong = [&](const std::string& what) {
    return Error{ErrorCode::kInvalidArgument, "rule '" + rule.name + "': " + what};
  };
  if (rule.name.empty() || rule.name.size() > 128) return wrong("alert: a name of 1 to 128 bytes");
  if (auto compiled = Matchers::compile(rule.expression.matchers); !compiled) {
    return wrong(compiled.error().message);
  }
  if (rule.for_ns < 0 || rule.for_ns > 7 * base::kNanosPerDay) return wrong("for: 0s to 7d");
  if (rule.keep_firing_ns < 0 || rule.keep_firing_ns > 7 * base::kNanosPerDay) {
    return wrong("keep_firing_for: 0s to 7d");
  }
  if (!rule.clear) return {};
  const bool rising = rule.expression.comparison == Comparison::kGreater ||
                      rule.expression.comparison == Comparison::kGreaterEqual;
  const bool falling = rule.expression.comparison == Comparison::kLess ||
                       rule.expression.comparison == Comparison::kLessEqual;
  if (!rising && !falling) return wrong("clear: only with >, >=, < or <=");
  if (rising ? *rule.clear > rule.expression.threshold : *rule.clear < rule.expression.threshold) {
    return wrong("clear: on the good side of the threshold");
  }
  return {};
}

const std::vector<Rule>& default_rules() {
  static const std::vector<Rule> rules = [] {
    std::vector<Rule> out;
    // The seed's thresholds: tasks an hour, conflicts, error rate, response time.
    add_pair(out, "task-throughput", "avg_over_time(honeyguide_task_throughput_per_hour[5m])",
             " < ", 5, 2, "business_metrics",
             "{{ value }} tasks an hour, {{ threshold }} are the limit",
             "See who waits on whom in the topology, and whether tasks arrive at all.");
    add_pair(out, "error-rate", "avg_over_time(honeyguide_agent_call_error_ratio[30m])", " > ",
             0.05, 0.10, "performance", "{{ agent }} fails in {{ value }} of its calls",
             "Look at the newest failed trace of the agent.");
    add_pair(out, "response-time",
             "avg_over_time(honeyguide_agent_task_duration_seconds{quantile=\"0.9\"}[10m])", " > ",
             120, 600, "performance", "Tasks of {{ agent }} take {{ value }} s (p90)",
             "Compare a slow trace with one of yesterday.");
    add_pair(out, "task-success", "avg_over_time(honeyguide_agent_task_success_ratio[30m])", " < ",
             0.7, 0.5, "business_metrics", "{{ agent }} completes {{ value }} of its tasks",
             "Look at its failed tasks: one cause or many?");
    add_pair(out, "conflict-resolution", "min_over_time(honeyguide_conflict_resolution_ratio[5m])",
             " < ", 0.7, 0.5, "agent_coordination", "{{ value }} of the conflicts are resolved",
             "See which resources are fought over and which method resolves them.");
    add_pair(out, "communication-latency",
             "avg_over_time(honeyguide_pair_latency_seconds{quantile=\"0.95\"}[10m])", " > ", 2, 5,
             "agent_coordination", "{{ source }} to {{ target }} takes {{ value }} s (p95)",
             "See what the receiving agent is busy with.");
    add_pair(out, "cpu", "avg_over_time(honeyguide_system_cpu_percent[5m])", " > ", 80, 95,
             "system_health", "The processors are {{ value }} % busy",
             "Move work away, or give the machine more processors.");
    add_pair(out, "memory", "avg_over_time(honeyguide_system_memory_percent[5m])", " > ", 85, 95,
             "system_health", "{{ value }} % of the memory is used",
             "Find the process that grows before the kernel does.");
    add_pair(out, "disk", "last_over_time(honeyguide_system_disk_percent[5m])", " > ", 90, 98,
             "system_health", "{{ value }} % of the disk is used",
             "Shorten the retention (--disk caps it), or give the volume more space.");
    // One failure of two is no rate: a ratio is judged from ten buckets with calls on.
    for (Rule& rule : out) {
      if (rule.expression.series.ends_with("_ratio")) rule.samples_min = kRatioSamplesMin;
    }
    return out;
  }();
  return rules;
}

std::string expand_template(std::string_view text, const Labels& labels, double value,
                            double threshold) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find("{{");
    const std::size_t close = open == std::string_view::npos ? open : text.find("}}", open);
    if (close == std::string_view::npos) break;
    out += text.substr(0, open);
    std::string_view name = base::trim(text.substr(open + 2, close - open - 2));
    // Prometheus' spellings mean the same.
    for (const std::string_view prefix : {"$labels.", "$"}) {
      if (name.starts_with(prefix)) {
        name.remove_prefix(prefix.size());
        break;
      }
    }
    const auto label = labels.find(std::string(name));
    if (name == "value") {
      out += base::format_double(std::round(value * 1000) / 1000);
    } else if (name == "threshold") {
      out += base::format_double(threshold);
    } else if (label != labels.end()) {
      out += label->second;
    } else {
      out += text.substr(open, close + 2 - open);
    }
    text.remove_prefix(close + 2);
  }
  return out + std::string(text);
}

}  // namespace honeyguide::alerts
