// Spans for tests: made by hand, or a random history of a team. Not part of the library's face.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/span_batch.h"

namespace honeyguide::agents::test {

struct Attr {
  std::string key;
  std::string text;
  std::int64_t number = 0;
  bool is_number = false;
};
inline Attr attr(std::string key, std::string text) {
  return {std::move(key), std::move(text)};
}
inline Attr attr(std::string key, std::int64_t number) {
  return {std::move(key), "", number, true};
}

struct Spec {
  int trace = 1;
  int id = 1;
  int parent = 0;  // 0: none
  std::string name;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;  // < 0: not ended
  std::vector<Attr> attributes;
  telemetry::StatusCode status = telemetry::StatusCode::kUnset;
  std::string message;
  std::string scope = "test";
  std::vector<std::pair<int, int>> links;  // (trace, span)
};

inline constexpr std::int64_t kBase = 1'750'000'000'000'000'000;

inline base::TraceId trace_id(int number) {
  base::TraceId id;
  for (int i = 0; i < 4; ++i) id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  id.bytes[0] = 0xa0;
  return id;
}
inline base::SpanId span_id(int number) {
  base::SpanId id;
  for (int i = 0; i < 4; ++i) id.bytes[7 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  id.bytes[0] = 0xb0;
  return id;
}

inline telemetry::SpanBatchPtr make_batch(const std::vector<Spec>& specs,
                                          const std::string& service = "team") {
  auto batch = std::make_shared<telemetry::SpanBatch>();
  const auto resource_begin = static_cast<std::uint32_t>(batch->mutable_attributes().size());
  batch->add_attribute("service.name", telemetry::Value::string(batch->own(service)));
  telemetry::Resource resource;
  resource.attributes = {resource_begin,
                         static_cast<std::uint32_t>(batch->mutable_attributes().size())};
  batch->add_resource(resource);
  for (const Spec& spec : specs) {
    telemetry::Scope scope;
    scope.name = batch->own(spec.scope);
    telemetry::Span span;
    span.scope = batch->add_scope(scope);
    span.trace_id = trace_id(spec.trace);
    span.span_id = span_id(spec.id);
    if (spec.parent != 0) span.parent_span_id = span_id(spec.parent);
    span.name = batch->own(spec.name);
    span.start = kBase + spec.start_ms * 1'000'000;
    span.end = spec.end_ms < 0 ? 0 : kBase + spec.end_ms * 1'000'000;
    span.status = spec.status;
    span.status_message = batch->own(spec.message);
    span.attributes.begin = static_cast<std::uint32_t>(batch->mutable_attributes().size());
    for (const Attr& item : spec.attributes) {
      batch->add_attribute(item.key, item.is_number
                                         ? telemetry::Value::integer(item.number)
                                         : telemetry::Value::string(batch->own(item.text)));
    }
    span.attributes.end = static_cast<std::uint32_t>(batch->mutable_attributes().size());
    span.links.begin = static_cast<std::uint32_t>(batch->mutable_links().size());
    for (const auto& [trace, id] : spec.links) {
      telemetry::Link link;
      link.trace_id = trace_id(trace);
      link.span_id = span_id(id);
      batch->mutable_links().push_back(link);
    }
    span.links.end = static_cast<std::uint32_t>(batch->mutable_links().size());
    batch->add_span(span);
  }
  return batch;
}

// Makes random histories: see random_history().
class HistoryMaker {
 public:
  HistoryMaker(std::uint64_t seed, int traces) : random_(seed), traces_(traces) {}

  std::vector<Spec> make() {
    for (int trace = 1; trace <= traces_; ++trace) make_trace(trace);
    return std::move(specs_);
  }

 private:
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  void make_call(int trace, int invocation) {
    Spec chat{trace, ++next_, invocation, "chat m", at_, at_ + 1 + pick(900)};
    chat.attributes = {attr("gen_ai.operation.name", "chat"),
                       attr("gen_ai.request.model", pick(4) == 0 ? "unheard-of" : "gpt-4o-mini"),
                       attr("gen_ai.usage.input_tokens", pick(500)),
                       attr("gen_ai.usage.output_tokens", pick(200))};
    if (pick(8) == 0) chat.status = telemetry::StatusCode::kError;
    at_ = chat.end_ms;
    specs_.push_back(chat);
    if (pick(2) == 0) return;
    Spec tool{trace, ++next_, invocation, "execute_tool search", at_, at_ + pick(500)};
    tool.attributes = {
        attr("gen_ai.operation.name", "execute_tool"),
        attr("gen_ai.tool.name", pick(3) == 0 ? "search" : "compile"),
        attr("gen_ai.tool.call.arguments", "{\"q\": " + std::to_string(pick(2)) + "}")};
    if (pick(6) == 0) tool.status = telemetry::StatusCode::kError;
    at_ = tool.end_ms;
    specs_.push_back(tool);
  }

  void make_task(int trace, int root, const std::string& agent, std::int64_t start) {
    Spec task{trace, ++next_, root, "execute_task t", start, at_};
    task.attributes = {attr("gen_ai.operation.name", "execute_task"),
                       attr("task.id", "t" + std::to_string(pick(6))),
                       attr("task.type", pick(2) == 0 ? "fix" : "test"),
                       attr("gen_ai.agent.name", agent),
                       attr("task.status", pick(3) == 0 ? "failed" : "completed"),
                       attr("task.quality", pick(2))};
    specs_.push_back(task);
  }

  void make_conflict(int trace, int root, const std::string& agent, std::int64_t start) {
    const int id = ++next_;
    Spec conflict{trace, id, root, "conflict_resolution_merge", start, pick(4) == 0 ? -1 : at_};
    conflict.attributes = {attr("conflict.id", "c" + std::to_string(id)),
                           attr("conflict.type", "merge"),
                           attr("conflict.agents", "planner," + agent)};
    if (conflict.end_ms >= 0) {
      conflict.attributes.push_back(attr("conflict.resolved", pick(2) == 0 ? "true" : "false"));
    }
    specs_.push_back(conflict);
  }

  void make_invocation(int trace, int root) {
    static const char* const kAgents[] = {"planner", "coder", "tester", "scribe"};
    const std::string agent = kAgents[pick(4)];
    const int invocation = ++next_;
    const std::int64_t start = at_;
    for (int calls = 1 + pick(4); calls > 0; --calls) make_call(trace, invocation);
    const std::int64_t end = pick(12) == 0 ? -1 : at_;
    Spec run{trace, invocation, root, "invoke_agent " + agent, start, end};
    run.attributes = {attr("gen_ai.operation.name", "invoke_agent"),
                      attr("gen_ai.agent.name", agent)};
    specs_.push_back(run);
    if (pick(3) == 0) make_task(trace, root, agent, start);
    if (pick(4) == 0) make_conflict(trace, root, agent, start);
    at_ += pick(200);
  }

  void make_trace(int trace) {
    next_ = trace * 1000;
    const int root = ++next_;
    at_ = pick(3'600'000);
    const std::int64_t begin = at_;
    Spec top{trace, root, 0, "invoke_workflow build", begin, 0};
    top.attributes = {attr("gen_ai.operation.name", "invoke_workflow"),
                      attr("gen_ai.workflow.name", pick(2) == 0 ? "build" : "review")};
    if (pick(3) == 0) {
      top.attributes.push_back(attr("workflow.id", "w" + std::to_string(pick(traces_))));
    }
    if (pick(4) == 0 && trace > 1) top.links.emplace_back(trace - 1, (trace - 1) * 1000 + 1);
    for (int steps = 1 + pick(5); steps > 0; --steps) make_invocation(trace, root);
    top.end_ms = pick(10) == 0 ? -1 : at_;
    specs_.push_back(top);
    if (pick(3) == 0) {  // an earlier version of the root, as senders of open spans send it
      Spec early = top;
      early.end_ms = -1;
      specs_.push_back(early);
    }
    // A span that says nothing, and a trace of its own that says nothing.
    specs_.push_back({trace, ++next_, root, "GET /", begin, begin + 1});
    specs_.push_back({trace + 100'000, ++next_, 0, "GET /", begin, begin + 1});
  }

  std::mt19937_64 random_;
  int traces_;
  int next_ = 0;
  std::int64_t at_ = 0;
  std::vector<Spec> specs_;
};

// `traces` runs of a small team with model calls, tools, conflicts, tasks, open spans, several
// versions of spans, traces joined by links and by workflow ids.
inline std::vector<Spec> random_history(std::uint64_t seed, int traces) {
  return HistoryMaker(seed, traces).make();
}

}  // namespace honeyguide::agents::test
