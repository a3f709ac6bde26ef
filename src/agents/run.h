// A run: one execution of a team of agents, over one or many traces. evaluate_run() turns the facts
// of a run's spans into events: who ran, what was called, who handed over to whom, what came of it.
//
// It is a pure function of the set of facts: they are sorted by (start, span id), never taken in
// the order of arrival. All sums are integers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agents/fact.h"
#include "agents/prices.h"

namespace honeyguide::agents {

enum class Outcome : std::uint8_t { kUnknown = 0, kSuccess = 1, kFailed = 2, kLimit = 3 };
std::string_view outcome_name(Outcome outcome);

enum class HandoffKind : std::uint8_t {
  kHandoff = 0,
  kDelegation = 1,
  kMessage = 2,
  kSelection = 3
};
std::string_view handoff_kind_name(HandoffKind kind);

enum class TaskState : std::uint8_t {
  kOpen = 0,
  kSucceeded = 1,
  kFailed = 2,
  kCancelled = 3,
  kUnknown = 4,
};
std::string_view task_state_name(TaskState state);

enum class ConflictState : std::uint8_t { kOpen = 0, kResolved = 1, kFailed = 2, kTimedOut = 3 };
std::string_view conflict_state_name(ConflictState state);

struct SpanRef {
  base::TraceId trace_id;
  base::SpanId span_id;
};

struct Tokens {
  std::int64_t input = 0;   // cached ones included
  std::int64_t output = 0;  // reasoning included
  std::int64_t cached = 0;
  std::int64_t reasoning = 0;

  void add(const Tokens& other, std::int64_t sign = 1);
  std::int64_t total() const { return input + output; }
  bool operator==(const Tokens&) const = default;
};

struct Invocation {  // an agent at work
  std::string agent;
  std::string caller;  // the agent around it, empty if none
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;  // 0: still running
  bool error = false;
  SpanRef span;
};

struct ModelCall {
  std::string agent;  // empty: nobody's
  std::string model;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;
  Tokens tokens;
  std::int64_t calls = 1;  // 0: only tokens are known, from an agent's totals
  bool error = false;
  std::int64_t cost_micro_usd = -1;      // told, else by the price table; -1: unknown
  std::int64_t reported_micro_usd = -1;  // told by the sender
  Finish finish = Finish::kUnknown;
  std::string evidence;
  SpanRef span;
};

struct ToolCall {
  std::string agent;
  std::string tool;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;
  bool error = false;
  std::string error_type;
  std::uint64_t arguments_hash = 0;
  std::uint64_t result_hash = 0;
  std::string evidence;
  SpanRef span;
};

struct Handoff {
  std::string from;  // empty: unknown
  std::string to;
  HandoffKind kind = HandoffKind::kHandoff;
  base::UnixNanos time = 0;
  std::int64_t latency_ns = -1;  // until the target starts, -1: unknown
  std::int64_t wait_ns = 0;      // how long `from` waits for `to`: delegations
  bool error = false;
  std::uint8_t confidence_percent = 0;
  std::string evidence;
  SpanRef span;
};

struct Message {
  std::string from;
  std::string to;
  base::UnixNanos time = 0;
  std::int64_t latency_ns = -1;
  bool error = false;
};

struct Task {
  std::string id;
  std::string type;
  std::string agent;
  TaskState state = TaskState::kOpen;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;
  std::int64_t quality_e6 = 0;
  bool has_quality = false;
  bool retried = false;        // another attempt of the same id came later
  bool explicit_task = false;  // false: an invocation stands for it
  std::vector<std::string> waits_for;
  SpanRef span;
};

struct Conflict {
  std::string id;
  std::string type;
  std::string method;
  std::vector<std::string> agents;
  ConflictState state = ConflictState::kOpen;
  base::UnixNanos opened = 0;
  base::UnixNanos closed = 0;  // 0: open
  std::int64_t complexity_e6 = 1'000'000;
  SpanRef span;
};

struct Dependency {
  std::string consumer;
  std::string producer;
  base::UnixNanos requested = 0;
  base::UnixNanos satisfied = 0;  // 0: still waiting
  std::string evidence;
  SpanRef span;
};

struct Loop {
  std::string agent;
  std::string tool;  // empty: not a tool loop
  std::string peer;  // of ping-pong hand-offs
  std::int64_t repeats = 0;
  bool progress = false;  // results changed: polling rather than being stuck
  std::uint8_t confidence_percent = 0;
  std::string evidence;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;
  std::vector<base::TraceId> trace_ids;
};

struct Score {
  std::string name;
  std::string label;
  std::string agent;
  std::int64_t score_e6 = 0;
  bool has_score = false;
  bool in_task = false;  // it is a task's quality already
  base::UnixNanos time = 0;
};

// What was made of one span: for explain.
struct SpanNote {
  SpanRef span;
  std::string name;
  std::string rule;
  Role role = Role::kNone;  // after looking at the whole run
  std::string agent;
  std::string note;  // why it counts or not
  int depth = 0;
};

struct RunFacts {
  std::string id;    // workflow id, else the smallest trace id in hex
  std::string name;  // workflow, else root agent, else root span
  std::string framework;
  std::string session;
  std::string user;
  std::string service;
  std::string team;
  Outcome outcome = Outcome::kUnknown;
  std::string reason;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;               // 0: still running
  std::vector<base::TraceId> trace_ids;  // sorted
  std::int64_t spans = 0;
  std::int64_t error_spans = 0;
  std::vector<Invocation> invocations;
  std::vector<ModelCall> model_calls;
  std::vector<ToolCall> tool_calls;
  std::vector<Handoff> handoffs;
  std::vector<Message> messages;
  std::vector<Task> tasks;
  std::vector<Conflict> conflicts;
  std::vector<Dependency> dependencies;
  std::vector<Loop> loops;
  std::vector<Score> scores;
  std::vector<SpanNote> notes;                          // only if asked for
  std::map<std::string, std::string> agent_frameworks;  // every agent of the run
  std::map<std::string, std::string> agent_teams;       // of those whose team is known
  std::map<std::string, std::int64_t> unrecognised;     // what was seen and not understood, counted

  // Nothing but declarations of agents, or nothing at all: not a run.
  bool empty() const;
};

struct RunLimits {
  std::int64_t loop_repeats_min = 4;  // equal calls in a row that make a loop
  std::int64_t ping_pong_min = 4;     // alternating hand-offs between two agents
  std::int64_t conflict_timeout_ns =
      3600 * base::kNanosPerSecond;          // an open one counts as timed out
                                             // at the run's end beyond that
  bool split_by_service = false;             // agents are "service/name"
  std::map<std::string, std::string> teams;  // agent -> team, where no span tells it
};

// `facts` are those of all spans of the run's traces, each span once; any order.
RunFacts evaluate_run(const std::vector<const SpanFact*>& facts, const RunLimits& limits,
                      const PriceTable& prices, bool with_notes);

}  // namespace honeyguide::agents
