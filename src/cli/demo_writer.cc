#include "cli/demo_writer.h"

#include <algorithm>

#include "base/json_writer.h"

namespace honeyguide::cli {
namespace {

using telemetry::Value;

constexpr std::int64_t kMs = base::kNanosPerMilli;

// One message as the GenAI conventions write them: a list with its role and a text part.
std::string message_json(std::string_view role, std::string_view text) {
  base::JsonWriter json;
  json.begin_array().begin_object().field("role", role).key("parts").begin_array();
  json.begin_object().field("type", "text").field("content", text).end_object();
  json.end_array().end_object().end_array();
  return json.take();
}

}  // namespace

DemoWriter::DemoWriter(DemoRun& run, std::mt19937_64& random, Origin origin, base::UnixNanos start)
    : run_(run), random_(random), now_(start) {
  telemetry::SpanBatch& batch = run_.batch;
  const std::uint32_t begin = attribute_count();
  batch.add_attribute("service.name", Value::string(batch.own(origin.service)));
  batch.add_attribute("service.namespace", Value::string(batch.own(origin.team)));
  batch.add_attribute("service.version", Value::string(batch.own(origin.version)));
  resource_ = batch.add_resource({.attributes = {begin, attribute_count()}});
  scope_ = batch.add_scope({.name = batch.own("honeyguide.demo"), .version = "1"});
  for (auto& byte : trace_id_.bytes) byte = static_cast<std::uint8_t>(random_());
}

base::SpanId DemoWriter::new_id() {
  base::SpanId id;
  for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random_());
  return id;
}

void DemoWriter::span(const base::SpanId& id, const base::SpanId& parent, const std::string& agent,
                      const std::string& name, Times times, const Attributes& texts,
                      const Numbers& numbers, const char* error) {
  telemetry::SpanBatch& batch = run_.batch;
  telemetry::Span out;
  out.trace_id = trace_id_;
  out.span_id = id;
  out.parent_span_id = parent;
  out.name = batch.own(name);
  out.start = times.start;
  out.end = times.end;
  out.kind = telemetry::SpanKind::kInternal;
  out.resource = resource_;
  out.scope = scope_;
  const std::uint32_t begin = attribute_count();
  for (const auto& [key, value] : texts) batch.add_attribute(key, Value::string(batch.own(value)));
  for (const auto& [key, value] : numbers) batch.add_attribute(key, Value::integer(value));
  if (error != nullptr) {
    batch.add_attribute("error.type", Value::string(batch.own(error)));
    out.status = telemetry::StatusCode::kError;
    out.status_message = batch.own(error);
  }
  out.attributes = {begin, attribute_count()};
  batch.add_span(out);
  run_.agents.push_back(agent);
  run_.end = std::max(run_.end, times.end);
}

void DemoWriter::add_score(const char* key, double value) {
  run_.batch.add_attribute(key, Value::real(value));
  run_.batch.mutable_spans().back().attributes.end = attribute_count();
}

void DemoWriter::chat(const base::SpanId& parent, const Chat& chat) {
  const base::UnixNanos start = now_;
  pass(between(400, 2500) * kMs);
  span(new_id(), parent, chat.agent, "chat " + chat.model, {start, now_},
       {{"gen_ai.operation.name", "chat"},
        {"gen_ai.request.model", chat.model},
        {"gen_ai.provider.name", "openai"},
        {"gen_ai.agent.name", chat.agent},
        {"gen_ai.input.messages", message_json("user", chat.asked)},
        {"gen_ai.output.messages", message_json("assistant", chat.answered)}},
       {{"gen_ai.usage.input_tokens", between(400, 3000) * chat.context},
        {"gen_ai.usage.output_tokens", between(50, 600)}});
}

void DemoWriter::tool(const base::SpanId& parent, const Tool& tool) {
  const base::UnixNanos start = now_;
  pass(tool.lasts_ns);
  span(new_id(), parent, tool.agent, "execute_tool " + tool.name, {start, now_},
       {{"gen_ai.operation.name", "execute_tool"},
        {"gen_ai.tool.name", tool.name},
        {"gen_ai.agent.name", tool.agent},
        {"gen_ai.tool.call.arguments", tool.arguments},
        {"gen_ai.tool.call.result", tool.result}},
       {}, tool.failed ? "ToolError" : nullptr);
}

void DemoWriter::handoff(const base::SpanId& parent, const std::string& from,
                         const std::string& to) {
  const base::UnixNanos start = now_;
  pass(between(20, 400) * kMs);
  span(new_id(), parent, from, "handoff " + from + " to " + to, {start, now_},
       {{"honeyguide.kind", "handoff"}, {"handoff.from", from}, {"handoff.to", to}});
}

}  // namespace honeyguide::cli
