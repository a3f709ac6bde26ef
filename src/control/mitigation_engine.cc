#include "control/mitigation_engine.h"

#include <algorithm>
#include <utility>

#include "base/json_writer.h"
#include "base/strings.h"

namespace honeyguide::control {
namespace {

using base::Error;
using base::ErrorCode;
using base::MutexLock;
using base::Result;
using store::StateKind;

constexpr std::uint32_t kLoadPage = 500;
constexpr std::string_view kRecordPrefix = "r/";
constexpr std::string_view kLedgerPrefix = "l/";
constexpr std::string_view kIdPrefix = "mi-";

std::string record_key(std::uint64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, digits.size() < 12 ? 12 - digits.size() : 0, '0');
  return std::string(kRecordPrefix) + digits;
}

std::uint64_t number_of(std::string_view id) {
  if (!id.starts_with(kIdPrefix)) return 0;
  return base::parse_uint64(id.substr(kIdPrefix.size())).value_or(0);
}

// What held before: for the audit log.
std::string directive_state_json(const Directive& directive) {
  base::JsonWriter out;
  out.begin_object().field("directive", directive_name(directive.kind));
  out.field("seq", directive.seq).field("reason", directive.reason);
  out.key("expires_unix_ns").value_as_string(directive.expires);
  out.field("ack", ack_name(directive.ack)).end_object();
  return out.take();
}

void run_all(std::vector<std::function<void()>>& later) {
  for (const auto& step : later) step();
}

}  // namespace

Result<std::unique_ptr<MitigationEngine>> MitigationEngine::open(MitigationConfig config,
                                                                 MitigationParts parts) {
  std::unique_ptr<MitigationEngine> engine(
      new MitigationEngine(std::move(config), std::move(parts)));
  MutexLock lock(engine->mutex_);
  HG_RETURN_IF_ERROR(engine->load());
  engine->recover();
  return engine;
}

Result<void> MitigationEngine::load() {
  std::string from;
  for (;;) {
    HG_ASSIGN_OR_RETURN(
        const auto page,
        parts_.state.list(store::kSharedShard, StateKind::kMitigation, from, kLoadPage));
    for (const auto& [id, text] : page) {
      if (id.starts_with(kRecordPrefix)) {
        auto record = action_from_json(text);
        if (!record)
          return Error{ErrorCode::kDataLoss, "the stored action '" + id + "' is damaged"};
        const std::uint64_t number = number_of(record->id);
        next_number_ = std::max(next_number_, number + 1);
        index(records_[number] = *std::move(record));
      } else if (id.starts_with(kLedgerPrefix)) {
        const auto tenant = base::parse_uint64(std::string_view(id).substr(kLedgerPrefix.size()));
        auto ledger = Ledger::from_json(text);
        if (!tenant || !ledger) {
          return Error{ErrorCode::kDataLoss, "the memory of the guards '" + id + "' is damaged"};
        }
        ledgers_[static_cast<store::TenantId>(*tenant)] = *std::move(ledger);
      }
    }
    if (page.size() < kLoadPage) return {};
    from = page.back().first + '\0';
  }
}

// After a restart nobody has said yet what fires. What fired when the server ended is taken to fire
// on: its onset must stay the same, or a denied action would be proposed again.
void MitigationEngine::recover() {
  for (const auto& [number, record] : records_) {
    const bool effect = record.action.type != ActionType::kDirective;
    if (effect && record.state == ActionState::kRequested) interrupted_.insert(number);
    if (record.policy.empty() || !record.condition_firing) continue;
    Active& active = active_[{record.trigger.tenant, record.trigger.alert_id}];
    active.trigger = record.trigger;
    active.onset = record.onset;
  }
}

void MitigationEngine::set_on_change(std::function<void(const ActionRecord&)> on_change) {
  on_change_ = std::move(on_change);
}

void MitigationEngine::turn(store::TenantId tenant, const std::string& alert_id, bool firing) {
  for (auto& [number, record] : records_) {
    const bool same = record.trigger.tenant == tenant && record.trigger.alert_id == alert_id;
    if (!same || record.policy.empty() || record.condition_firing == firing) continue;
    record.condition_firing = firing;
    dirty_.insert(number);
  }
}

