// Proves which wait is given up so that a ring of waiting agents opens.
#include "control/fleet_view.h"

#include <gtest/gtest.h>

namespace honeyguide::control {
namespace {

struct Case {
  const char* name;
  std::vector<std::vector<std::string>> rings;
  std::map<std::string, std::int64_t> tasks;
  std::vector<FleetWait> waits;
  const char* agent;
  const char* victim;  // "consumer>producer", "" for none
};

const Case kCases[] = {
    {"no ring", {}, {}, {}, "a", ""},
    {"another ring", {{"x", "y"}}, {}, {}, "a", ""},
    {"any ring where no agent is named", {{"x", "y"}}, {}, {}, "", "x>y"},
    {"equal costs: the smallest name", {{"b", "a"}}, {}, {}, "a", "a>b"},
    {"fewest running tasks", {{"a", "b", "c"}}, {{"a", 2}, {"b", 1}, {"c", 3}}, {}, "a", "b>c"},
    {"shortest wait among equals",
     {{"a", "b"}},
     {},
     {{"a", "b", 100}, {"b", "a", 200}},
     "a",
     "b>a"},
    {"one wait opens two rings, though its agent is busier",
     {{"a", "b"}, {"a", "b", "c"}},
     {{"a", 5}},
     {},
     "b",
     "a>b"},
    {"an agent that waits for itself is no ring", {{"a"}}, {}, {}, "a", ""},
};

TEST(ChooseVictimTest, TheCheapestWaitIsGivenUp) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    FleetView fleet;
    fleet.rings = c.rings;
    fleet.waits = c.waits;
    for (const auto& [agent, tasks] : c.tasks) fleet.agents[agent].running_tasks = tasks;
    const auto victim = choose_victim(fleet, c.agent);
    EXPECT_EQ(victim ? victim->agent + ">" + victim->waits_for : "", c.victim);
  }
}

}  // namespace
}  // namespace honeyguide::control
