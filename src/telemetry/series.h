// Series: a named, labelled sequence of (time, value) points; what detectors, rules and charts
// read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace honeyguide::telemetry {

using Labels = std::vector<std::pair<std::string, std::string>>;

// How points combine over time, and what a detector may assume.
enum class SeriesKind : std::uint8_t {
  kGauge = 0,    // the last value of a bucket counts
  kCounter = 1,  // monotone but for resets; stored as the increase within the bucket
  kRatio = 2,    // 0 to 1
};

// Name plus labels sorted by name, each name once. Two keys with the same content are the same
// series; its id is the 64-bit hash of canonical().
struct SeriesKey {
  std::string name;
  Labels labels;

  // Sorts the labels; the last of equal names wins.
  void normalise();
  // name{a="x",b="y"} with \, " and newline escaped as Prometheus does. Needs sorted labels.
  std::string canonical() const;
  std::uint64_t id() const;
  // The label's value, empty if absent.
  std::string_view label(std::string_view label_name) const;

  bool operator==(const SeriesKey&) const = default;
};

struct Point {
  base::UnixNanos time = 0;
  double value = 0;  // NaN: no value in that bucket

  bool operator==(const Point&) const = default;
};

}  // namespace honeyguide::telemetry
