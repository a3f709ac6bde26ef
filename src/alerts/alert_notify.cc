// The half of AlertBook that decides who is told what and when: silences, inhibition, groups,
// escalation, the outbox.
#include <algorithm>
#include <utility>

#include "alerts/alert_book.h"
#include "alerts/alert_codec.h"
#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::alerts {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using base::UnixNanos;
using store::StateKind;

constexpr std::string_view kGroupPrefix = "g/";
// Entries of one list() while loading.
constexpr std::uint32_t kLoadPage = 500;

std::string hex_id(std::string_view text) {
  const base::Hash128 hash = base::hash128(text);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint64_t half : {hash.high, hash.low}) {
    for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kDigits[half >> shift & 15]);
  }
  return out;
}

// Told as firing: a flapping alert counts as firing until it keeps still.
bool told_firing(const Alert& alert) {
  return alert.open() || alert.flapping;
}

std::string group_key(const RouteMatch& match, const Labels& labels) {
  std::string key = match.path + ":{";
  for (std::size_t i = 0; i < match.route->group_by.size(); ++i) {
    const std::string& name = match.route->group_by[i];
    const auto found = labels.find(name);
    key += (i == 0 ? "" : ",") + name + "=\"" + (found != labels.end() ? found->second : "") + "\"";
  }
  return key + "}";
}

// A failed delivery waits twice as long each time.
std::int64_t retry_after(std::uint32_t attempts) {
  std::int64_t wait = kRetryFirstNs;
  for (std::uint32_t i = 1; i < attempts && wait < kRetryMaxNs; ++i) wait *= 2;
  return std::min(wait, kRetryMaxNs);
}

}  // namespace

bool AlertBook::mute_interval_now(const std::string& name, UnixNanos now) const {
  return std::any_of(config_.mute_intervals.begin(), config_.mute_intervals.end(),
                     [&](const MuteInterval& interval) {
                       return interval.name == name && is_muted(interval, now);
                     });
}

void AlertBook::apply_quiet(UnixNanos now) {
  for (auto& [id, entry] : alerts_) {
    Alert& alert = entry.alert;
    const std::string before = alert.silenced_by;
    alert.silenced_by.clear();
    alert.inhibited_by.clear();
    alert.muted = false;
    for (const auto& [silence_id, silence] : silences_) {
      if (!silence.active(now) || !silence.matchers.match(alert.labels)) continue;
      alert.silenced_by = silence_id;
      break;
    }
    if (!alert.silenced_by.empty() && before.empty() && alert.open()) {
      record(alert, now, "silenced", silences_.at(alert.silenced_by).comment,
             silences_.at(alert.silenced_by).created_by);
    }
  }
  inhibit(now);
}

void AlertBook::inhibit(UnixNanos /*now*/) {
  for (const InhibitRule& rule : inhibit_rules_) {
    const auto equal_values = [&rule](const Labels& labels) -> std::optional<std::string> {
      std::string out;
      bool any = rule.equal.empty();
      for (const std::string& name : rule.equal) {
        const auto found = labels.find(name);
        any |= found != labels.end();
        base::put_bytes(out, found != labels.end() ? std::string_view(found->second) : "");
      }
      if (!any) return std::nullopt;
      return out;
    };
    std::map<std::string, std::string> sources;  // values of the equal labels -> alert
    for (const auto& [id, entry] : alerts_) {
      if (!entry.alert.open() || !rule.source.match(entry.alert.labels)) continue;
      if (auto values = equal_values(entry.alert.labels)) sources.emplace(std::move(*values), id);
    }
    if (sources.empty()) continue;
    for (auto& [id, entry] : alerts_) {
      Alert& alert = entry.alert;
      // What is a source itself is not muted by its like.
      if (!alert.open() || !alert.inhibited_by.empty() || !rule.target.match(alert.labels) ||
          rule.source.match(alert.labels)) {
        continue;
      }
      const auto values = equal_values(alert.labels);
      const auto source = values ? sources.find(*values) : sources.end();
      if (source != sources.end() && source->second != id) alert.inhibited_by = source->second;
    }
  }
  if (config_.inhibit_along_handoffs && upstream_) inhibit_downstream();
}

