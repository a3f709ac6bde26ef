#include "engine/incident.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

#include "store/query_search.h"

namespace honeyguide::engine {
namespace {

using base::Result;

// A trace of a latency incident is bad from this many times the median before.
constexpr double kSlowTimes = 2;

struct AgentSeries {
  std::string_view name;
  std::string_view kind;
};
constexpr AgentSeries kAgentSeries[] = {
    {"honeyguide_agent_task_duration_seconds", "latency"},
    {"honeyguide_agent_call_error_ratio", "errors"},
    {"honeyguide_agent_task_success_ratio", "errors"},
    {"honeyguide_agent_tokens_per_hour", "tokens"},
    {"honeyguide_agent_cost_usd_per_hour", "tokens"},
    {"honeyguide_agent_task_throughput_per_hour", "rate"},
    {"honeyguide_agent_quality_score", "quality"},
};

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// The views stay where they are: trees are kept by address.
struct Reading {
  std::deque<TraceView> views;
  store::Partial partial = store::Partial::kNo;
};

Result<void> read_side(const TraceViewSources& sources, store::TenantId tenant,
                       store::TimeRange range, const store::ReadBudget& budget, Reading& out) {
  store::TraceSearch search;
  search.time = range;
  search.limit = kIncidentTracesMax;
  search.budget = budget;
  HG_ASSIGN_OR_RETURN(const auto found, store::search_traces(sources.traces, tenant, {}, search));
  if (found.partial != store::Partial::kNo) out.partial = found.partial;
  for (const store::TraceHit& hit : found.traces) {
    if (budget.stop.stop_requested()) {
      out.partial = store::Partial::kCancelled;
      break;
    }
    auto view = load_trace_view(sources, tenant, {hit.summary.trace_id}, budget);
    if (view) {
      out.views.push_back(*std::move(view));
    } else if (view.error().code == base::ErrorCode::kDeadlineExceeded) {
      out.partial = store::Partial::kDeadline;
      break;
    }
  }
  return {};
}

std::string owner_of(const TraceView& view, int row) {
  const int agent = view.spans[static_cast<std::size_t>(row)].agent;
  if (agent >= 0) return view.agents[static_cast<std::size_t>(agent)];
  return std::string(view.batch(row).service_name(view.span(row)));
}

double median_duration_ns(const std::deque<TraceView>& views) {
  std::vector<double> all;
  for (const TraceView& view : views) all.push_back(static_cast<double>(view.end - view.start));
  if (all.empty()) return 0;
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  return *middle;
}

bool is_bad(const TraceView& view, const std::string& kind, double usual_ns) {
  const auto outcome = view.run.outcome;
  if (outcome == agents::Outcome::kFailed || outcome == agents::Outcome::kLimit) return true;
  const bool slow =
      usual_ns > 0 && static_cast<double>(view.end - view.start) > kSlowTimes * usual_ns;
  return (kind.empty() || kind == "latency") && slow;
}

Result<std::vector<traces::LabelSeries>> read_series(store::SeriesStore& series,
                                                     store::TenantId tenant,
                                                     store::TimeRange range) {
  std::vector<traces::LabelSeries> out;
  for (const AgentSeries& about : kAgentSeries) {
    HG_ASSIGN_OR_RETURN(const auto found,
                        series.find_series(tenant, about.name, {}, kIncidentSeriesMax));
    for (const store::SeriesInfo& info : found) {
      HG_ASSIGN_OR_RETURN(const auto points,
                          series.read(tenant, info.key.id(), store::Resolution::k1m, range));
      traces::LabelSeries one{std::string(info.key.label("agent")), std::string(about.kind), {}};
      for (const telemetry::Point& point : points) one.points.emplace_back(point.time, point.value);
      if (!one.label.empty()) out.push_back(std::move(one));
    }
  }
  return out;
}

}  // namespace

std::string incident_kind(std::string_view measure) {
  if (contains_any(measure, {"duration", "latency"})) return "latency";
  if (contains_any(measure, {"error", "success", "failed"})) return "errors";
  if (contains_any(measure, {"token", "cost", "usd"})) return "tokens";
  if (contains_any(measure, {"throughput"})) return "rate";
  if (contains_any(measure, {"quality"})) return "quality";
  return {};
}

Result<IncidentAnswer> culprits_of(const TraceViewSources& sources, store::SeriesStore& series,
                                   const IncidentQuestion& question, base::UnixNanos now,
                                   const store::ReadBudget& budget) {
  const base::UnixNanos last =
      std::min({question.end != 0 ? question.end : now, now, question.onset + kIncidentSideNs});
  const store::TimeRange before{question.onset - kIncidentSideNs, question.onset};
  const store::TimeRange after{question.onset, std::max(last, question.onset + 1)};
  Reading calm;
  Reading troubled;
  HG_RETURN_IF_ERROR(read_side(sources, question.tenant, before, budget, calm));
  HG_RETURN_IF_ERROR(read_side(sources, question.tenant, after, budget, troubled));
  HG_ASSIGN_OR_RETURN(const auto moved,
                      read_series(series, question.tenant, {before.begin, after.end}));

  std::map<const traces::TraceTree*, const TraceView*> view_of;
  const double usual_ns = median_duration_ns(calm.views);
  std::vector<traces::IncidentTrace> incident_traces;
  for (const auto* side : {&calm.views, &troubled.views}) {
    for (const TraceView& view : *side) {
      view_of[&view.tree] = &view;
      incident_traces.push_back({&view.tree, is_bad(view, question.kind, usual_ns)});
    }
  }
  const auto label_of = [&](const traces::TraceTree& tree, int span) -> std::string {
    const int row = span - (tree.has_virtual_root() ? 1 : 0);
    return row < 0 ? std::string() : owner_of(*view_of.at(&tree), row);
  };
  IncidentAnswer out;
  out.culprits =
      traces::rank_culprits({question.onset, question.kind}, incident_traces, label_of, moved);
  for (const auto& [tree, view] : view_of) {
    out.agents.insert(view->agents.begin(), view->agents.end());
  }
  for (const traces::LabelSeries& one : moved) out.agents.insert(one.label);
  out.partial = calm.partial != store::Partial::kNo ? calm.partial : troubled.partial;
  out.traces_before = calm.views.size();
  out.traces_after = troubled.views.size();
  return out;
}

}  // namespace honeyguide::engine
