// hg_sim [--seeds N] [--first-seed S] [--steps N]: lives of a whole node under faults, one a seed.
// Ends with status 1 at the first contradiction and prints the seed that repeats it.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/sim/simulation.h"

int main(int argc, char** argv) {
  std::uint64_t seeds = 12;
  std::uint64_t first = 1;
  int steps = 150;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--seeds") == 0) seeds = value;
    if (std::strcmp(argv[i], "--first-seed") == 0) first = value;
    if (std::strcmp(argv[i], "--steps") == 0) steps = static_cast<int>(value);
  }
  honeyguide::sim::SimulationStats sum;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    honeyguide::sim::Simulation simulation(seed, steps);
    const std::string problem = simulation.run();
    if (!problem.empty()) {
      std::printf("seed %llu: %s\nrepeat: hg_sim --first-seed %llu --seeds 1 --steps %d\n",
                  static_cast<unsigned long long>(seed), problem.c_str(),
                  static_cast<unsigned long long>(seed), steps);
      return 1;
    }
    sum.steps += simulation.stats().steps;
    sum.kills += simulation.stats().kills;
    sum.power_cuts += simulation.stats().power_cuts;
    sum.refused_batches += simulation.stats().refused_batches;
    sum.spans_promised += simulation.stats().spans_promised;
  }
  std::printf(
      "%llu seeds, %llu steps, %llu kills, %llu power cuts, %llu refused batches, "
      "%llu spans promised and found\n",
      static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(sum.steps),
      static_cast<unsigned long long>(sum.kills), static_cast<unsigned long long>(sum.power_cuts),
      static_cast<unsigned long long>(sum.refused_batches),
      static_cast<unsigned long long>(sum.spans_promised));
  return 0;
}
