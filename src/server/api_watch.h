// REST: what is unusual: anomalies and opinions on them, series with the band that was expected.
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "engine/engine.h"
#include "server/api.h"
#include "server/api_json.h"
#include "store/series_store.h"

namespace honeyguide::server {

// All must outlive the table.
struct WatchRouteDeps {
  engine::Engine& engine;
  store::SeriesStore& series;
  const base::Clock& clock;

  SlotOf slot_of(store::TenantId tenant) const {
    return [this, tenant](const std::string& agent) {
      return engine.analytics().agent_slot(tenant, agent);
    };
  }
};

// GET /api/v1/anomalies, /anomalies/{id}, /series; POST /api/v1/anomalies/{id}/feedback.
void add_watch_routes(RouteTable& routes, const WatchRouteDeps& deps);

// "Duration p90 of planner", and what its values are measured in.
std::string series_title(const telemetry::SeriesKey& key, const std::string& agent);
std::string series_unit(const telemetry::SeriesKey& key);

// The anomaly without its series: small enough for events.
std::string anomaly_event_json(const watch::Anomaly& anomaly, const SlotOf& slot_of);

// How an agent differs from how it was, by what is judged now.
struct AgentOddity {
  std::optional<double> surprise;  // nothing while the detectors are cold
  std::string text;                // empty: it does not differ
  std::string severity;
};
// An anomaly that ended longer ago is over.
inline constexpr std::int64_t kOddityNs = 5 * base::kNanosPerMinute;
std::map<std::string, AgentOddity> agent_oddities(watch::Watch& watch, store::TenantId tenant,
                                                  const std::vector<std::string>& agents,
                                                  base::UnixNanos now);

}  // namespace honeyguide::server
