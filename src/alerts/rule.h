// Threshold rules: one comparison over every series that a selector finds, in PromQL's spelling.
//
//   avg_over_time(honeyguide_agent_task_success_ratio{agent=~"coder-.*"}[10m]) < 0.8
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/alert.h"
#include "alerts/matcher.h"
#include "base/result.h"

namespace honeyguide::alerts {

enum class Comparison : std::uint8_t {
  kGreater,
  kGreaterEqual,
  kLess,
  kLessEqual,
  kEqual,
  kNotEqual
};
bool compare(Comparison comparison, double value, double threshold);
std::string_view comparison_text(Comparison comparison);

// How the points of a window become one value.
enum class Fold : std::uint8_t { kLast, kAvg, kMin, kMax, kSum, kCount, kRate };

struct Expression {
  std::string series;  // name
  std::vector<LabelMatcher> matchers;
  Fold fold = Fold::kLast;   // kSum of a counter's points is its increase; kRate: a second
  std::int64_t over_ns = 0;  // window of the fold; 0 for kLast: the staleness limit
  Comparison comparison = Comparison::kGreater;
  double threshold = 0;
};

// The text of a rule's `expr`. kInvalidArgument names the column (from 1) and what was expected.
// Functions: last|avg|min|max|sum|count_over_time, increase (= sum of a counter), rate.
base::Result<Expression> parse_expression(std::string_view text);
std::string to_string(const Expression& expression);

struct Rule {
  std::string name;
  Expression expression;
  // Hysteresis: an alert that fires goes on until the value is on the good side of this; nothing:
  // of the threshold.
  std::optional<double> clear;
  std::int64_t for_ns = 0;
  std::int64_t keep_firing_ns = 0;
  Severity severity = Severity::kMedium;
  std::string category = "performance";
  Labels labels;
  Labels annotations;  // templates: {{ value }}, {{ threshold }}, {{ LABEL }}
  std::string what_to_do;
  std::string runbook_url;
  std::string source = "default";  // or "FILE"
  std::uint64_t samples_min = 1;   // fewer points in the window: unknown
};

// kInvalidArgument names the rule and the field.
base::Result<void> check_rule(const Rule& rule);

// The seed's thresholds and what we add to them: in force without a configuration.
const std::vector<Rule>& default_rules();

// Fills {{ name }}; an unknown name stays as it is.
std::string expand_template(std::string_view text, const Labels& labels, double value,
                            double threshold);

}  // namespace honeyguide::alerts
