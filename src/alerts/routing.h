// Who is told: silences, mute intervals, inhibition, the tree of routes, escalation policies. All
// of it plain data; names and meaning are Alertmanager's where it has them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "alerts/alert.h"
#include "alerts/matcher.h"
#include "alerts/rule.h"

namespace honeyguide::alerts {

struct Silence {
  std::string id;  // "si-" and a number, or the uuid of an Alertmanager client
  Matchers matchers;
  base::UnixNanos starts = 0;
  base::UnixNanos ends = 0;  // exclusive; 0: until the alert `alert_id` is resolved
  std::string created_by;
  std::string comment;
  std::string alert_id;  // the alert it was made from; may be empty
  base::UnixNanos updated = 0;

  bool active(base::UnixNanos now) const { return now >= starts && (ends == 0 || now < ends); }
  bool expired(base::UnixNanos now) const { return ends != 0 && now >= ends; }
};

// Recurring hours in which nobody is told. Minutes of the local day, [begin, end); an end before
// the begin reaches into the next day.
struct MuteInterval {
  std::string name;
  std::uint8_t weekdays = 0x7f;  // bit 0: Sunday
  int begin_minute = 0;
  int end_minute = 24 * 60;
  std::string time_zone = "UTC";  // IANA name
};
// kInvalidArgument for an unknown zone or minutes out of range.
base::Result<void> check_mute_interval(const MuteInterval& interval);
bool is_muted(const MuteInterval& interval, base::UnixNanos now);
// Weekday (0: Sunday) and minute of the day in a zone; UTC if the zone is unknown.
struct LocalTime {
  int weekday = 0;
  int minute = 0;
};
LocalTime local_time(const std::string& zone, base::UnixNanos now);

// While an alert that matches `source` is open, those that match `target` and have equal values in
// the labels `equal` are not notified. Alerts that have none of these labels have nothing in
// common.
struct InhibitRule {
  std::string name;
  Matchers source;
  Matchers target;
  std::vector<std::string> equal;
};

struct Route {
  Matchers matchers;     // empty: everything
  std::string receiver;  // empty: the parent's
  std::vector<std::string> group_by = {"alertname"};
  std::int64_t group_wait_ns = 30 * base::kNanosPerSecond;
  std::int64_t group_interval_ns = 5 * base::kNanosPerMinute;
  std::int64_t repeat_interval_ns = 4 * base::kNanosPerHour;
  std::vector<std::string> mute_intervals;
  bool proceed = false;  // "continue": later siblings are tried too
  std::vector<Route> routes;
};

struct EscalationStep {
  std::int64_t after_ns = 0;  // since the alert fired
  std::vector<std::string> receivers;
  std::string title;
  std::string schedule;  // a mute interval's name whose hours are left out; empty: always
};
struct EscalationPolicy {
  std::string name;
  Matchers matchers;  // empty: everything
  Severity severity_min = Severity::kHigh;
  std::vector<EscalationStep> steps;  // ascending by after_ns
  std::int64_t repeat_ns = 0;         // after the last step; 0: never
  std::uint32_t repeats_max = 10;
};

struct AlertingConfig {
  bool default_rules = true;
  std::vector<Rule> rules;
  Route route;  // receiver empty: nobody is notified
  std::vector<MuteInterval> mute_intervals;
  std::vector<InhibitRule> inhibit;
  bool inhibit_along_handoffs = true;
  std::vector<EscalationPolicy> policies;
  std::int64_t evaluation_interval_ns = 10 * base::kNanosPerSecond;
};

// The rules that are in force: the defaults, then the file's; a file's rule replaces the default
// of its name.
std::vector<Rule> rules_in_force(const AlertingConfig& config);
// What is in force without a file: a critical alert mutes milder ones about the same thing.
std::vector<InhibitRule> default_inhibit_rules();

// kInvalidArgument names what is wrong: receivers that are not in `receivers`, unknown intervals,
// steps out of order, rules of equal names.
base::Result<void> check_alerting(const AlertingConfig& config,
                                  const std::vector<std::string>& receivers);

// The leaf routes of an alert, each with what it inherits.
struct RouteMatch {
  const Route* route = nullptr;
  std::string receiver;
  std::string path;  // "{}/{severity=\"critical\"}": unique among routes
};
std::vector<RouteMatch> match_routes(const Route& root, const Labels& labels);

}  // namespace honeyguide::alerts
