// CulpritBook: who an alert most likely comes from, remembered for a while: the page asks again
// with every change, and the answer reads up to eighty traces.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "alerts/alert.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/mutex.h"
#include "engine/engine.h"
#include "engine/incident.h"
#include "server/api_json.h"
#include "store/series_store.h"
#include "store/trace_store.h"

namespace honeyguide::server {

// An answer about an open alert is this old at most; about a resolved one it stays.
inline constexpr std::int64_t kCulpritsAgeNsMax = 30 * base::kNanosPerSecond;
inline constexpr std::size_t kCulpritAnswersMax = 500;  // beyond, all are forgotten
// Time and memory for one answer; what was not read in time is left out and `partial` says so.
inline constexpr std::int64_t kCulpritsDeadlineNs = base::kNanosPerSecond / 2;
inline constexpr std::uint64_t kCulpritsBytesMax = 32ull << 20;

struct LikelyCulprit {
  std::string label;  // an agent or a service
  bool agent = true;
  double confidence = 0;
  std::vector<std::string> evidence;
  std::string trace_id;  // in which it shows; may be empty
};
struct LikelyCulprits {
  std::vector<LikelyCulprit> rows;  // at most traces::kCulpritsMax
  store::Partial partial = store::Partial::kNo;
};

// Thread-safe.
class CulpritBook {
 public:
  CulpritBook(store::TraceStore& traces, store::SeriesStore& series, engine::Engine& engine,
              const base::Clock& clock)
      : traces_(traces), series_(series), engine_(engine), clock_(clock) {}

  // Agents that the alert itself names (a loop, a deadlock) first, then what traces and series say.
  LikelyCulprits of(store::TenantId tenant, const alerts::Alert& alert);

 private:
  LikelyCulprits find(store::TenantId tenant, const alerts::Alert& alert) const;

  store::TraceStore& traces_;
  store::SeriesStore& series_;
  engine::Engine& engine_;
  const base::Clock& clock_;
  base::Mutex mutex_;
  struct Known {
    std::int64_t made = 0;  // steady
    bool resolved = false;
    LikelyCulprits answer;
  };
  std::map<std::pair<store::TenantId, std::string>, Known> known_ HG_GUARDED_BY(mutex_);
};

// "culprits":[…] of an alert's document.
void write_culprits(base::JsonWriter& json, const LikelyCulprits& culprits, const SlotOf& slots);

}  // namespace honeyguide::server
