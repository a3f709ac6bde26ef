// One span in full, and a trace as a text to read.
#include <algorithm>
#include <cstdio>

#include "agents/content.h"
#include "agents/payload.h"
#include "engine/conversation.h"
#include "otlp/encode.h"
#include "server/api_trace_view.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using engine::TraceView;
using engine::ViewSpan;

// Bytes of a text without full=1.
constexpr std::size_t kTextBytesMax = 2048;
constexpr std::size_t kTurnsPerPageMax = 200;

// The longest prefix of at most `bytes` that ends between characters.
std::string_view cut_text(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  std::size_t end = bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

void write_payload(JsonWriter& json, std::string_view name, const std::string& text, bool full) {
  json.key(name);
  if (text.empty()) {
    json.null();
    return;
  }
  const std::uint64_t hash = agents::content_hash(text);
  char hex[9];
  std::snprintf(hex, sizeof hex, "%08x", static_cast<std::uint32_t>(hash ^ (hash >> 32)));
  json.begin_object().field("text", full ? std::string_view(text) : cut_text(text, kTextBytesMax));
  json.field("bytes", text.size()).field("hash", std::string_view(hex)).end_object();
}

// A message as one text: words, then what it calls.
std::string message_text(const agents::ChatMessage& message) {
  std::string out = message.text;
  for (const agents::ToolUse& call : message.calls) {
    if (!out.empty()) out += '\n';
    out += "→ " + call.name + "(" + call.arguments + ")";
  }
  for (const agents::MediaPart& media : message.media) {
    if (!out.empty()) out += '\n';
    out += "[" + media.type + "]";
  }
  return out;
}

// Equal calls of the same agent before this one in the trace.
std::optional<std::int64_t> same_before(const TraceView& view, int row) {
  const ViewSpan& span = view.spans[row];
  if (span.category != engine::SpanCategory::kToolCall || span.arguments_hash == 0) {
    return std::nullopt;
  }
  const auto tool = view.facts[span.fact].text(agents::Text::kTool);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < view.spans.size(); ++i) {
    const ViewSpan& other = view.spans[i];
    const bool equal = other.category == span.category && other.agent == span.agent &&
                       other.arguments_hash == span.arguments_hash &&
                       view.facts[other.fact].text(agents::Text::kTool) == tool;
    if (equal && view.span(static_cast<int>(i)).start < view.span(row).start) ++count;
  }
  return count;
}

void write_derived(JsonWriter& json, const AgentRouteDeps& deps, const TraceView& view, int row,
                   const SlotOf& slots) {
  const ViewSpan& span = view.spans[row];
  const agents::SpanFact& fact = view.facts[span.fact];
  const std::int64_t duration = view.tree.spans()[span.tree].duration_ns();
  std::int64_t critical = 0;
  for (const engine::PathStretch& stretch : view.critical_path) {
    if (stretch.span == row) critical += stretch.end - stretch.start;
  }
  json.key("derived").begin_object().field("kind", static_cast<int>(span.category));
  write_agent_at(json, "agent", view, span.agent, slots);
  json.field("self_ms", static_cast<double>(span.self_ns) / 1e6).key("critical_ratio");
  if (duration > 0) {
    json.value(static_cast<double>(critical) / static_cast<double>(duration));
  } else {
    json.null();
  }
  write_text(json, "model", fact.text(agents::Text::kModel));
  json.key("tokens_input");
  write_count_or_null(json, fact.input_tokens);
  json.key("tokens_output");
  write_count_or_null(json, fact.output_tokens);
  json.key("cost_usd");
  write_micro_usd(json, span.cost_micro_usd);
  json.key("first_chunk_ms");
  if (span.first_chunk_ns < 0) {
    json.null();
  } else {
    json.value(static_cast<double>(span.first_chunk_ns) / 1e6);
  }
  const auto same = same_before(view, row);
  json.key("same_as_before");
  write_count_or_null(json, same.value_or(-1));
  const auto& rules = deps.engine.analytics().conventions().rules();
  write_text(json, "recognised_by", fact.rule == 0 ? "" : rules[fact.rule].id);
  json.end_object();
}

