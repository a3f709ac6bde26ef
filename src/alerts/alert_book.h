// AlertBook: the life of the alerts of one tenant.
//
//   book.update("rules", findings, unknown, now);   // what holds now, whole, from each source
//   book.advance(now);                              // timers: groups, escalation, silences
//   state.checkpoint(book.take_changes());          // alerts and outbox in one write
//   for (auto& n : book.take_due(now)) sender.send(n, ...);   // only after the write
//   book.delivered(n.id, now) / book.not_delivered(n.id, error, now);
//
// Delivery is at least once: what was sent and not yet recorded as delivered when the process died
// is sent again with the same id. Not thread-safe; reads no clock. A clock that jumps back moves
// all timers with it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/alert.h"
#include "alerts/notification.h"
#include "alerts/routing.h"
#include "base/result.h"
#include "store/state_store.h"

namespace honeyguide::alerts {

// Alerts that are open or pending; further ones are counted and left out.
inline constexpr std::size_t kOpenAlertsMax = 20'000;
// Resolved ones that are kept, the newest; and for how long.
inline constexpr std::size_t kHistoryMax = 10'000;
inline constexpr std::int64_t kHistoryNs = 30 * base::kNanosPerDay;
inline constexpr std::size_t kSilencesMax = 1'000;
// An alert whose input is missing for longer is resolved, and says why.
inline constexpr std::int64_t kUnknownNs = 15 * base::kNanosPerMinute;
// Flapping: that many changes within the window; over when it kept still for the calm time.
inline constexpr std::size_t kFlapChanges = 6;
inline constexpr std::int64_t kFlapWindowNs = 30 * base::kNanosPerMinute;
inline constexpr std::int64_t kFlapCalmNs = 15 * base::kNanosPerMinute;
// Storm: more alerts than this fired within a minute. Then only one escalation runs a group, and
// groups wait for the group interval.
inline constexpr std::size_t kStormAlerts = 100;
inline constexpr std::int64_t kStormCalmNs = 5 * base::kNanosPerMinute;
// A notification that is refused for the moment is tried again after 5 s, 10 s, ... 5 min, for a
// day; then it is given up and counted.
inline constexpr std::int64_t kRetryFirstNs = 5 * base::kNanosPerSecond;
inline constexpr std::int64_t kRetryMaxNs = 5 * base::kNanosPerMinute;
inline constexpr std::int64_t kGiveUpNs = base::kNanosPerDay;

// The entry (kMeta) that holds the newest time at which alerts were looked at: an alert that held
// when the process ended held until then.
inline constexpr std::string_view kAliveId = "alerts/alive";

struct AlertBookStats {
  std::size_t pending = 0, firing = 0, acknowledged = 0, quiet = 0, flapping = 0;
  std::size_t outbox = 0;
  std::uint64_t fired_total = 0, resolved_total = 0, left_out_total = 0;
  std::uint64_t notified_total = 0, retried_total = 0, given_up_total = 0, refused_total = 0;
  bool storm = false;
  // Over the history that is kept; nothing without a case.
  std::optional<std::int64_t> mean_acknowledge_ns, mean_resolve_ns;
};

// A group of alerts as its route sees it now.
struct AlertGroup {
  std::string key;
  Labels labels;
  std::string receiver;
  std::vector<std::string> alerts;  // ids of open ones that are not quiet
};

class AlertBook {
 public:
  // Agents whose work `agent` waits for or is handed: their alerts may be the cause of its own.
  using Upstream = std::function<std::vector<std::string>(const std::string& agent)>;

  explicit AlertBook(AlertingConfig config, Upstream upstream = nullptr);

  // All that a source says now; what it said before and does not say any more begins to resolve.
  // `unknown`: ids that it cannot judge now.
  void update(const std::string& source, std::vector<Finding> findings,
              const std::set<std::string>& unknown, base::UnixNanos now);
  // Adds to a source that sends alerts one by one; each holds until its `ends`.
  void add_external(std::vector<Finding> findings, base::UnixNanos now);
  // Runs every timer that is due.
  void advance(base::UnixNanos now);

  // What changed since the last call: to be written in one checkpoint. Not written: call keep().
  std::vector<store::StateChange> take_changes();
  // Puts changes back that could not be written.
  void keep(const std::vector<store::StateChange>& changes);
  // Reads what was written. Damaged entries are skipped and counted in `damaged`.
  base::Result<void> load(store::StateStore& state, std::uint32_t shard, std::uint64_t& damaged);

  // Notifications to be sent now. Each is given out once until not_delivered().
  std::vector<Notification> take_due(base::UnixNanos now);
  void delivered(const std::string& notification_id, base::UnixNanos now);
  void not_delivered(const std::string& notification_id, const base::Error& error,
                     base::UnixNanos now);

