#include "engine/trace_compare.h"

#include <memory>

namespace honeyguide::engine {
namespace {

std::string label_of(const TraceView& view, int row, LabelBy by) {
  switch (by) {
    case LabelBy::kAgent:
      return view.spans[row].agent < 0 ? "" : view.agents[view.spans[row].agent];
    case LabelBy::kOperation:
      return std::string(view.span(row).name);
    case LabelBy::kKind:
      return std::string(category_name(view.spans[row].category));
  }
  return {};
}

}  // namespace

std::optional<LabelBy> label_by(std::string_view name) {
  if (name == "agent") return LabelBy::kAgent;
  if (name == "operation") return LabelBy::kOperation;
  if (name == "kind") return LabelBy::kKind;
  return std::nullopt;
}

std::string_view category_name(SpanCategory category) {
  static constexpr std::string_view kNames[] = {"other",     "workflow", "work", "model_call",
                                                "tool_call", "handoff",  "wait"};
  return kNames[static_cast<int>(category)];
}

BottleneckSet bottlenecks_of(const TraceViewSources& sources, store::TenantId tenant,
                             const std::vector<base::TraceId>& trace_ids, LabelBy by,
                             const store::ReadBudget& budget) {
  // The label of a span is looked up in the view that is being added.
  auto now = std::make_shared<const TraceView*>(nullptr);
  BottleneckSet out{traces::Bottlenecks([now, by](const traces::TraceTree& tree, int span) {
                      const int row = span - (tree.has_virtual_root() ? 1 : 0);
                      return row < 0 ? std::string() : label_of(**now, row, by);
                    }),
                    0, store::Partial::kNo};
  for (const base::TraceId& id : trace_ids) {
    if (budget.stop.stop_requested()) {
      out.partial = store::Partial::kCancelled;
      break;
    }
    const auto view = load_trace_view(sources, tenant, {id}, budget);
    if (!view) {
      ++out.missing;
      if (view.error().code == base::ErrorCode::kDeadlineExceeded) {
        out.partial = store::Partial::kDeadline;
      }
      continue;
    }
    if (view->partial != store::Partial::kNo) out.partial = view->partial;
    *now = &*view;
    out.rows.add(view->tree);
  }
  *now = nullptr;
  return out;
}

}  // namespace honeyguide::engine
