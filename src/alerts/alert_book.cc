#include "alerts/alert_book.h"

#include <algorithm>
#include <utility>

#include "alerts/alert_codec.h"
#include "base/bytes.h"

namespace honeyguide::alerts {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using base::UnixNanos;

// A clock that steps back by less is told no story about.
constexpr std::int64_t kClockStepNs = 10 * base::kNanosPerSecond;
// A resolved alert stays in its group that long, and until its resolution was told to those who
// were told of it; they are waited for no longer than that.
constexpr std::int64_t kResolvedStaysNs = 15 * base::kNanosPerMinute;
constexpr std::int64_t kResolvedStaysMaxNs = base::kNanosPerDay;

Labels labels_of(const Finding& finding) {
  Labels labels = finding.labels;
  labels["alertname"] = finding.rule;
  return labels;
}

std::string summary_of(const Finding& finding) {
  const auto summary = finding.annotations.find("summary");
  return summary != finding.annotations.end() ? summary->second : finding.rule;
}

std::vector<InhibitRule> with_defaults(const AlertingConfig& config) {
  std::vector<InhibitRule> out = default_inhibit_rules();
  out.insert(out.end(), config.inhibit.begin(), config.inhibit.end());
  return out;
}

}  // namespace

AlertBook::AlertBook(AlertingConfig config, Upstream upstream)
    : config_(std::move(config)),
      inhibit_rules_(with_defaults(config_)),
      upstream_(std::move(upstream)) {}

void AlertBook::follow_clock(UnixNanos now) {
  if (last_ != 0 && now < last_ - kClockStepNs) {
    const std::int64_t back = last_ - now;
    for (auto& [id, entry] : alerts_) {
      entry.alert.last_held = std::min(entry.alert.last_held, now);
      entry.alert.since = std::min(entry.alert.since, now);
      if (entry.unknown_since != 0) entry.unknown_since = std::min(entry.unknown_since, now);
      if (entry.alert.escalation && entry.alert.escalation->next != 0) {
        entry.alert.escalation->next -= back;
      }
      touch(entry.alert);
    }
    for (auto& [key, group] : groups_) {
      group.next -= back;
      group.notified = std::min(group.notified, now);
    }
    for (auto& [id, outgoing] : outbox_) outgoing.next = std::min(outgoing.next, now);
    storm_until_ = std::min(storm_until_, now + kStormCalmNs);
    fired_lately_.clear();
    last_ = now;
  }
  last_ = std::max(last_, now);
}

void AlertBook::record(Alert& alert, UnixNanos at, const char* kind, std::string text,
                       std::string by) {
  // The first line tells how it began; it stays.
  if (alert.timeline.size() >= kTimelineMax) alert.timeline.erase(alert.timeline.begin() + 1);
  alert.timeline.push_back({at, kind, std::move(text), std::move(by)});
  alert.updated = at;
  touch(alert);
}

void AlertBook::touch(const Alert& alert) {
  changes_[{store::StateKind::kAlert, alert.id}] = encode_alert(alert);
}

void AlertBook::update(const std::string& source, std::vector<Finding> findings,
                       const std::set<std::string>& unknown, UnixNanos now) {
  follow_clock(now);
  std::set<std::string> holding;
  for (Finding& finding : findings) {
    const std::string id = fingerprint(labels_of(finding));
    holding.insert(id);
    auto found = alerts_.find(id);
    if (found == alerts_.end()) {
      if (alerts_.size() >= kOpenAlertsMax) {
        ++totals_.left_out_total;
        continue;
      }
      found = alerts_.emplace(id, Entry{}).first;
      found->second.alert.id = id;
    }
    found->second.source = source;
    hold(found->second, std::move(finding), now);
  }
  for (auto at = alerts_.begin(); at != alerts_.end();) {
    Entry& entry = at->second;
    ++at;
    if (entry.source != source || holding.contains(entry.alert.id)) continue;
    release(entry, unknown.contains(entry.alert.id), now);
  }
}

void AlertBook::add_external(std::vector<Finding> findings, UnixNanos now) {
  follow_clock(now);
  for (Finding& finding : findings) {
    const std::string id = fingerprint(labels_of(finding));
    auto found = alerts_.find(id);
    const bool over = finding.ends <= now;
    if (found == alerts_.end()) {
      if (over) continue;
      if (alerts_.size() >= kOpenAlertsMax) {
        ++totals_.left_out_total;
        continue;
      }
      found = alerts_.emplace(id, Entry{}).first;
      found->second.alert.id = id;
    }
    found->second.source = "external";
    if (over) {
      resolve(found->second, now, "the sender says that it is over");
    } else {
      hold(found->second, std::move(finding), now);
    }
  }
}

