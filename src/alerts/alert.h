// What an alert is: the finding behind it, its identity, its state and its record.
//
// A source (rules, conditions, anomalies, predictions, Prometheus) says with every evaluation what
// holds now, as Findings. The AlertBook makes Alerts of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace honeyguide::alerts {

// Stored as one byte each: append only.
enum class Severity : std::uint8_t {
  kLow = 0,
  kMedium = 1,
  kHigh = 2,
  kCritical = 3,
  kEmergency = 4
};
enum class AlertKind : std::uint8_t {
  kCondition = 0,   // a critical condition: loop, deadlock, ...
  kThreshold = 1,   // a rule of the file, or one of the defaults
  kAnomaly = 2,     // a detector's
  kPrediction = 3,  // a forecast of a breach
  kInertRule = 4,   // a rule that matches no series
  kExternal = 5,    // came in over the Alertmanager API
};
// Inactive alerts are not kept.
enum class AlertState : std::uint8_t {
  kPending = 0,
  kFiring = 1,
  kAcknowledged = 2,
  kResolved = 3
};

std::string_view severity_name(Severity severity);  // "low" ... "emergency"
std::optional<Severity> parse_severity(std::string_view name);
std::string_view kind_name(AlertKind kind);     // "condition", "threshold", ...
std::string_view state_name(AlertState state);  // "pending", "firing", "acknowledged", "resolved"

using Labels = std::map<std::string, std::string>;

// 16 hex digits of a hash over the sorted labels: the identity of an alert.
std::string fingerprint(const Labels& labels);

// Forecast of a breach, all measured from when it was made.
struct BreachForecast {
  std::int64_t eta_q10_ms = 0;
  std::optional<std::int64_t> eta_q50_ms;  // nothing: it may never breach
  std::int64_t eta_q90_ms = 0;
  double breach_ratio = 0;  // probability of a breach within the horizon
  double threshold = 0;
  std::string unit;
  base::UnixNanos stays_until = 0;  // end of the horizon
};

// What a source says holds now.
struct Finding {
  std::string rule;  // name of the rule, condition or detector; becomes the label "alertname"
  AlertKind kind = AlertKind::kCondition;
  Severity severity = Severity::kMedium;
  std::string category;  // "performance", "agent_coordination", "budget", "loop", ...
  Labels labels;         // identity together with `rule`: agent, workflow, series labels
  Labels annotations;    // "summary", "description"; not part of the identity
  std::vector<std::string> agents;
  std::string workflow;
  std::string measure;  // what was measured: "task_duration_p90"
  std::string unit;     // "s", "usd_per_h", "ratio", "count", ...
  std::optional<double> value;
  std::optional<double> usual;
  std::optional<double> threshold;
  std::optional<double> cost_usd;
  std::optional<double> cost_per_h_usd;
  std::optional<BreachForecast> forecast;
  base::UnixNanos since = 0;  // onset as the source knows it; 0: now
  std::string trace_id;       // exemplar, hex; may be empty
  std::string span_id;
  std::string what_to_do;
  std::string runbook_url;
  int confidence_percent = 100;
  bool bound_sender = true;         // all facts behind it come from senders bound to their agent
  std::int64_t for_ns = 0;          // holds that long before it fires
  std::int64_t keep_firing_ns = 0;  // fires on that long after it held last
  base::UnixNanos ends = 0;         // kExternal: holds until then without being renewed
};

// One line of an alert's record.
struct TimelineEntry {
  base::UnixNanos at = 0;
  std::string kind;  // docs/reference/ui-api.md lists them: "fired", "acknowledged", ...
  std::string text;
  std::string by;  // who, empty: honeyguide
};

struct Acknowledgement {
  std::string by;
  base::UnixNanos at = 0;
  std::string note;
};

struct EscalationState {
  std::string policy;
  std::uint32_t step = 0;    // the next step to be taken
  std::uint32_t round = 0;   // repeats so far
  base::UnixNanos next = 0;  // when; 0: nothing is left to be done
};

// Lines kept of one alert; older ones but the first go.
inline constexpr std::size_t kTimelineMax = 100;

struct Alert {
  std::string id;  // fingerprint of labels with alertname
  Finding finding;
  Labels labels;  // finding.labels, alertname, severity, category
  AlertState state = AlertState::kPending;
  base::UnixNanos since = 0;      // began to hold
  base::UnixNanos fired = 0;      // 0: never
  base::UnixNanos last_held = 0;  // last evaluation that said so
  bool holding = false;           // the newest evaluation said so
  base::UnixNanos resolved = 0;   // 0: not
  base::UnixNanos updated = 0;
  std::uint32_t episodes = 1;  // times it fired under this id within the history
  bool flapping = false;
  bool unknown = false;  // its input is missing now: neither holds nor resolves
  std::optional<Acknowledgement> acknowledged;
  std::string assigned_to;
  std::optional<EscalationState> escalation;
  std::vector<base::UnixNanos> changes;  // newest fire and resolve times, for flap damping
  std::vector<TimelineEntry> timeline;
  // Why nobody is notified now; computed, not stored.
  std::string silenced_by;   // silence id
  std::string inhibited_by;  // alert id of the cause
  bool muted = false;

  bool open() const { return state == AlertState::kFiring || state == AlertState::kAcknowledged; }
  bool quiet() const { return !silenced_by.empty() || !inhibited_by.empty() || muted; }
};

}  // namespace honeyguide::alerts
