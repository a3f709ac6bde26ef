// The demo swarm against a server: some history first, then in real time, over OTLP/HTTP as any
// other sender. What `honeyguide demo` and POST /api/v1/demo run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace honeyguide::cli {

struct DemoOptions {
  std::string url = "http://127.0.0.1:4318";
  std::string api = "http://127.0.0.1:8321";
  std::string token;
  std::string agent_token;  // empty: the agents hear no directives
  std::int64_t history_ns = 2 * base::kNanosPerHour;
  std::int64_t duration_ns = 0;
  double rate = 1.0;
  std::int64_t seed = 1;
};

struct DemoProgress {
  std::uint64_t runs = 0;
  std::uint64_t spans = 0;
};

struct DemoHooks {
  // Waits for at most `ns`; true: the demo must stop.
  std::function<bool(std::int64_t ns)> stop_within;
  // After each request of history; may be empty.
  std::function<void(DemoProgress)> on_history;
  // When the history is sent; may be empty.
  std::function<void(DemoProgress)> on_live;
};

// Sends until it must stop or `duration_ns` is over; gives what was sent.
base::Result<DemoProgress> send_demo(const DemoOptions& options, const base::Clock& clock,
                                     const DemoHooks& hooks);

}  // namespace honeyguide::cli