  // --- What people do. kNotFound for an unknown or resolved alert. ---
  base::Result<Alert> acknowledge(const std::string& id, const std::string& by,
                                  const std::string& note, base::UnixNanos now);
  base::Result<Alert> unacknowledge(const std::string& id, const std::string& by,
                                    base::UnixNanos now);
  base::Result<Alert> assign(const std::string& id, const std::string& to, const std::string& by,
                             base::UnixNanos now);
  // Open alerts that name no trace and for which none was looked for in this episode.
  std::vector<Alert> without_exemplar(std::size_t limit) const;
  // Empty: there is none. Does nothing for an alert that names one or is not open.
  void set_exemplar(const std::string& id, const std::string& trace_id);
  // Adds a line to the record of an alert; false if it is not open.
  bool note(const std::string& id, TimelineEntry entry);

  // Gives the silence its id if it has none. kInvalidArgument without matchers or with an end
  // before its start, kResourceExhausted beyond kSilencesMax.
  base::Result<Silence> add_silence(Silence silence, base::UnixNanos now);
  base::Result<void> expire_silence(const std::string& id, base::UnixNanos now);
  std::vector<Silence> silences() const;
  // Open alerts that the matchers would hide.
  std::size_t hidden_by(const Matchers& matchers) const;

  // --- Reading. Open ones are sorted: unacknowledged first, then by severity, then by age. ---
  std::vector<Alert> open_alerts() const;  // firing, acknowledged; quiet ones too
  std::vector<Alert> pending_alerts() const;
  std::vector<Alert> history(base::UnixNanos begin, base::UnixNanos end) const;  // newest first
  std::optional<Alert> find(
      const std::string& id) const;  // open, pending, else the newest of history
  std::vector<AlertGroup> groups() const;
  std::vector<Notification> outbox() const;
  AlertBookStats stats() const;
  const AlertingConfig& config() const { return config_; }

  // Told of every alert that fires, resolves or is acknowledged.
  void set_on_change(std::function<void(const Alert&)> on_change) {
    on_change_ = std::move(on_change);
  }

 private:
  struct Entry {
    Alert alert;
    std::string source;
    base::UnixNanos unknown_since = 0;
    bool exemplar_sought = false;
  };
  struct Group {
    AlertGroup view;
    std::int64_t wait_ns = 0, interval_ns = 0, repeat_ns = 0;
    base::UnixNanos next = 0;          // when it is looked at again
    base::UnixNanos notified = 0;      // 0: never
    std::map<std::string, bool> told;  // id -> firing, as of the last notification
    std::vector<std::string> mute_intervals;
  };
  struct Outgoing {
    Notification notification;
    std::uint32_t attempts = 0;
    base::UnixNanos next = 0;
    bool in_flight = false;
  };

  void follow_clock(base::UnixNanos now);
  void hold(Entry& entry, Finding finding, base::UnixNanos now);
  void fire(Entry& entry, base::UnixNanos now);
  void release(Entry& entry, bool unknown, base::UnixNanos now);
  void resolve(Entry& entry, base::UnixNanos now, const std::string& why);
  void count_change(Alert& alert, base::UnixNanos now);
  void calm_flapping(base::UnixNanos now);
  void apply_quiet(base::UnixNanos now);
  void inhibit(base::UnixNanos now);
  void inhibit_downstream();
  void start_escalation(Entry& entry, base::UnixNanos now);
  void run_escalations(base::UnixNanos now);
  void escalate(Entry& entry, const EscalationPolicy& policy, base::UnixNanos now);
  void build_groups(base::UnixNanos now);
  void flush_groups(base::UnixNanos now);
  void notify(Group& group, const std::map<std::string, bool>& status, base::UnixNanos now);
  void store_group(const Group& group);
  void send_out(Notification notification, base::UnixNanos now);
  void forget_old(base::UnixNanos now);
  bool mute_interval_now(const std::string& name, base::UnixNanos now) const;
  void touch(const Alert& alert);
  void record(Alert& alert, base::UnixNanos at, const char* kind, std::string text,
              std::string by = {});
  Entry* open_entry(const std::string& id);

  const AlertingConfig config_;
  const std::vector<InhibitRule> inhibit_rules_;
  const Upstream upstream_;
  std::function<void(const Alert&)> on_change_;
  base::UnixNanos last_ = 0;  // newest time that was told
  std::map<std::string, Entry> alerts_;
  std::map<std::pair<base::UnixNanos, std::string>, Alert> history_;  // by time of resolution
  std::map<std::string, Silence> silences_;
  std::map<std::string, Group> groups_;
  std::map<std::string, Outgoing> outbox_;
  std::vector<base::UnixNanos> fired_lately_;
  base::UnixNanos storm_until_ = 0;
  std::uint64_t next_silence_ = 1;
  std::map<std::pair<store::StateKind, std::string>, std::optional<std::string>> changes_;
  AlertBookStats totals_;
};

}  // namespace honeyguide::alerts