void write_evaluations(JsonWriter& json, const agents::SpanFact& fact) {
  json.key("evaluations").begin_array();
  for (const agents::ScoreFact& score : fact.scores) {
    json.begin_object().field("name", score.name).key("score");
    if (score.has_score) {
      json.value(static_cast<double>(score.score_e6) / 1e6);
    } else {
      json.null();
    }
    write_text(json, "label", score.label);
    json.key("explanation").null().end_object();
  }
  json.end_array();
}

std::string span_json(const AgentRouteDeps& deps, const TraceView& view, int row, bool full,
                      const SlotOf& slots) {
  const telemetry::SpanBatch& batch = view.batch(row);
  const telemetry::Span& span = view.span(row);
  const telemetry::Scope& scope = batch.scopes()[span.scope];
  JsonWriter json;
  json.begin_object().key("resource").begin_object().key("attributes");
  otlp::write_attributes(json, batch, batch.resources()[span.resource].attributes);
  json.end_object().key("scope").begin_object().field("name", scope.name);
  json.field("version", scope.version).end_object().key("span");
  otlp::write_span(json, batch, span);
  write_derived(json, deps, view, row, slots);
  const engine::SpanCategory category = view.spans[row].category;
  const bool tool = category == engine::SpanCategory::kToolCall;
  const agents::SpanContent content =
      agents::span_content(deps.engine.analytics().conventions(), batch, span, tool);
  write_payload(json, "arguments", content.arguments, full);
  write_payload(json, "result", content.result, full);
  json.key("messages").begin_array();
  for (const auto* messages : {&content.input, &content.output}) {
    for (const agents::ChatMessage& message : *messages) {
      const std::string text = message_text(message);
      json.begin_object().field("role", message.role);
      json.field("text", full ? std::string_view(text) : cut_text(text, kTextBytesMax));
      json.field("bytes", text.size()).end_object();
    }
  }
  json.end_array();
  write_evaluations(json, view.facts[view.spans[row].fact]);
  const bool speaks = tool || category == engine::SpanCategory::kModelCall;
  write_text(json, "content_missing",
             speaks && content.empty() ? "content not recorded (metadata only)" : "");
  json.end_object();
  return json.take();
}

Result<net::HttpResponse> span_document(const AgentRouteDeps& deps, const ApiRequest& request) {
  const std::string& text = request.path_param("span_id");
  const auto span_id = base::SpanId::from_hex(text);
  if (!span_id) {
    return Error{ErrorCode::kInvalidArgument,
                 "'" + text.substr(0, 60) + "' is no span id; it has 16 hex digits"};
  }
  HG_ASSIGN_OR_RETURN(const std::int64_t full, int_param(request, "full", 0, 0, 1));
  return with_view(deps, request, [&](const TraceView& view) -> Result<net::HttpResponse> {
    int row = view.find(view.trace_ids.front(), *span_id);
    for (const base::TraceId& id : view.trace_ids) {
      if (row < 0) row = view.find(id, *span_id);
    }
    if (row < 0) {
      return Error{ErrorCode::kNotFound, "the trace has no span " + span_id->to_hex()};
    }
    return json_response(span_json(deps, view, row, full == 1, deps.slot_of(request.tenant)));
  });
}

void write_turn_tool(JsonWriter& json, const engine::Turn& turn) {
  json.key("tool");
  if (turn.kind != engine::Turn::Kind::kTool) {
    json.null();
    return;
  }
  json.begin_object().field("name", turn.tool);
  write_text(json, "arguments", cut_text(turn.arguments, kTextBytesMax));
  write_text(json, "result", cut_text(turn.result, kTextBytesMax));
  write_text(json, "error", turn.error);
  json.field("same_as_before", turn.same_as_before).end_object();
}

