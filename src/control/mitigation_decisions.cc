#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "control/mitigation_engine.h"

namespace honeyguide::control {
namespace {

using base::Error;
using base::ErrorCode;
using base::MutexLock;
using base::Result;

Error unknown_action(const std::string& id) {
  return {ErrorCode::kNotFound, "there is no action '" + id + "'"};
}

Error wrong_state(const ActionRecord& record, const std::string& wish) {
  return {
      ErrorCode::kFailedPrecondition,
      "action " + record.id + " is " + std::string(action_state_name(record.state)) + ": " + wish};
}

void run_all(std::vector<std::function<void()>>& later) {
  for (const auto& step : later) step();
}

}  // namespace

Result<ActionRecord> MitigationEngine::approve(store::TenantId tenant, const std::string& id,
                                               const std::string& who, const std::string& note,
                                               const std::string& confirm_name) {
  const FleetView fleet = parts_.fleet(tenant);
  Deferred later;
  Result<ActionRecord> out = unknown_action(id);
  {
    MutexLock lock(mutex_);
    ActionRecord* record = find_locked(tenant, id);
    if (record == nullptr) return out;
    if (record->state != ActionState::kProposed) {
      return wrong_state(*record, "only what is proposed can be approved");
    }
    if (!record->action.reversible() && confirm_name != record->target) {
      return Error{ErrorCode::kInvalidArgument,
                   "confirm_name: this cannot be taken back; write the agent's name, '" +
                       record->target + "'"};
    }
    auto guards = guards_of(*record, fleet, true);
    if (const GuardResult* refusal = refusing(guards)) {
      return Error{ErrorCode::kFailedPrecondition, "guard " + refusal->name + ": " + refusal->text};
    }
    record->guards = std::move(guards);
    record->decision = "approved";
    record->decided_by = who;
    record->decision_note = note;
    record->decided = parts_.clock.now();
    record->state = ActionState::kApproved;
    HG_RETURN_IF_ERROR(audit(*record, who, "mitigation.approve", note, "ok"));
    HG_RETURN_IF_ERROR(start(*record, who, later));
    out = *record;
  }
  run_all(later);
  return out;
}

Result<ActionRecord> MitigationEngine::deny(store::TenantId tenant, const std::string& id,
                                            const std::string& who, const std::string& note) {
  Deferred later;
  Result<ActionRecord> out = unknown_action(id);
  {
    MutexLock lock(mutex_);
    ActionRecord* record = find_locked(tenant, id);
    if (record == nullptr) return out;
    if (record->state != ActionState::kProposed) {
      return wrong_state(*record, "only what is proposed can be denied");
    }
    HG_RETURN_IF_ERROR(audit(*record, who, "mitigation.deny", note, "ok"));
    record->state = ActionState::kDenied;
    record->decision = "denied";
    record->decided_by = who;
    record->decision_note = note;
    record->decided = record->ended = parts_.clock.now();
    HG_RETURN_IF_ERROR(save(*record));
    changed(*record, later);
    out = *record;
  }
  run_all(later);
  return out;
}

Result<ActionRecord> MitigationEngine::dry_run(store::TenantId tenant, const std::string& id) {
  const FleetView fleet = parts_.fleet(tenant);
  MutexLock lock(mutex_);
  ActionRecord* record = find_locked(tenant, id);
  if (record == nullptr) return unknown_action(id);
  if (record->state == ActionState::kProposed) {
    record->guards = guards_of(*record, fleet, false);
    estimate(*record, fleet);
    HG_RETURN_IF_ERROR(save(*record));
  }
  return *record;
}

Result<ActionRecord> MitigationEngine::roll_back(store::TenantId tenant, const std::string& id,
                                                 const std::string& who,
                                                 const std::string& reason) {
  Deferred later;
  Result<ActionRecord> out = unknown_action(id);
  {
    MutexLock lock(mutex_);
    ActionRecord* record = find_locked(tenant, id);
    if (record == nullptr) return out;
    if (record->requested == 0 || record->state == ActionState::kRolledBack) {
      return wrong_state(*record, "there is nothing to undo");
    }
    if (!record->action.reversible()) return wrong_state(*record, "it cannot be taken back");
    const bool judged = !record->open();
    if (!undo(*record, who, reason, later)) {
      return wrong_state(*record, "a newer directive holds already, or it has expired");
    }
    if (!judged && !record->policy.empty()) {
      ledgers_[tenant].ended(config_, false, parts_.clock.now());
    }
    record->state = ActionState::kRolledBack;
    if (record->ended == 0) record->ended = parts_.clock.now();
    HG_RETURN_IF_ERROR(save(*record));
    changed(*record, later);
    out = *record;
  }
  run_all(later);
  return out;
}

ActionRecord MitigationEngine::preview(const AgentKey& key, DirectiveKind kind,
                                       const FleetView& fleet) {
  MutexLock lock(mutex_);
  ActionRecord record;
  record.action.name = directive_name(kind);
  record.action.directive = kind;
  record.trigger.tenant = key.tenant;
  record.trigger.agent = record.target = key.agent;
  record.guards = guards_of(record, fleet, true);
  estimate(record, fleet);
  return record;
}

Result<ActionRecord> MitigationEngine::order(const AgentKey& key, const DirectiveRequest& request,
                                             bool force) {
  HG_RETURN_IF_ERROR(check_directive(request));
  const FleetView fleet = parts_.fleet(key.tenant);
  ActionRecord record = preview(key, request.kind, fleet);
  record.action.params = request.params;
  record.action.expires_ns = request.expires_in_ns;
  record.proposed_by = request.issued_by;
  record.reason = request.reason;
  record.created = parts_.clock.now();
  record.condition_firing = false;
  Deferred later;
  Result<ActionRecord> out = record;
  {
    MutexLock lock(mutex_);
    if (const GuardResult* refusal = refusing(record.guards); refusal != nullptr && !force) {
      HG_RETURN_IF_ERROR(audit(record, request.issued_by,
                               "directive." + std::string(directive_name(request.kind)),
                               refusal->text, "refused by " + refusal->name));
      return Error{ErrorCode::kFailedPrecondition,
                   "guard " + refusal->name + ": " + refusal->text +
                       "; send \"force\": true to do it all the same"};
    }
    ActionRecord& kept = keep(std::move(record));
    if (const auto started = start(kept, request.issued_by, later); !started) {
      forget(kept.id);
      return started.error();
    }
    out = kept;
  }
  run_all(later);
  return out;
}

Result<void> MitigationEngine::reset_breaker(store::TenantId tenant, const std::string& who) {
  MutexLock lock(mutex_);
  Ledger& ledger = ledgers_[tenant];
  AuditEvent event{tenant, who, "mitigation.reset_breaker", "breaker", "", "ok", "null", "null"};
  event.before = base::json_quote(breaker_name(ledger.breaker(config_, parts_.clock.now())));
  HG_ASSIGN_OR_RETURN(const auto entry, parts_.audit.append(std::move(event)));
  ledger.reset_breaker();
  return save_ledger(tenant);
}

}  // namespace honeyguide::control
