// Errors, identity, tools, communication.
#include "agents/translate.h"

#include <algorithm>
#include <iterator>

#include "agents/payload.h"
#include "base/strings.h"

namespace honeyguide::agents {
namespace {

using telemetry::StatusCode;
using telemetry::Value;
using telemetry::ValueType;

std::string_view attribute_text(const telemetry::SpanBatch& batch, telemetry::Range attributes,
                                std::string_view key) {
  const Value* value = batch.find(attributes, key);
  return value != nullptr && value->type() == ValueType::kString ? value->text()
                                                                 : std::string_view();
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

// Position of the first UUID in `text`, npos if none.
std::size_t find_uuid(std::string_view text) {
  for (std::size_t at = 0; at + 36 <= text.size(); ++at) {
    bool matches = true;
    for (std::size_t i = 0; i < 36 && matches; ++i) {
      const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
      matches = dash ? text[at + i] == '-' : is_hex(text[at + i]);
    }
    if (matches) return at;
  }
  return std::string_view::npos;
}

// 'current_agent_name='researcher'' in a Python repr.
std::string_view quoted_after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  std::string_view rest = text.substr(at + mark.size());
  if (rest.empty() || (rest.front() != '\'' && rest.front() != '"')) return {};
  const std::size_t end = rest.find(rest.front(), 1);
  return end == std::string_view::npos ? std::string_view() : rest.substr(1, end - 1);
}

std::string_view name_of_agent(const SpanView& view, const SpanFact& fact) {
  const Recogniser::Fields& fields = view.fields;
  if (fields.convention(Field::kAgentId) == Convention::kOwn) return fields.text(Field::kAgentId);
  for (const Field field : {Field::kAgentName, Field::kGraphAgent, Field::kFunctionId}) {
    const std::string_view text = fields.text(field);
    if (!text.empty()) return text;
  }
  if (fact.role == Role::kAgent || fact.role == Role::kCreateAgent) {
    if (const std::string_view node = fields.text(Field::kNodeId); !node.empty()) return node;
    if (const std::string_view id = fields.text(Field::kAgentId); !id.empty()) {
      const std::string_view name = without_uuid(id);
      return name.empty() ? id : name;  // an id is better than nothing
    }
    if (fact.convention == Convention::kOpenLlmetry || fact.convention == Convention::kAgentOps) {
      const std::string_view entity = fields.text(Field::kEntityName);
      if (!entity.empty()) return agent_in_span_name(entity);
    }
    if (!view.middle.empty()) return view.middle;
    if (fact.convention == Convention::kVercel) return {};  // its span names are all the same
    return agent_in_span_name(view.span.name);
  }
  return {};
}

// LangGraph: the place in the graph, whichever instrumentation tells it.
void translate_graph(const SpanView& view, SpanFact& fact) {
  GraphPlace place;
  place.path = graph_path_of_namespace(view.fields.text(Field::kGraphPath));
  if (place.path.empty()) place.path = view.fields.text(Field::kGraphNode);
  const std::string_view metadata = view.fields.text(Field::kMetadata);
  if (place.path.empty() && !metadata.empty()) {
    place = graph_place_of_metadata(metadata);
    if (metadata.find("\"ls_integration\"") != std::string_view::npos) {
      fact.texts.set(Text::kFramework, "langgraph");
    }
  }
  if (place.path.empty()) return;
  fact.texts.set(Text::kFramework, "langgraph");
  fact.texts.set(Text::kNodePath, place.path);
  if (!place.agent.empty()) fact.texts.set(Text::kAgent, place.agent);
  if (fact.role == Role::kTool && !place.destination.empty()) {
    fact.texts.set(Text::kTarget, place.destination);
  }
  // Any node whose name holds "agent" is called AGENT there; who is one the run decides.
  if (fact.role == Role::kAgent) fact.role = Role::kStep;
}

std::string_view framework_of(const SpanView& view, Convention convention) {
  struct Row {
    std::string_view scope;
    std::string_view framework;
  };
  static constexpr Row kScopes[] = {{"autogen", "autogen"},
                                    {"instrumentation.ag2", "ag2"},
                                    {"crewai", "crewai"},
                                    {"gcp.vertex.agent", "google-adk"},
                                    {"google_adk", "google-adk"},
                                    {"google-adk", "google-adk"},
                                    {"strands", "strands"},
                                    {"pydantic-ai", "pydantic-ai"},
                                    {"smolagents", "smolagents"},
                                    {"openai_agents", "openai-agents"},
                                    {"openai-agents", "openai-agents"},
                                    {"langchain", "langchain"},
                                    {"langgraph", "langgraph"},
                                    {"llama_index", "llamaindex"},
                                    {"llama-index", "llamaindex"},
                                    {"llamaindex", "llamaindex"},
                                    {"agent_framework", "agent-framework"},
                                    {"agno", "agno"},
                                    {"mastra", "mastra"},
                                    {"beeai", "beeai"},
                                    {"haystack", "haystack"},
                                    {"claude_agent", "claude-agent"}};
  for (const Row& row : kScopes) {
    if (view.scope.find(row.scope) != std::string_view::npos) return row.framework;
  }
  if (convention == Convention::kVercel || view.scope == "ai") return "vercel-ai";
  if (convention == Convention::kOwn) return "honeyguide";
  return {};
}

// OpenLIT names a graph's inner node after the node; the agent's name stands at its last answer, in
// the Python repr of the messages that the node gave: "… name='critic' id='lc_run-…'".
std::string_view agent_in_answers(std::string_view output) {
  constexpr std::string_view kAnswerId = "' id='lc_";
  const std::size_t end = output.rfind(kAnswerId);
  if (end == std::string_view::npos) return {};
  constexpr std::string_view kName = " name='";
  const std::size_t begin = output.rfind(kName, end);
  if (begin == std::string_view::npos) return {};
  const std::string_view name = output.substr(begin + kName.size(), end - begin - kName.size());
  return name.size() <= 128 && name.find('\'') == std::string_view::npos ? name
                                                                         : std::string_view();
}

// Where a scope's words mean something else than the tables say.
void adjust_role(const SpanView& view, SpanFact& fact, std::string& agent) {
  const Recogniser::Fields& fields = view.fields;
  // LlamaIndex names the agent only in the repr of a step's input.
  if (view.scope.find("llama") != std::string_view::npos && fact.role != Role::kModelCall &&
      fact.role != Role::kTool) {
    const std::string_view named =
        quoted_after(fields.text(Field::kInput).substr(0, 65536), "current_agent_name=");
    if (!named.empty()) {
      agent = named;
      // Of the steps of a turn only this one is the agent at work.
      fact.role = view.span.name.ends_with("run_agent_step") ? Role::kAgent : Role::kStep;
      fact.convention = Convention::kLlamaIndex;
      fact.confidence_percent = 70;
    } else if (fact.role == Role::kAgent) {
      fact.role = Role::kStep;
    }
  }
  if (fact.role == Role::kAgent && is_helper_node(agent) &&
      view.scope.find("lang") != std::string_view::npos) {
    const std::string_view named = agent_in_answers(
        attribute_text(view.batch, view.span.attributes, "gen_ai.workflow.output"));
    if (!named.empty()) agent = named;
  }
  if (fact.convention == Convention::kVercel && fact.role == Role::kAgent && agent.empty()) {
    fact.role = Role::kStep;  // a plain model call, nobody's
  }
  if (fact.role == Role::kAgent && fact.convention == Convention::kOpenInference &&
      view.scope.find("langchain") != std::string_view::npos && is_helper_node(view.span.name)) {
    fact.role = Role::kStep;
  }
  // Gathering the arguments of a request is none.
  if (fact.role == Role::kModelCall && view.span.name.find("._prepare") != std::string_view::npos) {
    fact.role = Role::kStep;
  }
  // BeeAI sends each of an agent's events as a span of its own.
  if (fact.role == Role::kAgent && view.scope.find("beeai") != std::string_view::npos &&
      view.span.name.starts_with("agent.")) {
    fact.role = Role::kStep;
    agent.clear();
  }
  // Before crews' agents had node ids, only the task's result named them.
  if (fact.role == Role::kAgent && agent == "Task" &&
      view.scope.find("crewai") != std::string_view::npos) {
    agent = base::trim(json_text(fields.text(Field::kOutput), "agent"));
  }
  // A crew's tasks are tasks; elsewhere the kind stands on every decorated function.
  if (fact.role == Role::kStep && view.scope.find("crewai") != std::string_view::npos &&
      view.fields.text(Field::kTraceloopKind) == "task") {
    fact.role = Role::kTask;
  }
  // LangChain's instrumentation calls every step of a chain or graph a task.
  if (fact.role == Role::kTask && view.scope.find("langchain") != std::string_view::npos) {
    fact.role = Role::kStep;
  }
}

}  // namespace

std::string value_text(const Value& value) {
  return value.type() == ValueType::kString ? std::string(value.text())
                                            : telemetry::canonical_text(value);
}

std::string_view without_uuid(std::string_view id) {
  const std::size_t at = find_uuid(id);
  if (at == std::string_view::npos) return id;
  id = id.substr(0, at);
  while (!id.empty() && (id.back() == '_' || id.back() == '-' || id.back() == '/')) {
    id.remove_suffix(1);
  }
  return id;
}

std::string_view agent_in_span_name(std::string_view span_name) {
  for (const std::string_view prefix : {"invoke_agent ", "create_agent ", "agent run: "}) {
    if (span_name.starts_with(prefix)) return span_name.substr(prefix.size());
  }
  if (span_name.starts_with("agent_run [") && span_name.ends_with("]")) {
    return span_name.substr(11, span_name.size() - 12);
  }
  static constexpr std::string_view kSuffixes[] = {"._execute_core",  ".execute",
                                                   ".agent",          ".run_stream",
                                                   ".arun_stream",    ".run",
                                                   ".arun",           ".on_messages_stream",
                                                   ".on_messages",    ".a_generate_reply",
                                                   ".generate_reply", ".a_initiate_chat",
                                                   ".initiate_chat",  ".invoke",
                                                   ".ainvoke",        ".stream",
                                                   ".kickoff"};
  for (const std::string_view suffix : kSuffixes) {
    if (span_name.size() > suffix.size() && span_name.ends_with(suffix)) {
      return span_name.substr(0, span_name.size() - suffix.size());
    }
  }
  return span_name;
}

void translate_errors(const SpanView& view, SpanFact& fact) {
  std::string_view type = view.fields.text(Field::kErrorType);
  std::string_view message = view.span.status_message;
  bool control = is_control_exception(view.span.status_message.substr(0, 200));
  bool told_by_event = false;
  std::string_view raised_inside;
  for (const telemetry::Event& event : view.batch.events(view.span.events)) {
    if (event.name != "exception") continue;
    const std::string_view raised = attribute_text(view.batch, event.attributes, "exception.type");
    const std::string_view said = attribute_text(view.batch, event.attributes, "exception.message");
    if (is_control_exception(raised) || is_control_exception(said.substr(0, 64))) {
      control = true;
      continue;
    }
    // LangSmith's exporter tells failures only as events, with the class inside the message.
    if (fact.convention == Convention::kLangSmith || view.scope == "langsmith") {
      told_by_event = true;
      raised_inside = said.substr(0, said.find('('));
    }
    if (type.empty() || type == "TOOL_ERROR" || type == "ExecutionError") type = raised;
    if (message.empty()) message = said;
  }
  if (type == "Exception" && !raised_inside.empty() && raised_inside.size() <= 128) {
    type = raised_inside;
  }
  control = control || is_control_exception(type);
  const bool failed = view.span.status == StatusCode::kError || told_by_event ||
                      !view.fields.text(Field::kErrorType).empty() ||
                      base::equals_ignore_case(view.fields.text(Field::kToolStatus), "error");
  fact.control_error = control;
  fact.error = failed && !control;
  if (!fact.error) return;
  fact.limit_error = is_limit_error(type, message);
  fact.texts.set(Text::kErrorType, type);
  fact.texts.set(Text::kErrorMessage, message.substr(0, 300));
}

void translate_identity(const SpanView& view, SpanFact& fact) {
  const Recogniser::Fields& fields = view.fields;
  fact.texts.set(Text::kFramework, framework_of(view, fact.convention));
  std::string agent(name_of_agent(view, fact));
  adjust_role(view, fact, agent);
  fact.texts.set(Text::kAgent, agent);
  fact.texts.set(Text::kAgentId, fields.text(Field::kAgentId));
  fact.texts.set(Text::kTeam, fields.text(Field::kTeam));
  fact.texts.set(Text::kParentAgent, fields.text(Field::kNodeParent));
  fact.has_model = fields.find(Field::kModelRequest) != nullptr ||
                   fields.find(Field::kModelResponse) != nullptr ||
                   fields.find(Field::kProvider) != nullptr;
  std::string members;
  const auto add_member = [&members](std::string_view name) {
    if (!members.empty()) members += '\n';
    members += name;
  };
  if (const Value* listed = fields.find(Field::kMembers)) {
    for (const std::string& name : read_members(value_text(*listed))) add_member(name);
  }
  for (const telemetry::Attribute& attribute : view.batch.attributes(view.span.attributes)) {
    const Conventions::Key& key = view.keys[attribute.key];
    if (key.field == Field::kMembers && key.rank == 0xffff &&
        view.batch.key(attribute).ends_with(".name")) {
      add_member(value_text(attribute.value));
    }
  }
  fact.texts.set(Text::kMembers, members);
  translate_graph(view, fact);
}

void translate_tool(const SpanView& view, SpanFact& fact) {
  std::string_view name = view.fields.text(Field::kToolName);
  if (name.empty() && fact.convention == Convention::kOpenLlmetry) {
    name = view.fields.text(Field::kEntityName);
  }
  if (name.empty()) {
    name = view.span.name;
    for (const std::string_view prefix : {"execute_tool ", "running tool: ", "tool."}) {
      if (name.starts_with(prefix)) name = name.substr(prefix.size());
    }
    for (const std::string_view suffix : {".tool", ".run"}) {
      if (name.size() > suffix.size() && name.ends_with(suffix)) {
        name.remove_suffix(suffix.size());
      }
    }
  }
  const Value* arguments = view.fields.find(Field::kArguments);
  if (arguments == nullptr) arguments = view.fields.find(Field::kInput);
  const Value* result = view.fields.find(Field::kResult);
  if (result == nullptr) result = view.fields.find(Field::kOutput);
  if (result == nullptr) result = view.fields.find(Field::kOutputMessages);
  fact.texts.set(Text::kTool, name);
  fact.call_id = id_hash(view.fields.text(Field::kCallId));
  if (arguments != nullptr) {
    const std::string text = value_text(*arguments);
    fact.arguments_hash = content_hash(text);
    std::string_view named;
    // "handoff to x" of OpenInference has plain names as input and output.
    if (is_control_tool(view.span.name, &named) && view.fields.find(Field::kToolName) == nullptr &&
        !view.fields.text(Field::kOutput).empty() && text.size() <= 128 &&
        text.find('{') == std::string::npos) {
      fact.role = Role::kHandoff;
      fact.texts.set(Text::kSource, text);
      fact.texts.set(Text::kTarget, view.fields.text(Field::kOutput));
      return;
    }
    if (fact.text(Text::kTarget).empty()) {
      fact.texts.set(Text::kTarget, target_of_arguments(text));
    }
  }
  if (result != nullptr) fact.result_hash = content_hash(value_text(*result));
  if (base::equals_ignore_case(view.fields.text(Field::kToolStatus), "error")) fact.error = true;
}

void translate_communication(const SpanView& view, SpanFact& fact) {
  const Recogniser::Fields& fields = view.fields;
  if (fact.role == Role::kHandoff || fields.find(Field::kHandoffTo) != nullptr) {
    std::string_view to = fields.text(Field::kHandoffTo);
    if (base::equals_ignore_case(to, "unknown")) to = {};
    fact.texts.set(Text::kSource, fields.text(Field::kHandoffFrom));
    fact.texts.set(Text::kTarget, to);
    if (fact.role == Role::kTool && !to.empty()) fact.role = Role::kHandoff;
  }
  if (fact.role == Role::kSelection) {
    fact.texts.set(Text::kTarget, fields.text(Field::kSelected));
  }
  if (fields.find(Field::kSender) != nullptr) {
    MessageFact message;
    message.time = view.span.start;
    if (read_communication(view.batch, view.span.attributes, message) ||
        fact.role == Role::kMessage) {
      if (message.from.empty()) message.from = without_uuid(fields.text(Field::kSender));
      if (message.to.empty()) message.to = without_uuid(fields.text(Field::kReceiver));
      if (message.kind.empty()) message.kind = "message";
      fact.messages.push_back(std::move(message));
    }
  }
  const std::string_view topic = fields.text(Field::kTopic);
  if (fact.convention == Convention::kAutoGen && !topic.empty()) {
    const std::size_t at = find_uuid(topic);
    if (at != std::string_view::npos) fact.texts.set(Text::kTopic, topic.substr(at, 36));
    fact.texts.set(Text::kManager, fields.text(Field::kRecipientClass));
    read_autogen_messages(fields.text(Field::kMessage), fact.messages);
  }
}

}  // namespace honeyguide::agents
