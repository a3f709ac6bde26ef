#include "engine/exemplar.h"

#include <algorithm>

namespace honeyguide::engine {
namespace {

// Figures of agents are made over five minutes and judged a minute later.
constexpr std::int64_t kBeforeNs = 6 * base::kNanosPerMinute;
constexpr std::int64_t kAfterNs = base::kNanosPerMinute;

enum class Want { kNewest, kLongest, kFailed };

Want wanted(const watch::Anomaly& anomaly) {
  std::string text = anomaly.key.name;
  for (const auto& [label, value] : anomaly.key.labels) text += " " + value;
  if (anomaly.kind == watch::AnomalyKind::kAgent && !anomaly.reasons.empty()) {
    text = anomaly.reasons.front().name;
  }
  for (const char* word : {"error", "fail", "success"}) {
    if (text.find(word) != std::string::npos) return Want::kFailed;
  }
  for (const char* word : {"duration", "latency", "waiting"}) {
    if (text.find(word) != std::string::npos) return Want::kLongest;
  }
  return Want::kNewest;
}

struct Work {
  std::string trace_id;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;  // 0: running
  bool failed = false;
};

bool better(const Work& a, const Work& b, Want want, base::UnixNanos now) {
  if (want == Want::kFailed && a.failed != b.failed) return a.failed;
  if (want == Want::kLongest) {
    return (a.end == 0 ? now : a.end) - a.start > (b.end == 0 ? now : b.end) - b.start;
  }
  return a.start > b.start;
}

std::vector<Work> work_of(const agents::AgentMetrics& metrics, const watch::Anomaly& anomaly) {
  std::vector<Work> out;
  if (!anomaly.agent.empty()) {
    for (const agents::TaskRow& task : metrics.tasks()) {
      if (task.agent != anomaly.agent || !task.span.trace_id.valid()) continue;
      out.push_back({task.span.trace_id.to_hex(), task.start, task.end,
                     task.state == agents::TaskState::kFailed});
    }
  }
  const std::string_view workflow = anomaly.key.label("workflow");
  const std::string_view service = anomaly.key.label("service.name");
  const std::string_view source = anomaly.key.label("source");
  for (const agents::RunRow& run : metrics.runs()) {
    if (run.trace_ids.empty()) continue;
    const auto has = [&](std::string_view agent) {
      return std::find(run.agents.begin(), run.agents.end(), agent) != run.agents.end();
    };
    if (!anomaly.agent.empty() && !has(anomaly.agent)) continue;
    if (!source.empty() && !has(source)) continue;
    if (!workflow.empty() && run.name != workflow) continue;
    if (!service.empty() && run.service != service) continue;
    out.push_back({run.trace_ids.front().to_hex(), run.start, run.end, run.error_spans > 0});
  }
  return out;
}

}  // namespace

std::string find_exemplar(Analytics& analytics, const watch::Anomaly& anomaly,
                          base::UnixNanos now) {
  const base::UnixNanos from = anomaly.onset - kBeforeNs;
  const base::UnixNanos until = std::max(anomaly.onset, anomaly.peak) + kAfterNs;
  const Want want = wanted(anomaly);
  Work best;
  analytics.read(anomaly.tenant, now, [&](const agents::AgentMetrics& metrics) {
    for (const Work& work : work_of(metrics, anomaly)) {
      if (work.start > until || (work.end != 0 && work.end < from)) continue;
      if (best.trace_id.empty() || better(work, best, want, now)) best = work;
    }
  });
  return best.trace_id;
}

}  // namespace honeyguide::engine
