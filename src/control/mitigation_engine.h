// MitigationEngine: from a firing alert to an action, its verification and its end.
//
//   alert fires -> policies that match -> guards -> refused | dry run | proposal | action
//   action -> requested -> delivered -> obeyed -> the alert cleared and stayed clear: verified
//                                              -> it did not, or came back: failed -> rolled back
//
// The alert that raised the action is the only judge of its success. What was decided is written to
// the audit log first, then stored with the guards' memory in one write, then done. After a crash a
// directive or webhook is sent again under the same id; a command is never run twice.
//
// observe() and cleared() only note what they are told and return at once; everything happens in
// tick(), on one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "control/audit_log.h"
#include "control/directive_book.h"
#include "control/fleet_view.h"
#include "control/mitigation_ledger.h"
#include "control/mitigation_record.h"
#include "store/state_store.h"

namespace honeyguide::control {

// Records kept, of all tenants; beyond, the oldest that is not open goes. The audit log keeps all.
inline constexpr std::size_t kActionsKeptMax = 2000;
// Alerts that are watched at once; further ones trigger nothing and are counted.
inline constexpr std::size_t kActiveTriggersMax = 10'000;
// Alerts judged in one tick; the others wait for the next one.
inline constexpr int kJudgedPerTickMax = 200;
// A refused action is judged again that often while its alert fires.
inline constexpr std::int64_t kJudgeAgainNs = 10 * base::kNanosPerSecond;

struct EffectResult {
  bool ok = false;
  std::string detail;  // status and first bytes of an answer, exit code
};

// Carries out webhooks and commands. `done` is called once, on any thread, also within
// start().
class ActionExecutor {
 public:
  virtual ~ActionExecutor() = default;
  // `body` is the action as JSON; `id` is stable over repeats.
  virtual void start(const ActionSpec& action, const std::string& id, const std::string& body,
                     std::function<void(EffectResult)> done) = 0;
};

struct MitigationParts {
  store::StateStore& state;
  DirectiveBook& book;
  AuditLog& audit;
  ActionExecutor& executor;
  // The fleet of now; called without locks of this engine.
  std::function<FleetView(store::TenantId)> fleet;
  const base::Clock& clock;
};

struct MitigationCounts {
  std::uint64_t by_phase[4] = {};  // by ActionPhase
  std::uint64_t by_state[kActionStates] = {};
  std::uint64_t triggers_refused = 0;  // beyond kActiveTriggersMax
};

// Thread-safe.
class MitigationEngine {
 public:
  // `config` must have passed validate(). Reads what is stored. The parts must outlive the engine.
  static base::Result<std::unique_ptr<MitigationEngine>> open(MitigationConfig config,
                                                              MitigationParts parts);

  // Called after every change of a record, on the thread that changed it, without locks.
  void set_on_change(std::function<void(const ActionRecord&)> on_change);

  // The alert fires, or still does. `alert_id` names the condition on its target for good: the same
  // when it fires again.
  void observe(const Trigger& trigger);
  // Alerts that fire as far as the engine has heard, those of before a restart included.
  std::set<std::string> watched(store::TenantId tenant) const;
  // The alert has cleared.
  void cleared(store::TenantId tenant, const std::string& alert_id);
  // An agent answered a directive.
  void on_ack(const AgentKey& key, const Directive& directive);

  // From now on results of webhooks and commands are not noted: the next start takes care of them.
  void stop();

  // Judges, starts, verifies, ends. Call about once a second, on one thread.
  void tick();

  // A person's decisions. kNotFound; kFailedPrecondition when the state or a guard forbids it (the
  // message names the guard); kInvalidArgument when an irreversible action lacks the agent's name.
  base::Result<ActionRecord> approve(store::TenantId tenant, const std::string& id,
                                     const std::string& who, const std::string& note,
                                     const std::string& confirm_name);
  base::Result<ActionRecord> deny(store::TenantId tenant, const std::string& id,
                                  const std::string& who, const std::string& note);
  // What a proposal would do, computed now.
  base::Result<ActionRecord> dry_run(store::TenantId tenant, const std::string& id);
  base::Result<ActionRecord> roll_back(store::TenantId tenant, const std::string& id,
                                       const std::string& who, const std::string& reason);
  // A person's own directive. Judged for its blast radius; `force` overrides that.
  base::Result<ActionRecord> order(const AgentKey& key, const DirectiveRequest& request,
                                   bool force);
  base::Result<void> reset_breaker(store::TenantId tenant, const std::string& who);

  // Guards and estimate of a directive that is not given yet.
  ActionRecord preview(const AgentKey& key, DirectiveKind kind, const FleetView& fleet);

  // Newest first.
  std::vector<ActionRecord> list(store::TenantId tenant) const;
  std::optional<ActionRecord> find(store::TenantId tenant, const std::string& id) const;
  BreakerState breaker(store::TenantId tenant) const;
  MitigationCounts counts() const;
  const MitigationConfig& config() const { return config_; }

 private:
  struct Active {
    Trigger trigger;
    base::UnixNanos onset = 0;
    base::UnixNanos judged = 0;
    bool confirmed = false;  // observed since this start
  };
  using AlertKey = std::pair<store::TenantId, std::string>;
  // What tick() does without its lock, in order.
  using Deferred = std::vector<std::function<void()>>;