// A forecast is no illness yet, and what is only worth a look neither: were they counted, a nervous
// detector would hold back every action, a person's too.
void MitigationEngine::count_sick(const Trigger& trigger, int by) {
  if (trigger.prediction || trigger.severity == "low" || trigger.severity == "medium") return;
  auto& sick = sick_[trigger.tenant];
  if ((sick[trigger.agent] += by) <= 0) sick.erase(trigger.agent);
}

void MitigationEngine::observe(const Trigger& trigger) {
  MutexLock lock(mutex_);
  const AlertKey key{trigger.tenant, trigger.alert_id};
  const auto found = active_.find(key);
  if (found != active_.end()) {
    Active& active = found->second;
    if (active.confirmed) count_sick(active.trigger, -1);
    count_sick(trigger, 1);
    active.trigger = trigger;
    active.confirmed = true;
    return;
  }
  if (active_.size() >= kActiveTriggersMax) {
    ++triggers_refused_;
    return;
  }
  const base::UnixNanos now = parts_.clock.now();
  active_[key] = Active{trigger, now, 0, true};
  count_sick(trigger, 1);
  ledgers_[trigger.tenant].triggered(config_, trigger.agent, now);
  turn(trigger.tenant, trigger.alert_id, true);
}

void MitigationEngine::cleared(store::TenantId tenant, const std::string& alert_id) {
  MutexLock lock(mutex_);
  const auto found = active_.find({tenant, alert_id});
  if (found == active_.end()) return;
  if (found->second.confirmed) count_sick(found->second.trigger, -1);
  active_.erase(found);
  turn(tenant, alert_id, false);
}

std::set<std::string> MitigationEngine::watched(store::TenantId tenant) const {
  MutexLock lock(mutex_);
  std::set<std::string> out;
  for (auto at = active_.lower_bound({tenant, ""}); at != active_.end(); ++at) {
    if (at->first.first != tenant) break;
    out.insert(at->first.second);
  }
  return out;
}

void MitigationEngine::stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
}

std::set<store::TenantId> MitigationEngine::busy_tenants() const {
  MutexLock lock(mutex_);
  std::set<store::TenantId> out;
  for (const auto& [key, active] : active_) out.insert(key.first);
  for (const auto& [number, record] : records_) {
    if (record.open()) out.insert(record.trigger.tenant);
  }
  return out;
}

void MitigationEngine::tick() {
  std::map<store::TenantId, FleetView> fleets;
  for (const store::TenantId tenant : busy_tenants()) fleets[tenant] = parts_.fleet(tenant);
  Deferred later;
  {
    MutexLock lock(mutex_);
    for (const std::uint64_t number : std::exchange(interrupted_, {})) {
      resume(records_.at(number), later);
    }
    for (auto& [number, record] : records_) {
      const auto fleet = fleets.find(record.trigger.tenant);
      if (fleet != fleets.end()) advance(record, fleet->second, later);
    }
    for (const std::uint64_t number : std::exchange(dirty_, {})) {
      const auto found = records_.find(number);
      if (found != records_.end()) (void)save(found->second);
    }
    const base::UnixNanos now = parts_.clock.now();
    int judged = 0;
    for (auto& [key, active] : active_) {
      const auto fleet = fleets.find(key.first);
      const bool due =
          active.judged == 0 || now - active.judged >= kJudgeAgainNs || now < active.judged;
      if (!active.confirmed || !due || fleet == fleets.end()) continue;
      if (++judged > kJudgedPerTickMax) break;
      judge_trigger(active, fleet->second, later);
    }
  }
  run_all(later);
}

void MitigationEngine::judge_trigger(Active& active, const FleetView& fleet, Deferred& later) {
  active.judged = parts_.clock.now();
  if (config_.mode == PolicyMode::kOff) return;
  const std::string team = fleet.team_of(active.trigger.agent);
  for (const Policy& policy : config_.policies) {
    if (policy.mode == PolicyMode::kOff || !matches(policy, active.trigger, team)) continue;
    judge_policy(policy, active, fleet, later);
  }
}

// The newest record of this policy for this firing of the alert.
ActionRecord* MitigationEngine::current_record(const std::string& policy, const Active& active) {
  const auto found = newest_.find({{active.trigger.tenant, active.trigger.alert_id}, policy});
  if (found == newest_.end()) return nullptr;
  ActionRecord& record = records_.at(found->second);
  return record.onset == active.onset || record.open() ? &record : nullptr;
}

