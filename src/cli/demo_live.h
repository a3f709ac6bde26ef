// DemoLive: the demo swarm in real time. Runs are simulated ahead and each span is given out when
// it ends, as an SDK would. A story repeats itself: an agent slows down, another one loops and
// burns money, three wait for each other, the quality of drafts falls; then all is calm. Agents
// obey directives: a paused one stands still, a stopped one's runs end, a broken wait ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/demo_swarm.h"
#include "telemetry/span_batch.h"

namespace honeyguide::cli {

// What an agent was told: the newest directive that has not expired.
struct DemoDirective {
  std::string word;   // "pause", "throttle", "stop", "break_wait", "switch_model", ...
  std::string model;  // of switch_model
};

class DemoLive {
 public:
  // `begin`: when the story starts. `rate`: runs a time, 1 as DemoSwarm::interval_ns says.
  DemoLive(DemoSwarm& swarm, base::UnixNanos begin, double rate)
      : swarm_(swarm), begin_(begin), rate_(rate), next_run_(begin), at_(begin) {}

  // What `agent` does from now on; nothing: as usual. Unknown agents are ignored.
  void direct(const std::string& agent, const std::optional<DemoDirective>& directive);

  // The spans that ended since the last call, and those that were opened and stay open.
  telemetry::SpanBatch advance(base::UnixNanos now);

  std::size_t runs_under_way() const { return runs_.size(); }

 private:
  struct Run {
    DemoRun run;
    std::vector<std::uint32_t> waiting;  // rows that are not given out, the last to end in front
  };
  void tell_story(base::UnixNanos now, telemetry::SpanBatch& out);
  void begin_run(DemoRun run);
  // Moves what a paused agent still has to do by `ns`.
  void postpone(Run& run, std::int64_t ns, base::UnixNanos now);
  bool is(const std::string& agent, const char* word) const;
  DemoMood mood(base::UnixNanos now) const;
  void stop_runs_of(const std::string& agent, base::UnixNanos now);

  DemoSwarm& swarm_;
  const base::UnixNanos begin_;
  const double rate_;
  base::UnixNanos next_run_;
  base::UnixNanos at_;
  std::int64_t looped_in_ = -1;  // the last cycle of the story that has had its loop
  std::int64_t deadlocked_in_ = -1;
  base::UnixNanos deadlock_since_ = 0;  // 0: none is open
  std::vector<Run> runs_;
  std::map<std::string, DemoDirective> directives_;
};

}  // namespace honeyguide::cli
