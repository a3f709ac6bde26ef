#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "engine/trace_view.h"

namespace honeyguide::engine {
namespace {

int agent_of(const TraceView& view, const std::string& name) {
  const auto found = std::find(view.agents.begin(), view.agents.end(), name);
  return found == view.agents.end() ? -1 : static_cast<int>(found - view.agents.begin());
}

// Rows of an agent's model and tool calls within [start, end], in order of start.
std::vector<int> calls_between(const TraceView& view, int agent, base::UnixNanos start,
                               base::UnixNanos end) {
  std::vector<int> out;
  for (std::size_t i = 0; i < view.spans.size(); ++i) {
    const ViewSpan& row = view.spans[i];
    const bool call =
        row.category == SpanCategory::kModelCall || row.category == SpanCategory::kToolCall;
    const base::UnixNanos at = view.span(static_cast<int>(i)).start;
    if (call && row.agent == agent && at >= start && at <= end) out.push_back(static_cast<int>(i));
  }
  std::stable_sort(out.begin(), out.end(),
                   [&](int a, int b) { return view.span(a).start < view.span(b).start; });
  return out;
}

// Cuts the calls into turns, each beginning at one of the loop's own calls.
std::vector<std::vector<int>> turns_of(const TraceView& view, const std::vector<int>& calls,
                                       const agents::Loop& loop) {
  std::vector<std::vector<int>> turns;
  for (const int row : calls) {
    const agents::SpanFact& fact = view.facts[view.spans[row].fact];
    const bool begins = view.spans[row].category == SpanCategory::kToolCall &&
                        fact.text(agents::Text::kTool) == loop.tool;
    if (begins) turns.emplace_back();
    if (!turns.empty()) turns.back().push_back(row);
  }
  return turns;
}

std::vector<std::string> names_of(const TraceView& view, const std::vector<int>& rows) {
  std::vector<std::string> names;
  for (const int row : rows) {
    if (names.size() == kLoopStepsMax) break;
    names.emplace_back(view.span(row).name);
  }
  return names;
}

// The steps that most turns have.
std::vector<std::string> usual_steps(const TraceView& view,
                                     const std::vector<std::vector<int>>& turns) {
  std::map<std::vector<std::string>, int> counts;
  for (const auto& turn : turns) ++counts[names_of(view, turn)];
  const auto best =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
        return std::tie(a.second, b.first) < std::tie(b.second, a.first);
      });
  return best == counts.end() ? std::vector<std::string>() : best->first;
}

bool same_call(const ViewSpan& a, const ViewSpan& b) {
  return a.arguments_hash == b.arguments_hash && a.result_hash == b.result_hash &&
         a.status == b.status;
}

LoopTurn make_turn(const TraceView& view, const std::vector<std::string>& steps,
                   const std::vector<int>& rows, const LoopTurn* before) {
  LoopTurn turn;
  turn.spans.assign(steps.size(), -1);
  turn.changed.assign(steps.size(), false);
  std::size_t step = 0;
  for (const int row : rows) {
    const ViewSpan& span = view.spans[row];
    if (span.tokens >= 0) turn.tokens = std::max<std::int64_t>(0, turn.tokens) + span.tokens;
    if (span.cost_micro_usd >= 0) {
      turn.cost_micro_usd = std::max<std::int64_t>(0, turn.cost_micro_usd) + span.cost_micro_usd;
    }
    std::size_t at = step;
    while (at < steps.size() && steps[at] != view.span(row).name) ++at;
    if (at == steps.size()) continue;
    turn.spans[at] = row;
    step = at + 1;
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const int now = turn.spans[i];
    const int last = before == nullptr ? -1 : before->spans[i];
    turn.changed[i] = before == nullptr || (now < 0) != (last < 0) ||
                      (now >= 0 && !same_call(view.spans[now], view.spans[last]));
    if (now < 0 || view.spans[now].category != SpanCategory::kToolCall) continue;
    const bool first = before == nullptr || last < 0;
    turn.new_information |= first || view.spans[now].result_hash != view.spans[last].result_hash;
  }
  return turn;
}

