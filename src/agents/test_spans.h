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

inline telemetry::SpanBatchPtr make_batch(const std::vector<Spec>& specs) {
  auto batch = std::make_shared<telemetry::SpanBatch>();
  const auto resource_begin = static_cast<std::uint32_t>(batch->mutable_attributes().size());
  batch->add_attribute("service.name", telemetry::Value::string(batch->own("team")));
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

// A random history: `traces` runs of a small team with model calls, tools, hand-offs, conflicts,
// tasks, open spans, several versions of spans, traces joined by links and by workflow ids.
inline std::vector<Spec> random_history(std::uint64_t seed, int traces) {
  std::mt19937_64 random(seed);
  const auto pick = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  static const char* const kAgents[] = {"planner", "coder", "tester", "scribe"};
  std::vector<Spec> specs;
  for (int trace = 1; trace <= traces; ++trace) {
    int next = trace * 1000;
    const int root = ++next;
    std::int64_t at = pick(3'600'000);
    const std::int64_t begin = at;
    Spec top{trace, root, 0, "invoke_workflow build", begin, 0};
    top.attributes = {attr("gen_ai.operation.name", "invoke_workflow"),
                      attr("gen_ai.workflow.name", pick(2) == 0 ? "build" : "review")};
    if (pick(3) == 0) {
      top.attributes.push_back(attr("workflow.id", "w" + std::to_string(pick(traces))));
    }
    if (pick(4) == 0 && trace > 1) top.links.emplace_back(trace - 1, (trace - 1) * 1000 + 1);
    for (int step = 0, steps = 1 + pick(5); step < steps; ++step) {
      const std::string agent = kAgents[pick(4)];
      const int invocation = ++next;
      const std::int64_t start = at;
      for (int call = 0, calls = 1 + pick(4); call < calls; ++call) {
        const bool bad = pick(8) == 0;
        Spec chat{trace, ++next, invocation, "chat m", at, at + 1 + pick(900)};
        chat.attributes = {
            attr("gen_ai.operation.name", "chat"),
            attr("gen_ai.request.model", pick(4) == 0 ? "unheard-of" : "gpt-4o-mini"),
            attr("gen_ai.usage.input_tokens", pick(500)),
            attr("gen_ai.usage.output_tokens", pick(200))};
        if (bad) chat.status = telemetry::StatusCode::kError;
        at = chat.end_ms;
        specs.push_back(chat);
        if (pick(2) == 0) continue;
        Spec tool{trace, ++next, invocation, "execute_tool search", at, at + pick(500)};
        tool.attributes = {
            attr("gen_ai.operation.name", "execute_tool"),
            attr("gen_ai.tool.name", pick(3) == 0 ? "search" : "compile"),
            attr("gen_ai.tool.call.arguments", "{\"q\": " + std::to_string(pick(2)) + "}")};
        if (pick(6) == 0) tool.status = telemetry::StatusCode::kError;
        at = tool.end_ms;
        specs.push_back(tool);
      }
      Spec run{trace, invocation, root, "invoke_agent " + agent, start, pick(12) == 0 ? -1 : at};
      run.attributes = {attr("gen_ai.operation.name", "invoke_agent"),
                        attr("gen_ai.agent.name", agent)};
      specs.push_back(run);
      if (pick(3) == 0) {
        Spec task{trace, ++next, root, "execute_task t", start, at};
        task.attributes = {attr("gen_ai.operation.name", "execute_task"),
                           attr("task.id", "t" + std::to_string(pick(6))),
                           attr("task.type", pick(2) == 0 ? "fix" : "test"),
                           attr("gen_ai.agent.name", agent),
                           attr("task.status", pick(3) == 0 ? "failed" : "completed"),
                           attr("task.quality", pick(2))};
        specs.push_back(task);
      }
      if (pick(4) == 0) {
        Spec conflict{
            trace, ++next, root, "conflict_resolution_merge", start, pick(4) == 0 ? -1 : at};
        conflict.attributes = {
            attr("conflict.id", "c" + std::to_string(trace) + "-" + std::to_string(step)),
            attr("conflict.type", "merge"), attr("conflict.agents", "planner," + agent)};
        if (conflict.end_ms >= 0)
          conflict.attributes.push_back(attr("conflict.resolved", pick(2) == 0 ? "true" : "false"));
        specs.push_back(conflict);
      }
      at += pick(200);
    }
    top.end_ms = pick(10) == 0 ? -1 : at;
    specs.push_back(top);
    // An earlier version of the root, as senders of open spans send it.
    if (pick(3) == 0) {
      Spec early = top;
      early.end_ms = -1;
      specs.push_back(early);
    }
    // A span that says nothing, and a trace of its own that says nothing.
    specs.push_back({trace, ++next, root, "GET /", begin, begin + 1});
    specs.push_back({trace + 100'000, ++next, 0, "GET /", begin, begin + 1});
  }
  return specs;
}

}  // namespace honeyguide::agents::test
