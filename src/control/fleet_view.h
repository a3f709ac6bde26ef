// FleetView: what mitigation sees of a tenant's agents at one moment. Plain values; whoever wires
// the engine fills it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace honeyguide::control {

struct FleetAgent {
  std::string team;
  bool healthy = true;  // its last work did not fail and it is seen
  std::int64_t running_tasks = 0;
  std::optional<double> cost_per_hour_usd;
};

// `consumer` waits for `producer`.
struct FleetWait {
  std::string consumer;
  std::string producer;
  base::UnixNanos since = 0;
};

struct FleetView {
  std::map<std::string, FleetAgent> agents;
  std::vector<FleetWait> waits;
  // Agents that wait for each other in a ring: each waits for the next, the last for the first.
  std::vector<std::vector<std::string>> rings;

  std::string team_of(const std::string& agent) const {
    const auto found = agents.find(agent);
    return found == agents.end() ? std::string() : found->second.team;
  }
};

// One wait to give up so that a ring opens.
struct WaitVictim {
  std::string agent;      // gives up
  std::string waits_for;  // its wait for this one
  std::string reason;     // in words
};

// The cheapest wait whose end opens a ring with `agent` in it (any ring if `agent` is empty): the
// one that opens most rings at once; then whose agent has fewest running tasks; then the one that
// waited shortest (it loses least); then the smallest name. Nothing without such a ring. Pure.
std::optional<WaitVictim> choose_victim(const FleetView& fleet, const std::string& agent);

}  // namespace honeyguide::control
