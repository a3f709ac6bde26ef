// Tests of alerting rules: a YAML file says which points series have and which alerts must fire
// when, in promtool's spelling (docs/guide/alerting.md).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/routing.h"
#include "base/result.h"

namespace honeyguide::cli {

// Points of one series of a test; longer ones are refused.
inline constexpr std::size_t kTestPointsMax = 100'000;

using ReadText = std::function<base::Result<std::string>(const std::string& path)>;

// Adds the rules of a file: a rule file (`groups:` or `rules:`), or a configuration file with an
// `alerting:` section. Errors name file, line and column.
base::Result<void> load_rules(alerts::AlertingConfig& config, const std::string& path,
                              const ReadText& read);

// "0 5 20x3 1+2x4 _x2": numbers, repetitions, slopes, gaps (nothing). kInvalidArgument names the
// word.
base::Result<std::vector<std::optional<double>>> parse_test_values(std::string_view text);

struct RuleTestReport {
  std::uint64_t checks = 0;
  std::vector<std::string> failures;  // "test 'x', 5m, alert y: expected ..., got ..."
};

// Runs a test file; paths in it are relative to its folder.
base::Result<RuleTestReport> run_rule_tests(const std::string& path, const ReadText& read);

}  // namespace honeyguide::cli
