// DemoWriter: writes the spans of one simulated run; time moves forward as things are done.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cli/demo_swarm.h"

namespace honeyguide::cli {

class DemoWriter {
 public:
  using Attributes = std::vector<std::pair<const char*, std::string>>;
  using Numbers = std::vector<std::pair<const char*, std::int64_t>>;

  struct Origin {
    const char* service;
    const char* team;
    const char* version;
  };
  DemoWriter(DemoRun& run, std::mt19937_64& random, Origin origin, base::UnixNanos start);

  base::UnixNanos now() const { return now_; }
  void pass(std::int64_t ns) { now_ += ns; }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random_) < p; }
  base::SpanId new_id();

  struct Times {
    base::UnixNanos start = 0;
    base::UnixNanos end = 0;  // 0: still open
  };
  // Records a span of `agent`. `error`: its error.type, null for none.
  void span(const base::SpanId& id, const base::SpanId& parent, const std::string& agent,
            const std::string& name, Times times, const Attributes& texts,
            const Numbers& numbers = {}, const char* error = nullptr);
  // The same for a number that is no integer, on the span recorded last.
  void add_score(const char* key, double value);

  // A model call with what was asked and answered. `context`: factor on its tokens.
  struct Chat {
    std::string agent;
    std::string model;
    std::string asked;
    std::string answered;
    std::int64_t context = 1;
  };
  void chat(const base::SpanId& parent, const Chat& chat);

  struct Tool {
    std::string agent;
    std::string name;
    std::string arguments;
    std::string result;
    std::int64_t lasts_ns = 0;
    bool failed = false;
  };
  void tool(const base::SpanId& parent, const Tool& tool);

  void handoff(const base::SpanId& parent, const std::string& from, const std::string& to);

 private:
  std::uint32_t attribute_count() {
    return static_cast<std::uint32_t>(run_.batch.mutable_attributes().size());
  }

  DemoRun& run_;
  std::mt19937_64& random_;
  base::UnixNanos now_;
  base::TraceId trace_id_;
  std::uint32_t resource_ = 0;
  std::uint32_t scope_ = 0;
};

}  // namespace honeyguide::cli
