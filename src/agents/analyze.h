// analyze(): what happened in a set of spans. Pure: no clock, no files, no order of arrival.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agents/run_set.h"

namespace honeyguide::agents {

struct TaskCounts {
  std::int64_t total = 0;
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;
  std::int64_t cancelled = 0;
  std::int64_t open = 0;
  std::int64_t unknown = 0;

  void add(TaskState state, std::int64_t sign = 1);
};

struct AgentSummary {
  std::string name;
  std::string framework;
  std::string team;
  std::int64_t invocations = 0;
  std::int64_t llm_calls = 0;
  std::int64_t llm_errors = 0;
  Tokens tokens;
  std::int64_t cost_micro_usd = 0;
  std::int64_t unpriced_calls = 0;  // calls whose cost is unknown
  std::int64_t tool_calls = 0;
  std::int64_t tool_errors = 0;
  std::int64_t busy_ns = 0;  // union of its invocations and tasks
  TaskCounts tasks;
};

struct HandoffSummary {
  std::string from;
  std::string to;
  HandoffKind kind = HandoffKind::kHandoff;
  std::int64_t count = 0;
  std::int64_t errors = 0;
  std::string evidence;  // of the strongest
  std::uint8_t confidence_percent = 0;
};

struct ToolSummary {
  std::string name;
  std::int64_t calls = 0;
  std::int64_t errors = 0;
  std::map<std::string, std::int64_t> by;
};

struct Totals {
  std::int64_t spans = 0;
  std::int64_t traces = 0;
  std::int64_t llm_calls = 0;
  std::int64_t llm_errors = 0;
  Tokens tokens;
  std::int64_t tool_calls = 0;
  std::int64_t tool_errors = 0;
  std::int64_t cost_micro_usd = 0;
  std::int64_t reported_micro_usd = -1;  // -1: no sender told any
  std::int64_t unpriced_calls = 0;
  std::int64_t messages = 0;
};

struct Analysis {
  std::vector<RunFacts> runs;        // in order of (start, id)
  std::vector<AgentSummary> agents;  // by name
  std::vector<HandoffSummary> handoffs;
  std::vector<ToolSummary> tools;
  Totals totals;
  std::map<std::string, std::int64_t> unrecognised;
  RunSetStats stats;
};

struct AnalyzeOptions {
  RunSetOptions set;
  const Conventions* conventions = nullptr;  // nullptr: the built-in tables
  const PriceTable* prices = nullptr;        // nullptr: the built-in table
};

Analysis analyze(std::span<const telemetry::SpanBatchPtr> spans,
                 std::span<const telemetry::LogBatchPtr> logs, AnalyzeOptions options = {});

// Sums up runs that are known already.
Analysis summarise(std::vector<RunFacts> runs);

// Length of the union of half-open intervals; takes them in any order.
std::int64_t union_length_ns(std::vector<std::pair<base::UnixNanos, base::UnixNanos>> intervals);

// One JSON object; field names are those of the API.
std::string analysis_json(const Analysis& analysis);
// For a person. `width` in columns.
std::string analysis_text(const Analysis& analysis);
// What was recognised in each span of a run, as JSON and for a person.
std::string explain_json(const RunFacts& run, const Conventions& conventions);
std::string explain_text(const RunFacts& run, const Conventions& conventions);

}  // namespace honeyguide::agents
