#include "server/agent_metrics.h"

#include <string>

#include "base/strings.h"

namespace honeyguide::server {
namespace {

using agents::Counts;
using agents::EntityKey;
using agents::EntityKind;
using agents::Measure;
using agents::Sketch;
using Labels = MetricsPage::LabelPairs;

struct Sample {
  Measure measure = Measure::kCount;
  const char* value = nullptr;  // of the second label
};

struct CounterFamily {
  EntityKind kind;
  const char* name;
  const char* help;
  double scale;
  const char* label;  // of the samples, nullptr for a family of one
  Sample samples[5];  // up to the first without a value
};

constexpr CounterFamily kCounters[] = {
    {EntityKind::kAgent,
     "honeyguide_agent_tasks_total",
     "Tasks that ended, by status.",
     1,
     "status",
     {{Measure::kTasksSucceeded, "succeeded"},
      {Measure::kTasksFailed, "failed"},
      {Measure::kTasksCancelled, "cancelled"},
      {Measure::kTasksRetried, "retried"},
      {Measure::kTasksUnknown, "unknown"}}},
    {EntityKind::kAgent,
     "honeyguide_agent_invocations_total",
     "Invocations of an agent.",
     1,
     nullptr,
     {{Measure::kInvocations, ""}}},
    {EntityKind::kAgent,
     "honeyguide_agent_busy_seconds_total",
     "Time at work, overlaps twice.",
     1e-9,
     nullptr,
     {{Measure::kBusyNs, ""}}},
    {EntityKind::kAgent,
     "honeyguide_agent_waiting_seconds_total",
     "Time spent waiting for another agent.",
     1e-9,
     nullptr,
     {{Measure::kWaitNs, ""}}},
    {EntityKind::kAgent,
     "honeyguide_agent_llm_errors_total",
     "Model calls that failed.",
     1,
     nullptr,
     {{Measure::kModelErrors, ""}}},
    {EntityKind::kAgent,
     "honeyguide_agent_cost_usd_total",
     "Cost of model calls whose price is known.",
     1e-6,
     nullptr,
     {{Measure::kCostMicroUsd, ""}}},
    {EntityKind::kAgent,
     "honeyguide_agent_unpriced_llm_calls_total",
     "Model calls whose price is unknown.",
     1,
     nullptr,
     {{Measure::kUnpricedCalls, ""}}},
    {EntityKind::kAgent,
     "honeyguide_agent_tool_errors_total",
     "Tool calls that failed.",
     1,
     nullptr,
     {{Measure::kToolErrors, ""}}},
    {EntityKind::kAgent,
     "honeyguide_agent_messages_total",
     "Messages sent.",
     1,
     nullptr,
     {{Measure::kMessagesOut, ""}}},
    {EntityKind::kAgent,
     "honeyguide_agent_conflicts_total",
     "Conflicts, by state reached.",
     1,
     "state",
     {{Measure::kConflictsOpened, "opened"},
      {Measure::kConflictsResolved, "resolved"},
      {Measure::kConflictsFailed, "failed"},
      {Measure::kConflictsTimedOut, "timed_out"}}},
    {EntityKind::kAgent,
     "honeyguide_agent_loops_total",
     "Loops that an agent was caught in.",
     1,
     nullptr,
     {{Measure::kLoops, ""}}},
    {EntityKind::kWorkflow,
     "honeyguide_workflow_runs_total",
     "Runs that ended, by outcome.",
     1,
     "outcome",
     {{Measure::kRunsSucceeded, "success"},
      {Measure::kRunsFailed, "failed"},
      {Measure::kRunsLimit, "limit"},
      {Measure::kRunsUnknown, "unknown"}}},
    {EntityKind::kWorkflow,
     "honeyguide_workflow_cost_usd_total",
     "Cost of model calls whose price is known.",
     1e-6,
     nullptr,
     {{Measure::kCostMicroUsd, ""}}},
    {EntityKind::kPair,
     "honeyguide_handoffs_total",
     "Hand-offs between two agents.",
     1,
     nullptr,
     {{Measure::kHandoffsOut, ""}}},
    {EntityKind::kModel,
     "gen_ai_client_inference_usage_input_tokens_total",
     "Tokens sent to a model, cached ones included.",
     1,
     nullptr,
     {{Measure::kTokensInput, ""}}},
    {EntityKind::kModel,
     "gen_ai_client_inference_usage_output_tokens_total",
     "Tokens from a model, reasoning included.",
     1,
     nullptr,
     {{Measure::kTokensOutput, ""}}},
    {EntityKind::kModel,
     "gen_ai_client_inference_usage_cache_read_input_tokens_total",
     "Tokens sent to a model and read from its cache.",
     1,
     nullptr,
     {{Measure::kTokensCached, ""}}},
    {EntityKind::kModel,
     "gen_ai_client_inference_usage_reasoning_output_tokens_total",
     "Tokens from a model that are reasoning.",
     1,
     nullptr,
     {{Measure::kTokensReasoning, ""}}},
};

struct HistogramFamily {
  EntityKind kind;
  const char* name;
  const char* help;
  Sketch sketch;
};

constexpr HistogramFamily kHistograms[] = {
    {EntityKind::kAgent, "honeyguide_agent_task_duration_seconds", "Time from a task's start.",
     Sketch::kTaskDuration},
    {EntityKind::kWorkflow, "gen_ai_invoke_workflow_duration_seconds", "Time of a run.",
     Sketch::kRunDuration},
    {EntityKind::kModel, "gen_ai_client_inference_duration_seconds", "Time of a model call.",
     Sketch::kModelDuration},
    {EntityKind::kTool, "gen_ai_execute_tool_duration_seconds", "Time of a tool call.",
     Sketch::kToolDuration},
    {EntityKind::kPair, "honeyguide_handoff_latency_seconds",
     "Time from a hand-off to the start of its target.", Sketch::kHandoffLatency},
};

constexpr EntityKind kKinds[] = {EntityKind::kAgent, EntityKind::kWorkflow, EntityKind::kPair,
                                 EntityKind::kModel, EntityKind::kTool};

const char* kind_name(EntityKind kind) {
  switch (kind) {
    case EntityKind::kAgent:
      return "agent";
    case EntityKind::kWorkflow:
      return "workflow";
    case EntityKind::kPair:
      return "pair";
    case EntityKind::kModel:
      return "model";
    default:
      return "tool";
  }
}

// GenAI names have the convention's labels, ours have our own.
Labels labels_of(const EntityKey& key, bool gen_ai) {
  const std::string_view other = key.other;
  const std::size_t line = other.find('\n');
  switch (key.kind) {
    case EntityKind::kAgent:
      return {{gen_ai ? "gen_ai_agent_name" : "agent", key.name}};
    case EntityKind::kWorkflow:
      return {{gen_ai ? "gen_ai_workflow_name" : "workflow", key.name}};
    case EntityKind::kPair: {
      Labels labels{{"source", key.name}, {"target", other.substr(0, line)}};
      if (line != std::string_view::npos) labels.emplace_back("kind", other.substr(line + 1));
      return labels;
    }
    case EntityKind::kModel:
      return {{"gen_ai_request_model", key.name}, {"gen_ai_agent_name", other}};
    default:
      return {{"gen_ai_tool_name", key.name}, {"gen_ai_agent_name", other}};
  }
}

// Bounds of the buckets: every fourth power of two of the sketch's unit from 1 ms to 1.2 h, where a
// bucket's count is exact. The sum is that of the bins' middles: 9 % off at most.
void write_histogram(MetricsPage& page, const HistogramFamily& family, const Counts& counts,
                     const Labels& labels) {
  if (counts.sketch_count(family.sketch) == 0) return;
  constexpr int kBinsPerPower = 4;
  std::int64_t below = 0;
  double sum = 0;
  int bin = 0;
  const std::string name = family.name;
  for (int power = 10; power <= 32; power += 2) {
    const int end = power * kBinsPerPower;
    for (; bin < end && bin < agents::kSketchBins; ++bin) {
      const std::int64_t count = counts.sketch_bin_count(family.sketch, bin);
      below += count;
      sum += static_cast<double>(count) * static_cast<double>(agents::sketch_value_ns(bin)) / 1e9;
    }
    Labels with_bound = labels;
    const std::string bound =
        base::format_double(static_cast<double>(std::int64_t{1} << power) / 1e6);
    with_bound.emplace_back("le", bound);
    page.sample_of(name + "_bucket", static_cast<double>(below), with_bound);
  }
  Labels all = labels;
  all.emplace_back("le", "+Inf");
  page.sample_of(name + "_bucket", static_cast<double>(below), all);
  page.sample_of(name + "_sum", sum, labels);
  page.sample_of(name + "_count", static_cast<double>(below), labels);
}

void write_state(MetricsPage& page, const agents::MetricsStats& stats) {
  const auto gauge = [&page](const char* name, const char* help, std::int64_t value) {
    page.single(name, "gauge", help, static_cast<double>(value));
  };
  const auto counter = [&page](const char* name, const char* help, std::int64_t value) {
    page.single(name, "counter", help, static_cast<double>(value));
  };
  gauge("honeyguide_analytics_live_runs", "Runs whose facts are in memory.", stats.runs.live_runs);
  gauge("honeyguide_analytics_live_bytes", "Bytes of these facts.", stats.runs.live_bytes);
  gauge("honeyguide_analytics_evicted_runs", "Runs read back if a late span comes.",
        stats.runs.evicted_runs);
  counter("honeyguide_analytics_evictions_total", "Runs that were evicted.",
          stats.runs.evictions_total);
  counter("honeyguide_analytics_rehydrations_total", "Traces that were read back.",
          stats.runs.rehydrations_total);
  gauge("honeyguide_analytics_entities", "Agents, workflows, pairs and so on with figures.",
        stats.entities);
  counter("honeyguide_analytics_overflow_total", "Contributions beyond the limit of entities.",
          stats.overflowed);
  counter("honeyguide_analytics_late_spans_total", "Changes of buckets too old to be revised.",
          stats.late_spans_total);
  counter("honeyguide_analytics_future_spans_total", "Times clamped because they lay ahead.",
          stats.future_spans_total);
  gauge("honeyguide_analytics_demoted_keys", "Join keys that too many traces share.",
        stats.runs.demoted_keys);
}

}  // namespace

std::vector<AgentMetricsPage::Row> AgentMetricsPage::rows(store::TenantId tenant, EntityKind kind,
                                                          const agents::AgentMetrics& metrics,
                                                          base::UnixNanos now,
                                                          std::int64_t* folded) {
  std::vector<Row> out;
  Row overflow{{kind, std::string(agents::kOverflowName), ""}, {}};
  base::MutexLock lock(mutex_);
  std::set<EntityKey>& exposed = exposed_[{tenant, kind}];
  for (const EntityKey& key : metrics.entities(kind)) {
    Counts counts = metrics.counts(key, agents::Window::kSinceStart, now);
    if (counts.empty()) continue;
    const bool fits = exposed.contains(key) || exposed.size() < exposed_max_;
    if (!fits || key.name == agents::kOverflowName) {
      overflow.counts.add(counts);
      ++*folded;
      continue;
    }
    exposed.insert(key);
    out.push_back({key, std::move(counts)});
  }
  if (!overflow.counts.empty()) out.push_back(std::move(overflow));
  return out;
}

void AgentMetricsPage::write(MetricsPage& page, store::TenantId tenant,
                             const agents::AgentMetrics& metrics, base::UnixNanos now) {
  std::map<EntityKind, std::vector<Row>> by_kind;
  std::map<EntityKind, std::int64_t> folded;
  for (const EntityKind kind : kKinds) {
    by_kind[kind] = rows(tenant, kind, metrics, now, &folded[kind]);
  }
  for (const CounterFamily& family : kCounters) {
    page.family(family.name, "counter", family.help);
    const bool gen_ai = std::string_view(family.name).starts_with("gen_ai_");
    for (const Row& row : by_kind[family.kind]) {
      for (const Sample& sample : family.samples) {
        if (sample.value == nullptr) break;
        const std::int64_t value = row.counts.get(sample.measure);
        if (value == 0) continue;
        Labels labels = labels_of(row.key, gen_ai);
        if (family.label != nullptr) labels.emplace_back(family.label, sample.value);
        page.sample(static_cast<double>(value) * family.scale, labels);
      }
    }
  }
  for (const HistogramFamily& family : kHistograms) {
    page.family(family.name, "histogram", family.help);
    const bool gen_ai = std::string_view(family.name).starts_with("gen_ai_");
    for (const Row& row : by_kind[family.kind]) {
      write_histogram(page, family, row.counts, labels_of(row.key, gen_ai));
    }
  }
  page.family("honeyguide_metrics_folded", "gauge",
              "Entities summed up under __overflow__ on this page, by kind.");
  for (const auto& [kind, count] : folded) {
    page.sample(static_cast<double>(count), {{"kind", kind_name(kind)}});
  }
  write_state(page, metrics.stats());
}

}  // namespace honeyguide::server
