// REST: starts the demo swarm in a server that can run one.
#pragma once

#include <functional>

#include "base/mutex.h"
#include "server/api.h"

namespace honeyguide::server {

// Starts the demo with that much history. kAlreadyExists while it runs.
using StartDemo = std::function<base::Result<void>(std::int64_t history_ns)>;

// Thread-safe.
class DemoSwitch {
 public:
  // Who embeds the server says how; without it there is no demo.
  void offer(StartDemo start);
  bool offered() const;
  base::Result<void> start(std::int64_t history_ns);
  bool started() const;

 private:
  mutable base::Mutex mutex_;
  StartDemo start_ HG_GUARDED_BY(mutex_);
  bool started_ HG_GUARDED_BY(mutex_) = false;
};

inline constexpr std::int64_t kDemoHistoryDefaultNs = 2 * base::kNanosPerHour;
inline constexpr std::int64_t kDemoHistoryMaxNs = 60 * base::kNanosPerDay;

// POST /api/v1/demo. `demo` must outlive the table.
void add_demo_routes(RouteTable& routes, DemoSwitch& demo);

}  // namespace honeyguide::server
