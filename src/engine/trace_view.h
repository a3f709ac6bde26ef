// TraceView: one trace, or all traces of a run, as a person reads it: the tree with what each span
// is and whose, the critical path, loops, waits, who passed what to whom, and the likely culprit.
// Made anew for each reader from stored spans; holds the spans it was made of.
//
// Indices named `span` are rows of TraceView::spans: depth first, children in order of start. The
// virtual root of a tree with several roots is no row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agents/conventions.h"
#include "agents/fact.h"
#include "agents/prices.h"
#include "agents/run.h"
#include "base/result.h"
#include "store/trace_store.h"
#include "traces/trace_tree.h"

namespace honeyguide::engine {

// The numbers are part of the REST contract.
enum class SpanCategory : std::uint8_t {
  kOther = 0,
  kWorkflow = 1,
  kWork = 2,  // an agent at work, or a task
  kModelCall = 3,
  kToolCall = 4,
  kHandoff = 5,
  kWait = 6,
};

struct ViewSpan {
  int tree = 0;     // index into TraceView::tree.spans()
  int parent = -1;  // row, -1: a root
  int agent = -1;   // index into TraceView::agents
  int trace = 0;    // index into TraceView::trace_ids
  int fact = 0;     // index into TraceView::facts
  SpanCategory category = SpanCategory::kOther;
  std::uint8_t status = 0;  // 0 unset, 1 ok, 2 error; an exception that only passes control is 0
  std::int64_t self_ns = 0;
  std::int64_t tokens = -1;  // of the span itself; -1: unknown
  std::int64_t cost_micro_usd = -1;
  std::uint32_t arguments_hash = 0;  // 0: not told
  std::uint32_t result_hash = 0;
  std::int64_t first_chunk_ns = -1;  // from the span's start
};

struct ViewWait {
  int span = 0;
  int agent = -1;
  int target = -1;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;
};

struct ViewInteraction {
  int from = -1;
  int to = -1;
  std::string kind;  // "handoff", "delegation", "message", "return"
  base::UnixNanos time = 0;
  std::string label;
  int span = 0;
  bool error = false;
};

struct LoopTurn {
  std::vector<int> spans;     // one a step, -1: missing in this turn
  std::vector<bool> changed;  // differs from the turn before
  bool new_information = false;
  std::int64_t tokens = -1;
  std::int64_t cost_micro_usd = -1;
};
struct ViewLoop {
  int agent = -1;
  std::vector<std::string> steps;  // names of the spans of one turn
  std::int64_t repeats = 0;
  std::string evidence;                       // "same arguments", "same result", "same rhythm"
  int span = 0;                               // its first
  std::optional<int> nothing_new_since_turn;  // counted from 1
  std::int64_t cost_since_micro_usd = -1;
  std::vector<LoopTurn> turns;  // at most kLoopTurnsMax, the first ones
};
inline constexpr std::size_t kLoopTurnsMax = 200;
inline constexpr std::size_t kLoopStepsMax = 6;

struct PathStretch {
  int span = 0;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;
};
struct PathOwner {
  int agent = -1;  // -1: nobody's
  std::string operation;
  std::int64_t ns = 0;
  double share = 0;
};

// What most likely explains a run that failed, loops or waits; the strongest evidence there is.
struct ViewCulprit {
  enum class Reason : std::uint8_t { kLoop, kError, kCriticalPath };
  Reason reason = Reason::kError;
  int span = 0;
  int agent = -1;
  std::string operation;
  std::int64_t count = 0;            // of repeats (kLoop)
  std::optional<double> confidence;  // of the loop, or the share of the critical path
};

struct TraceView {
  std::vector<base::TraceId> trace_ids;  // those with spans; the one asked for first
  std::vector<telemetry::SpanBatchPtr> batches;
  traces::TraceTree tree;
  std::vector<agents::SpanFact> facts;
  agents::RunFacts run;
  std::vector<std::string> agents;  // in order of first activity
  std::vector<ViewSpan> spans;
  std::vector<PathStretch> critical_path;
  std::vector<PathOwner> critical_owners;  // largest first
  std::vector<ViewWait> waits;
  std::vector<ViewInteraction> interactions;  // in order of time
  std::vector<ViewLoop> loops;
  std::optional<int> first_error;  // the first that is no consequence of another
  std::optional<ViewCulprit> culprit;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;  // the last instant known
  std::int64_t errors = 0;
  store::Partial partial = store::Partial::kNo;

  bool running() const { return run.end == 0; }
  const telemetry::Span& span(int row) const { return *tree.spans()[spans[row].tree].span; }
  const telemetry::SpanBatch& batch(int row) const { return *tree.spans()[spans[row].tree].batch; }
  // -1 if no span of the trace has this id.
  int find(const base::TraceId& trace_id, const base::SpanId& span_id) const;
};

struct TraceViewSources {
  store::TraceStore& traces;
  const agents::Conventions& conventions;
  const agents::PriceTable& prices;
  const agents::RunLimits* limits = nullptr;  // nullptr: the defaults
};

// Traces of one run beyond this many are left out; the view is marked partial (kRows).
inline constexpr std::size_t kTracesPerViewMax = 100;
// Log records read per trace for the messages and scores they carry.
inline constexpr std::uint32_t kLogsPerTraceMax = 10'000;

// `trace_ids`: the trace asked for, then the others of its run. kNotFound if none is stored.
base::Result<TraceView> load_trace_view(const TraceViewSources& sources, store::TenantId tenant,
                                        const std::vector<base::TraceId>& trace_ids,
                                        const store::ReadBudget& budget);

// Fills loops, waits, interactions, first error and culprit from the run; internal to the view.
void tell_story(TraceView& view);

}  // namespace honeyguide::engine
