#include "cli/validate_sample.h"

#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace honeyguide::cli {
namespace {

using nlohmann::json;

constexpr std::int64_t kMilli = base::kNanosPerMilli;

json attributes(const json& values) {
  json out = json::array();
  for (const auto& [key, value] : values.items()) {
    json any;
    if (value.is_string()) any["stringValue"] = value;
    if (value.is_boolean()) any["boolValue"] = value;
    if (value.is_number_integer()) any["intValue"] = std::to_string(value.get<std::int64_t>());
    if (value.is_number_float()) any["doubleValue"] = value;
    out.push_back({{"key", key}, {"value", std::move(any)}});
  }
  return out;
}

struct SampleSpan {
  int number = 1;  // makes the span's id within its trace
  int parent = 0;  // the parent's number; 0: a root
  const char* name = "";
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;
  json values = json::object();
  bool error = false;
};

std::string span_id(const std::string& trace_id, int number) {
  const std::string digits = std::to_string(number);
  return trace_id.substr(0, 16 - 4) + std::string(4 - digits.size(), '0') + digits;
}

json span(const std::string& trace_id, base::UnixNanos start, const SampleSpan& what) {
  json out = {{"traceId", trace_id},
              {"spanId", span_id(trace_id, what.number)},
              {"name", what.name},
              {"kind", 1},
              {"startTimeUnixNano", std::to_string(start + what.begin_ms * kMilli)},
              {"endTimeUnixNano", std::to_string(start + what.end_ms * kMilli)},
              {"attributes", attributes(what.values)},
              {"status", {{"code", what.error ? 2 : 1}}}};
  if (what.parent != 0) out["parentSpanId"] = span_id(trace_id, what.parent);
  return out;
}

json resource() {
  return {{"attributes", attributes({{"service.name", "honeyguide-validation"}})}};
}

json request_of(json spans) {
  return {
      {"resourceSpans",
       {{{"resource", resource()},
         {"scopeSpans", {{{"scope", {{"name", "honeyguide"}}}, {"spans", std::move(spans)}}}}}}}};
}

json task(const char* agent, const char* id, const char* type, const std::string& run) {
  return {{"span.type", "task"},
          {"agent.id", agent},
          {"task.id", run + "-" + id},
          {"task.type", type},
          {"workflow.id", run}};
}

std::string run_name(const std::string& trace_id) {
  return std::string(kSampleWorkflow) + "-" + trace_id.substr(0, 12);
}

}  // namespace

json sample_run(const std::string& trace_id, base::UnixNanos now) {
  const std::string run = run_name(trace_id);
  const base::UnixNanos start = now - 9 * base::kNanosPerSecond;
  json writing = task(kSampleWriter, "1", "write", run);
  writing["task.quality"] = 0.75;
  const std::vector<SampleSpan> spans = {
      {1,
       0,
       "validation",
       0,
       8000,
       {{"span.type", "root"}, {"workflow.id", run}, {"workflow.type", kSampleWorkflow}}},
      {2, 1, "write", 0, 2000, writing},
      {3,
       2,
       "chat",
       500,
       1500,
       {{"gen_ai.operation.name", "chat"},
        {"gen_ai.request.model", "validation-model"},
        {"gen_ai.usage.input_tokens", kSampleInputTokens},
        {"gen_ai.usage.output_tokens", kSampleOutputTokens}}},
      {4,
       1,
       "message",
       2000,
       2250,
       {{"span.type", "communication"},
        {"communication.sender", kSampleWriter},
        {"communication.receiver", kSampleReviewer}}},
      {5,
       1,
       "wait",
       2500,
       3000,
       {{"honeyguide.kind", "dependency"},
        {"agent.id", kSampleReviewer},
        {"dependency.on", kSampleWriter},
        {"workflow.id", run}}},
      {6, 1, "review", 3000, 4000, task(kSampleReviewer, "2", "review", run)},
      {7, 1, "review", 4000, 5000, task(kSampleReviewer, "3", "review", run), true},
      {8,
       1,
       "conflict",
       5000,
       6000,
       {{"honeyguide.kind", "conflict"},
        {"agent.id", kSampleWriter},
        {"conflict.id", run},
        {"conflict.type", "draft"},
        {"conflict.agents", std::string(kSampleWriter) + "," + kSampleReviewer},
        {"conflict.resolved", true},
        {"conflict.resolution_method", "vote"}}}};
  json out = json::array();
  for (const SampleSpan& one : spans) out.push_back(span(trace_id, start, one));
  return request_of(std::move(out));
}

std::string sample_looper(const std::string& trace_id) {
  return "validation-looper-" + trace_id.substr(0, 12);
}

json sample_loop(const std::string& trace_id, base::UnixNanos now) {
  const std::string agent = sample_looper(trace_id);
  const base::UnixNanos start = now - 60 * base::kNanosPerSecond;
  json out = json::array();
  out.push_back(span(trace_id, start,
                     {1, 0, "search again", 0, 59'000,
                      task(agent.c_str(), "loop", "search", run_name(trace_id))}));
  for (int i = 0; i < kSampleLoopCalls; ++i) {
    out.push_back(span(trace_id, start,
                       {2 + i,
                        1,
                        "execute_tool find",
                        1000 + 4000 * i,
                        3000 + 4000 * i,
                        {{"gen_ai.operation.name", "execute_tool"},
                         {"gen_ai.tool.name", "find"},
                         {"gen_ai.tool.call.arguments", R"({"q":"the same"})"},
                         {"agent.id", agent}}}));
  }
  return request_of(std::move(out));
}

json sample_half_bad(const std::string& trace_id, base::UnixNanos now) {
  const base::UnixNanos start = now - base::kNanosPerSecond;
  return request_of({span(std::string(32, '0'), start, {1, 0, "no trace id", 0, 10}),
                     span(trace_id, start, {2, 0, "as it should be", 0, 10})});
}

json sample_log(const std::string& trace_id, base::UnixNanos now) {
  const json record = {{"timeUnixNano", std::to_string(now)},
                       {"severityNumber", 9},
                       {"body", {{"stringValue", "a record of the validation"}}},
                       {"traceId", trace_id},
                       {"spanId", span_id(trace_id, 1)}};
  return {
      {"resourceLogs", {{{"resource", resource()}, {"scopeLogs", {{{"logRecords", {record}}}}}}}}};
}

json sample_gauge(double value, base::UnixNanos now) {
  const json point = {{"timeUnixNano", std::to_string(now)}, {"asDouble", value}};
  const json metric = {{"name", kSampleSeries}, {"gauge", {{"dataPoints", {point}}}}};
  return {{"resourceMetrics",
           {{{"resource", resource()}, {"scopeMetrics", {{{"metrics", {metric}}}}}}}}};
}

}  // namespace honeyguide::cli
