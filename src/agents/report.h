// Reports: plain values, each with everything a page, a command or a script shows. A missing figure
// is nullopt, never 0.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/analyze.h"
#include "agents/measure.h"
#include "agents/run.h"

namespace honeyguide::agents {

// The seed's thresholds. Value >= target: "excellent"; >= warning: "good"; >= critical: "warning";
// else "critical". No value: "no_data".
struct ThresholdSet {
  double target = 0;
  double warning = 0;
  double critical = 0;
  bool operator==(const ThresholdSet&) const = default;
};
struct Thresholds {
  ThresholdSet throughput_per_hour{10, 5, 2};
  ThresholdSet conflict_resolution_rate{0.9, 0.7, 0.5};
  bool operator==(const Thresholds&) const = default;
};
std::string_view status_of(const ThresholdSet& thresholds, std::optional<double> value);

using Ratio = std::optional<double>;

struct TaskRow {
  std::string id;
  std::string type;
  std::string agent;
  std::string workflow;
  std::string run_id;
  TaskState state = TaskState::kOpen;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;  // 0: open
  std::optional<double> quality;
  Tokens tokens;  // of the agent's model calls during the task
  std::optional<double> cost_usd;
  SpanRef span;
};

struct LoopRow {
  Loop loop;
  std::string run_id;
  std::string workflow;
};

struct RunRow {
  std::string id;
  std::string name;  // workflow
  std::string framework;
  std::string session;
  std::string user;
  std::string service;
  Outcome outcome = Outcome::kUnknown;
  std::string reason;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;  // 0: running
  std::vector<base::TraceId> trace_ids;
  std::vector<std::string> agents;
  std::int64_t spans = 0;
  std::int64_t error_spans = 0;
  std::int64_t llm_calls = 0;
  std::int64_t llm_errors = 0;
  std::int64_t tool_calls = 0;
  std::int64_t tool_errors = 0;
  std::int64_t handoffs = 0;
  std::int64_t loops = 0;
  TaskCounts tasks;
  Tokens tokens;
  std::optional<double> cost_usd;  // nullopt: no price known
};

struct NamedCounts {
  std::string name;
  std::int64_t calls = 0;
  std::int64_t errors = 0;
  Tokens tokens;
  std::optional<double> cost_usd;
  std::optional<double> duration_p50_ms;
  std::optional<double> duration_p90_ms;
};

struct AgentReport {
  std::string agent;
  std::string framework;
  std::string team;
  std::string state;  // "busy", "waiting", "idle", "error", "unknown"
  base::UnixNanos first_seen = 0;
  base::UnixNanos last_seen = 0;
  double window_hours = 0;  // min(window, age)
  TaskCounts tasks;
  std::int64_t tasks_retried = 0;
  std::optional<double> throughput_per_hour;
  std::string throughput_status;
  Ratio success_rate;
  std::optional<double> task_p50_ms;
  std::optional<double> task_p90_ms;
  std::optional<double> task_p99_ms;
  Ratio utilization;
  std::optional<double> quality;         // mean of scores
  std::optional<double> quality_before;  // of the window before: the trend
  std::int64_t quality_count = 0;
  // 1 - (communicating and waiting time / total time); nullopt without any time.
  Ratio collaboration_efficiency;
  // The seed's formula with real inputs: success x 1 / (1 + 0.1 x rounds) x (1 - overhead).
  Ratio collaboration_efficiency_seed;
  std::optional<double> rounds_per_run;
  Ratio waiting_ratio;
  std::int64_t invocations = 0;
  std::int64_t invocation_errors = 0;
  std::int64_t llm_calls = 0;
  std::int64_t llm_errors = 0;
  Tokens tokens;
  std::optional<double> tokens_per_hour;
  std::optional<double> cost_usd;
  std::optional<double> cost_per_hour_usd;
  std::optional<double> cost_per_success_usd;
  std::int64_t unpriced_calls = 0;
  std::int64_t tool_calls = 0;
  std::int64_t tool_errors = 0;
  std::int64_t handoffs_out = 0;
  std::int64_t handoffs_in = 0;
  std::int64_t messages_out = 0;
  std::int64_t messages_in = 0;
  std::int64_t conflicts_open = 0;
  std::int64_t conflicts_closed = 0;
  Ratio conflict_resolution_rate;
  std::string conflict_status;
  std::int64_t loops = 0;
  std::vector<NamedCounts> models;
  std::vector<NamedCounts> tools;
  std::vector<TaskRow> recent_tasks;  // newest first
  std::string trend;  // "improvement", "degradation", "steady", "no_data": duration against before
};

// The seed's throughput report, its keys and its statuses.
struct ThroughputReport {
  std::string agent;
  double time_period_hours = 0;
  std::int64_t total_tasks = 0;
  std::optional<double> throughput_per_hour;
  std::string status;
  ThresholdSet thresholds;
};

struct TaskTypeReport {
  std::string type;
  TaskCounts tasks;
  std::int64_t retried = 0;
  std::optional<double> throughput_per_hour;
  Ratio success_rate;
  std::optional<double> p50_ms;
  std::optional<double> p90_ms;
  std::optional<double> quality;
};

struct WorkflowReport {
  std::string name;
  std::int64_t runs = 0;  // ended ones
  std::int64_t running = 0;
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;
  std::int64_t limit = 0;
  std::int64_t unknown = 0;
  std::optional<double> runs_per_hour;
  Ratio success_rate;
  std::optional<double> p50_ms;
  std::optional<double> p90_ms;
  std::optional<double> cost_usd;
  std::optional<double> cost_per_run_usd;
  Tokens tokens;
  std::vector<std::string> agents;
  std::string last_runs;  // up to 60 letters, oldest first: o x l r u
};

struct EdgeReport {
  std::string source;
  std::string target;
  std::map<std::string, std::int64_t> kinds;  // "handoff", "delegation", "message", "selection"
  std::int64_t count = 0;
  std::int64_t errors = 0;
  std::optional<double> rate_per_hour;
  std::optional<double> latency_p50_ms;
  std::optional<double> latency_p95_ms;
  std::int64_t wait_ms = 0;
  std::int64_t waiting_now = 0;
  base::UnixNanos waiting_since = 0;  // of the oldest wait, 0: none
};

struct ConflictRow {
  Conflict conflict;
  std::string run_id;
  std::string workflow;
  std::int64_t age_ms = 0;
};
struct ConflictGroup {
  std::string name;
  std::int64_t resolved = 0;
  std::int64_t failed = 0;
  std::int64_t timed_out = 0;
  Ratio rate;
  std::optional<double> p50_ms;
};
struct ConflictReport {
  double time_period_hours = 0;
  std::int64_t total = 0;  // closed in the window
  std::int64_t resolved = 0;
  std::int64_t failed = 0;
  std::int64_t timed_out = 0;
  std::int64_t open = 0;
  std::optional<double> oldest_open_ms;
  Ratio success_rate;
  Ratio complexity_weighted_rate;
  std::optional<double> resolution_p50_ms;
  std::optional<double> resolution_p90_ms;
  std::string status;
  ThresholdSet thresholds;
  std::vector<ConflictGroup> by_type;
  std::vector<ConflictGroup> by_method;
  std::vector<ConflictGroup> by_agent;
  std::vector<ConflictRow> items;  // open first, then newest
};

struct WaitRow {
  std::string consumer;
  std::string producer;
  base::UnixNanos since = 0;
  std::string run_id;
  SpanRef span;
};
struct DependencyEdge {
  std::string consumer;
  std::string producer;
  std::int64_t count = 0;
  std::optional<double> wait_p50_ms;
  std::optional<double> wait_p95_ms;
  std::int64_t waiting_now = 0;
};
struct DependencyReport {
  std::vector<DependencyEdge> edges;
  std::vector<WaitRow> waiting;  // now, oldest first
  // Agents that wait for each other in a ring, each starting with its smallest name.
  std::vector<std::vector<std::string>> deadlocks;
  std::optional<double> resolution_p50_ms;
  std::optional<double> resolution_p90_ms;
};

struct SessionReport {
  std::string session;
  std::int64_t runs = 0;
  std::int64_t running = 0;
  std::int64_t messages = 0;
  std::int64_t llm_calls = 0;
  Tokens tokens;
  std::optional<double> cost_usd;
  base::UnixNanos last_seen = 0;
};

struct SystemReport {
  std::int64_t agents = 0;
  std::int64_t agents_active = 0;  // busy or waiting
  std::int64_t agents_failed = 0;  // last invocation failed
  std::int64_t runs_running = 0;
  std::int64_t tasks_open = 0;
  std::int64_t conflicts_open = 0;
  std::optional<double> throughput_per_hour;
  Ratio success_rate;
  Ratio workflow_success_rate;
  Ratio parallel_efficiency;  // busy agent time / (agents x wall time)
  Ratio collaboration_efficiency;
  std::optional<double> coordination_ms;  // mean time until a conflict or wait was over
  std::optional<double> cost_usd;
  std::optional<double> cost_per_hour_usd;
  Tokens tokens;
  std::optional<double> tokens_per_hour;
  Ratio error_rate;  // failed tasks / ended tasks
};

// The seed's real-time dashboard: the same keys.
struct Dashboard {
  base::UnixNanos timestamp = 0;
  std::int64_t active_tasks = 0;
  std::int64_t active_conflicts = 0;
  double total_hourly_throughput = 0;
  struct AgentStatus {
    std::string throughput_status;
    std::int64_t active_tasks = 0;
  };
  std::map<std::string, AgentStatus> agent_status;
  std::string system_health;  // "healthy", "conflicts_active", "deadlocked", "stuck", "no_data"
};

// Each as one JSON object with the keys of the struct (durations in the unit of the name).
std::string to_json(const AgentReport& report);
std::string to_json(const ThroughputReport& report);
std::string to_json(const ConflictReport& report);
std::string to_json(const Dashboard& dashboard);
std::string to_json(const WorkflowReport& report);
std::string to_json(const RunRow& row);
std::string to_json(const DependencyReport& report);

}  // namespace honeyguide::agents