void write_turn_fold(JsonWriter& json, const engine::Turn& turn) {
  json.key("fold");
  if (turn.kind != engine::Turn::Kind::kFold) {
    json.null();
    return;
  }
  json.begin_object().field("count", turn.fold_count).field("from", turn.number);
  json.field("to", turn.number + turn.fold_count - 1).key("cost_usd");
  write_micro_usd(json, turn.cost_micro_usd);
  json.end_object();
}

void write_turn(JsonWriter& json, const TraceView& view, const engine::Turn& turn,
                const SlotOf& slots) {
  using Kind = engine::Turn::Kind;
  static constexpr std::string_view kKinds[] = {"message", "tool", "handoff", "fold"};
  std::string text = message_text(turn.message);
  if (turn.kind == Kind::kFold) {
    text = std::to_string(turn.fold_count) + " identical turns (" + std::to_string(turn.number) +
           "–" + std::to_string(turn.number + turn.fold_count - 1) + ")";
  }
  json.begin_object().field("turn", turn.number);
  json.field("kind", kKinds[static_cast<int>(turn.kind)]);
  write_text(json, "role", turn.message.role);
  // What a user or an instruction says is not the agent's.
  const bool asked = turn.message.role == "user" || turn.message.role == "system";
  write_agent_at(json, "agent", view, asked ? -1 : turn.agent, slots);
  json.key("at_unix_ns").value_as_string(turn.time);
  write_text(json, "span_id", turn.span < 0 ? "" : view.span(turn.span).span_id.to_hex());
  write_text(json, "text", cut_text(text, kTextBytesMax));
  json.field("bytes", text.size());
  write_text(json, "reasoning", cut_text(turn.message.reasoning, kTextBytesMax));
  write_turn_tool(json, turn);
  write_agent_at(json, "handoff_to", view, turn.handoff_to, slots);
  write_turn_fold(json, turn);
  json.key("media").begin_array();
  for (const agents::MediaPart& media : turn.message.media) {
    json.begin_object().field("type", media.type).key("bytes");
    write_count_or_null(json, media.size_bytes ? static_cast<std::int64_t>(*media.size_bytes) : -1);
    json.end_object();
  }
  json.end_array();
  write_text(json, "content_missing",
             turn.has_content ? "" : "content not recorded (metadata only)");
  write_text(json, "model", turn.model);
  json.key("tokens");
  write_count_or_null(json, turn.tokens);
  json.key("cost_usd");
  write_micro_usd(json, turn.cost_micro_usd);
  json.field("duration_ms", static_cast<double>(turn.duration_ns) / 1e6).end_object();
}

Result<net::HttpResponse> conversation(const AgentRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const Page page, page_param(request, 100, kTurnsPerPageMax));
  return with_view(deps, request, [&](const TraceView& view) -> Result<net::HttpResponse> {
    const engine::Conversation read =
        engine::conversation_of(view, deps.engine.analytics().conventions());
    const SlotOf slots = deps.slot_of(request.tenant);
    JsonWriter json;
    json.begin_object().key("items").begin_array();
    for (std::size_t i = page.offset; i < std::min(read.turns.size(), page.offset + page.limit);
         ++i) {
      write_turn(json, view, read.turns[i], slots);
    }
    json.end_array();
    write_total(json, read.turns.size(), !read.cut);
    write_next_cursor(json, page, read.turns.size());
    write_partial_reason(json, read.cut ? store::Partial::kRows : view.partial);
    json.end_object();
    return json_response(json.take());
  });
}

}  // namespace

void add_trace_text_routes(RouteTable& routes, const AgentRouteDeps& deps) {
  const auto add = [&](const char* pattern, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/v1/traces/{trace_id}/spans/{span_id}", span_document);
  add("/api/v1/traces/{trace_id}/conversation", conversation);
}

}  // namespace honeyguide::server
