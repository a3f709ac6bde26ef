// ThresholdBook: the thresholds that judge figures, changeable while the server runs, kept over
// restarts, one set a tenant.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agents/report.h"
#include "base/mutex.h"
#include "engine/analytics.h"
#include "store/state_store.h"

namespace honeyguide::engine {

// Who set a value and when, for whoever looks at it.
struct SettingChange {
  std::string by;
  base::UnixNanos at = 0;
  std::string note;
};

struct ThresholdEntry {
  std::string key;  // "thresholds.task_throughput.warning"
  std::string title;
  std::string unit;  // "tasks/h", "ratio"
  double value = 0;
  double value_default = 0;
  std::optional<SettingChange> changed;  // nothing: the default
};

// Thread-safe.
class ThresholdBook {
 public:
  // Both must outlive the book.
  ThresholdBook(store::StateStore& state, Analytics& analytics)
      : state_(state), analytics_(analytics) {}
  // Reads what was stored and applies it; call once, before anything else.
  base::Result<void> load();

  std::vector<ThresholdEntry> list(store::TenantId tenant) const;

  // Stores and applies a value. kNotFound for an unknown key; kInvalidArgument for a value that
  // does not fit (0 <= critical <= warning <= target, rates at most 1); kFailedPrecondition if
  // `previous` is given and is no longer the value.
  base::Result<ThresholdEntry> set(store::TenantId tenant, const std::string& key, double value,
                                   std::optional<double> previous, const SettingChange& change);

  agents::Thresholds thresholds(store::TenantId tenant) const;

 private:
  struct Stored {
    double value = 0;
    SettingChange change;
  };
  using Values = std::map<std::string, Stored>;  // key -> what was set

  static agents::Thresholds resolve(const Values& values);
  std::vector<ThresholdEntry> entries(const Values& values) const;

  store::StateStore& state_;
  Analytics& analytics_;
  mutable base::Mutex mutex_;
  std::map<store::TenantId, Values> values_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::engine