void AlertBook::hold(Entry& entry, Finding finding, UnixNanos now) {
  Alert& alert = entry.alert;
  const bool fresh = alert.since == 0 || alert.state == AlertState::kResolved;
  entry.unknown_since = 0;
  const bool changed =
      fresh || alert.unknown || !alert.holding || alert.finding.severity != finding.severity;
  alert.unknown = false;
  if (finding.trace_id.empty() && !fresh) {  // the exemplar of this episode stays
    finding.trace_id = std::move(alert.finding.trace_id);
    finding.span_id = std::move(alert.finding.span_id);
  }
  alert.finding = std::move(finding);
  alert.labels = labels_of(alert.finding);
  alert.labels["severity"] = severity_name(alert.finding.severity);
  alert.labels["category"] = alert.finding.category;
  if (!alert.finding.measure.empty()) alert.labels["measure"] = alert.finding.measure;
  alert.last_held = now;
  alert.holding = true;
  if (fresh) {
    const bool again = alert.fired != 0;
    const UnixNanos onset = alert.finding.since != 0 ? std::min(alert.finding.since, now) : now;
    alert.since = again ? now : onset;
    alert.state = AlertState::kPending;
    alert.resolved = 0;
    alert.acknowledged.reset();
    alert.escalation.reset();
    if (again) ++alert.episodes;
    if (!again) alert.timeline.clear();
    record(alert, alert.since, "onset", summary_of(alert.finding));
  }
  if (alert.state == AlertState::kPending && now - alert.since >= alert.finding.for_ns) {
    fire(entry, now);
  } else if (changed) {
    touch(alert);
  }
}

void AlertBook::fire(Entry& entry, UnixNanos now) {
  Alert& alert = entry.alert;
  alert.state = AlertState::kFiring;
  alert.fired = now;
  ++totals_.fired_total;
  count_change(alert, now);
  fired_lately_.push_back(now);
  record(alert, now, "fired",
         std::string(severity_name(alert.finding.severity)) + ": " + summary_of(alert.finding));
  entry.exemplar_sought = false;
  start_escalation(entry, now);
  if (on_change_) on_change_(alert);
}

void AlertBook::release(Entry& entry, bool unknown, UnixNanos now) {
  Alert& alert = entry.alert;
  if (alert.state == AlertState::kResolved) return;
  if (alert.holding) {  // from here on `last_held` stands; until now it was the newest time
    alert.holding = false;
    touch(alert);
  }
  if (unknown) {
    if (entry.unknown_since == 0) {
      entry.unknown_since = now;
      alert.unknown = true;
      touch(alert);
    }
    if (now - entry.unknown_since < kUnknownNs) return;
    return resolve(entry, now, "its input has been missing for 15 min");
  }
  entry.unknown_since = 0;
  alert.unknown = false;
  if (alert.open() && now - alert.last_held < alert.finding.keep_firing_ns) return;
  resolve(entry, now, "does not hold any more");
}

void AlertBook::resolve(Entry& entry, UnixNanos now, const std::string& why) {
  Alert& alert = entry.alert;
  if (alert.state == AlertState::kResolved) return;
  if (alert.state == AlertState::kPending) {  // never fired in this episode
    changes_[{store::StateKind::kAlert, alert.id}] = std::nullopt;
    if (alert.fired == 0) {
      alerts_.erase(alert.id);
      return;
    }
    alert.state = AlertState::kResolved;
    alert.resolved = now;
    touch(alert);
    return;
  }
  alert.state = AlertState::kResolved;
  alert.resolved = now;
  alert.escalation.reset();
  ++totals_.resolved_total;
  count_change(alert, now);
  record(alert, now, "resolved", why);
  // Two of one alert may be resolved at one moment of a coarse clock; the key then stays unique.
  history_[{now, alert.id}] = alert;
  changes_[{store::StateKind::kAlert, "h/" + std::to_string(now) + "/" + alert.id}] =
      encode_alert(alert);
  for (auto at = silences_.begin(); at != silences_.end(); ++at) {
    if (at->second.ends == 0 && at->second.alert_id == alert.id) {
      (void)expire_silence(at->first, now);
    }
  }
  if (on_change_) on_change_(alert);
}

void AlertBook::count_change(Alert& alert, UnixNanos now) {
  alert.changes.push_back(now);
  std::erase_if(alert.changes, [&](UnixNanos at) { return at < now - kFlapWindowNs; });
  if (!alert.flapping && alert.changes.size() >= kFlapChanges) {
    alert.flapping = true;
    record(alert, now, "note", "flapping: told once until it keeps still for 15 min");
  }
}

