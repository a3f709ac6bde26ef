// Model calls, work, events.
#include <algorithm>
#include <cmath>
#include <map>

#include "agents/payload.h"
#include "agents/translate.h"
#include "base/strings.h"

namespace honeyguide::agents {
namespace {

using telemetry::Value;
using telemetry::ValueType;

std::int64_t micro_usd(const Value& value) {
  double usd = -1;
  if (value.type() == ValueType::kDouble) usd = value.as_double();
  if (value.type() == ValueType::kInt) usd = static_cast<double>(value.as_int());
  if (value.type() == ValueType::kString) usd = base::parse_double(value.text()).value_or(-1);
  if (!(usd >= 0) || usd > 1e9) return -1;
  return std::llround(usd * 1e6);
}

std::int64_t score_e6(const Value& value, bool* ok) {
  double score = 0;
  *ok = true;
  if (value.type() == ValueType::kDouble) {
    score = value.as_double();
  } else if (value.type() == ValueType::kInt) {
    score = static_cast<double>(value.as_int());
  } else if (value.type() == ValueType::kString) {
    const auto parsed = base::parse_double(value.text());
    *ok = parsed.has_value();
    score = parsed.value_or(0);
  } else {
    *ok = false;
  }
  if (!(std::abs(score) <= 1e9)) *ok = false;
  return *ok ? std::llround(score * 1e6) : 0;
}

Finish finish_of(std::string_view reason) {
  const std::string lower = base::to_lower(reason);
  const auto has = [&lower](std::string_view part) {
    return lower.find(part) != std::string::npos;
  };
  if (has("tool") || has("function_call")) return Finish::kToolCalls;
  if (has("stop") || has("end_turn") || has("complete")) return Finish::kStop;
  if (has("length") || has("max_tokens")) return Finish::kLength;
  return has("error") ? Finish::kError : Finish::kUnknown;
}

// Flattened tool calls: "llm.output_messages.0.message.tool_calls.1.tool_call.function.name" and
// "gen_ai.completion.0.tool_calls.1.name".
void read_flat_calls(const SpanView& view, SpanFact& fact) {
  std::map<std::string, PlannedCall> calls;  // by the part of the key that numbers the call
  for (const telemetry::Attribute& attribute : view.batch.attributes(view.span.attributes)) {
    const Conventions::Key& row = view.keys[attribute.key];
    if (row.rank != 0xffff || attribute.value.type() != ValueType::kString) continue;
    const std::string_view key = view.batch.key(attribute);
    const std::string_view text = attribute.value.text();
    if (row.field == Field::kInputMessages) {
      if (key.ends_with("tool_call_id") && fact.answered_calls.size() < 256) {
        fact.answered_calls.push_back(id_hash(text));
      }
      continue;
    }
    if (row.field != Field::kOutputMessages) continue;
    const std::size_t at = key.find(".tool_calls.");
    if (at == std::string_view::npos) {
      if (key.ends_with(".content") && !text.empty()) fact.has_final_text = true;
      if (key.ends_with(".finish_reason")) fact.finish = finish_of(text);
      continue;
    }
    const std::size_t end = key.find('.', at + 12);
    if (end == std::string_view::npos || calls.size() >= 64) continue;
    PlannedCall& call = calls[std::string(key.substr(0, end))];
    const std::string_view leaf = key.substr(end + 1);
    if (leaf.ends_with("name")) {
      call.name = text;
    } else if (leaf.ends_with("arguments")) {
      call.arguments_hash = content_hash(text);
      call.target = target_of_arguments(text);
    } else if (leaf.ends_with("id")) {
      call.call_id = id_hash(text);
    }
  }
  for (auto& [key, call] : calls) {
    if (!call.name.empty()) fact.calls.push_back(std::move(call));
  }
}

void fix_adk_counting(const SpanView& view, SpanFact& fact) {
  if (view.scope.find("gcp.vertex.agent") == std::string_view::npos) return;
  const TokenUsage usage = read_response_usage(view.fields.text(Field::kModelResponseJson));
  if (usage.total >= 0 && usage.input >= 0 && usage.output >= 0) {
    // The total tells whether reasoning lies inside the answer's tokens or beside them.
    const std::int64_t inside = usage.total - usage.input;
    if (inside >= 0) fact.output_tokens = inside;
    return;
  }
  // Models reached through LiteLLM are counted as OpenAI counts; the instrumentation adds the
  // reasoning tokens again.
  const std::string_view model = view.fields.text(Field::kModelRequest);
  const bool through_litellm = model.find('/') != std::string_view::npos &&
                               !model.starts_with("models/") && !model.starts_with("publishers/");
  if (through_litellm && fact.reasoning_tokens > 0 && fact.output_tokens >= fact.reasoning_tokens) {
    fact.litellm_counting = true;
    fact.output_tokens -= fact.reasoning_tokens;
  }
}

void read_choice_event(const SpanView& view, const telemetry::Event& event, SpanFact& fact) {
  const Value* message = view.batch.find(event.attributes, "message");
  if (message == nullptr) message = view.batch.find(event.attributes, "content");
  const Value* finish = view.batch.find(event.attributes, "finish_reason");
  if (fact.role == Role::kModelCall) {
    if (finish != nullptr) fact.finish = finish_of(value_text(*finish));
    if (message == nullptr) return;
    const std::string text = value_text(*message);
    read_planned_calls(text, fact.calls);
    if (const Value* calls = view.batch.find(event.attributes, "tool_calls")) {
      read_planned_calls(value_text(*calls), fact.calls);
    }
    if (has_text_answer(text)) fact.has_final_text = true;
  } else if (fact.role == Role::kTool && message != nullptr) {
    fact.result_hash = content_hash(value_text(*message));
  } else if (fact.role == Role::kAgent && finish != nullptr) {
    fact.finish = finish_of(value_text(*finish));
  }
}

}  // namespace

void translate_usage(const SpanView& view, SpanFact& fact) {
  const Recogniser::Fields& fields = view.fields;
  fact.input_tokens = fields.integer(Field::kInputTokens);
  fact.output_tokens = fields.integer(Field::kOutputTokens);
  fact.cached_tokens = fields.integer(Field::kCachedTokens);
  fact.reasoning_tokens = fields.integer(Field::kReasoningTokens);
  if (const Value* usage = fields.find(Field::kUsageJson); usage != nullptr) {
    const TokenUsage read = read_usage(value_text(*usage));
    if (fact.input_tokens < 0) fact.input_tokens = read.input;
    if (fact.output_tokens < 0) fact.output_tokens = read.output;
    if (fact.cached_tokens < 0) fact.cached_tokens = read.cached;
    if (fact.reasoning_tokens < 0) fact.reasoning_tokens = read.reasoning;
  }
  if (const Value* cost = fields.find(Field::kCost)) fact.cost_micro_usd = micro_usd(*cost);
  const Value* finish = fields.find(Field::kFinish);
  if (finish != nullptr) fact.finish = finish_of(value_text(*finish));
  if (fields.find(Field::kOutput) != nullptr && fact.role == Role::kAgent) {
    fact.has_final_text = !value_text(*fields.find(Field::kOutput)).empty();
  }
}

void translate_model_call(const SpanView& view, SpanFact& fact) {
  const Recogniser::Fields& fields = view.fields;
  translate_usage(view, fact);
  std::string_view model = fields.text(Field::kModelResponse);
  if (model.empty()) model = fields.text(Field::kModelRequest);
  fact.texts.set(Text::kModel, model);
  fact.response_id = id_hash(fields.text(Field::kResponseId));
  if (const Value* output = fields.find(Field::kOutputMessages)) {
    const std::string text = value_text(*output);
    read_planned_calls(text, fact.calls);
    if (fields.convention(Field::kOutputMessages) != Convention::kVercel) {
      fact.has_final_text = has_text_answer(text);
    }
  }
  if (fields.convention(Field::kOutput) == Convention::kVercel) {
    fact.has_final_text = !fields.text(Field::kOutput).empty();
  }
  if (fields.convention(Field::kOutput) == Convention::kMlflow) {
    const std::string_view output = fields.text(Field::kOutput);
    read_planned_calls(output, fact.calls);
    fact.has_final_text = has_text_answer(output);
  }
  read_planned_calls(fields.text(Field::kModelResponseJson), fact.calls);
  if (const Value* input = fields.find(Field::kInputMessages)) {
    Answers answers;
    read_answered_calls(value_text(*input), answers);
    fact.answered_calls = std::move(answers.answered);
    fact.failed_answers = std::move(answers.failed);
  }
  read_flat_calls(view, fact);
  fix_adk_counting(view, fact);
  if (!fact.calls.empty()) fact.finish = Finish::kToolCalls;
}

ScoreFact read_score(const telemetry::SpanBatch& batch, telemetry::Range attributes) {
  ScoreFact score;
  for (const std::string_view key : {"gen_ai.evaluation.name", "annotation.name"}) {
    if (const Value* name = batch.find(attributes, key)) score.name = value_text(*name);
  }
  for (const std::string_view key : {"gen_ai.evaluation.score.label", "annotation.label"}) {
    if (const Value* label = batch.find(attributes, key)) score.label = value_text(*label);
  }
  for (const std::string_view key : {"gen_ai.evaluation.score.value", "annotation.score"}) {
    if (const Value* value = batch.find(attributes, key)) {
      score.score_e6 = score_e6(*value, &score.has_score);
    }
  }
  return score;
}

bool read_communication(const telemetry::SpanBatch& batch, telemetry::Range attributes,
                        MessageFact& message) {
  const Value* sender = batch.find(attributes, "communication.sender");
  const Value* receiver = batch.find(attributes, "communication.receiver");
  if (sender == nullptr || receiver == nullptr) return false;
  message.from = value_text(*sender);
  message.to = value_text(*receiver);
  message.kind = "message";
  if (const Value* id = batch.find(attributes, "communication.message_id")) {
    message.id = id_hash(value_text(*id));
  }
  return !message.from.empty() && !message.to.empty();
}

void translate_work(const SpanView& view, SpanFact& fact) {
  const Recogniser::Fields& fields = view.fields;
  const auto copy = [&](Text tag, Field field) {
    if (const Value* value = fields.find(field)) fact.texts.set(tag, value_text(*value));
  };
  if (fact.role != Role::kStep) {
    copy(Text::kTaskId, Field::kTaskId);
    copy(Text::kTaskType, Field::kTaskType);
    copy(Text::kTaskStatus, Field::kTaskStatus);
  }
  copy(Text::kWorkflow, Field::kWorkflowName);
  copy(Text::kWorkflowId, Field::kWorkflowId);
  copy(Text::kSession, Field::kSession);
  copy(Text::kUser, Field::kUser);
  copy(Text::kDependencyOn, Field::kDependencyOn);
  copy(Text::kConflictId, Field::kConflictId);
  copy(Text::kConflictType, Field::kConflictType);
  copy(Text::kConflictMethod, Field::kConflictMethod);
  const auto copy_list = [&](Text tag, Field field) {
    const Value* value = fields.find(field);
    if (value == nullptr) return;
    std::string joined;
    for (const std::string& item : read_members(value_text(*value))) {
      if (!joined.empty()) joined += '\n';
      joined += item;
    }
    fact.texts.set(tag, joined);
  };
  copy_list(Text::kConflictAgents, Field::kConflictAgents);
  copy_list(Text::kWaitsFor, Field::kTaskWaitsFor);
  if (const Value* resolved = fields.find(Field::kConflictResolved)) {
    const std::string text = value_text(*resolved);
    fact.conflict_resolved = text == "true" || text == "1" || text == "True" ? 1 : 0;
  }
  fact.conflict_opened_at = std::max<std::int64_t>(0, fields.integer(Field::kConflictOpenedAt));
  if (const Value* quality = fields.find(Field::kQuality)) {
    ScoreFact score;
    score.name = "quality";
    score.score_e6 = score_e6(*quality, &score.has_score);
    if (score.has_score) fact.scores.push_back(std::move(score));
  }
  if (fact.role == Role::kWorkflow && fact.text(Text::kWorkflow).empty()) {
    std::string_view name = view.middle.empty() ? view.span.name : view.middle;
    for (const std::string_view prefix : {"invoke_workflow ", "invoke_", "workflow_"}) {
      if (name.size() > prefix.size() && name.starts_with(prefix)) {
        name = name.substr(prefix.size());
        break;
      }
    }
    fact.texts.set(Text::kWorkflow, name);
  }
}

void translate_events(const SpanView& view, SpanFact& fact) {
  for (const telemetry::Event& event : view.batch.events(view.span.events)) {
    if (event.name == "communication") {
      MessageFact message;
      message.time = event.time;
      if (read_communication(view.batch, event.attributes, message) && fact.messages.size() < 256) {
        fact.messages.push_back(std::move(message));
      }
    } else if (event.name == "gen_ai.evaluation.result") {
      if (fact.scores.size() < 64) fact.scores.push_back(read_score(view.batch, event.attributes));
    } else if (event.name == "gen_ai.choice") {
      read_choice_event(view, event, fact);
    } else if (event.name == "gen_ai.tool.message" && fact.role == Role::kTool) {
      const Value* content = view.batch.find(event.attributes, "content");
      if (content == nullptr) continue;
      const std::string text = value_text(*content);
      if (fact.arguments_hash == 0) fact.arguments_hash = content_hash(text);
      if (fact.text(Text::kTarget).empty()) {
        fact.texts.set(Text::kTarget, target_of_arguments(text));
      }
    }
  }
  if (fact.role == Role::kModelCall && !fact.calls.empty()) fact.finish = Finish::kToolCalls;
}

}  // namespace honeyguide::agents