std::string evidence_word(const std::string& evidence) {
  if (evidence.starts_with("equal arguments")) return "same arguments";
  if (evidence.find("equal results") != std::string::npos) return "same result";
  return "same rhythm";
}

void sum_up_turns(ViewLoop& loop) {
  // The turns after the last that brought anything new.
  std::size_t last_new = 0;
  for (std::size_t i = 0; i < loop.turns.size(); ++i) {
    if (loop.turns[i].new_information) last_new = i;
  }
  if (last_new + 1 >= loop.turns.size()) return;
  loop.nothing_new_since_turn = static_cast<int>(last_new) + 1;
  for (std::size_t i = last_new + 1; i < loop.turns.size(); ++i) {
    if (loop.turns[i].cost_micro_usd < 0) continue;
    loop.cost_since_micro_usd =
        std::max<std::int64_t>(0, loop.cost_since_micro_usd) + loop.turns[i].cost_micro_usd;
  }
}

void add_loops(TraceView& view) {
  for (const agents::Loop& loop : view.run.loops) {
    ViewLoop out;
    out.agent = agent_of(view, loop.agent);
    out.repeats = loop.repeats;
    out.evidence = evidence_word(loop.evidence);
    if (out.agent < 0) continue;
    const auto turns = turns_of(view, calls_between(view, out.agent, loop.start, loop.end), loop);
    if (turns.empty()) {
      // Two agents that pass the work to each other.
      out.steps = {loop.agent, loop.peer};
      for (const ViewInteraction& one : view.interactions) {
        if (one.from == out.agent && one.time >= loop.start) {
          out.span = one.span;
          break;
        }
      }
    } else {
      out.steps = usual_steps(view, turns);
      out.span = turns.front().front();
      for (const auto& rows : turns) {
        if (out.turns.size() == kLoopTurnsMax) break;
        const LoopTurn* before = out.turns.empty() ? nullptr : &out.turns.back();
        out.turns.push_back(make_turn(view, out.steps, rows, before));
      }
      sum_up_turns(out);
    }
    view.loops.push_back(std::move(out));
  }
}

using SpanId = std::pair<base::TraceId, base::SpanId>;
using RowIndex = std::map<SpanId, int>;

// Rows of the spans that a hand-off or a wait names.
RowIndex index_rows(const TraceView& view) {
  std::set<SpanId> wanted;
  for (const auto& one : view.run.handoffs) wanted.emplace(one.span.trace_id, one.span.span_id);
  for (const auto& one : view.run.dependencies) {
    wanted.emplace(one.span.trace_id, one.span.span_id);
  }
  RowIndex out;
  if (wanted.empty()) return out;
  for (std::size_t i = 0; i < view.spans.size(); ++i) {
    const telemetry::Span& span = view.span(static_cast<int>(i));
    const SpanId id{span.trace_id, span.span_id};
    if (wanted.contains(id)) out.emplace(id, static_cast<int>(i));
  }
  return out;
}

// The first row where the span is not among them.
int row_of(const RowIndex& rows, const agents::SpanRef& ref) {
  const auto found = rows.find({ref.trace_id, ref.span_id});
  return found == rows.end() ? 0 : found->second;
}

void add_interactions(TraceView& view, const RowIndex& rows) {
  for (const agents::Handoff& handoff : view.run.handoffs) {
    const int from = agent_of(view, handoff.from);
    const int to = agent_of(view, handoff.to);
    if (from < 0 || to < 0) continue;
    const int row = row_of(rows, handoff.span);
    const auto kind = handoff.kind == agents::HandoffKind::kSelection
                          ? "message"
                          : agents::handoff_kind_name(handoff.kind);
    const std::string label(view.span(row).name);
    view.interactions.push_back(
        {from, to, std::string(kind), handoff.time, label, row, handoff.error});
    if (handoff.kind == agents::HandoffKind::kDelegation && handoff.wait_ns > 0) {
      view.interactions.push_back(
          {to, from, "return", handoff.time + handoff.wait_ns, "", row, handoff.error});
    }
  }
  for (const agents::Message& message : view.run.messages) {
    const int from = agent_of(view, message.from);
    const int to = agent_of(view, message.to);
    if (from < 0 || to < 0) continue;
    view.interactions.push_back({from, to, "message", message.time, "", 0, message.error});
  }
  std::stable_sort(
      view.interactions.begin(), view.interactions.end(),
      [](const ViewInteraction& a, const ViewInteraction& b) { return a.time < b.time; });
}

