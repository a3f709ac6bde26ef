#include "alerts/routing.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "alerts/time_zone.h"
#include "base/strings.h"

namespace honeyguide::alerts {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr int kDayMinutes = 24 * 60;

Error wrong(const std::string& what) {
  return Error{ErrorCode::kInvalidArgument, "alerting: " + what};
}

std::string matchers_text(const Matchers& matchers) {
  std::string out = "{";
  for (std::size_t i = 0; i < matchers.list().size(); ++i) {
    out += (i == 0 ? "" : ",") + to_string(matchers.list()[i]);
  }
  return out + "}";
}

void collect(const Route& route, const std::string& receiver, const std::string& path,
             const Labels& labels, std::vector<RouteMatch>& out) {
  const std::string own = route.receiver.empty() ? receiver : route.receiver;
  const std::string here = path + (path.empty() ? "" : "/") + matchers_text(route.matchers);
  const std::size_t before = out.size();
  for (const Route& child : route.routes) {
    if (!child.matchers.match(labels)) continue;
    collect(child, own, here, labels, out);
    if (!child.proceed) break;
  }
  if (out.size() == before) out.push_back({&route, own, here});
}

Result<void> check_route(const Route& route, const std::set<std::string>& receivers,
                         const std::set<std::string>& intervals) {
  if (!route.receiver.empty() && !receivers.contains(route.receiver)) {
    return wrong("route " + matchers_text(route.matchers) + ": no receiver is called '" +
                 route.receiver + "'");
  }
  for (const std::string& name : route.mute_intervals) {
    if (!intervals.contains(name)) {
      return wrong("route " + matchers_text(route.matchers) + ": no mute interval is called '" +
                   name + "'");
    }
  }
  if (route.group_wait_ns < 0 || route.group_interval_ns < base::kNanosPerSecond ||
      route.repeat_interval_ns < base::kNanosPerMinute) {
    return wrong("route " + matchers_text(route.matchers) +
                 ": group_wait is 0s or more, group_interval 1s, repeat_interval 1m");
  }
  for (const Route& child : route.routes) {
    HG_RETURN_IF_ERROR(check_route(child, receivers, intervals));
  }
  return {};
}

Result<void> check_policy(const EscalationPolicy& policy, const std::set<std::string>& receivers,
                          const std::set<std::string>& intervals) {
  if (policy.name.empty() || policy.steps.empty()) {
    return wrong("escalation: a policy has a name and at least one step");
  }
  std::int64_t before = 0;
  for (const EscalationStep& step : policy.steps) {
    if (step.after_ns < before) {
      return wrong("escalation '" + policy.name + "': steps are in order of 'after'");
    }
    before = step.after_ns;
    if (step.receivers.empty())
      return wrong("escalation '" + policy.name + "': a step without receivers");
    for (const std::string& name : step.receivers) {
      if (!receivers.contains(name)) {
        return wrong("escalation '" + policy.name + "': no receiver is called '" + name + "'");
      }
    }
    if (!step.schedule.empty() && !intervals.contains(step.schedule)) {
      return wrong("escalation '" + policy.name + "': no mute interval is called '" +
                   step.schedule + "'");
    }
  }
  if (policy.repeat_ns != 0 && policy.repeat_ns < base::kNanosPerMinute) {
    return wrong("escalation '" + policy.name + "': repeat is at least 1m");
  }
  return {};
}

}  // namespace

Result<void> check_mute_interval(const MuteInterval& interval) {
  if (interval.name.empty()) return wrong("mute_intervals: a name is missing");
  if (interval.begin_minute < 0 || interval.begin_minute >= kDayMinutes ||
      interval.end_minute < 0 || interval.end_minute > kDayMinutes) {
    return wrong("mute interval '" + interval.name + "': times are 00:00 to 24:00");
  }
  if (interval.weekdays == 0) {
    return wrong("mute interval '" + interval.name + "': no weekday is left");
  }
  if (!is_time_zone(interval.time_zone)) {
    return wrong("mute interval '" + interval.name + "': '" + interval.time_zone +
                 "' is not a time zone of this machine; write Europe/Vienna, UTC, ...");
  }
  return {};
}

LocalTime local_time(const std::string& zone, base::UnixNanos now) {
  const std::int64_t seconds =
      now / base::kNanosPerSecond + utc_offset_seconds(zone, now / base::kNanosPerSecond);
  const std::int64_t day = seconds >= 0 ? seconds / 86'400 : (seconds - 86'399) / 86'400;
  LocalTime out;
  out.weekday = static_cast<int>(((day + 4) % 7 + 7) % 7);  // 1970 began on a Thursday
  out.minute = static_cast<int>((seconds - day * 86'400) / 60);
  return out;
}

bool is_muted(const MuteInterval& interval, base::UnixNanos now) {
  const LocalTime local = local_time(interval.time_zone, now);
  const auto on = [&](int weekday) { return (interval.weekdays >> weekday & 1) != 0; };
  if (interval.begin_minute < interval.end_minute) {
    return on(local.weekday) && local.minute >= interval.begin_minute &&
           local.minute < interval.end_minute;
  }
  // Over midnight: the evening of a chosen day and the morning after it.
  return (on(local.weekday) && local.minute >= interval.begin_minute) ||
         (on((local.weekday + 6) % 7) && local.minute < interval.end_minute);
}

std::vector<Rule> rules_in_force(const AlertingConfig& config) {
  std::vector<Rule> out;
  std::set<std::string> own;
  for (const Rule& rule : config.rules) own.insert(rule.name);
  if (config.default_rules) {
    for (const Rule& rule : default_rules()) {
      if (!own.contains(rule.name)) out.push_back(rule);
    }
  }
  out.insert(out.end(), config.rules.begin(), config.rules.end());
  return out;
}

std::vector<InhibitRule> default_inhibit_rules() {
  using Op = LabelMatcher::Op;
  InhibitRule rule;
  rule.name = "worse-mutes-milder";
  rule.source = Matchers::compile({{"severity", Op::kMatches, "high|critical|emergency"}}).value();
  rule.target = Matchers::compile({{"severity", Op::kMatches, "low|medium"}}).value();
  rule.equal = {"agent", "workflow", "measure"};
  return {rule};
}

Result<void> check_alerting(const AlertingConfig& config,
                            const std::vector<std::string>& receivers) {
  const std::set<std::string> known(receivers.begin(), receivers.end());
  std::set<std::string> names;
  for (const Rule& rule : config.rules) {
    HG_RETURN_IF_ERROR(check_rule(rule));
    if (!names.insert(rule.name).second) return wrong("two rules are called '" + rule.name + "'");
  }
  std::set<std::string> intervals;
  for (const MuteInterval& interval : config.mute_intervals) {
    HG_RETURN_IF_ERROR(check_mute_interval(interval));
    intervals.insert(interval.name);
  }
  HG_RETURN_IF_ERROR(check_route(config.route, known, intervals));
  for (const EscalationPolicy& policy : config.policies) {
    HG_RETURN_IF_ERROR(check_policy(policy, known, intervals));
  }
  if (config.evaluation_interval_ns < base::kNanosPerSecond ||
      config.evaluation_interval_ns > base::kNanosPerHour) {
    return wrong("evaluation_interval is 1s to 1h");
  }
  return {};
}

std::vector<RouteMatch> match_routes(const Route& root, const Labels& labels) {
  std::vector<RouteMatch> out;
  collect(root, "", "", labels, out);
  return out;
}

}  // namespace honeyguide::alerts