void MitigationEngine::index(const ActionRecord& record) {
  const std::uint64_t number = number_of(record.id);
  if (!record.policy.empty()) {
    newest_[{{record.trigger.tenant, record.trigger.alert_id}, record.policy}] = number;
  }
  if (record.phase() == ActionPhase::kRunning) {
    running_.insert(number);
  } else {
    running_.erase(number);
  }
}

ActionRecord MitigationEngine::make_record(const Policy& policy, const Active& active,
                                           const FleetView& fleet) const {
  ActionRecord record;
  record.policy = policy.name;
  record.proposed_by = "policy " + policy.name;
  record.action = *config_.action(policy.action);
  record.trigger = active.trigger;
  record.onset = active.onset;
  record.target = active.trigger.agent;
  record.reason = active.trigger.rule + " (" + active.trigger.alert_id + ")";
  record.created = parts_.clock.now();
  const bool from_graph = record.action.type == ActionType::kDirective &&
                          record.action.directive == DirectiveKind::kBreakWait &&
                          record.action.params == "{}";
  if (from_graph) {
    if (const auto victim = choose_victim(fleet, active.trigger.agent)) {
      record.target = victim->agent;
      record.trigger.agent = victim->agent;
      record.action.params = R"({"waits_for":)" + base::json_quote(victim->waits_for) + "}";
      record.reason += "; " + victim->reason;
    } else {
      record.refused_by = "waiting_graph";
    }
  }
  return record;
}

std::vector<GuardResult> MitigationEngine::guards_of(const ActionRecord& record,
                                                     const FleetView& fleet, bool approved) const {
  static const Ledger kNothing;
  static const std::map<std::string, int> kNobody;
  const store::TenantId tenant = record.trigger.tenant;
  const auto ledger = ledgers_.find(tenant);
  const auto sick = sick_.find(tenant);
  const std::set<std::string> restricted = parts_.book.restricted(tenant);
  GuardInput input{.config = config_,
                   .policy = config_.policy(record.policy),
                   .action = record.action,
                   .trigger = record.trigger,
                   .fleet = fleet,
                   .ledger = ledger == ledgers_.end() ? kNothing : ledger->second,
                   .cause = {},
                   .sick = sick == sick_.end() ? kNobody : sick->second,
                   .restricted = restricted};
  for (const std::uint64_t number : running_) {
    const ActionRecord& other = records_.at(number);
    const bool automatic = !other.policy.empty() && other.trigger.tenant == tenant;
    if (automatic && other.id != record.id) input.in_flight.insert(other.target);
  }
  input.listening = parts_.book.listening({tenant, record.target});
  input.approved = approved;
  const auto alert = active_.find({tenant, record.trigger.alert_id});
  if (alert != active_.end() && alert->second.confirmed) input.cause = alert->second.trigger.agent;
  input.now = parts_.clock.now();
  return judge(input);
}

void MitigationEngine::judge_policy(const Policy& policy, const Active& active,
                                    const FleetView& fleet, Deferred& later) {
  ActionRecord* known = current_record(policy.name, active);
  if (known != nullptr) {
    const bool once = known->open() || known->state == ActionState::kDryRun ||
                      known->state == ActionState::kDenied || known->state == ActionState::kExpired;
    if (once) return;
  }
  ActionRecord fresh = make_record(policy, active, fleet);
  const bool refused_before =
      known != nullptr && known->state == ActionState::kRefused && known->refused_by != "agent";
  if (refused_before) {
    fresh.id = known->id;
    fresh.created = known->created;
  }
  const std::string graph = fresh.refused_by;
  fresh.guards = guards_of(fresh, fleet, false);
  if (!graph.empty()) {
    fresh.guards.push_back({graph, false, "No ring of waits was found around this agent"});
  }
  const GuardResult* refusal = refusing(fresh.guards);
  if (std::min(config_.mode, policy.mode) == PolicyMode::kDryRun) {
    if (known != nullptr && !refused_before) return;
    return rehearse(std::move(fresh), refusal, fleet, later);
  }
  // A failed attempt is not turned into a refusal record at every look; it is tried again when the
  // guards allow.
  if (refusal != nullptr && known != nullptr && !refused_before) return;
  if (refusal != nullptr) {
    if (refused_before && known->refused_by == refusal->name) return;
    fresh.state = ActionState::kRefused;
    fresh.refused_by = refusal->name;
    fresh.ended = parts_.clock.now();
    ActionRecord& kept = keep(std::move(fresh));
    (void)audit(kept, kept.proposed_by, "mitigation.refuse", refusal->text, refusal->name);
    (void)save(kept);
    return changed(kept, later);
  }
  fresh.refused_by.clear();
  fresh.sick_peers = sick_peers(fresh, fleet);
  if (needs_approval(fresh.guards)) {
    estimate(fresh, fleet);
    fresh.state = ActionState::kProposed;
    fresh.expires = parts_.clock.now() + policy.approval_ns;
    ActionRecord& kept = keep(std::move(fresh));
    (void)audit(kept, kept.proposed_by, "mitigation.propose", kept.dry_run_text, "ok");
    (void)save(kept);
    return changed(kept, later);
  }
  ActionRecord& kept = keep(std::move(fresh));
  (void)start(kept, kept.proposed_by, later);
}