void AlertBook::calm_flapping(UnixNanos now) {
  for (auto& [id, entry] : alerts_) {
    Alert& alert = entry.alert;
    if (!alert.flapping || alert.changes.empty()) continue;
    if (now - alert.changes.back() < kFlapCalmNs) continue;
    alert.flapping = false;
    record(alert, now, "note", "keeps still again");
  }
}

void AlertBook::advance(UnixNanos now) {
  follow_clock(now);
  std::vector<std::string> over;
  for (auto& [id, entry] : alerts_) {
    if (entry.source == "external" && entry.alert.open() && entry.alert.finding.ends <= now) {
      over.push_back(id);
    }
  }
  for (const std::string& id : over) resolve(alerts_.at(id), now, "was not renewed by its sender");
  std::erase_if(fired_lately_, [&](UnixNanos at) { return at < now - base::kNanosPerMinute; });
  if (fired_lately_.size() > kStormAlerts) storm_until_ = now + kStormCalmNs;
  calm_flapping(now);
  apply_quiet(now);
  build_groups(now);
  flush_groups(now);
  run_escalations(now);
  forget_old(now);
  const bool any_open = std::any_of(alerts_.begin(), alerts_.end(),
                                    [](const auto& entry) { return entry.second.alert.open(); });
  if (!any_open) return;
  std::string alive;
  base::put_fixed(alive, now);
  changes_[{store::StateKind::kMeta, std::string(kAliveId)}] = std::move(alive);
}

void AlertBook::forget_old(UnixNanos now) {
  std::set<std::string_view> told;  // as firing
  for (const auto& [key, group] : groups_) {
    for (const auto& [id, firing] : group.told) told.insert(id);
  }
  for (auto at = alerts_.begin(); at != alerts_.end();) {
    const Alert& alert = at->second.alert;
    const std::int64_t stays = told.contains(alert.id) ? kResolvedStaysMaxNs : kResolvedStaysNs;
    const bool gone =
        alert.state == AlertState::kResolved && !alert.flapping && now - alert.resolved >= stays;
    if (gone) changes_[{store::StateKind::kAlert, alert.id}] = std::nullopt;
    at = gone ? alerts_.erase(at) : std::next(at);
  }
  while (!history_.empty() &&
         (history_.size() > kHistoryMax || history_.begin()->first.first < now - kHistoryNs)) {
    const auto& [key, alert] = *history_.begin();
    changes_[{store::StateKind::kAlert, "h/" + std::to_string(key.first) + "/" + key.second}] =
        std::nullopt;
    history_.erase(history_.begin());
  }
  for (auto at = silences_.begin(); at != silences_.end();) {
    const bool gone = at->second.ends != 0 && at->second.ends < now - kHistoryNs;
    if (gone) changes_[{store::StateKind::kSilence, at->first}] = std::nullopt;
    at = gone ? silences_.erase(at) : std::next(at);
  }
}

AlertBook::Entry* AlertBook::open_entry(const std::string& id) {
  const auto found = alerts_.find(id);
  return found != alerts_.end() && found->second.alert.open() ? &found->second : nullptr;
}

Result<Alert> AlertBook::acknowledge(const std::string& id, const std::string& by,
                                     const std::string& note, UnixNanos now) {
  Entry* entry = open_entry(id);
  if (entry == nullptr) return Error{ErrorCode::kNotFound, "no open alert '" + id + "'"};
  Alert& alert = entry->alert;
  if (alert.acknowledged) return alert;
  alert.state = AlertState::kAcknowledged;
  alert.acknowledged = Acknowledgement{by, now, note};
  if (alert.escalation) alert.escalation->next = 0;
  record(alert, now, "acknowledged", note, by);
  if (on_change_) on_change_(alert);
  return alert;
}

Result<Alert> AlertBook::unacknowledge(const std::string& id, const std::string& by,
                                       UnixNanos now) {
  Entry* entry = open_entry(id);
  if (entry == nullptr) return Error{ErrorCode::kNotFound, "no open alert '" + id + "'"};
  Alert& alert = entry->alert;
  if (!alert.acknowledged) return alert;
  alert.acknowledged.reset();
  alert.state = AlertState::kFiring;
  record(alert, now, "note", "the acknowledgement was taken back", by);
  start_escalation(*entry, now);
  if (on_change_) on_change_(alert);
  return alert;
}

