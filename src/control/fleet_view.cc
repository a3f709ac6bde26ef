#include "control/fleet_view.h"

#include <algorithm>
#include <tuple>

namespace honeyguide::control {
namespace {

using Ring = std::vector<std::string>;

bool contains(const Ring& ring, const std::string& agent) {
  return std::find(ring.begin(), ring.end(), agent) != ring.end();
}

// True if the ring has the wait of `consumer` for `producer`.
bool has_wait(const Ring& ring, const std::string& consumer, const std::string& producer) {
  for (std::size_t i = 0; i < ring.size(); ++i) {
    if (ring[i] == consumer && ring[(i + 1) % ring.size()] == producer) return true;
  }
  return false;
}

base::UnixNanos since(const FleetView& fleet, const std::string& consumer,
                      const std::string& producer) {
  base::UnixNanos latest = 0;
  for (const FleetWait& wait : fleet.waits) {
    if (wait.consumer == consumer && wait.producer == producer) {
      latest = std::max(latest, wait.since);
    }
  }
  return latest;
}

std::int64_t tasks_of(const FleetView& fleet, const std::string& agent) {
  const auto found = fleet.agents.find(agent);
  return found == fleet.agents.end() ? 0 : found->second.running_tasks;
}

}  // namespace

std::optional<WaitVictim> choose_victim(const FleetView& fleet, const std::string& agent) {
  // Smaller is better: rings that stay closed, running tasks, how long it waited, name.
  using Cost = std::tuple<std::size_t, std::int64_t, base::UnixNanos, std::string, std::string>;
  std::optional<Cost> best;
  for (const Ring& ring : fleet.rings) {
    if (ring.size() < 2 || (!agent.empty() && !contains(ring, agent))) continue;
    for (std::size_t i = 0; i < ring.size(); ++i) {
      const std::string& consumer = ring[i];
      const std::string& producer = ring[(i + 1) % ring.size()];
      const auto opened = static_cast<std::size_t>(
          std::count_if(fleet.rings.begin(), fleet.rings.end(),
                        [&](const Ring& other) { return has_wait(other, consumer, producer); }));
      Cost cost{fleet.rings.size() - opened, tasks_of(fleet, consumer),
                -since(fleet, consumer, producer), consumer, producer};
      if (!best || cost < *best) best = std::move(cost);
    }
  }
  if (!best) return std::nullopt;
  const auto& [closed, tasks, negative_since, consumer, producer] = *best;
  const std::size_t opened = fleet.rings.size() - closed;
  WaitVictim victim{consumer, producer, ""};
  victim.reason = consumer + " gives up its wait for " + producer + ": it has " +
                  (tasks == 0 ? "no running task" : std::to_string(tasks) + " running tasks") +
                  (opened > 1 ? " and " + std::to_string(opened) + " rings open" : "");
  return victim;
}

}  // namespace honeyguide::control