void add_waits(TraceView& view, const RowIndex& rows) {
  for (const agents::Dependency& wait : view.run.dependencies) {
    const int agent = agent_of(view, wait.consumer);
    const int target = agent_of(view, wait.producer);
    if (agent < 0 || target < 0) continue;
    const base::UnixNanos end = wait.satisfied != 0 ? wait.satisfied : view.end;
    view.waits.push_back(
        {row_of(rows, wait.span), agent, target, wait.requested, std::max(end, wait.requested)});
  }
}

void find_first_error(TraceView& view) {
  // Children stand behind their parents: one pass from the back knows what lies below.
  std::vector<char> error_below(view.spans.size(), 0);
  for (std::size_t i = view.spans.size(); i-- > 0;) {
    const bool error = view.spans[i].status == 2;
    const int row = static_cast<int>(i);
    if (error && error_below[i] == 0) {
      const auto ended = [&](int at) { return view.tree.spans()[view.spans[at].tree].end; };
      if (!view.first_error || ended(row) <= ended(*view.first_error)) view.first_error = row;
    }
    if ((error || error_below[i] != 0) && view.spans[i].parent >= 0) {
      error_below[view.spans[i].parent] = 1;
    }
  }
}

// A loop without progress first, then the first error of a run that failed, then whoever holds
// more than half of the time of a long run.
void find_culprit(TraceView& view) {
  const agents::Loop* worst = nullptr;
  std::size_t at = 0;
  for (std::size_t i = 0; i < view.run.loops.size(); ++i) {
    const agents::Loop& loop = view.run.loops[i];
    if (!loop.progress && (worst == nullptr || loop.repeats > worst->repeats)) {
      worst = &loop;
      at = i;
    }
  }
  ViewCulprit out;
  if (worst != nullptr && at < view.loops.size()) {
    out.reason = ViewCulprit::Reason::kLoop;
    out.span = view.loops[at].span;
    out.agent = agent_of(view, worst->agent);
    out.operation = worst->tool.empty() ? "hand-offs with " + worst->peer : worst->tool;
    out.count = worst->repeats;
    out.confidence = worst->confidence_percent / 100.0;
  } else if (view.run.outcome == agents::Outcome::kFailed && view.first_error) {
    out.reason = ViewCulprit::Reason::kError;
    out.span = *view.first_error;
    out.agent = view.spans[out.span].agent;
    out.operation = view.span(out.span).name;
  } else if (!view.critical_owners.empty() && view.critical_owners.front().share > 0.5 &&
             view.spans.size() >= 4) {
    const PathOwner& owner = view.critical_owners.front();
    out.reason = ViewCulprit::Reason::kCriticalPath;
    out.agent = owner.agent;
    out.operation = owner.operation;
    out.confidence = owner.share;
    for (const PathStretch& stretch : view.critical_path) {
      if (view.spans[stretch.span].agent != owner.agent ||
          view.span(stretch.span).name != owner.operation) {
        continue;
      }
      out.span = stretch.span;
      break;
    }
  } else {
    return;
  }
  view.culprit = std::move(out);
}

}  // namespace

void tell_story(TraceView& view) {
  const RowIndex rows = index_rows(view);
  add_interactions(view, rows);
  add_waits(view, rows);
  add_loops(view);
  find_first_error(view);
  find_culprit(view);
}

}  // namespace honeyguide::engine
