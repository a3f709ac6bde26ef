// Ids of spans and traces from a generator of the thread (xoshiro256++, Blackman and Vigna), seeded
// by the operating system and again after a fork. And the thread's current context.
#pragma once

#include <cstdint>

#include "base/ids.h"
#include "honeyguide/context.h"

namespace honeyguide::sdk {

class RandomIds {
 public:
  base::TraceId trace_id();
  base::SpanId span_id();

 private:
  friend RandomIds& random_ids();
  std::uint64_t next();
  void seed();

  std::uint64_t state_[4] = {};
  std::uint32_t generation_ = 0;
  bool seeded_ = false;
};

// Of this thread.
RandomIds& random_ids();

// The context in force on this thread, to be read or replaced.
Context& current_context();

}  // namespace honeyguide::sdk
