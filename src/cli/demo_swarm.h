// DemoSwarm: a small simulation of agents at work, as spans: a coding team that fixes issues and a
// newsroom that writes articles. It fails, retries, disagrees, loops and waits as real teams do.
// Deterministic by its seed; reads no clock.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "base/clock.h"
#include "telemetry/span_batch.h"

namespace honeyguide::cli {

class DemoSwarm {
 public:
  explicit DemoSwarm(std::uint64_t seed) : random_(seed) {}

  // The spans of one run that starts at `start`; every call is the next run. `end` gets its end.
  telemetry::SpanBatch next_run(base::UnixNanos start, base::UnixNanos& end);

  // Spans that stay open: three agents of the newsroom that wait for each other in a ring.
  telemetry::SpanBatch deadlock(base::UnixNanos since);

  std::uint64_t runs() const { return runs_; }

 private:
  std::mt19937_64 random_;
  std::uint64_t runs_ = 0;
};

}  // namespace honeyguide::cli
