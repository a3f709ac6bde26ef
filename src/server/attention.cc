#include "server/attention.h"

#include <algorithm>
#include <limits>
#include <map>

#include "base/strings.h"
#include "server/api_watch.h"

namespace honeyguide::server {
namespace {

using alerts::Finding;

Finding condition(const char* rule, const char* what_to_do) {
  Finding out;
  out.rule = rule;
  out.kind = alerts::AlertKind::kCondition;
  out.severity = alerts::Severity::kCritical;
  out.category = rule;
  out.what_to_do = what_to_do;
  out.keep_firing_ns = 30 * base::kNanosPerSecond;
  return out;
}

// Agents that wait for each other in a ring: since the youngest wait closed it.
Finding deadlock(const std::vector<std::string>& ring, const agents::DependencyReport& report) {
  Finding out =
      condition("deadlock", "Release one of the waits: break the cycle where it is cheapest.");
  out.agents = ring;
  std::string chain;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    chain += (i > 0 ? " \xe2\x86\x92 " : "") + ring[i];
    for (const agents::WaitRow& wait : report.waiting) {
      if (wait.consumer == ring[i] && wait.producer == ring[(i + 1) % ring.size()]) {
        out.since = std::max(out.since, wait.since);
        out.trace_id = wait.span.trace_id.to_hex();
      }
    }
  }
  out.labels["cycle"] = chain;
  out.annotations["summary"] = chain + " wait on each other";
  out.annotations["description"] = "a deadlock: none of them can go on";
  return out;
}

Finding loop(const agents::LoopRow& row) {
  const std::string tool = row.loop.tool.empty() ? row.loop.peer : row.loop.tool;
  Finding out = condition("loop", "Pause the agent, then look at the arguments that it repeats.");
  out.category = "loop";
  out.labels = {{"agent", row.loop.agent}, {"tool", tool}};
  out.agents = {row.loop.agent};
  out.workflow = row.workflow;
  out.since = row.loop.start;
  out.measure = "loop_repeats";
  out.unit = "count";
  out.value = static_cast<double>(row.loop.repeats);
  out.confidence_percent = row.loop.confidence_percent;
  out.annotations["summary"] = row.loop.agent + " repeats " + tool + ": " +
                               std::to_string(row.loop.repeats) + " calls, " + row.loop.evidence;
  if (!row.loop.trace_ids.empty()) out.trace_id = row.loop.trace_ids.front().to_hex();
  return out;
}

// What the agent of a loop costs now.
void add_cost(Finding& finding, const agents::AgentMetrics& metrics, base::UnixNanos now) {
  const auto report =
      metrics.agent_report(finding.agents.front(), agents::Window::kFiveMinutes, now);
  if (!report) return;
  finding.cost_per_h_usd = report->cost_per_hour_usd;
}

}  // namespace

std::vector<Finding> attention_findings(engine::Analytics& analytics, store::TenantId tenant,
                                        base::UnixNanos now) {
  std::vector<Finding> out;
  analytics.read(tenant, now, [&](const agents::AgentMetrics& metrics) {
    const auto dependencies = metrics.dependencies(agents::Window::kHour, now);
    for (const auto& ring : dependencies.deadlocks) {
      out.push_back(deadlock(ring, dependencies));
    }
    // The newest loop of each (agent, tool) speaks for the others.
    std::map<alerts::Labels, bool> seen;
    for (const agents::LoopRow& row : metrics.loops()) {
      if (row.loop.progress || now - row.loop.end > kLoopAttentionNs) continue;
      Finding finding = loop(row);
      if (!seen.emplace(finding.labels, true).second) continue;
      add_cost(finding, metrics, now);
      out.push_back(std::move(finding));
    }
  });
  return out;
}

Finding finding_of(const watch::Anomaly& anomaly) {
  Finding out;
  out.rule = "anomaly-" + std::string(watch::anomaly_kind_name(anomaly.kind));
  out.kind = alerts::AlertKind::kAnomaly;
  out.severity =
      alerts::parse_severity(watch::severity_of(anomaly)).value_or(alerts::Severity::kMedium);
  out.category = anomaly.kind == watch::AnomalyKind::kAbsence ? "system_health" : "performance";
  out.labels["series"] = anomaly.key.name;
  for (const auto& [name, value] : anomaly.key.labels) out.labels[name] = value;
  if (!anomaly.agent.empty()) {
    out.agents = {anomaly.agent};
    out.labels["agent"] = anomaly.agent;
  }
  out.workflow = anomaly.key.label("workflow");
  out.measure = anomaly.key.name;
  out.value = anomaly.value;
  out.usual = anomaly.expected;
  out.since = anomaly.onset;
  out.trace_id = anomaly.trace_id;
  out.annotations["summary"] =
      series_title(anomaly.key, anomaly.agent) +
      (anomaly.kind == watch::AnomalyKind::kAbsence ? " fell silent"
       : anomaly.kind == watch::AnomalyKind::kAgent ? " do not go together as usual"
       : anomaly.up                                 ? " is unusually high"
                                                    : " is unusually low");
  std::string why;
  for (const watch::Reason& reason : anomaly.reasons)
    why += (why.empty() ? "" : ", ") + reason.name;
  out.annotations["description"] = "expected " + base::format_double(anomaly.expected_low) +
                                   " to " + base::format_double(anomaly.expected_high) + "; by " +
                                   (why.empty() ? "silence" : why);
  out.what_to_do = "See what changed just before, in the anomaly's chart and its trace.";
  out.confidence_percent = std::clamp(static_cast<int>((1 - anomaly.p) * 100), 0, 99);
  out.keep_firing_ns = 2 * base::kNanosPerMinute;
  return out;
}

std::vector<Finding> anomaly_findings(watch::Watch& watch, store::TenantId tenant) {
  watch::AnomalyFilter filter;
  filter.end = std::numeric_limits<base::UnixNanos>::max();
  filter.open_only = true;
  std::vector<Finding> out;
  for (const watch::Anomaly& anomaly : watch.anomalies(tenant, filter)) {
    if (anomaly.opinion == watch::Opinion::kNotAnomaly || watch::severity_of(anomaly) == "low") {
      continue;
    }
    out.push_back(finding_of(anomaly));
  }
  return out;
}

}  // namespace honeyguide::server
