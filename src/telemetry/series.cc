#include "telemetry/series.h"

#include <algorithm>

#include "base/hash.h"

namespace honeyguide::telemetry {

void SeriesKey::normalise() {
  std::stable_sort(labels.begin(), labels.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Labels unique;
  for (auto& label : labels) {
    if (!unique.empty() && unique.back().first == label.first) {
      unique.back().second = std::move(label.second);
    } else {
      unique.push_back(std::move(label));
    }
  }
  labels = std::move(unique);
}

std::string SeriesKey::canonical() const {
  std::string out = name;
  out.push_back('{');
  for (const auto& [label_name, value] : labels) {
    if (out.back() != '{') out.push_back(',');
    out += label_name;
    out += "=\"";
    for (const char c : value) {
      if (c == '\\' || c == '"') out.push_back('\\');
      if (c == '\n') {
        out += "\\n";
      } else {
        out.push_back(c);
      }
    }
    out.push_back('"');
  }
  out.push_back('}');
  return out;
}

std::uint64_t SeriesKey::id() const {
  return base::hash64(canonical());
}

std::string_view SeriesKey::label(std::string_view label_name) const {
  for (const auto& [candidate, value] : labels) {
    if (candidate == label_name) return value;
  }
  return {};
}

}  // namespace honeyguide::telemetry