  MitigationEngine(MitigationConfig config, MitigationParts parts)
      : config_(std::move(config)), parts_(parts) {}
  base::Result<void> load() HG_REQUIRES(mutex_);
  void recover() HG_REQUIRES(mutex_);
  // Notes a change of the condition in the records that it raised.
  void turn(store::TenantId tenant, const std::string& alert_id, bool firing) HG_REQUIRES(mutex_);
  std::set<store::TenantId> busy_tenants() const;

  // Judging.
  void judge_trigger(Active& active, const FleetView& fleet, Deferred& later) HG_REQUIRES(mutex_);
  void judge_policy(const Policy& policy, const Active& active, const FleetView& fleet,
                    Deferred& later) HG_REQUIRES(mutex_);
  void rehearse(ActionRecord fresh, const GuardResult* refusal, const FleetView& fleet,
                Deferred& later) HG_REQUIRES(mutex_);
  std::vector<GuardResult> guards_of(const ActionRecord& record, const FleetView& fleet,
                                     bool approved) const HG_REQUIRES(mutex_);
  ActionRecord make_record(const Policy& policy, const Active& active, const FleetView& fleet) const
      HG_REQUIRES(mutex_);
  void index(const ActionRecord& record) HG_REQUIRES(mutex_);
  ActionRecord* current_record(const std::string& policy, const Active& active) HG_REQUIRES(mutex_);
  void estimate(ActionRecord& record, const FleetView& fleet) const;

  // Doing.
  base::Result<void> start(ActionRecord& record, const std::string& who, Deferred& later)
      HG_REQUIRES(mutex_);
  void execute(ActionRecord& record, Deferred& later) HG_REQUIRES(mutex_);
  void resume(ActionRecord& record, Deferred& later) HG_REQUIRES(mutex_);
  void advance(ActionRecord& record, const FleetView& fleet, Deferred& later) HG_REQUIRES(mutex_);
  void advance_directive(ActionRecord& record, Deferred& later) HG_REQUIRES(mutex_);
  void verify(ActionRecord& record, const FleetView& fleet, Deferred& later) HG_REQUIRES(mutex_);
  void done(ActionRecord& record, Deferred& later) HG_REQUIRES(mutex_);
  void succeed(ActionRecord& record, Deferred& later) HG_REQUIRES(mutex_);
  void fail(ActionRecord& record, ActionState state, const std::string& verdict,
            const std::string& text, Deferred& later) HG_REQUIRES(mutex_);
  bool undo(ActionRecord& record, const std::string& who, const std::string& why, Deferred& later)
      HG_REQUIRES(mutex_);
  void effect_ended(store::TenantId tenant, const std::string& id, const EffectResult& result);

  // Bookkeeping.
  base::Result<void> audit(const ActionRecord& record, const std::string& actor,
                           const std::string& action, const std::string& detail,
                           const std::string& result);
  base::Result<void> save(const ActionRecord& record) HG_REQUIRES(mutex_);
  base::Result<void> save_ledger(store::TenantId tenant) HG_REQUIRES(mutex_);
  void forget(const std::string& id) HG_REQUIRES(mutex_);
  ActionRecord& keep(ActionRecord record) HG_REQUIRES(mutex_);
  void changed(const ActionRecord& record, Deferred& later) HG_REQUIRES(mutex_);
  ActionRecord* find_locked(store::TenantId tenant, const std::string& id) HG_REQUIRES(mutex_);
  void count_sick(const Trigger& trigger, int by) HG_REQUIRES(mutex_);
  std::int64_t sick_peers(const ActionRecord& record, const FleetView& fleet) const
      HG_REQUIRES(mutex_);
  std::string next_id() HG_REQUIRES(mutex_);

  const MitigationConfig config_;
  const MitigationParts parts_;
  std::function<void(const ActionRecord&)> on_change_;
  mutable base::Mutex mutex_;
  std::map<std::uint64_t, ActionRecord> records_ HG_GUARDED_BY(mutex_);  // by number of the id
  std::map<AlertKey, Active> active_ HG_GUARDED_BY(mutex_);
  std::map<store::TenantId, Ledger> ledgers_ HG_GUARDED_BY(mutex_);
  // Agents with confirmed active triggers, and how many.
  std::map<store::TenantId, std::map<std::string, int>> sick_ HG_GUARDED_BY(mutex_);
  // The newest record of a policy about an alert.
  std::map<std::pair<AlertKey, std::string>, std::uint64_t> newest_ HG_GUARDED_BY(mutex_);
  std::set<std::uint64_t> running_ HG_GUARDED_BY(mutex_);  // records in that phase
  // Webhooks and commands that ran when the server ended.
  std::set<std::uint64_t> interrupted_ HG_GUARDED_BY(mutex_);
  std::set<std::uint64_t> dirty_ HG_GUARDED_BY(mutex_);  // records to store at the next tick
  std::uint64_t next_number_ HG_GUARDED_BY(mutex_) = 1;
  bool stopped_ HG_GUARDED_BY(mutex_) = false;
  std::uint64_t triggers_refused_ HG_GUARDED_BY(mutex_) = 0;
};

}  // namespace honeyguide::control
