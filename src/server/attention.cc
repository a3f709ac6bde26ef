#include "server/attention.h"

#include <algorithm>
#include <map>

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

}  // namespace honeyguide::server
