// LoadBodies: OTLP trace requests for the load generator, built once as templates and patched per
// request, so that making a request costs a copy and some tens of nanoseconds a span.
//
// Everything is a function of (seed, request number): ids never repeat within a seed, a retried
// request can be made again, and no state is shared between threads. Span ids are derived from the
// trace and the span's place in it, so that a trace can be spread over many requests.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace honeyguide::cli {

enum class LoadShape : std::uint8_t {
  kTracegen,        // 1+9 spans a trace, attr_0 ... attr_10 each uniform over value-0 ... value-99
  kJaegerTracegen,  // 1+9 spans, one service a trace, attr_NN=val_NN cycled over 97 keys x 1000
  kAgent,           // 400-span traces, up to 24 deep and hours long, in slices, 1-100 KB prompts
  kSmall,           // tracegen in requests of 10 spans
};

struct LoadShapeOptions {
  LoadShape shape = LoadShape::kTracegen;
  // 0: 1,000 (tracegen, jaeger-tracegen), 20 (agent), 10 (small). For agent a divisor of 400.
  std::uint32_t spans_per_request = 0;
  std::uint64_t seed = 1;
};

inline constexpr std::uint32_t kLoadSpansPerRequestMax = 100'000;
inline constexpr std::uint32_t kLoadAgentTraceSpans = 400;

// Thread-safe after creation.
class LoadBodies {
 public:
  // kInvalidArgument if spans_per_request does not fit the shape.
  static base::Result<LoadBodies> create(const LoadShapeOptions& options);

  // Writes request `number` (from 0) into `out`, whose memory is reused. Traces of tracegen end a
  // moment before `now`; slices of agent traces lie where their place in the trace says, the last
  // one before `now`.
  void fill(std::uint64_t number, base::UnixNanos now, std::string& out) const;

  std::uint32_t spans_per_request() const { return spans_per_request_; }

  // Calls `visit` with each trace in request `number` and the count of its spans there.
  void for_each_trace(std::uint64_t number,
                      const std::function<void(const base::TraceId&, std::uint32_t)>& visit) const;

 private:
  struct SpanSlot {
    std::uint32_t at = 0;       // of the trace id's first byte; see span_head() for what follows
    std::uint32_t trace = 0;    // which trace of the request
    std::uint32_t index = 0;    // place in the trace
    std::int32_t parent = -1;   // place of the parent, -1: a root
    std::int64_t start_ns = 0;  // after the trace's start
    std::int64_t duration_ns = 0;
  };
  struct Template {
    std::string bytes;
    std::vector<SpanSlot> spans;
    std::vector<std::uint32_t> one_digit;   // offsets of a digit to draw from 0-9
    std::vector<std::uint32_t> two_digits;  // offsets of a pair to draw from 10-99
    std::vector<std::uint32_t> nonces;      // offsets of 16 hex digits to draw
  };

  LoadBodies() = default;
  Template make_tracegen(std::uint64_t seed, std::uint32_t service) const;
  Template make_jaeger_tracegen(std::uint64_t& cycle) const;
  Template make_agent_slice(std::uint32_t slice) const;
  const Template& template_of(std::uint64_t number) const;
  std::uint64_t trace_seed(std::uint64_t number, std::uint32_t trace) const;

  LoadShape shape_ = LoadShape::kTracegen;
  std::uint32_t spans_per_request_ = 0;
  std::uint32_t traces_per_request_ = 0;
  std::uint64_t seed_ = 0;
  std::uint64_t jitter_mask_ = 0;     // bits of random ns added to starts and durations
  std::int64_t trace_length_ns_ = 0;  // a trace starts this long before now
  std::vector<Template> templates_;
};

}  // namespace honeyguide::cli