// An alert about an agent is muted while an earlier one, at least as severe, is open about an agent
// that its work comes from.
void AlertBook::inhibit_downstream() {
  std::map<std::string, std::vector<const Alert*>> by_agent;
  for (const auto& [id, entry] : alerts_) {
    if (!entry.alert.open()) continue;
    for (const std::string& agent : entry.alert.finding.agents) {
      by_agent[agent].push_back(&entry.alert);
    }
  }
  for (auto& [id, entry] : alerts_) {
    Alert& alert = entry.alert;
    const bool concerns_one = alert.finding.agents.size() == 1;
    if (!alert.open() || alert.quiet() || !concerns_one ||
        alert.finding.severity == Severity::kEmergency ||
        alert.finding.kind == AlertKind::kExternal) {
      continue;
    }
    for (const std::string& agent : upstream_(alert.finding.agents.front())) {
      if (agent == alert.finding.agents.front()) continue;
      for (const Alert* cause : by_agent[agent]) {
        if (cause->since >= alert.since || cause->finding.severity < alert.finding.severity)
          continue;
        alert.inhibited_by = cause->id;
        break;
      }
      if (!alert.inhibited_by.empty()) break;
    }
  }
}

void AlertBook::start_escalation(Entry& entry, UnixNanos now) {
  Alert& alert = entry.alert;
  for (const EscalationPolicy& policy : config_.policies) {
    if (alert.finding.severity < policy.severity_min || !policy.matchers.match(alert.labels)) {
      continue;
    }
    alert.escalation = EscalationState{policy.name, 0, 0, now + policy.steps.front().after_ns};
    touch(alert);
    return;
  }
}

void AlertBook::run_escalations(UnixNanos now) {
  std::set<std::string> groups_that_escalate;
  const bool storm = now < storm_until_;
  for (auto& [id, entry] : alerts_) {
    Alert& alert = entry.alert;
    if (alert.state != AlertState::kFiring || !alert.escalation || alert.escalation->next == 0 ||
        alert.escalation->next > now || alert.quiet()) {
      continue;
    }
    if (storm) {
      const auto matches = match_routes(config_.route, alert.labels);
      const std::string key = matches.empty() ? "" : group_key(matches.front(), alert.labels);
      if (!groups_that_escalate.insert(key).second) continue;
    }
    for (const EscalationPolicy& policy : config_.policies) {
      if (policy.name == alert.escalation->policy) escalate(entry, policy, now);
    }
  }
}

// Takes one step. After a downtime the steps keep their distances: none is skipped, none doubled.
void AlertBook::escalate(Entry& entry, const EscalationPolicy& policy, UnixNanos now) {
  Alert& alert = entry.alert;
  EscalationState& state = *alert.escalation;
  if (state.step >= policy.steps.size()) {  // the file has fewer steps by now
    state.next = 0;
    return touch(alert);
  }
  const EscalationStep& step = policy.steps[state.step];
  if (!step.schedule.empty() && mute_interval_now(step.schedule, now)) return;
  for (const std::string& receiver : step.receivers) {
    Notification out;
    // The time is part of it: after an acknowledgement that was taken back the steps are taken
    // anew, and a receiver must not drop them as known. The id is made once and stored.
    out.id =
        hex_id(alert.id + "/" + std::to_string(now) + "/" + policy.name + "/" +
               std::to_string(state.step) + "/" + std::to_string(state.round) + "/" + receiver);
    out.receiver = receiver;
    out.group_key = "escalation/" + policy.name + "/" + alert.id;
    out.group_labels = {{"alertname", alert.finding.rule}};
    out.escalation = policy.name;
    out.step = state.step;
    out.alerts = {alert};
    send_out(std::move(out), now);
  }
  std::string to;
  for (const std::string& receiver : step.receivers) to += (to.empty() ? "" : ", ") + receiver;
  record(
      alert, now, "escalated",
      (step.title.empty() ? "step " + std::to_string(state.step + 1) : step.title) + " to " + to);
  const std::int64_t after = step.after_ns;
  ++state.step;
  if (state.step < policy.steps.size()) {
    state.next = now + std::max<std::int64_t>(policy.steps[state.step].after_ns - after, 1);
  } else if (policy.repeat_ns != 0 && state.round < policy.repeats_max) {
    state.step = 0;
    ++state.round;
    state.next = now + policy.repeat_ns;
  } else {
    state.next = 0;
  }
  touch(alert);
}

