#include "watch/condition.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::watch {
namespace {

constexpr std::int64_t kMinute = base::kNanosPerMinute;
constexpr std::string_view kSeverities[] = {"low", "medium", "high", "critical", "emergency"};

base::Result<void> check(const ConditionSpec& spec, const Expression& expression) {
  const auto bad = [&](const std::string& what) {
    return base::Error{base::ErrorCode::kInvalidArgument, "condition '" + spec.name + "': " + what};
  };
  const bool named = !spec.name.empty() && spec.name.size() <= 64 &&
                     std::all_of(spec.name.begin(), spec.name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                     });
  if (!named) return bad("a name has lower-case letters, digits and _, at most 64");
  if (std::find(std::begin(kSeverities), std::end(kSeverities), spec.severity) ==
      std::end(kSeverities)) {
    return bad("severity is low, medium, high, critical or emergency");
  }
  if (spec.for_ns < 0 || spec.for_ns > base::kNanosPerDay) return bad("'for' is 0 to 24h");
  for (const std::string& input : expression.inputs()) {
    const bool known = std::any_of(input_docs().begin(), input_docs().end(),
                                   [&](const InputDoc& doc) { return doc.name == input; });
    if (!known) return bad("there is no input '" + input + "'");
  }
  return {};
}

}  // namespace

const std::vector<InputDoc>& input_docs() {
  static const std::vector<InputDoc> kDocs = {
      {"agents", "agents known over the last hour"},
      {"agents_active", "agents that are busy or waiting now"},
      {"agents_failed", "agents whose last invocation failed, over the last hour"},
      {"throughput_per_hour", "tasks done in the last 5 minutes, per hour"},
      {"baseline_throughput_per_hour",
       "the same, learned: median of the last day, or of this time "
       "yesterday if that is lower"},
      {"ended_tasks_5m", "tasks that ended in the last 5 minutes"},
      {"error_ratio", "failed share of them"},
      {"baseline_error_ratio", "the same, learned"},
      {"cost_per_hour_usd", "money spent in the last 5 minutes, per hour"},
      {"baseline_cost_per_hour_usd", "the same, learned"},
      {"coordination_s", "mean seconds until a conflict or wait was over, in the last hour"},
      {"conflicts_open", "conflicts that are open"},
      {"deadlocks", "rings of agents that wait for each other"},
      {"loops", "loops without progress in the last 15 minutes"},
      {"stalled_runs", "running runs none of whose agents did anything for 10 minutes"},
      {"cpu_percent", "processor of the machine"},
      {"memory_percent", "memory of the machine, or of the control group if that is fuller"},
      {"disk_percent", "volume of the data directory"},
      {"silence_s", "seconds since anything was received"},
      {"longest_silence_s", "the longest such pause of the last day"},
      {"analytics_lag_s", "age of the oldest batch that waits for analytics"},
  };
  return kDocs;
}

const std::vector<ConditionSpec>& builtin_conditions() {
  static const std::vector<ConditionSpec> kBuiltin = {
      {"agent_cascade_failure", "More than 30 % of the agents failed", "emergency",
       "agent_coordination", "agents >= 3 and agents_failed / agents > 0.3", 0,
       "Look at the first agent that failed and at what the others got from it; stop hand-offs to "
       "it."},
      {"coordination_deadlock", "Agents wait for each other, or conflicts pile up", "critical",
       "agent_coordination", "deadlocks >= 1 or (coordination_s > 300 and conflicts_open > 5)", 0,
       "Break one wait of the ring: cancel it or answer it by hand."},
      {"resource_exhaustion", "Processor, memory or disk are used up", "emergency", "system_health",
       "memory_percent > 95 or cpu_percent > 98 or disk_percent > 98", kMinute,
       "See which resource it is; shed load, add memory, or lower retention and --disk."},
      {"task_throughput_collapse", "Less than a tenth of the usual tasks get done", "critical",
       "business_metrics",
       "baseline_throughput_per_hour > 0 and throughput_per_hour < 0.1 * "
       "baseline_throughput_per_hour",
       2 * kMinute, "Look for what all agents share: a model, a tool, a queue."},
      {"loop", "An agent repeats itself without progress", "critical", "loop", "loops >= 1", 0,
       "Pause the agent and read its last turns."},
      {"stall", "A run does not go on", "high", "agent_coordination", "stalled_runs >= 1", 0,
       "See what the run waits for: an approval, a tool that hangs, an agent that is gone."},
      {"cost_velocity", "Money is spent at three times the usual speed", "high", "budget",
       "cost_per_hour_usd > 1 and cost_per_hour_usd > 3 * baseline_cost_per_hour_usd", 2 * kMinute,
       "Sort the agents by cost; pause or throttle the first."},
      {"error_rate_burst", "Tasks fail far more often than usual", "high", "performance",
       "ended_tasks_5m >= 5 and error_ratio > 0.1 and error_ratio > 3 * baseline_error_ratio", 0,
       "Open a failed trace; look for a deployment, a model or a tool that changed."},
      {"monitoring_blind", "Nothing arrives, or what arrives is not analysed", "high",
       "system_health",
       "analytics_lag_s > 60 or (silence_s > 300 and silence_s > 3 * longest_silence_s)", 0,
       "Check the senders' exporters and the network first; then the server's load."},
  };
  return kBuiltin;
}

