// SpanFact: what one span says about agents, in a compact form that owns its text, so that a run
// can be evaluated again without its spans. Facts of a trace's other spans are kept too (kNone),
// because parents carry identity.
//
// A fact is a pure function of its span. Everything that needs other spans happens in run.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "telemetry/span_batch.h"

namespace honeyguide::agents {

// What a span is. The order is stored in checkpoints: append only.
enum class Role : std::uint8_t {
  kNone = 0,          // says nothing about agents, or a wrapper without meaning
  kAgent = 1,         // one invocation of an agent
  kCreateAgent = 2,   // an agent was declared; it need not run
  kModelCall = 3,     // one request to a language model
  kModelWrapper = 4,  // repeats the model call below it; counts only if none is there
  kTool = 5,          // a tool was executed
  kHandoff = 6,       // control passes from one agent to another
  kWorkflow = 7,      // a crew, graph, team, swarm or conversation
  kTask = 8,          // a unit of work with a state of its own
  kStep = 9,          // a chain, node or loop cycle
  kMessage = 10,      // a message between agents or their runtime
  kSelection = 11,    // a speaker was chosen
  kConflict = 12,     // a conflict's life, from opened to resolved
  kDependency = 13,   // somebody waits for somebody else's result
};
std::string_view role_name(Role role);

// Which convention a rule belongs to. Append only.
enum class Convention : std::uint8_t {
  kNone = 0,
  kOwn,
  kGenAi,
  kOpenInference,
  kOpenLlmetry,
  kOpenLit,
  kLangfuse,
  kVercel,
  kMlflow,
  kLangSmith,
  kPydanticAi,
  kAgentOps,
  kAdk,
  kAgentFramework,
  kAutoGen,
  kAg2,
  kStrands,
  kCrewAi,
  kLlamaIndex,
  kSmolagents,
  kAgno,
  kMastra,
  kA2a,
  kMcp,
  kLangGraph,
};
std::string_view convention_name(Convention convention);

// Named texts of a fact. Append only.
enum class Text : std::uint8_t {
  kSpanName = 1,
  kAgent,  // candidate for the agent's name
  kAgentId,
  kTool,
  kTarget,  // the agent that gets control, asked or messaged
  kSource,  // the agent that gives it
  kModel,
  kSession,
  kWorkflow,    // name
  kWorkflowId,  // identifies a run
  kTaskId,
  kTaskType,
  kTaskStatus,
  kErrorType,
  kErrorMessage,
  kService,
  kTeam,
  kNodePath,     // LangGraph: node names from the root, joined by '|'
  kParentAgent,  // the agent before this one, as the instrumentation says
  kMembers,      // declared agents, joined by '\n'
  kConflictId,
  kConflictType,
  kConflictMethod,
  kConflictAgents,  // joined by '\n'
  kDependencyOn,
  kFramework,
  kManager,  // class of the group chat manager that chose
  kUser,
  kTopic,     // message topic or destination that joins traces
  kWaitsFor,  // ids of tasks that must end first, joined by '\n'
};

// Small set of (tag, text), packed.
class TextFields {
 public:
  // Nothing happens if `text` is empty. At most kTextBytesMax bytes are kept of each.
  void set(Text tag, std::string_view text);
  // Empty if absent; valid until the next set().
  std::string_view get(Text tag) const;
  const std::string& packed() const { return packed_; }
  void set_packed(std::string packed) { packed_ = std::move(packed); }

  static constexpr std::size_t kTextBytesMax = 1024;

 private:
  std::string packed_;
};

enum class Finish : std::uint8_t {
  kUnknown = 0,
  kStop = 1,
  kToolCalls = 2,
  kLength = 3,
  kError = 4
};

// A tool call that a model asked for, read from its answer.
struct PlannedCall {
  std::uint64_t call_id = 0;         // hash, 0: none
  std::uint64_t arguments_hash = 0;  // 0: not told
  std::string name;
  std::string target;  // the agent that the arguments name, if any
};

// A message between agents, told by a span event, a log event or a runtime's message span.
struct MessageFact {
  std::uint64_t id = 0;  // hash of the message id
  base::UnixNanos time = 0;
  std::int64_t input_tokens = -1;  // >= 0: a model call made this message
  std::int64_t output_tokens = -1;
  std::string from;
  std::string to;    // empty: everybody
  std::string kind;  // "message", "handoff", "select", ...
  std::vector<PlannedCall> calls;
  std::vector<std::uint64_t> answered_calls;  // hashes of call ids whose results it brings
  std::vector<std::uint64_t> results;         // hash of each result's text, same order
};

struct ScoreFact {
  std::string name;
  std::string label;
  std::int64_t score_e6 = 0;  // score times 1e6
  bool has_score = false;
};

struct FactLink {
  base::TraceId trace_id;
  base::SpanId span_id;
};

struct SpanFact {
  base::TraceId trace_id;
  base::SpanId span_id;
  base::SpanId parent_id;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;      // 0: not ended
  telemetry::SpanHash content;  // picks between versions, with `end` and `attribute_count`
  std::uint32_t attribute_count = 0;
  std::uint16_t rule = 0;  // index into Conventions::rules(), 0: none
  Role role = Role::kNone;
  Convention convention = Convention::kNone;
  telemetry::StatusCode status = telemetry::StatusCode::kUnset;
  telemetry::SpanKind kind = telemetry::SpanKind::kUnspecified;
  Finish finish = Finish::kUnknown;
  std::uint8_t confidence_percent = 0;
  bool speaks = false;             // says something about agents; false: a skeleton
  bool has_model = false;          // a model's name or provider stands on the span
  bool error = false;              // really failed: control flow is not an error
  bool limit_error = false;        // stopped by a limit
  bool control_error = false;      // an "exception" that only passes control
  bool has_final_text = false;     // an answer in words
  bool litellm_counting = false;   // output tokens may hold reasoning twice
  std::int64_t input_tokens = -1;  // -1: not told; cached tokens are part of it
  std::int64_t output_tokens = -1;
  std::int64_t cached_tokens = -1;
  std::int64_t reasoning_tokens = -1;
  std::int64_t cost_micro_usd = -1;  // as the sender told it
  std::int64_t conflict_opened_at = 0;
  std::int8_t conflict_resolved = -1;  // 0 no, 1 yes
  std::uint64_t arguments_hash = 0;
  std::uint64_t result_hash = 0;
  std::uint64_t call_id = 0;
  std::uint64_t response_id = 0;
  TextFields texts;
  std::vector<FactLink> links;  // to other traces only
  std::vector<PlannedCall> calls;
  std::vector<std::uint64_t> answered_calls;  // results that the model was shown
  std::vector<std::uint64_t> failed_answers;  // those of them that tell an error
  std::vector<MessageFact> messages;
  std::vector<ScoreFact> scores;

  std::string_view text(Text tag) const { return texts.get(tag); }
  std::string_view name() const { return texts.get(Text::kSpanName); }
  std::int64_t duration_ns() const { return end > start ? end - start : 0; }
};

// Total order of a trace's facts: (start, span id). Independent of arrival.
bool fact_before(const SpanFact& a, const SpanFact& b);

// Is `a` the better version of the same span: ended before open, later end, more attributes,
// greater content hash.
bool better_version(const SpanFact& a, const SpanFact& b);

// Appends the fact; read_fact reads it back. False on malformed bytes.
void write_fact(std::string& out, const SpanFact& fact);
bool read_fact(std::string_view& bytes, SpanFact& fact);

// Bytes of memory held by the fact, an estimate for limits.
std::size_t fact_size_bytes(const SpanFact& fact);

}  // namespace honeyguide::agents
