// AnomalyBook: the anomalies that are known, open ones and past ones, newest kept.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/query.h"
#include "store/state_store.h"
#include "watch/anomaly.h"

namespace honeyguide::watch {

// Anomalies kept over all tenants; the ones with the oldest onset go first.
inline constexpr std::size_t kAnomaliesMax = 10'000;
// Ids of earlier anomalies of the same kind that one names.
inline constexpr std::size_t kSimilarMax = 16;

struct AnomalyFilter {
  base::UnixNanos begin = 0;  // those that were open at some time in [begin, end)
  base::UnixNanos end = 0;
  std::string agent;   // empty: any
  std::string metric;  // name of the series, empty: any
  bool open_only = false;
};

class AnomalyBook {
 public:
  // Adds or replaces by id; a new one gets its `similar`.
  void put(Anomaly anomaly);
  // nullptr if unknown. What is changed through it must be followed by touch().
  Anomaly* find(const std::string& id);
  void touch(const std::string& id) { changed_.insert(id); }

  // Newest onset first.
  std::vector<Anomaly> list(store::TenantId tenant, const AnomalyFilter& filter) const;
  std::size_t size() const { return by_id_.size(); }
  std::size_t open_count(store::TenantId tenant) const;

  // Ids that are new since the last call.
  std::vector<std::string> take_opened();

  // What differs from what was stored() last, as entries of kind kDetector.
  void collect_changes(std::vector<store::StateChange>& out) const;
  void stored();
  void load(Anomaly anomaly);
  void clear();

 private:
  void drop_oldest();
  void index(const Anomaly& anomaly);

  std::unordered_map<std::string, Anomaly> by_id_;
  std::set<std::pair<base::UnixNanos, std::string>> by_onset_;
  std::unordered_map<std::uint64_t, std::set<std::pair<base::UnixNanos, std::string>>> by_subject_;
  std::vector<std::string> opened_;
  std::set<std::string> changed_;
  std::set<std::string> removed_;
};

// Key of an anomaly in the state store; sorts after the states of series.
std::string anomaly_state_id(const std::string& id);

}  // namespace honeyguide::watch