// A dry run shows every guard as it is, and touches nothing.
void MitigationEngine::rehearse(ActionRecord fresh, const GuardResult* refusal,
                                const FleetView& fleet, Deferred& later) {
  estimate(fresh, fleet);
  if (refusal != nullptr) {
    fresh.dry_run_text += "; guard " + refusal->name + " would refuse: " + refusal->text;
  }
  fresh.refused_by.clear();
  fresh.state = ActionState::kDryRun;
  fresh.ended = parts_.clock.now();
  ActionRecord& kept = keep(std::move(fresh));
  (void)audit(kept, kept.proposed_by, "mitigation.dry_run", kept.dry_run_text, "ok");
  (void)save(kept);
  changed(kept, later);
}

void MitigationEngine::estimate(ActionRecord& record, const FleetView& fleet) const {
  record.dry_run_text = "would have: " + action_title(record.action, record.target);
  const auto agent = fleet.agents.find(record.target);
  if (agent == fleet.agents.end() || record.action.type != ActionType::kDirective) return;
  double share = 0;  // of the agent's cost that the directive saves
  if (record.action.directive == DirectiveKind::kPause ||
      record.action.directive == DirectiveKind::kStop) {
    share = 1;
  } else if (record.action.directive == DirectiveKind::kThrottle) {
    const auto at = record.action.params.find("\"ratio\":");
    if (at == std::string::npos) return;
    const std::string_view rest = std::string_view(record.action.params).substr(at + 8);
    const auto ratio = base::parse_double(rest.substr(0, rest.find_first_of(",}")));
    if (!ratio) return;
    share = 1 - *ratio;
  }
  if (share <= 0 || !agent->second.cost_per_hour_usd) return;
  const DirectiveTraits& traits = directive_traits(record.action.directive);
  record.saves_over_ns =
      std::min(record.action.expires_ns > 0 ? record.action.expires_ns : traits.expiry_default_ns,
               traits.expiry_max_ns);
  record.saves_usd = share * *agent->second.cost_per_hour_usd *
                     static_cast<double>(record.saves_over_ns) /
                     static_cast<double>(base::kNanosPerHour);
}

std::int64_t MitigationEngine::sick_peers(const ActionRecord& record,
                                          const FleetView& fleet) const {
  const std::string team = fleet.team_of(record.target);
  const auto alerting = sick_.find(record.trigger.tenant);
  std::int64_t sick = 0;
  for (const auto& [name, agent] : fleet.agents) {
    if (name == record.target || (!team.empty() && agent.team != team)) continue;
    const bool fires = alerting != sick_.end() && alerting->second.contains(name);
    if (!agent.healthy || fires) ++sick;
  }
  return sick;
}

// --- Bookkeeping ---

std::string MitigationEngine::next_id() {
  return std::string(kIdPrefix) + std::to_string(next_number_++);
}

ActionRecord& MitigationEngine::keep(ActionRecord record) {
  if (record.id.empty()) record.id = next_id();
  const std::uint64_t number = number_of(record.id);
  ActionRecord& kept = records_[number] = std::move(record);
  index(kept);
  return kept;
}

