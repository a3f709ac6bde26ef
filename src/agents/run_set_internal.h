// The pieces of a RunSet. Internal.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "agents/run_set.h"

namespace honeyguide::agents {

struct RunSet::Trace {
  base::TraceId id;
  std::map<base::SpanId, SpanFact> facts;
  EventMap events;                  // of log records
  std::vector<std::uint64_t> keys;  // sorted
  std::uint64_t component = 0;
  std::size_t bytes = 0;
};

struct RunSet::Component {
  std::vector<base::TraceId> traces;  // sorted
  RunFacts facts;
  std::uint64_t touched = 0;
};

struct RunSet::Evicted {
  std::vector<base::TraceId> traces;
  std::vector<std::pair<std::uint64_t, base::TraceId>> keys;  // that join them with others
};

}  // namespace honeyguide::agents
