// The server's own metrics in Prometheus' text format; each name stands in
// docs/reference/metrics.md.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace honeyguide::server {

// Writes families in the order they are given: help and type once, then a line a sample.
class MetricsPage {
 public:
  using LabelPairs = std::vector<std::pair<std::string_view, std::string_view>>;

  // Starts a family; `type` is counter, gauge or histogram. Names follow Prometheus: base units,
  // `_total` at the end of counters.
  void family(std::string_view name, std::string_view type, std::string_view help);
  // A sample of the family started last.
  void sample(double value, const LabelPairs& labels = {});
  // A sample of the family started last under another name of it: "x_bucket" of "x".
  void sample_of(std::string_view name, double value, const LabelPairs& labels);
  // A family with one sample.
  void single(std::string_view name, std::string_view type, std::string_view help, double value) {
    family(name, type, help);
    sample(value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::string name_;
};

}  // namespace honeyguide::server
