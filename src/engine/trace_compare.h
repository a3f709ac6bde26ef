// Where the time of many traces goes, by agent, operation or kind of span, and how two sets of
// traces differ: traces::Bottlenecks over views, which know whose each span is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/trace_view.h"
#include "traces/bottlenecks.h"

namespace honeyguide::engine {

enum class LabelBy : std::uint8_t { kAgent, kOperation, kKind };
// "agent", "operation", "kind".
std::optional<LabelBy> label_by(std::string_view name);
std::string_view category_name(SpanCategory category);

struct BottleneckSet {
  traces::Bottlenecks rows;
  std::int64_t missing = 0;  // traces that were gone or not read in time
  store::Partial partial = store::Partial::kNo;
};

// Reads each trace alone. Stops at the deadline; what is missing is counted.
BottleneckSet bottlenecks_of(const TraceViewSources& sources, store::TenantId tenant,
                             const std::vector<base::TraceId>& trace_ids, LabelBy by,
                             const store::ReadBudget& budget);

}  // namespace honeyguide::engine
