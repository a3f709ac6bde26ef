// Embedded: the engine inside a host process: spans go in, agent figures, traces and anomalies come
// out as JSON. In memory, no thread, no file, no socket of its own.
//
// Thread-safe: one lock, held while a span is recorded (about a microsecond) or a report is made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "telemetry/span_batch.h"

namespace honeyguide::sdk {

using AttributeValue = std::variant<bool, std::int64_t, double, std::string>;

struct RecordedEvent {
  std::string name;
  base::UnixNanos time = 0;
  std::vector<std::pair<std::string, AttributeValue>> attributes;
};

struct RecordedSpan {
  std::string trace_id;   // 32 hex digits
  std::string span_id;    // 16 hex digits
  std::string parent_id;  // 16 hex digits, empty for a root
  std::string name;
  int kind = 1;  // as OTLP numbers them; 1 internal
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;  // 0: still open
  bool error = false;
  std::string message;
  std::vector<std::pair<std::string, AttributeValue>> attributes;
  std::vector<RecordedEvent> events;
};

struct Levels {
  double target = 0;
  double warning = 0;
  double critical = 0;
};

// What a detector said of one value of one metric.
struct Observation {
  double p = 1;
  bool anomaly = false;
  bool judged = false;  // false while the detector is cold
  double expected = 0;
  double expected_low = 0;
  double expected_high = 0;
  std::string feature;
};

// Bytes of traces that are kept, memory around them included; the oldest go first. A single request
// beyond it is kept until the next one.
inline constexpr std::uint64_t kEmbeddedTraceBytesMax = 64u << 20;
inline constexpr std::int64_t kEmbeddedTraceAgeNs = 24 * base::kNanosPerHour;
// Facts of runs that figures may still change; those touched longest ago are put aside.
inline constexpr std::size_t kEmbeddedLiveBytesMax = 24u << 20;
// Runs in listings; the oldest go first.
inline constexpr std::size_t kEmbeddedRunsMax = 10'000;
// Metrics with a detector of their own; observe() refuses further names.
inline constexpr std::size_t kEmbeddedMetricsMax = 10'000;

class Embedded {
 public:
  explicit Embedded(std::string service_name);
  ~Embedded();

  // kInvalidArgument for an id that is no hex of its length. `now`: when it was recorded.
  base::Result<void> record(const RecordedSpan& span, base::UnixNanos now);

  // The spans of an ExportTraceServiceRequest as OTLP JSON; gives how many. kInvalidArgument for
  // text that is none. A span that is malformed is left out and not counted.
  base::Result<std::uint64_t> add_otlp_json(std::string body, base::UnixNanos now);

  // Reports as JSON, over the last `hours` (up to 1: an hour, up to 24: a day, else since the
  // start).
  std::string throughput_report(const std::string& agent, double hours, base::UnixNanos now);
  // "null" for an agent that was never seen.
  std::string agent_report(const std::string& agent, double hours, base::UnixNanos now);
  std::string conflict_report(double hours, base::UnixNanos now);
  std::string dependency_report(double hours, base::UnixNanos now);
  std::string dashboard(base::UnixNanos now);
  std::vector<std::string> agents(base::UnixNanos now);
  void set_throughput_levels(const Levels& levels);
  void set_conflict_levels(const Levels& levels);

  // What is kept of traces at present: at most kEmbeddedTraceBytesMax and one batch.
  std::uint64_t trace_bytes();

  // OTLP JSON of one trace. kNotFound if none of its spans is kept.
  base::Result<std::string> trace(const std::string& trace_id);

  // Judges a metric's value by all before it, then learns from it.
  base::Result<Observation> observe(const std::string& metric, base::UnixNanos time, double value);

 private:
  struct State;

  base::Mutex mutex_;
  std::unique_ptr<State> state_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::sdk
