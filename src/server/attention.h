// Conditions that are read from the agents' figures and hold now: deadlocks and loops.
#pragma once

#include <vector>

#include "alerts/alert.h"
#include "engine/analytics.h"

namespace honeyguide::server {

// A loop that ended longer ago needs no attention any more.
inline constexpr std::int64_t kLoopAttentionNs = 15 * base::kNanosPerMinute;

// Rules "deadlock" and "loop", of kind condition. A loop's labels are its agent and tool: it is one
// alert, however often it comes back.
std::vector<alerts::Finding> attention_findings(engine::Analytics& analytics,
                                                store::TenantId tenant, base::UnixNanos now);

}  // namespace honeyguide::server