void AlertBook::build_groups(UnixNanos now) {
  for (auto& [key, group] : groups_) group.view.alerts.clear();
  if (config_.route.receiver.empty() && config_.route.routes.empty()) return;
  for (const auto& [id, entry] : alerts_) {
    const Alert& alert = entry.alert;
    if (alert.fired == 0 || alert.state == AlertState::kPending || alert.quiet()) continue;
    for (const RouteMatch& match : match_routes(config_.route, alert.labels)) {
      if (match.receiver.empty()) continue;
      const std::string key = group_key(match, alert.labels) + "/" + match.receiver;
      const bool known = groups_.contains(key);
      if (!known && !told_firing(alert)) continue;
      Group& group = groups_[key];
      group.view.key = key;
      group.view.receiver = match.receiver;
      group.wait_ns = match.route->group_wait_ns;
      group.interval_ns = match.route->group_interval_ns;
      group.repeat_ns = match.route->repeat_interval_ns;
      group.mute_intervals = match.route->mute_intervals;
      for (const std::string& name : match.route->group_by) {
        const auto found = alert.labels.find(name);
        if (found != alert.labels.end()) group.view.labels[name] = found->second;
      }
      if (!known) {
        group.next = now + (now < storm_until_ ? group.interval_ns : group.wait_ns);
        store_group(group);
      }
      group.view.alerts.push_back(id);
    }
  }
}

void AlertBook::flush_groups(UnixNanos now) {
  for (auto at = groups_.begin(); at != groups_.end();) {
    Group& group = at->second;
    if (group.view.alerts.empty() && group.told.empty()) {
      changes_[{StateKind::kOutbox, std::string(kGroupPrefix) + at->first}] = std::nullopt;
      at = groups_.erase(at);
      continue;
    }
    ++at;
    if (now < group.next) continue;
    const bool muted =
        std::any_of(group.mute_intervals.begin(), group.mute_intervals.end(),
                    [&](const std::string& name) { return mute_interval_now(name, now); });
    std::map<std::string, bool> status;
    bool firing = false, changed = false;
    for (const std::string& id : group.view.alerts) {
      const bool now_firing = told_firing(alerts_.at(id).alert);
      const auto told = group.told.find(id);
      if (!now_firing && told == group.told.end()) continue;  // was never told of
      status[id] = now_firing;
      firing |= now_firing;
      changed |= told == group.told.end() || told->second != now_firing;
    }
    group.next = now + group.interval_ns;
    std::erase_if(group.told, [&](const auto& told) { return !alerts_.contains(told.first); });
    if (muted) continue;
    const bool repeat = firing && now - group.notified >= group.repeat_ns;
    if (changed || repeat) notify(group, status, now);
  }
}

void AlertBook::notify(Group& group, const std::map<std::string, bool>& status, UnixNanos now) {
  Notification out;
  out.receiver = group.view.receiver;
  out.group_key = group.view.key;
  out.group_labels = group.view.labels;
  out.id = hex_id(group.view.key + "/" + std::to_string(now));
  std::size_t firing = 0;
  for (const bool wanted : {true, false}) {
    for (const auto& [id, is_firing] : status) {
      if (is_firing != wanted) continue;
      firing += is_firing ? 1 : 0;
      if (out.alerts.size() >= kAlertsPerNotification) {
        ++out.truncated;
        continue;
      }
      out.alerts.push_back(alerts_.at(id).alert);
    }
  }
  out.resolved = firing == 0;
  for (const auto& [id, is_firing] : status) {
    if (is_firing) {
      group.told[id] = true;
    } else {
      group.told.erase(id);
    }
    record(alerts_.at(id).alert, now, "notified", group.view.receiver);
  }
  group.notified = now;
  store_group(group);
  send_out(std::move(out), now);
}

