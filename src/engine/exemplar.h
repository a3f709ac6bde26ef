// A trace that shows what an anomaly is about.
#pragma once

#include <string>

#include "engine/analytics.h"
#include "watch/anomaly.h"

namespace honeyguide::engine {

// The trace id in hex of work of the anomaly's agent, workflow or service around its onset: where
// errors are odd a failed one, where durations are odd the longest, else the newest. Empty where
// there is none.
std::string find_exemplar(Analytics& analytics, const watch::Anomaly& anomaly, base::UnixNanos now);

}  // namespace honeyguide::engine
