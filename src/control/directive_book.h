// DirectiveBook: every directive that agents were given, per tenant and agent, kept in the
// StateStore so that a killed server goes on where it was.
//
// Sequence numbers are per agent. The epoch is the server's: it rises at every start, and also when
// a data directory is replaced, because it is never below the wall clock in seconds. A client
// orders directives by (epoch, seq): after a lost data directory the numbers begin anew under a
// higher epoch.
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
#include "control/directive.h"
#include "store/state_store.h"

namespace honeyguide::control {

// Agents with directives, of all tenants; for further ones issue() gives kResourceExhausted.
inline constexpr std::size_t kDirectedAgentsMax = 10'000;
// Newest directives kept of an agent; older ones stand in the audit log alone.
inline constexpr std::size_t kDirectivesKeptMax = 16;
// Agents whose polls are remembered, of all tenants; beyond, the one that was silent longest goes.
inline constexpr std::size_t kListenersMax = 20'000;
// An agent that polled within this time listens.
inline constexpr std::int64_t kListeningNs = 90 * base::kNanosPerSecond;

struct AgentKey {
  store::TenantId tenant = 0;
  std::string agent;
  auto operator<=>(const AgentKey&) const = default;
};

struct DirectiveCounts {
  std::uint64_t issued = 0;
  std::uint64_t acks[4] = {};  // by AckState
  std::size_t agents = 0;
  std::size_t in_force = 0;
  std::size_t overdue = 0;
};

// Thread-safe.
class DirectiveBook {
 public:
  // Reads what is stored and begins a new epoch. Both must outlive the book.
  static base::Result<std::unique_ptr<DirectiveBook>> open(store::StateStore& state,
                                                           const base::Clock& clock);

  // Called after each issue(), outside the lock, on the thread that issued.
  void set_on_issue(std::function<void(const AgentKey&, const Directive&)> on_issue);
  // Called after each acknowledgement that changed something, likewise.
  void set_on_ack(std::function<void(const AgentKey&, const Directive&)> on_ack);

  // Stores the directive, then makes it visible. It replaces the agent's earlier one.
  base::Result<Directive> issue(const AgentKey& key, const DirectiveRequest& request);

  // The agent's newest directive if it is in force and the client does not have it yet: its seq is
  // not `after`, or its epoch is not `epoch` (0: the client does not say). An `after` above every
  // seq comes from a life before this data directory and so counts as nothing.
  std::optional<Directive> current(const AgentKey& key, std::uint64_t after,
                                   std::uint64_t epoch = 0) const;
  // The newest directive, in force or not.
  std::optional<Directive> newest(const AgentKey& key) const;
  std::optional<Directive> find(const AgentKey& key, std::uint64_t seq) const;
  // Kept ones, newest first.
  std::vector<Directive> history(const AgentKey& key) const;

  // The agent's word on a directive. Repeating the same is no error; a step back (received after
  // obeyed) changes nothing; obeyed after refused or the reverse is kFailedPrecondition; kNotFound
  // for a seq that is not kept.
  base::Result<Directive> acknowledge(const AgentKey& key, std::uint64_t seq, AckState state,
                                      std::string detail);

  // Agents of the tenant under a directive in force other than run.
  std::set<std::string> restricted(store::TenantId tenant) const;

  // The agent asked for its directive just now.
  void heard_from(const AgentKey& key);
  // When it last asked, 0: never since this start.
  base::UnixNanos last_heard(const AgentKey& key) const;
  bool listening(const AgentKey& key) const;

  std::uint64_t epoch() const { return epoch_; }
  DirectiveCounts counts() const;

 private:
  struct Agent {
    std::uint64_t last_seq = 0;
    std::vector<Directive> kept;  // oldest first
  };
  struct Heard {
    base::UnixNanos at = 0;
    std::int64_t steady_ns = 0;
  };

  DirectiveBook(store::StateStore& state, const base::Clock& clock)
      : state_(state), clock_(clock) {}
  base::Result<void> load() HG_REQUIRES(mutex_);
  base::Result<void> begin_epoch() HG_REQUIRES(mutex_);
  base::Result<void> save(const AgentKey& key, const Agent& agent) HG_REQUIRES(mutex_);

  store::StateStore& state_;
  const base::Clock& clock_;
  std::uint64_t epoch_ = 0;
  std::function<void(const AgentKey&, const Directive&)> on_issue_;
  std::function<void(const AgentKey&, const Directive&)> on_ack_;
  mutable base::Mutex mutex_;
  std::map<AgentKey, Agent> agents_ HG_GUARDED_BY(mutex_);
  std::map<AgentKey, Heard> heard_ HG_GUARDED_BY(mutex_);
  std::uint64_t issued_ HG_GUARDED_BY(mutex_) = 0;
  std::uint64_t acks_[4] HG_GUARDED_BY(mutex_) = {};
};

}  // namespace honeyguide::control