void AlertBook::store_group(const Group& group) {
  std::string bytes;
  base::put_fixed(bytes, group.notified);
  base::put_fixed(bytes, group.next);
  for (const auto& [id, told] : group.told) base::put_bytes(bytes, id);
  changes_[{StateKind::kOutbox, std::string(kGroupPrefix) + group.view.key}] = std::move(bytes);
}

void AlertBook::send_out(Notification notification, UnixNanos now) {
  notification.created = now;
  changes_[{StateKind::kOutbox, notification.id}] = encode_notification(notification);
  const std::string id = notification.id;
  outbox_[id] = Outgoing{std::move(notification), 0, now, false};
}

std::vector<Notification> AlertBook::take_due(UnixNanos now) {
  std::vector<Notification> out;
  for (auto& [id, outgoing] : outbox_) {
    if (outgoing.in_flight || outgoing.next > now) continue;
    outgoing.in_flight = true;
    ++outgoing.attempts;
    if (outgoing.attempts > 1) ++totals_.retried_total;
    out.push_back(outgoing.notification);
  }
  return out;
}

void AlertBook::delivered(const std::string& notification_id, UnixNanos /*now*/) {
  if (outbox_.erase(notification_id) == 0) return;
  ++totals_.notified_total;
  changes_[{StateKind::kOutbox, notification_id}] = std::nullopt;
}

void AlertBook::not_delivered(const std::string& notification_id, const Error& error,
                              UnixNanos now) {
  const auto found = outbox_.find(notification_id);
  if (found == outbox_.end()) return;
  Outgoing& outgoing = found->second;
  const bool for_good = error.code != ErrorCode::kUnavailable &&
                        error.code != ErrorCode::kDeadlineExceeded &&
                        error.code != ErrorCode::kResourceExhausted;
  if (!for_good && now - outgoing.notification.created < kGiveUpNs) {
    outgoing.in_flight = false;
    outgoing.next = now + retry_after(outgoing.attempts);
    return;
  }
  ++(for_good ? totals_.refused_total : totals_.given_up_total);
  for (const Alert& alert : outgoing.notification.alerts) {
    note(alert.id,
         {now, "note",
          "could not be told to " + outgoing.notification.receiver + ": " + error.message, ""});
  }
  changes_[{StateKind::kOutbox, notification_id}] = std::nullopt;
  outbox_.erase(found);
}

Result<Silence> AlertBook::add_silence(Silence silence, UnixNanos now) {
  if (silence.matchers.empty()) {
    return Error{ErrorCode::kInvalidArgument, "a silence has at least one matcher"};
  }
  if (silence.starts == 0) silence.starts = now;
  if (silence.ends != 0 && silence.ends <= silence.starts) {
    return Error{ErrorCode::kInvalidArgument, "a silence ends after it starts"};
  }
  if (silence.id.empty()) {
    if (silences_.size() >= kSilencesMax) {
      return Error{ErrorCode::kResourceExhausted,
                   "there are " + std::to_string(kSilencesMax) + " silences; expire some"};
    }
    silence.id = "si-" + std::to_string(next_silence_++);
  }
  silence.updated = now;
  changes_[{StateKind::kSilence, silence.id}] = encode_silence(silence);
  silences_[silence.id] = silence;
  apply_quiet(now);
  return silence;
}

Result<void> AlertBook::expire_silence(const std::string& id, UnixNanos now) {
  const auto found = silences_.find(id);
  if (found == silences_.end()) {
    return Error{ErrorCode::kNotFound, "no silence '" + id + "'"};
  }
  if (!found->second.expired(now)) {
    found->second.ends = now;
    found->second.updated = now;
    changes_[{StateKind::kSilence, id}] = encode_silence(found->second);
  }
  return {};
}

std::vector<Silence> AlertBook::silences() const {
  std::vector<Silence> out;
  for (const auto& [id, silence] : silences_) out.push_back(silence);
  std::stable_sort(out.begin(), out.end(),
                   [](const Silence& a, const Silence& b) { return a.updated > b.updated; });
  return out;
}

