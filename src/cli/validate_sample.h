// ValidationSample: the telemetry that 'honeyguide validate' sends, and what must come of it.
//
// Three traces of one shape, so that every way in carries the same: a workflow in which a writer
// writes (one model call), sends a message to a reviewer, who waits for it, reviews twice, once in
// vain, and a conflict that is resolved. A fourth trace is a loop: one tool, the same arguments.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"

namespace honeyguide::cli {

inline constexpr const char* kSampleWriter = "validation-writer";
inline constexpr const char* kSampleReviewer = "validation-reviewer";
inline constexpr const char* kSampleWorkflow = "validation";
inline constexpr const char* kSampleSeries = "honeyguide.validation.gauge";
inline constexpr int kSampleSpans = 8;
inline constexpr int kSampleLoopCalls = 12;

// Facts of a run of the sample, by which its figures are judged.
inline constexpr std::int64_t kSampleInputTokens = 1200;
inline constexpr std::int64_t kSampleOutputTokens = 300;

// An ExportTraceServiceRequest as OTLP JSON: the workflow that ended a second before `now`.
nlohmann::json sample_run(const std::string& trace_id, base::UnixNanos now);
// Its agent is new each time, or the alert of an earlier validation would pass for this one's.
std::string sample_looper(const std::string& trace_id);
nlohmann::json sample_loop(const std::string& trace_id, base::UnixNanos now);
// One span whose trace id is zero and one that is as it should be.
nlohmann::json sample_half_bad(const std::string& trace_id, base::UnixNanos now);
// An ExportLogsServiceRequest with one record of that trace.
nlohmann::json sample_log(const std::string& trace_id, base::UnixNanos now);
// An ExportMetricsServiceRequest with one point of kSampleSeries.
nlohmann::json sample_gauge(double value, base::UnixNanos now);

}  // namespace honeyguide::cli