Result<Alert> AlertBook::assign(const std::string& id, const std::string& to, const std::string& by,
                                UnixNanos now) {
  Entry* entry = open_entry(id);
  if (entry == nullptr) return Error{ErrorCode::kNotFound, "no open alert '" + id + "'"};
  entry->alert.assigned_to = to;
  record(entry->alert, now, "note", to.empty() ? "nobody has it any more" : "goes to " + to, by);
  return entry->alert;
}

std::vector<Alert> AlertBook::without_exemplar(std::size_t limit) const {
  std::vector<Alert> out;
  for (const auto& [id, entry] : alerts_) {
    if (out.size() >= limit) break;
    if (entry.alert.open() && !entry.exemplar_sought && entry.alert.finding.trace_id.empty()) {
      out.push_back(entry.alert);
    }
  }
  return out;
}

void AlertBook::set_exemplar(const std::string& id, const std::string& trace_id) {
  Entry* entry = open_entry(id);
  if (entry == nullptr) return;
  entry->exemplar_sought = true;
  if (trace_id.empty() || !entry->alert.finding.trace_id.empty()) return;
  entry->alert.finding.trace_id = trace_id;
  touch(entry->alert);
}

bool AlertBook::note(const std::string& id, TimelineEntry entry) {
  Entry* open = open_entry(id);
  if (open == nullptr) return false;
  const std::string kind = entry.kind;
  record(open->alert, entry.at, kind.c_str(), std::move(entry.text), std::move(entry.by));
  return true;
}

std::vector<Alert> AlertBook::open_alerts() const {
  std::vector<Alert> out;
  for (const auto& [id, entry] : alerts_) {
    if (entry.alert.open()) out.push_back(entry.alert);
  }
  std::stable_sort(out.begin(), out.end(), [](const Alert& a, const Alert& b) {
    if (a.acknowledged.has_value() != b.acknowledged.has_value()) return !a.acknowledged;
    if (a.finding.severity != b.finding.severity) return a.finding.severity > b.finding.severity;
    return a.since < b.since;
  });
  return out;
}

std::vector<Alert> AlertBook::pending_alerts() const {
  std::vector<Alert> out;
  for (const auto& [id, entry] : alerts_) {
    if (entry.alert.state == AlertState::kPending) out.push_back(entry.alert);
  }
  return out;
}

std::vector<Alert> AlertBook::history(UnixNanos begin, UnixNanos end) const {
  std::vector<Alert> out;
  for (auto at = history_.rbegin(); at != history_.rend(); ++at) {
    if (at->first.first >= begin && at->second.since < end) out.push_back(at->second);
  }
  return out;
}

std::optional<Alert> AlertBook::find(const std::string& id) const {
  const auto found = alerts_.find(id);
  if (found != alerts_.end()) return found->second.alert;
  for (auto at = history_.rbegin(); at != history_.rend(); ++at) {
    if (at->second.id == id) return at->second;
  }
  return std::nullopt;
}

AlertBookStats AlertBook::stats() const {
  AlertBookStats out = totals_;
  for (const auto& [id, entry] : alerts_) {
    const Alert& alert = entry.alert;
    out.pending += alert.state == AlertState::kPending ? 1 : 0;
    out.firing += alert.state == AlertState::kFiring ? 1 : 0;
    out.acknowledged += alert.state == AlertState::kAcknowledged ? 1 : 0;
    out.quiet += alert.open() && alert.quiet() ? 1 : 0;
    out.flapping += alert.flapping ? 1 : 0;
  }
  out.outbox = outbox_.size();
  out.storm = last_ < storm_until_;
  std::int64_t acknowledge = 0, acknowledged = 0, resolve = 0, resolved = 0;
  for (const auto& [key, alert] : history_) {
    resolve += alert.resolved - alert.fired;
    ++resolved;
    if (!alert.acknowledged) continue;
    acknowledge += alert.acknowledged->at - alert.fired;
    ++acknowledged;
  }
  if (acknowledged > 0) out.mean_acknowledge_ns = acknowledge / acknowledged;
  if (resolved > 0) out.mean_resolve_ns = resolve / resolved;
  return out;
}

std::vector<store::StateChange> AlertBook::take_changes() {
  std::vector<store::StateChange> out;
  out.reserve(changes_.size());
  for (auto& [key, value] : changes_) out.push_back({key.first, key.second, std::move(value)});
  changes_.clear();
  return out;
}

void AlertBook::keep(const std::vector<store::StateChange>& changes) {
  for (const store::StateChange& change : changes) {
    changes_.try_emplace({change.kind, change.id}, change.value);
  }
}

}  // namespace honeyguide::alerts
