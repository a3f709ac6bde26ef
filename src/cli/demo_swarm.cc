#include "cli/demo_swarm.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace honeyguide::cli {
namespace {

using telemetry::SpanBatch;
using telemetry::Value;

constexpr std::int64_t kMs = base::kNanosPerMilli;
// One run in so many has the second coder caught in a loop.
constexpr std::uint64_t kLoopEvery = 25;
constexpr int kLoopCalls = 12;

using Attributes = std::vector<std::pair<const char*, std::string>>;

// Writes the spans of one trace; time moves forward as things are done.
class RunWriter {
 public:
  RunWriter(SpanBatch& batch, std::mt19937_64& random, const char* service, const char* team,
            base::UnixNanos start)
      : batch_(batch), random_(random), now_(start) {
    const std::uint32_t begin = attribute_count();
    batch_.add_attribute("service.name", Value::string(batch_.own(service)));
    batch_.add_attribute("service.namespace", Value::string(batch_.own(team)));
    resource_ = batch_.add_resource({.attributes = {begin, attribute_count()}});
    scope_ = batch_.add_scope({.name = batch_.own("honeyguide.demo"), .version = "1"});
    for (auto& byte : trace_id_.bytes) byte = static_cast<std::uint8_t>(random_());
  }

  base::UnixNanos now() const { return now_; }
  void pass(std::int64_t ns) { now_ += ns; }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random_) < p; }

  base::SpanId new_id() {
    base::SpanId id;
    for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random_());
    return id;
  }

  // Records a span; `end` 0 leaves it open.
  void span(const base::SpanId& id, const base::SpanId& parent, const std::string& name,
            base::UnixNanos start, base::UnixNanos end, const Attributes& texts,
            const std::vector<std::pair<const char*, std::int64_t>>& numbers = {},
            const char* error = nullptr) {
    telemetry::Span out;
    out.trace_id = trace_id_;
    out.span_id = id;
    out.parent_span_id = parent;
    out.name = batch_.own(name);
    out.start = start;
    out.end = end;
    out.kind = telemetry::SpanKind::kInternal;
    out.resource = resource_;
    out.scope = scope_;
    const std::uint32_t begin = attribute_count();
    for (const auto& [key, value] : texts) {
      batch_.add_attribute(key, Value::string(batch_.own(value)));
    }
    for (const auto& [key, value] : numbers) batch_.add_attribute(key, Value::integer(value));
    if (error != nullptr) {
      batch_.add_attribute("error.type", Value::string(batch_.own(error)));
      out.status = telemetry::StatusCode::kError;
      out.status_message = batch_.own(error);
    }
    out.attributes = {begin, attribute_count()};
    batch_.add_span(out);
  }

  // A model call of an agent.
  void chat(const base::SpanId& parent, const std::string& agent, std::int64_t scale) {
    const base::UnixNanos start = now_;
    pass(between(400, 2500) * kMs);
    span(new_id(), parent, "chat gpt-4o", start, now_,
         {{"gen_ai.operation.name", "chat"},
          {"gen_ai.request.model", "gpt-4o"},
          {"gen_ai.provider.name", "openai"},
          {"gen_ai.agent.name", agent}},
         {{"gen_ai.usage.input_tokens", between(400, 3000) * scale},
          {"gen_ai.usage.output_tokens", between(50, 600) * scale}});
  }

  void tool(const base::SpanId& parent, const std::string& agent, const std::string& tool,
            const std::string& arguments, const std::string& result, bool failed) {
    const base::UnixNanos start = now_;
    pass(between(200, 3000) * kMs);
    span(new_id(), parent, "execute_tool " + tool, start, now_,
         {{"gen_ai.operation.name", "execute_tool"},
          {"gen_ai.tool.name", tool},
          {"gen_ai.agent.name", agent},
          {"gen_ai.tool.call.arguments", arguments},
          {"gen_ai.tool.call.result", result}},
         {}, failed ? "ToolError" : nullptr);
  }

  void message(const base::SpanId& parent, const std::string& from, const std::string& to) {
    const base::UnixNanos start = now_;
    pass(between(20, 400) * kMs);
    span(new_id(), parent, "handoff " + from + " to " + to, start, now_,
         {{"honeyguide.kind", "handoff"}, {"handoff.from", from}, {"handoff.to", to}});
  }

 private:
  std::uint32_t attribute_count() {
    return static_cast<std::uint32_t>(batch_.mutable_attributes().size());
  }

  SpanBatch& batch_;
  std::mt19937_64& random_;
  base::UnixNanos now_;
  base::TraceId trace_id_;
  std::uint32_t resource_ = 0;
  std::uint32_t scope_ = 0;
};

struct Step {
  const char* agent;
  const char* task;
  const char* tool;
  double failure;
};
constexpr Step kCoding[] = {{"planner", "plan", "read_issue", 0.01},
                            {"coder-1", "implement", "edit_file", 0.05},
                            {"tester", "test", "run_tests", 0.08},
                            {"reviewer", "review", "read_diff", 0.02}};
