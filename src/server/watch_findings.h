// What detection, forecasts and conditions say, as findings for the alert book.
#pragma once

#include "server/alert_service.h"
#include "server/vitals.h"
#include "watch/watch.h"

namespace honeyguide::server {

// Firing conditions of kind condition. Those about loops and deadlocks are left to
// attention_findings(), which knows whom they are about. A condition that cannot be judged is
// unknown.
SourceAnswer condition_findings(Vitals& vitals, store::TenantId tenant);

// Open anomalies from "medium" on that nobody called ordinary, as kind anomaly; one alert a series.
SourceAnswer anomaly_findings(watch::Watch& watch, store::TenantId tenant, base::UnixNanos now);

// Predicted breaches, as kind prediction.
SourceAnswer prediction_findings(watch::Watch& watch, store::TenantId tenant);

}  // namespace honeyguide::server
