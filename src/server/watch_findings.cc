#include "server/watch_findings.h"

#include <cmath>

#include "server/api_watch.h"

namespace honeyguide::server {
namespace {

using alerts::Finding;

// Conditions whose subjects are told one by one elsewhere.
bool told_elsewhere(const watch::ConditionStatus& status) {
  if (status.spec.name == "loop") return true;
  if (status.spec.name != "coordination_deadlock") return false;
  const auto rings = status.inputs.find("deadlocks");
  return rings != status.inputs.end() && rings->second.value_or(0) >= 1;
}

alerts::Labels labels_of(const telemetry::SeriesKey& key) {
  alerts::Labels out(key.labels.begin(), key.labels.end());
  out["series"] = key.name;
  return out;
}

std::int64_t to_ms(double seconds) {
  return std::isfinite(seconds) ? static_cast<std::int64_t>(seconds * 1000) : 0;
}

Finding finding_of(const watch::Prediction& prediction) {
  Finding out;
  out.rule = "predicted_breach";
  out.kind = alerts::AlertKind::kPrediction;
  out.severity =
      prediction.forecast.p_breach >= 0.5 ? alerts::Severity::kHigh : alerts::Severity::kMedium;
  out.category = "predictive";
  out.labels = labels_of(prediction.key);
  out.annotations["summary"] =
      series_title(prediction.key, prediction.agent) + " is about to cross its threshold";
  if (!prediction.agent.empty()) out.agents = {prediction.agent};
  out.measure = prediction.key.name;
  out.unit = series_unit(prediction.key);
  out.value = prediction.value;
  out.threshold = prediction.target.threshold;
  out.since = prediction.since;
  alerts::BreachForecast forecast;
  forecast.eta_q10_ms = to_ms(prediction.forecast.eta_q10_s);
  if (std::isfinite(prediction.forecast.eta_q50_s)) {
    forecast.eta_q50_ms = to_ms(prediction.forecast.eta_q50_s);
  }
  forecast.eta_q90_ms = to_ms(prediction.forecast.eta_q90_s);
  forecast.breach_ratio = prediction.forecast.p_breach;
  forecast.threshold = prediction.target.threshold;
  forecast.unit = out.unit;
  forecast.stays_until = prediction.at + prediction.target.horizon_ns;
  out.forecast = forecast;
  out.confidence_percent = static_cast<int>(prediction.forecast.p_breach * 100);
  return out;
}

Finding finding_of(const watch::Anomaly& anomaly) {
  Finding out;
  out.rule = anomaly.kind == watch::AnomalyKind::kAbsence ? "absence" : "anomaly";
  out.kind = alerts::AlertKind::kAnomaly;
  out.severity =
      alerts::parse_severity(watch::severity_of(anomaly)).value_or(alerts::Severity::kMedium);
  out.category = "performance";
  out.labels = labels_of(anomaly.key);
  out.annotations["summary"] =
      series_title(anomaly.key, anomaly.agent) +
      (anomaly.kind == watch::AnomalyKind::kAbsence ? " fell silent" : " is not as usual");
  if (!anomaly.agent.empty()) out.agents = {anomaly.agent};
  out.measure = anomaly.key.name;
  out.unit = series_unit(anomaly.key);
  out.value = anomaly.value;
  out.usual = anomaly.expected;
  out.since = anomaly.onset;
  out.trace_id = anomaly.trace_id;
  return out;
}

}  // namespace

SourceAnswer condition_findings(Vitals& vitals, store::TenantId tenant) {
  SourceAnswer out;
  for (const watch::ConditionStatus& status : vitals.conditions(tenant)) {
    if (status.state != watch::ConditionState::kFiring || told_elsewhere(status)) continue;
    Finding finding;
    finding.rule = status.spec.name;
    finding.severity =
        alerts::parse_severity(status.spec.severity).value_or(alerts::Severity::kHigh);
    finding.category = status.spec.category;
    finding.annotations["summary"] = status.spec.description;
    finding.since = status.since;
    finding.what_to_do = status.spec.what_to_do;
    for (const auto& [name, value] : status.inputs) {
      if (!value) continue;
      finding.measure = name;
      finding.value = value;
      break;
    }
    out.holding.push_back(std::move(finding));
  }
  return out;
}

SourceAnswer anomaly_findings(watch::Watch& watch, store::TenantId tenant, base::UnixNanos now) {
  SourceAnswer out;
  for (const watch::Anomaly& anomaly :
       watch.anomalies(tenant, {0, now + base::kNanosPerHour, "", "", true})) {
    const bool ordinary =
        anomaly.opinion == watch::Opinion::kNotAnomaly && anomaly.opinion_until > now;
    if (ordinary || watch::severity_of(anomaly) == "low") continue;
    out.holding.push_back(finding_of(anomaly));
  }
  return out;
}

SourceAnswer prediction_findings(watch::Watch& watch, store::TenantId tenant) {
  SourceAnswer out;
  for (const watch::Prediction& prediction : watch.predictions(tenant)) {
    out.holding.push_back(finding_of(prediction));
  }
  return out;
}

}  // namespace honeyguide::server
