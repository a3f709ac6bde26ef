#include "agents/recogniser.h"

#include <algorithm>
#include <cmath>

#include "agents/translate.h"
#include "base/hash.h"
#include "base/strings.h"

namespace honeyguide::agents {
namespace {

using telemetry::Span;
using telemetry::Value;
using telemetry::ValueType;

// Fields whose mere presence makes a span worth a closer look. Common keys such as session.id or
// error.type are not enough.
bool speaks(Field field) {
  if (field >= Field::kOwnKind && field <= Field::kRequestType) return true;
  switch (field) {
    case Field::kAgentName:
    case Field::kAgentId:
    case Field::kNodeId:
    case Field::kFunctionId:
    case Field::kModelRequest:
    case Field::kModelResponse:
    case Field::kInputTokens:
    case Field::kToolName:
    case Field::kTaskId:
    case Field::kWorkflowId:
    case Field::kWorkflowName:
    case Field::kHandoffFrom:
    case Field::kHandoffTo:
    case Field::kSender:
    case Field::kMessage:
    case Field::kDependencyOn:
    case Field::kConflictId:
    case Field::kMetadata:
    case Field::kGraphNode:
    case Field::kGraphPath:
    case Field::kMembers:
      return true;
    default:
      return false;
  }
}

static_assert(static_cast<int>(Field::kRequestType) < 16, "discriminators index rules_seen_");
// Values of one discriminator that a batch's recogniser remembers.
constexpr std::size_t kRulesSeenMax = 256;

// Events that carry facts on spans that say nothing else.
bool is_fact_event(std::string_view name) {
  return name == "communication" || name.starts_with("gen_ai.") || name.starts_with("task_") ||
         name.starts_with("conflict");
}

// What the keys alone make of a span without any discriminator.
Role role_of_keys(const Recogniser::Fields& fields, const Span& span) {
  if (fields.find(Field::kConflictId) != nullptr && fields.find(Field::kTaskId) == nullptr) {
    return Role::kConflict;
  }
  if (fields.find(Field::kDependencyOn) != nullptr) return Role::kDependency;
  if (fields.find(Field::kSender) != nullptr) return Role::kMessage;
  if (fields.find(Field::kHandoffTo) != nullptr) return Role::kHandoff;
  if (fields.find(Field::kTaskId) != nullptr &&
      fields.convention(Field::kTaskId) != Convention::kCrewAi) {
    return Role::kTask;
  }
  if (fields.find(Field::kToolName) != nullptr && fields.find(Field::kModelRequest) == nullptr) {
    return Role::kTool;
  }
  // A client's request with a model and an answer, as old instrumentations send it.
  if (span.kind == telemetry::SpanKind::kClient && fields.find(Field::kInputTokens) != nullptr &&
      (fields.find(Field::kResponseId) != nullptr ||
       fields.find(Field::kModelResponse) != nullptr)) {
    return Role::kModelCall;
  }
  return Role::kNone;
}

}  // namespace

std::string_view Recogniser::Fields::text(Field field) const {
  const Value* value = find(field);
  if (value == nullptr || value->type() != ValueType::kString) return {};
  std::string_view text = value->text();
  // MLflow writes every value as JSON: a text stands in quotes.
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  if (quoted && convention(field) == Convention::kMlflow) {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

std::int64_t Recogniser::Fields::integer(Field field) const {
  const Value* value = find(field);
  if (value == nullptr) return -1;
  switch (value->type()) {
    case ValueType::kInt:
      return value->as_int();
    case ValueType::kDouble: {
      const double number = value->as_double();
      return number >= 0 && number < 9e18 ? static_cast<std::int64_t>(std::llround(number)) : -1;
    }
    case ValueType::kString:
      return base::parse_int64(base::trim(value->text())).value_or(-1);
    default:
      return -1;
  }
}

Recogniser::Recogniser(const Conventions& conventions, const telemetry::SpanBatch& batch)
    : conventions_(conventions), batch_(batch) {
  keys_.reserve(batch.keys().size());
  for (const std::string_view key : batch.keys()) {
    keys_.push_back(conventions.key(key));
    speaks_.push_back(speaks(keys_.back().field) ? 1 : 0);
    if (speaks_.back() != 0) silent_ = false;
  }
  for (const telemetry::Scope& scope : batch.scopes()) {
    const auto rows = builtin_names();
    const bool named = std::any_of(rows.begin(), rows.end(), [&scope](const NameRow& row) {
      return scope.name.find(row.scope) != std::string_view::npos;
    });
    named_scope_.push_back(named ? 1 : 0);
    if (named) silent_ = false;
  }
  if (silent_) {
    silent_ = std::none_of(batch.spans().begin(), batch.spans().end(), [&](const Span& span) {
      const auto events = batch.events(span.events);
      return std::any_of(events.begin(), events.end(),
                         [](const telemetry::Event& event) { return is_fact_event(event.name); });
    });
  }
}

bool Recogniser::may_speak(const Span& span) const {
  if (span.scope < named_scope_.size() && named_scope_[span.scope] != 0) return true;
  for (const telemetry::Attribute& attribute : batch_.attributes(span.attributes)) {
    if (speaks_[attribute.key] != 0) return true;
  }
  for (const telemetry::Event& event : batch_.events(span.events)) {
    if (is_fact_event(event.name)) return true;
  }
  return false;
}

void Recogniser::collect(telemetry::Range attributes, Fields& fields) const {
  for (const telemetry::Attribute& attribute : batch_.attributes(attributes)) {
    const Conventions::Key& key = keys_[attribute.key];
    if (key.field == Field::kNoField || key.rank == 0xffff) continue;
    const auto index = static_cast<std::size_t>(key.field);
    if (fields.values[index] != nullptr && fields.keys[index].rank <= key.rank) continue;
    if (attribute.value.type() == ValueType::kEmpty) continue;
    fields.values[index] = &attribute.value;
    fields.keys[index] = key;
  }
}

std::uint16_t Recogniser::rule_for(const Span& span, const Fields& fields,
                                   std::string_view* middle) const {
  for (auto field = Field::kOwnKind; field <= Field::kRequestType;
       field = static_cast<Field>(static_cast<int>(field) + 1)) {
    const std::string_view value = fields.text(field);
    if (value.empty()) continue;
    auto& seen = rules_seen_[static_cast<std::size_t>(field)];
    const auto found = seen.find(value);
    if (found != seen.end()) {
      if (found->second != 0) return found->second;
      continue;
    }
    const std::uint16_t rule = conventions_.rule_of(field, value);
    if (seen.size() < kRulesSeenMax) seen.emplace(value, rule);
    if (rule != 0) return rule;
  }
  const std::string_view scope =
      span.scope < batch_.scopes().size() ? batch_.scopes()[span.scope].name : std::string_view();
  if (span.scope < named_scope_.size() && named_scope_[span.scope] != 0) {
    return conventions_.rule_of_name(scope, span.name, middle);
  }
  return 0;
}

void Recogniser::fill_common(const Span& span, SpanFact& fact) const {
  fact.trace_id = span.trace_id;
  fact.span_id = span.span_id;
  fact.parent_id = span.parent_span_id;
  fact.start = span.start;
  fact.end = span.end;
  fact.attribute_count = span.attributes.size();
  fact.status = span.status;
  fact.kind = span.kind;
  fact.texts.set(Text::kSpanName, span.name);
  fact.texts.set(Text::kService, batch_.service_name(span));
  for (const telemetry::Link& link : batch_.links(span.links)) {
    if (link.trace_id != span.trace_id && fact.links.size() < 32) {
      fact.links.push_back({link.trace_id, link.span_id});
    }
  }
}

SpanFact Recogniser::skeleton(const Span& span) const {
  SpanFact fact;
  fill_common(span, fact);
  fact.content = telemetry::span_content_hash(batch_, span);
  fact.error = span.status == telemetry::StatusCode::kError;
  return fact;
}

bool Recogniser::recognise(const Span& span, SpanFact& fact) const {
  if (silent_ || !may_speak(span)) return false;
  Fields fields;
  if (span.resource < batch_.resources().size()) {
    collect(batch_.resources()[span.resource].attributes, fields);
  }
  collect(span.attributes, fields);
  SpanView view{batch_, span, fields, keys_, {}, {}};
  if (span.scope < batch_.scopes().size()) view.scope = batch_.scopes()[span.scope].name;

  fact = SpanFact{};
  fact.rule = rule_for(span, fields, &view.middle);
  const Conventions::Rule& rule = conventions_.rules()[fact.rule];
  fact.role = rule.role;
  fact.convention = rule.convention;
  fact.confidence_percent = rule.confidence_percent;
  if (fact.rule == 0) {
    fact.role = role_of_keys(fields, span);
    fact.convention = fact.role == Role::kNone ? Convention::kNone : Convention::kOwn;
    fact.confidence_percent = fact.role == Role::kNone ? 0 : 80;
  }
  fill_common(span, fact);
  fact.content = telemetry::span_content_hash(batch_, span);
  translate_errors(view, fact);
  translate_identity(view, fact);
  if (fact.role == Role::kModelCall || fact.role == Role::kModelWrapper) {
    translate_model_call(view, fact);
  } else {
    translate_usage(view, fact);
  }
  if (fact.role == Role::kTool) translate_tool(view, fact);
  translate_communication(view, fact);
  translate_work(view, fact);
  translate_events(view, fact);
  fact.speaks = fact.role != Role::kNone || fact.input_tokens >= 0 || !fact.messages.empty() ||
                !fact.scores.empty() || !fact.text(Text::kAgent).empty() ||
                !fact.text(Text::kNodePath).empty() || !fact.text(Text::kConflictId).empty();
  return fact.speaks;
}

std::vector<EventFact> recognise_logs(const Conventions&, const telemetry::LogBatch& logs) {
  std::vector<EventFact> facts;
  for (const telemetry::LogRecord& record : logs.records) {
    if (!record.trace_id.valid() || !record.span_id.valid()) continue;
    EventFact fact;
    fact.trace_id = record.trace_id;
    fact.span_id = record.span_id;
    if (record.event_name == "gen_ai.evaluation.result") {
      fact.scores.push_back(read_score(logs.context, record.attributes));
    } else if (record.event_name == "communication") {
      MessageFact message;
      message.time = record.effective_time();
      if (!read_communication(logs.context, record.attributes, message)) continue;
      fact.messages.push_back(std::move(message));
    } else {
      continue;
    }
    std::string identity(record.event_name);
    identity += std::to_string(record.effective_time());
    for (const telemetry::Attribute& attribute : logs.context.attributes(record.attributes)) {
      identity += logs.context.key(attribute);
      telemetry::append_text(identity, attribute.value, true);
    }
    fact.id = base::hash64(identity);
    facts.push_back(std::move(fact));
  }
  return facts;
}

}  // namespace honeyguide::agents
