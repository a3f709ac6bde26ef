// The translators: what a convention says beyond what the tables can tell. Each reads one span's
// fields and completes its fact. Internal to the module.
#pragma once

#include <string_view>

#include "agents/recogniser.h"

namespace honeyguide::agents {

struct SpanView {
  const telemetry::SpanBatch& batch;
  const telemetry::Span& span;
  const Recogniser::Fields& fields;
  const std::vector<Conventions::Key>& keys;
  std::string_view scope;
  std::string_view middle;  // what the wildcard of a name rule matched
};

// Status, exceptions, error.type: failure, limit or mere control flow.
void translate_errors(const SpanView& view, SpanFact& fact);
// Who: name, id, team, members, graph place.
void translate_identity(const SpanView& view, SpanFact& fact);
// Model calls: model, tokens, cost, finish, planned and answered tool calls.
void translate_model_call(const SpanView& view, SpanFact& fact);
// Tokens and cost alone: agents and workflows repeat those of their calls.
void translate_usage(const SpanView& view, SpanFact& fact);
// Tools: name, arguments, result.
void translate_tool(const SpanView& view, SpanFact& fact);
// Hand-offs, messages, selections.
void translate_communication(const SpanView& view, SpanFact& fact);
// Tasks, workflows, sessions, conflicts, dependencies, scores.
void translate_work(const SpanView& view, SpanFact& fact);
// Span events: messages, scores, message events of the older conventions.
void translate_events(const SpanView& view, SpanFact& fact);

// "invoke_agent x", "x.run", "agent_run [x]": the agent's name within a span's name.
std::string_view agent_in_span_name(std::string_view span_name);
// An id without the UUIDs that some runtimes append to names.
std::string_view without_uuid(std::string_view id);
// Text as a sender may have sent it: strings as they are, other types in their canonical form.
std::string value_text(const telemetry::Value& value);

ScoreFact read_score(const telemetry::SpanBatch& batch, telemetry::Range attributes);
bool read_communication(const telemetry::SpanBatch& batch, telemetry::Range attributes,
                        MessageFact& message);

}  // namespace honeyguide::agents