constexpr Step kNewsroom[] = {{"researcher", "research", "web_search", 0.06},
                              {"writer", "draft", "write_draft", 0.02},
                              {"editor", "edit", "edit_draft", 0.03},
                              {"fact-checker", "check", "look_up", 0.04}};

// One agent's turn: a task with a model call and a tool call or two.
bool work(RunWriter& run, const base::SpanId& root, const Step& step, const std::string& agent,
          const std::string& run_id, bool loops) {
  const base::SpanId id = run.new_id();
  const base::UnixNanos start = run.now();
  run.chat(id, agent, loops ? 4 : 1);
  const int calls = loops ? kLoopCalls : static_cast<int>(run.between(1, 2));
  for (int i = 0; i < calls; ++i) {
    const std::string arguments =
        loops ? R"({"path":"tests/test_retry.py"})" : R"({"step":)" + std::to_string(i) + "}";
    const bool failed = loops || run.chance(step.failure);
    run.tool(id, agent, step.tool, arguments, loops ? "1 failed, 11 passed" : "ok", failed);
    if (loops) run.chat(id, agent, 4);
  }
  const bool failed = loops || run.chance(step.failure);
  run.span(id, root, std::string("task ") + step.task, start, run.now(),
           {{"span.type", "task"},
            {"agent.id", agent},
            {"task.id", run_id + "/" + step.task},
            {"task.type", step.task},
            {"task.status", failed ? "failed" : "completed"}},
           {}, failed ? "TaskFailed" : nullptr);
  return !failed;
}

void disagree(RunWriter& run, const base::SpanId& root, const std::string& run_id,
              const std::string& one, const std::string& other) {
  const base::UnixNanos start = run.now();
  run.pass(run.between(1000, 20'000) * kMs);
  run.span(run.new_id(), root, "conflict review", start, run.now(),
           {{"honeyguide.kind", "conflict"},
            {"agent.id", one},
            {"conflict.id", run_id + "/conflict"},
            {"conflict.type", "rejected change"},
            {"conflict.agents", one + "," + other},
            {"conflict.resolved", run.chance(0.85) ? "true" : "false"},
            {"conflict.resolution_method", "review"}});
}

}  // namespace

SpanBatch DemoSwarm::next_run(base::UnixNanos start, base::UnixNanos& end) {
  const bool coding = runs_ % 3 != 2;
  const std::string run_id = (coding ? "issue-" : "article-") + std::to_string(4000 + runs_);
  const bool loops = coding && runs_ % kLoopEvery == kLoopEvery - 1;
  SpanBatch batch;
  RunWriter run(batch, random_, coding ? "coder" : "newsroom", coding ? "code" : "research", start);
  const base::SpanId root = run.new_id();
  bool succeeded = true;
  std::string before;
  for (const Step& step : coding ? kCoding : kNewsroom) {
    std::string agent = step.agent;
    if (agent == "coder-1" && (loops || run.chance(0.4))) agent = "coder-2";
    if (!before.empty()) run.message(root, before, agent);
    const bool looping = loops && agent == "coder-2";
    succeeded = work(run, root, looping ? kCoding[2] : step, agent, run_id, looping) && succeeded;
    before = agent;
    if (looping) break;
  }
  if (run.chance(0.15)) {
    disagree(run, root, run_id, coding ? "reviewer" : "editor", coding ? "coder-1" : "writer");
  }
  const char* workflow = coding ? "fix-issue" : "write-article";
  run.span(root, {}, std::string("workflow ") + workflow, start, run.now(),
           {{"span.type", "root"}, {"workflow.id", run_id}, {"workflow.type", workflow}}, {},
           succeeded ? nullptr : "RunFailed");
  ++runs_;
  end = run.now();
  return batch;
}

SpanBatch DemoSwarm::deadlock(base::UnixNanos since) {
  SpanBatch batch;
  RunWriter run(batch, random_, "newsroom", "research", since);
  const base::SpanId root = run.new_id();
  const std::string run_id = "article-stuck-" + std::to_string(runs_);
  run.span(root, {}, "workflow write-article", since, 0,
           {{"span.type", "root"}, {"workflow.id", run_id}, {"workflow.type", "write-article"}});
  constexpr std::pair<const char*, const char*> kRing[] = {
      {"writer", "editor"}, {"editor", "fact-checker"}, {"fact-checker", "writer"}};
  for (const auto& [consumer, producer] : kRing) {
    run.pass(run.between(500, 4000) * kMs);
    run.span(
        run.new_id(), root, "wait", run.now(), 0,
        {{"honeyguide.kind", "dependency"}, {"agent.id", consumer}, {"dependency.on", producer}});
  }
  return batch;
}

}  // namespace honeyguide::cli
