#include "alerts/alert.h"

#include <array>

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::alerts {
namespace {

constexpr std::array<std::string_view, 5> kSeverities = {"low", "medium", "high", "critical",
                                                         "emergency"};
constexpr std::array<std::string_view, 6> kKinds = {"condition",  "threshold",  "anomaly",
                                                    "prediction", "inert_rule", "external"};
constexpr std::array<std::string_view, 4> kStates = {"pending", "firing", "acknowledged",
                                                     "resolved"};

}  // namespace

std::string_view severity_name(Severity severity) {
  return kSeverities[static_cast<std::size_t>(severity)];
}

std::optional<Severity> parse_severity(std::string_view name) {
  for (std::size_t i = 0; i < kSeverities.size(); ++i) {
    if (kSeverities[i] == name) return static_cast<Severity>(i);
  }
  return std::nullopt;
}

std::string_view kind_name(AlertKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::string_view state_name(AlertState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::string fingerprint(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    base::put_bytes(text, name);
    base::put_bytes(text, value);
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  const std::uint64_t hash = base::hash64(text);
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kDigits[hash >> shift & 15]);
  return out;
}

}  // namespace honeyguide::alerts