ActionRecord* MitigationEngine::find_locked(store::TenantId tenant, const std::string& id) {
  const auto found = records_.find(number_of(id));
  if (found == records_.end() || found->second.trigger.tenant != tenant) return nullptr;
  return &found->second;
}

// One write: the record, the guards' memory, and what falls out of the history.
Result<void> MitigationEngine::save(const ActionRecord& record) {
  index(record);
  const store::TenantId tenant = record.trigger.tenant;
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes.push_back(
      {StateKind::kMitigation, record_key(number_of(record.id)), to_json(record)});
  checkpoint.changes.push_back({StateKind::kMitigation,
                                std::string(kLedgerPrefix) + std::to_string(tenant),
                                ledgers_[tenant].to_json()});
  if (records_.size() > kActionsKeptMax) {
    const auto oldest = std::find_if(records_.begin(), records_.end(), [&](const auto& entry) {
      return !entry.second.open() && entry.second.id != record.id;
    });
    if (oldest != records_.end()) {
      checkpoint.changes.push_back({StateKind::kMitigation, record_key(oldest->first), {}});
      forget(oldest->second.id);
    }
  }
  return parts_.state.checkpoint(checkpoint);
}

Result<void> MitigationEngine::audit(const ActionRecord& record, const std::string& actor,
                                     const std::string& action, const std::string& detail,
                                     const std::string& result) {
  AuditEvent event;
  event.tenant = record.trigger.tenant;
  event.actor = actor;
  event.action = action;
  if (record.policy.empty()) {
    event.target = record.target;
    event.detail = detail;
    const auto held = parts_.book.current({event.tenant, record.target}, 0);
    if (held) event.before = directive_state_json(*held);
  } else {
    event.target = record.id;
    event.detail = action_title(record.action, record.target);
    if (!detail.empty()) event.detail += "; " + detail;
  }
  event.result = result;
  event.after = to_json(record);
  HG_ASSIGN_OR_RETURN(const auto entry, parts_.audit.append(std::move(event)));
  return {};
}

void MitigationEngine::changed(const ActionRecord& record, Deferred& later) {
  if (on_change_) later.push_back([this, copy = record] { on_change_(copy); });
}

Result<void> MitigationEngine::save_ledger(store::TenantId tenant) {
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes.push_back({StateKind::kMitigation,
                                std::string(kLedgerPrefix) + std::to_string(tenant),
                                ledgers_[tenant].to_json()});
  return parts_.state.checkpoint(checkpoint);
}

void MitigationEngine::forget(const std::string& id) {
  const auto found = records_.find(number_of(id));
  if (found == records_.end()) return;
  const ActionRecord& record = found->second;
  const auto newest =
      newest_.find({{record.trigger.tenant, record.trigger.alert_id}, record.policy});
  if (newest != newest_.end() && newest->second == found->first) newest_.erase(newest);
  running_.erase(found->first);
  records_.erase(found);
}

std::vector<ActionRecord> MitigationEngine::list(store::TenantId tenant) const {
  MutexLock lock(mutex_);
  std::vector<ActionRecord> out;
  for (auto at = records_.rbegin(); at != records_.rend(); ++at) {
    if (at->second.trigger.tenant == tenant) out.push_back(at->second);
  }
  return out;
}

std::optional<ActionRecord> MitigationEngine::find(store::TenantId tenant,
                                                   const std::string& id) const {
  MutexLock lock(mutex_);
  const auto found = records_.find(number_of(id));
  if (found == records_.end() || found->second.trigger.tenant != tenant) return std::nullopt;
  return found->second;
}

BreakerState MitigationEngine::breaker(store::TenantId tenant) const {
  MutexLock lock(mutex_);
  const auto found = ledgers_.find(tenant);
  if (found == ledgers_.end()) return BreakerState::kClosed;
  return found->second.breaker(config_, parts_.clock.now());
}

MitigationCounts MitigationEngine::counts() const {
  MutexLock lock(mutex_);
  MitigationCounts out;
  for (const auto& [number, record] : records_) {
    ++out.by_phase[static_cast<std::size_t>(record.phase())];
    ++out.by_state[static_cast<std::size_t>(record.state)];
  }
  out.triggers_refused = triggers_refused_;
  return out;
}

}  // namespace honeyguide::control
