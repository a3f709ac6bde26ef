// DemoSwarm: a small simulation of agents at work, as spans: a coding team that fixes issues, a
// newsroom that writes articles and a help desk that answers tickets. It fails, retries, disagrees,
// loops and waits as real teams do. Deterministic by its seed; reads no clock.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "telemetry/span_batch.h"

namespace honeyguide::cli {

// What is out of the ordinary while a run is simulated.
struct DemoMood {
  double research_slowness = 1;  // factor on the researcher's tool calls
  double draft_quality = 0.88;   // mean score of the writer's drafts
  bool coder_2_takes_no_work = false;
  std::map<std::string, std::string> models;  // agent -> model, instead of its usual one
};

// A run with the agent that each of its spans belongs to (empty: nobody's, as the root's is).
struct DemoRun {
  telemetry::SpanBatch batch;
  std::vector<std::string> agents;  // one a span
  base::UnixNanos end = 0;
};

class DemoSwarm {
 public:
  explicit DemoSwarm(std::uint64_t seed) : random_(seed) {}

  // The spans of one run that starts at `start`; every call is the next run.
  DemoRun next_run(base::UnixNanos start, const DemoMood& mood = {});

  // coder-2 runs the same failing test `calls` times, three seconds apart, at the price of a long
  // context.
  DemoRun loop_run(base::UnixNanos start, int calls);

  // Three agents of the newsroom that wait for each other in a ring. The spans stay open until
  // `until`; 0: for good. Equal `since` and `number` give equal ids, so that a second call can end
  // what a first one began.
  DemoRun deadlock(base::UnixNanos since, std::uint64_t number, base::UnixNanos until);

  // The time from the start of a run at `now` to the next one, for `rate` 1: busy days, quiet
  // nights and quieter weekends (UTC).
  std::int64_t interval_ns(base::UnixNanos now);

  std::uint64_t runs() const { return runs_; }

 private:
  std::mt19937_64 random_;
  std::uint64_t runs_ = 0;
};

// All agents that can take a directive.
std::vector<std::string> demo_agents();

}  // namespace honeyguide::cli