std::size_t AlertBook::hidden_by(const Matchers& matchers) const {
  std::size_t count = 0;
  for (const auto& [id, entry] : alerts_) {
    if (entry.alert.open() && matchers.match(entry.alert.labels)) ++count;
  }
  return count;
}

std::vector<AlertGroup> AlertBook::groups() const {
  std::vector<AlertGroup> out;
  for (const auto& [key, group] : groups_) {
    AlertGroup view = group.view;
    std::erase_if(view.alerts, [&](const std::string& id) {
      const auto found = alerts_.find(id);
      return found == alerts_.end() || !found->second.alert.open();
    });
    if (!view.alerts.empty()) out.push_back(std::move(view));
  }
  return out;
}

std::vector<Notification> AlertBook::outbox() const {
  std::vector<Notification> out;
  for (const auto& [id, outgoing] : outbox_) out.push_back(outgoing.notification);
  return out;
}

Result<void> AlertBook::load(store::StateStore& state, std::uint32_t shard,
                             std::uint64_t& damaged) {
  const auto each = [&](StateKind kind, const auto& take) -> Result<void> {
    std::string from;
    for (;;) {
      HG_ASSIGN_OR_RETURN(const auto page, state.list(shard, kind, from, kLoadPage));
      for (const auto& [id, bytes] : page) {
        if (!take(id, bytes)) ++damaged;
      }
      if (page.size() < kLoadPage) return {};
      from = page.back().first + '\0';
    }
  };
  HG_ASSIGN_OR_RETURN(const auto stored, state.get(shard, StateKind::kMeta, kAliveId));
  UnixNanos alive = 0;
  if (stored) {
    base::ByteReader in(*stored);
    alive = in.fixed<UnixNanos>();
    last_ = std::max(last_, alive);
  }
  HG_RETURN_IF_ERROR(each(StateKind::kAlert, [&](const std::string& id, const std::string& bytes) {
    auto alert = decode_alert(bytes);
    if (!alert) return false;
    last_ = std::max(last_, alert->updated);
    if (id.starts_with("h/")) {
      history_[{alert->resolved, alert->id}] = std::move(alert).value();
      return true;
    }
    Entry entry;
    entry.source = alert->finding.kind == AlertKind::kExternal     ? "external"
                   : alert->finding.kind == AlertKind::kThreshold  ? "rules"
                   : alert->finding.kind == AlertKind::kAnomaly    ? "anomalies"
                   : alert->finding.kind == AlertKind::kPrediction ? "predictions"
                   : alert->finding.kind == AlertKind::kInertRule  ? "inert"
                                                                   : "conditions";
    entry.alert = std::move(alert).value();
    if (entry.alert.holding) entry.alert.last_held = std::max(entry.alert.last_held, alive);
    alerts_[id] = std::move(entry);
    return true;
  }));
  HG_RETURN_IF_ERROR(
      each(StateKind::kSilence, [&](const std::string& id, const std::string& bytes) {
        auto silence = decode_silence(bytes);
        if (!silence) return false;
        if (id.starts_with("si-")) {
          next_silence_ = std::max<std::uint64_t>(next_silence_,
                                                  std::strtoull(id.c_str() + 3, nullptr, 10) + 1);
        }
        silences_[id] = std::move(silence).value();
        return true;
      }));
  return each(StateKind::kOutbox, [&](const std::string& id, const std::string& bytes) {
    if (id.starts_with(kGroupPrefix)) {
      Group group;
      base::ByteReader in(bytes);
      group.notified = in.fixed<UnixNanos>();
      group.next = in.fixed<UnixNanos>();
      while (in.ok() && !in.at_end()) group.told[std::string(in.bytes())] = true;
      if (!in.ok()) return false;
      group.view.key = id.substr(kGroupPrefix.size());
      groups_[group.view.key] = std::move(group);
      return true;
    }
    auto notification = decode_notification(bytes);
    if (!notification) return false;
    outbox_[id] = Outgoing{std::move(notification).value(), 0, 0, false};
    return true;
  });
}

}  // namespace honeyguide::alerts
