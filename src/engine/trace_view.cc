#include "engine/trace_view.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "agents/recogniser.h"
#include "store/read_layer.h"

namespace honeyguide::engine {
namespace {

using agents::Role;
using agents::SpanFact;
using base::Result;

struct SpanKey {
  base::TraceId trace;
  base::SpanId span;
  bool operator==(const SpanKey&) const = default;
};
struct SpanKeyHash {
  std::size_t operator()(const SpanKey& key) const {
    return base::HexIdHash{}(key.trace) * 31 + base::HexIdHash{}(key.span);
  }
};
using RowOf = std::unordered_map<SpanKey, int, SpanKeyHash>;

SpanCategory category_of(Role role) {
  switch (role) {
    case Role::kWorkflow:
      return SpanCategory::kWorkflow;
    case Role::kAgent:
    case Role::kCreateAgent:
    case Role::kTask:
      return SpanCategory::kWork;
    case Role::kModelCall:
      return SpanCategory::kModelCall;
    case Role::kTool:
      return SpanCategory::kToolCall;
    case Role::kHandoff:
    case Role::kSelection:
    case Role::kMessage:
      return SpanCategory::kHandoff;
    case Role::kDependency:
      return SpanCategory::kWait;
    case Role::kNone:
    case Role::kModelWrapper:
    case Role::kStep:
    case Role::kConflict:
      return SpanCategory::kOther;
  }
  return SpanCategory::kOther;
}

std::uint32_t fold_hash(std::uint64_t hash) {
  const auto folded = static_cast<std::uint32_t>(hash ^ (hash >> 32));
  return hash != 0 && folded == 0 ? 1 : folded;
}

// When the first piece of an answer came, where the sender told: an attribute of the span, or the
// first event that is named for it.
std::int64_t first_chunk_ns(const telemetry::SpanBatch& batch, const telemetry::Span& span) {
  const auto number = [&](std::string_view key) -> std::optional<double> {
    const telemetry::Value* value = batch.find(span.attributes, key);
    if (value == nullptr) return std::nullopt;
    if (value->type() == telemetry::ValueType::kDouble) return value->as_double();
    if (value->type() == telemetry::ValueType::kInt) return static_cast<double>(value->as_int());
    return std::nullopt;
  };
  double seconds = -1;
  if (const auto ms = number("ai.response.msToFirstChunk")) seconds = *ms / 1e3;
  if (const auto told = number("gen_ai.response.time_to_first_chunk")) seconds = *told;
  if (seconds >= 0 && seconds < 1e6) return static_cast<std::int64_t>(seconds * 1e9);
  static constexpr std::string_view kEvents[] = {"First Token Stream Event", "gen_ai.first_token",
                                                 "ai.stream.firstChunk"};
  for (const telemetry::Event& event : batch.events(span.events)) {
    const bool known =
        std::find(std::begin(kEvents), std::end(kEvents), event.name) != std::end(kEvents);
    if (known && event.time >= span.start) return event.time - span.start;
  }
  return -1;
}

void add_log_events(const TraceViewSources& sources, store::TenantId tenant, TraceView& view,
                    const RowOf& fact_of, const store::ReadBudget& budget) {
  for (const base::TraceId& id : view.trace_ids) {
    store::LogSearch search;
    search.trace_id = id;
    search.limit = kLogsPerTraceMax;
    search.budget = budget;
    const auto read = sources.traces.search_logs(tenant, search);
    if (!read || read->logs == nullptr) continue;
    for (agents::EventFact& event : agents::recognise_logs(sources.conventions, *read->logs)) {
      const auto found = fact_of.find({event.trace_id, event.span_id});
      if (found == fact_of.end()) continue;
      SpanFact& fact = view.facts[found->second];
      fact.scores.insert(fact.scores.end(), event.scores.begin(), event.scores.end());
      fact.messages.insert(fact.messages.end(), event.messages.begin(), event.messages.end());
    }
  }
}

// One fact a span of the tree, in the tree's order.
RowOf recognise_all(const agents::Conventions& conventions, TraceView& view) {
  std::map<const telemetry::SpanBatch*, agents::Recogniser> recognisers;
  for (const auto& batch : view.batches) {
    recognisers.emplace(batch.get(), agents::Recogniser(conventions, *batch));
  }
  RowOf fact_of;
  for (const traces::TreeSpan& node : view.tree.spans()) {
    if (node.span == nullptr) continue;
    const agents::Recogniser& recogniser = recognisers.at(node.batch);
    SpanFact fact;
    if (!recogniser.recognise(*node.span, fact)) fact = recogniser.skeleton(*node.span);
    fact_of.emplace(SpanKey{node.span->trace_id, node.span->span_id},
                    static_cast<int>(view.facts.size()));
    view.facts.push_back(std::move(fact));
  }
  return fact_of;
}

int agent_index(TraceView& view, std::map<std::string, int>& indexes, const std::string& name) {
  if (name.empty()) return -1;
  const auto [at, fresh] = indexes.emplace(name, static_cast<int>(view.agents.size()));
  if (fresh) view.agents.push_back(name);
  return at->second;
}

void list_agents(TraceView& view, std::map<std::string, int>& indexes) {
  // In order of first activity, then whoever was only named.
  std::vector<std::pair<base::UnixNanos, std::string>> seen;
  for (const auto& one : view.run.invocations) seen.emplace_back(one.start, one.agent);
  for (const auto& call : view.run.model_calls) seen.emplace_back(call.start, call.agent);
  for (const auto& call : view.run.tool_calls) seen.emplace_back(call.start, call.agent);
  std::stable_sort(seen.begin(), seen.end());
  for (const auto& [time, agent] : seen) agent_index(view, indexes, agent);
  for (const auto& [agent, framework] : view.run.agent_frameworks) {
    agent_index(view, indexes, agent);
  }
}

void make_rows(TraceView& view) {
  const std::vector<std::int64_t> self = traces::self_times_ns(view.tree);
  const int offset = view.tree.has_virtual_root() ? 1 : 0;
  std::map<base::TraceId, int> trace_index;
  for (std::size_t i = 0; i < view.trace_ids.size(); ++i) {
    trace_index[view.trace_ids[i]] = static_cast<int>(i);
  }
  const auto& nodes = view.tree.spans();
  for (std::size_t i = static_cast<std::size_t>(offset); i < nodes.size(); ++i) {
    const traces::TreeSpan& node = nodes[i];
    const SpanFact& fact = view.facts[view.spans.size()];
    ViewSpan row;
    row.tree = static_cast<int>(i);
    row.parent = node.parent < offset ? -1 : node.parent - offset;
    row.fact = static_cast<int>(view.spans.size());
    row.trace = trace_index[node.span->trace_id];
    row.status = fact.control_error ? 0 : static_cast<std::uint8_t>(node.span->status);
    row.self_ns = self[i];
    row.arguments_hash = fold_hash(fact.arguments_hash);
    row.result_hash = fold_hash(fact.result_hash);
    row.first_chunk_ns = first_chunk_ns(*node.batch, *node.span);
    if (row.status == 2) ++view.errors;
    view.spans.push_back(row);
  }
}

// What evaluating the run decided about each span.
void apply_run(TraceView& view, const RowOf& row_of) {
  std::map<std::string, int> indexes;
  list_agents(view, indexes);
  const auto row = [&](const agents::SpanRef& ref) -> ViewSpan* {
    const auto found = row_of.find({ref.trace_id, ref.span_id});
    return found == row_of.end() ? nullptr : &view.spans[found->second];
  };
  for (const agents::SpanNote& note : view.run.notes) {
    ViewSpan* span = row(note.span);
    if (span == nullptr) continue;
    span->category = category_of(note.role);
    span->agent = agent_index(view, indexes, note.agent);
  }
  for (const agents::ModelCall& call : view.run.model_calls) {
    ViewSpan* span = row(call.span);
    if (span == nullptr) continue;
    if (call.tokens.total() > 0) {
      span->tokens = std::max<std::int64_t>(0, span->tokens) + call.tokens.total();
    }
    if (call.cost_micro_usd >= 0) {
      span->cost_micro_usd = std::max<std::int64_t>(0, span->cost_micro_usd) + call.cost_micro_usd;
    }
  }
}

void make_critical_path(TraceView& view) {
  const int offset = view.tree.has_virtual_root() ? 1 : 0;
  std::int64_t total = 0;
  std::map<std::pair<int, std::string>, std::int64_t> owners;
  for (const traces::PathSegment& segment : traces::critical_path(view.tree)) {
    total += segment.end - segment.start;
    if (segment.span < offset) continue;  // nothing that is known ran
    const int row = segment.span - offset;
    view.critical_path.push_back({row, segment.start, segment.end});
    owners[{view.spans[row].agent, std::string(view.span(row).name)}] +=
        segment.end - segment.start;
  }
  for (const auto& [who, ns] : owners) {
    const double share = total > 0 ? static_cast<double>(ns) / static_cast<double>(total) : 0;
    view.critical_owners.push_back({who.first, who.second, ns, share});
  }
  std::stable_sort(view.critical_owners.begin(), view.critical_owners.end(),
                   [](const PathOwner& a, const PathOwner& b) { return a.ns > b.ns; });
}

Result<void> read_traces(const TraceViewSources& sources, store::TenantId tenant,
                         const std::vector<base::TraceId>& trace_ids,
                         const store::ReadBudget& budget, TraceView& view) {
  for (const base::TraceId& id : trace_ids) {
    if (view.trace_ids.size() == kTracesPerViewMax) {
      view.partial = store::Partial::kRows;
      break;
    }
    store::ReadTraceOptions options;
    options.budget = budget;
    auto read = store::read_unique_trace(sources.traces, tenant, id, options);
    if (!read && read.error().code == base::ErrorCode::kNotFound) continue;
    if (!read) return std::move(read).error();
    if (read->partial != store::Partial::kNo) view.partial = read->partial;
    view.trace_ids.push_back(id);
    view.batches.push_back(std::move(read->spans));
  }
  return {};
}

}  // namespace

int TraceView::find(const base::TraceId& trace_id, const base::SpanId& span_id) const {
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const telemetry::Span& one = span(static_cast<int>(i));
    if (one.span_id == span_id && one.trace_id == trace_id) return static_cast<int>(i);
  }
  return -1;
}