std::string_view condition_state_name(ConditionState state) {
  constexpr std::string_view kNames[] = {"ok", "pending", "firing", "unknown"};
  return kNames[static_cast<std::size_t>(state)];
}

base::Result<ConditionBook> ConditionBook::create(const std::vector<ConditionSpec>& own) {
  std::vector<ConditionSpec> specs = builtin_conditions();
  for (const ConditionSpec& spec : own) {
    const auto same = std::find_if(specs.begin(), specs.end(), [&](const ConditionSpec& other) {
      return other.name == spec.name;
    });
    if (same != specs.end()) {
      *same = spec;
    } else {
      specs.push_back(spec);
    }
  }
  if (specs.size() > kConditionsMax) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "there may be " + std::to_string(kConditionsMax) + " conditions"};
  }
  ConditionBook out;
  for (ConditionSpec& spec : specs) {
    auto expression = Expression::parse(spec.when);
    if (!expression) {
      return base::with_context(expression.error(), "condition '" + spec.name + "'");
    }
    HG_RETURN_IF_ERROR(check(spec, *expression));
    ConditionStatus status;
    status.spec = std::move(spec);
    out.status_.push_back(std::move(status));
    out.running_.push_back({std::move(expression).value()});
  }
  return out;
}

void ConditionBook::evaluate(const ConditionInputs& inputs, base::UnixNanos now) {
  const auto input_of = [&](std::string_view name) -> std::optional<double> {
    const auto found = inputs.find(name);
    return found == inputs.end() ? std::nullopt : std::optional(found->second);
  };
  for (std::size_t i = 0; i < status_.size(); ++i) {
    ConditionStatus& status = status_[i];
    status.inputs.clear();
    status.missing.clear();
    for (const std::string& name : running_[i].expression.inputs()) {
      status.inputs[name] = input_of(name);
      if (!status.inputs[name]) status.missing.push_back(name);
    }
    status.evaluated = now;
    step(i, running_[i].expression.evaluate(input_of), now);
  }
}

void ConditionBook::step(std::size_t index, Truth truth, base::UnixNanos now) {
  ConditionStatus& status = status_[index];
  Running& running = running_[index];
  ConditionState next = ConditionState::kOk;
  // Times that lie ahead are of before a clock jump.
  if (running.holds_since > now) running.holds_since = running.held = now;
  const bool was_firing = status.state == ConditionState::kFiring;
  if (truth == Truth::kTrue) {
    if (running.holds_since == 0) running.holds_since = now;
    running.held = now;
    next = now - running.holds_since >= status.spec.for_ns ? ConditionState::kFiring
                                                           : ConditionState::kPending;
    if (was_firing) next = ConditionState::kFiring;
  } else if (was_firing && (truth == Truth::kUnknown || now - running.held < kConditionClearNs)) {
    // Not known to be over, or over for too short.
    next = ConditionState::kFiring;
  } else {
    running.holds_since = 0;
    if (truth == Truth::kUnknown) next = ConditionState::kUnknown;
  }
  if (next == status.state && status.since != 0) return;
  status.state = next;
  status.since =
      next == ConditionState::kFiring && running.holds_since != 0 ? running.holds_since : now;
}

std::string ConditionBook::save() const {
  std::string out;
  for (std::size_t i = 0; i < status_.size(); ++i) {
    if (status_[i].state != ConditionState::kFiring) continue;
    base::put_bytes(out, status_[i].spec.name);
    base::put_fixed(out, status_[i].since);
    base::put_fixed(out, running_[i].holds_since);
    base::put_fixed(out, running_[i].held);
  }
  base::put_fixed(out, base::hash64(out));
  return out;
}

void ConditionBook::load(std::string_view bytes) {
  if (bytes.size() < sizeof(std::uint64_t)) return;
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  base::ByteReader check_sum(bytes.substr(body.size()));
  if (check_sum.fixed<std::uint64_t>() != base::hash64(body)) return;
  base::ByteReader reader(body);
  while (reader.ok() && !reader.at_end()) {
    const std::string name(reader.bytes());
    const auto since = reader.fixed<base::UnixNanos>();
    const auto holds_since = reader.fixed<base::UnixNanos>();
    const auto held = reader.fixed<base::UnixNanos>();
    for (std::size_t i = 0; i < status_.size() && reader.ok(); ++i) {
      if (status_[i].spec.name != name) continue;
      status_[i].state = ConditionState::kFiring;
      status_[i].since = since;
      running_[i].holds_since = holds_since;
      running_[i].held = held;
    }
  }
}

}  // namespace honeyguide::watch
