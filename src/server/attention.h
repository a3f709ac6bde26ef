// What alerts are made of besides rules: deadlocks and loops, read from the agents' figures, and
// anomalies.
#pragma once

#include <vector>

#include "alerts/alert.h"
#include "engine/analytics.h"
#include "watch/watch.h"

namespace honeyguide::server {

// A loop that ended longer ago needs no attention any more.
inline constexpr std::int64_t kLoopAttentionNs = 15 * base::kNanosPerMinute;

// Rules "deadlock" and "loop", of kind condition. A loop's labels are its agent and tool: it is one
// alert, however often it comes back.
std::vector<alerts::Finding> attention_findings(engine::Analytics& analytics,
                                                store::TenantId tenant, base::UnixNanos now);

// Open anomalies of severity medium and high that nobody called wrong; milder ones are shown among
// the anomalies only. The label "series" names what left its band.
std::vector<alerts::Finding> anomaly_findings(watch::Watch& watch, store::TenantId tenant);
alerts::Finding finding_of(const watch::Anomaly& anomaly);

}  // namespace honeyguide::server
