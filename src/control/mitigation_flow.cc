#include <algorithm>
#include <utility>

#include "base/json_writer.h"
#include "base/strings.h"
#include "control/mitigation_engine.h"

namespace honeyguide::control {
namespace {

using base::Error;
using base::ErrorCode;
using base::MutexLock;
using base::Result;

// A webhook or command that has not reported this long after its timeout never will.
constexpr std::int64_t kReportGraceNs = 30 * base::kNanosPerSecond;
// In a team this many more sick peers than before mean that the action made it worse.
constexpr std::int64_t kWorseBy = 2;

// Who a directive says it is from; also how a restart finds what was sent before it.
std::string issuer(const ActionRecord& record) {
  return record.policy.empty() ? record.proposed_by : record.proposed_by + " " + record.id;
}

// What webhooks and commands get: ids and numbers, no telemetry values.
std::string effect_body(const ActionRecord& record, std::string_view phase) {
  base::JsonWriter out;
  out.begin_object().field("version", "1").field("id", record.id).field("phase", phase);
  out.field("action", record.action.name).field("policy", record.policy);
  out.field("agent", record.target).field("alert_id", record.trigger.alert_id);
  out.field("rule", record.trigger.rule).field("category", record.trigger.category);
  out.field("severity", record.trigger.severity).field("confidence", record.trigger.confidence);
  out.key("requested_unix_ns").value_as_string(record.requested);
  out.end_object();
  return out.take();
}

}  // namespace

Result<void> MitigationEngine::start(ActionRecord& record, const std::string& who,
                                     Deferred& later) {
  const base::UnixNanos now = parts_.clock.now();
  const bool automatic = !record.policy.empty();
  record.requested = now;
  const std::string verb =
      automatic ? "mitigation.start"
                : "directive." + std::string(directive_name(record.action.directive));
  Result<void> noted = audit(record, who, verb, record.reason, "ok");
  if (noted) {
    record.state = ActionState::kRequested;
    record.refused_by.clear();
    if (automatic) {
      record.verdict = "pending";
      ledgers_[record.trigger.tenant].acted(config_, record.target, record.policy, now);
    }
    noted = save(record);
  }
  if (!noted) {
    // What cannot be written down is not done.
    record.state = ActionState::kRefused;
    record.refused_by = "audit";
    record.requested = 0;
    record.ended = now;
    changed(record, later);
    return noted;
  }
  execute(record, later);
  return {};
}

void MitigationEngine::execute(ActionRecord& record, Deferred& later) {
  if (record.action.type != ActionType::kDirective) {
    later.push_back([this, action = record.action, tenant = record.trigger.tenant, id = record.id,
                     body = effect_body(record, "apply")] {
      parts_.executor.start(action, id, body, [this, tenant, id](const EffectResult& result) {
        effect_ended(tenant, id, result);
      });
    });
    return changed(record, later);
  }
  const AgentKey key{record.trigger.tenant, record.target};
  const auto given =
      parts_.book.issue(key, {record.action.directive, record.action.params, record.reason,
                              issuer(record), record.action.expires_ns});
  if (!given) {
    return fail(record, ActionState::kFailed, "not_cleared", given.error().message, later);
  }
  record.directive_seq = given->seq;
  record.directive_epoch = given->epoch;
  record.expires = given->expires;
  (void)save(record);
  changed(record, later);
}

void MitigationEngine::resume(ActionRecord& record, Deferred& later) {
  if (record.action.type == ActionType::kWebhook) return execute(record, later);
  fail(record, ActionState::kFailed, "not_cleared",
       "the server ended while the command ran; a command is never run twice", later);
}

void MitigationEngine::effect_ended(store::TenantId tenant, const std::string& id,
                                    const EffectResult& result) {
  Deferred later;
  {
    MutexLock lock(mutex_);
    ActionRecord* record = find_locked(tenant, id);
    if (stopped_ || record == nullptr || record->state != ActionState::kRequested) return;
    (void)audit(*record, "server", "mitigation.effect", result.detail, result.ok ? "ok" : "failed");
    if (result.ok) {
      record->verdict_text = result.detail;
      done(*record, later);
    } else {
      fail(*record, ActionState::kFailed, "not_cleared", result.detail, later);
    }
  }
  for (const auto& step : later) step();
}

void MitigationEngine::on_ack(const AgentKey& key, const Directive& directive) {
  Deferred later;
  {
    MutexLock lock(mutex_);
    const auto found = std::find_if(records_.begin(), records_.end(), [&](const auto& entry) {
      const ActionRecord& record = entry.second;
      return record.trigger.tenant == key.tenant && record.target == key.agent &&
             record.directive_seq == directive.seq && record.directive_epoch == directive.epoch;
    });
    if (found == records_.end()) return;
    advance_directive(found->second, later);
  }
  for (const auto& step : later) step();
}

void MitigationEngine::advance_directive(ActionRecord& record, Deferred& later) {
  const AgentKey key{record.trigger.tenant, record.target};
  if (record.directive_seq == 0) {
    // The server ended between the write and the directive: adopt what was sent, or send it.
    for (const Directive& sent : parts_.book.history(key)) {
      if (record.policy.empty() || sent.issued_by != issuer(record)) continue;
      record.directive_seq = sent.seq;
      record.directive_epoch = sent.epoch;
      record.expires = sent.expires;
    }
    if (record.directive_seq == 0) return execute(record, later);
  }
  const auto directive = parts_.book.find(key, record.directive_seq);
  const base::UnixNanos now = parts_.clock.now();
  if (!directive) {
    return fail(record, ActionState::kFailed, "not_cleared", "the directive is not kept any more",
                later);
  }
  if (directive->ack == AckState::kObeyed) return done(record, later);
  if (directive->ack == AckState::kRefused) {
    record.refused_by = "agent";
    return fail(record, ActionState::kRefused, "not_cleared",
                "the agent refused: " + directive->ack_detail, later);
  }
  if (directive->ack == AckState::kReceived && record.state == ActionState::kRequested) {
    record.state = ActionState::kDelivered;
    record.delivered = directive->received_at;
    (void)save(record);
    changed(record, later);
  }
  // A person's directive may wait for its agent until it expires.
  const bool late = record.policy.empty() ? directive->expired(now) : directive->overdue(now);
  if (!late) return;
  fail(record, record.policy.empty() ? ActionState::kExpired : ActionState::kFailed, "not_cleared",
       directive->ack == AckState::kNone ? "the agent did not answer in time"
                                         : "the agent received it but did not obey in time",
       later);
}

void MitigationEngine::done(ActionRecord& record, Deferred& later) {
  record.state = ActionState::kObeyed;
  record.obeyed = parts_.clock.now();
  if (record.delivered == 0) record.delivered = record.obeyed;
  if (record.policy.empty()) record.ended = record.obeyed;
  (void)save(record);
  changed(record, later);
}

void MitigationEngine::advance(ActionRecord& record, const FleetView& fleet, Deferred& later) {
  const base::UnixNanos now = parts_.clock.now();
  switch (record.state) {
    case ActionState::kProposed: {
      const bool gone = !record.condition_firing;
      if (!gone && now < record.expires) return;
      record.state = ActionState::kExpired;
      record.verdict_text = gone ? "the condition cleared by itself" : "nobody decided in time";
      record.ended = now;
      (void)audit(record, "server", "mitigation.expire", record.verdict_text, "ok");
      (void)save(record);
      return changed(record, later);
    }
    case ActionState::kRequested:
    case ActionState::kDelivered:
      if (record.action.type == ActionType::kDirective) return advance_directive(record, later);
      if (now - record.requested >= record.action.timeout_ns + kReportGraceNs) {
        fail(record, ActionState::kFailed, "not_cleared", "it never reported back", later);
      }
      return;
    case ActionState::kObeyed:
      if (record.open()) verify(record, fleet, later);
      return;
    default:
      break;
  }
  const bool back = record.state == ActionState::kVerified && record.condition_firing &&
                    !record.recurred && now - record.ended < kRecurrenceNs;
  if (!back) return;
  record.recurred = true;
  ledgers_[record.trigger.tenant].recurred(config_, now);
  (void)audit(record, "server", "mitigation.recurred", "the condition came back", "failed");
  (void)save(record);
  changed(record, later);
}

void MitigationEngine::verify(ActionRecord& record, const FleetView& fleet, Deferred& later) {
  const Policy* policy = config_.policy(record.policy);
  static const Policy kDefaults;
  const Policy& rule = policy == nullptr ? kDefaults : *policy;
  const base::UnixNanos now = parts_.clock.now();
  if (sick_peers(record, fleet) >= record.sick_peers + kWorseBy) {
    return fail(record, ActionState::kFailed, "worse", "more of its peers are sick than before",
                later);
  }
  if (record.condition_firing) {
    if (record.clear_since != 0) {
      return fail(
          record, ActionState::kFailed, "not_cleared",
          "it cleared and came back after " + base::format_duration_ns(now - record.clear_since),
          later);
    }
    if (now - record.obeyed < rule.clear_within_ns) return;
    return fail(
        record, ActionState::kFailed, "not_cleared",
        "the condition did not clear within " + base::format_duration_ns(rule.clear_within_ns),
        later);
  }
  if (record.clear_since == 0) {
    record.clear_since = now;
    (void)save(record);
    return changed(record, later);
  }
  if (now - record.clear_since >= rule.stay_clear_ns) succeed(record, later);
}

void MitigationEngine::succeed(ActionRecord& record, Deferred& later) {
  const base::UnixNanos now = parts_.clock.now();
  record.state = ActionState::kVerified;
  record.verdict = "cleared";
  record.verdict_text =
      "cleared and stayed clear for " + base::format_duration_ns(now - record.clear_since);
  record.ended = now;
  ledgers_[record.trigger.tenant].ended(config_, true, now);
  (void)audit(record, "server", "mitigation.verify", record.verdict_text, "ok");
  (void)save(record);
  changed(record, later);
}

void MitigationEngine::fail(ActionRecord& record, ActionState state, const std::string& verdict,
                            const std::string& text, Deferred& later) {
  const base::UnixNanos now = parts_.clock.now();
  record.state = state;
  record.verdict_text = text;
  record.ended = now;
  if (!record.policy.empty()) {
    record.verdict = verdict;
    Ledger& ledger = ledgers_[record.trigger.tenant];
    const BreakerState before = ledger.breaker(config_, now);
    ledger.ended(config_, false, now);
    (void)audit(record, "server", "mitigation.fail", text, "failed");
    const BreakerState after = ledger.breaker(config_, now);
    if (after != before) {
      (void)audit(record, "server", "mitigation.breaker", std::string(breaker_name(after)), "ok");
    }
    const Policy* policy = config_.policy(record.policy);
    const bool wanted = policy == nullptr || policy->rollback;
    if (wanted && undo(record, "server", text, later) && state == ActionState::kFailed) {
      record.state = ActionState::kRolledBack;
    }
  }
  (void)save(record);
  changed(record, later);
}

// False if there is nothing to undo, or somebody else's directive holds by now.
bool MitigationEngine::undo(ActionRecord& record, const std::string& who, const std::string& why,
                            Deferred& later) {
  if (!record.action.reversible() || record.requested == 0) return false;
  if (record.action.type == ActionType::kDirective) {
    const AgentKey key{record.trigger.tenant, record.target};
    const auto newest = parts_.book.newest(key);
    const bool ours =
        newest && newest->seq == record.directive_seq && !newest->expired(parts_.clock.now());
    if (!ours || newest->kind == DirectiveKind::kRun) return false;
    (void)audit(record, who, "mitigation.roll_back", why, "ok");
    return parts_.book.issue(key, {DirectiveKind::kRun, "{}", "roll back " + record.id, who, 0})
        .has_value();
  }
  const ActionSpec* inverse = config_.action(record.action.rollback);
  if (inverse == nullptr || inverse->type == ActionType::kDirective) return false;
  (void)audit(record, who, "mitigation.roll_back", why, "ok");
  const std::string id = record.id + "-undo";
  AuditEvent event{
      record.trigger.tenant, "server", "mitigation.rolled_back", id, "", "ok", "null", "null"};
  later.push_back([this, event, id, action = *inverse, body = effect_body(record, "undo")] {
    parts_.executor.start(action, id, body, [this, event](const EffectResult& result) {
      AuditEvent outcome = event;
      outcome.detail = result.detail;
      outcome.result = result.ok ? "ok" : "failed";
      (void)parts_.audit.append(std::move(outcome));
    });
  });
  return true;
}

}  // namespace honeyguide::control