Result<TraceView> load_trace_view(const TraceViewSources& sources, store::TenantId tenant,
                                  const std::vector<base::TraceId>& trace_ids,
                                  const store::ReadBudget& budget) {
  TraceView view;
  HG_RETURN_IF_ERROR(read_traces(sources, tenant, trace_ids, budget, view));
  view.tree = traces::TraceTree::build(view.batches);
  if (view.tree.empty()) {
    return base::Error{base::ErrorCode::kNotFound,
                       "no span of trace " +
                           (trace_ids.empty() ? std::string() : trace_ids.front().to_hex()) +
                           " is stored; it may not have arrived yet"};
  }
  const RowOf row_of = recognise_all(sources.conventions, view);
  add_log_events(sources, tenant, view, row_of, budget);
  std::vector<const SpanFact*> facts;
  facts.reserve(view.facts.size());
  for (const SpanFact& fact : view.facts) facts.push_back(&fact);
  view.run =
      agents::evaluate_run(facts, sources.limits == nullptr ? agents::RunLimits{} : *sources.limits,
                           sources.prices, true);
  view.start = view.tree.root().start;
  view.end = view.tree.root().end;
  for (const traces::TreeSpan& node : view.tree.spans()) {
    view.start = std::min(view.start, node.start);
    view.end = std::max(view.end, node.end);
  }
  make_rows(view);
  apply_run(view, row_of);
  make_critical_path(view);
  tell_story(view);
  return view;
}

}  // namespace honeyguide::engine
