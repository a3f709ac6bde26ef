#include "agents/conventions.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/strings.h"

namespace honeyguide::agents {
namespace {

std::string value_key(Field field, std::string_view value) {
  std::string key(1, static_cast<char>(field));
  key += base::to_lower(value);
  return key;
}

std::optional<Role> role_by_name(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Role::kDependency); ++i) {
    if (role_name(static_cast<Role>(i)) == name) return static_cast<Role>(i);
  }
  return std::nullopt;
}

// Message lists of OpenInference and old OpenLLMetry spell each message as keys of its own; only
// tool calls of the answer and tool call ids of the question matter here.
constexpr std::pair<std::string_view, Field> kPrefixes[] = {
    {"llm.output_messages.", Field::kOutputMessages},
    {"gen_ai.completion.", Field::kOutputMessages},
    {"llm.input_messages.", Field::kInputMessages},
    {"gen_ai.prompt.", Field::kInputMessages},
    {"smolagents.managed_agents.", Field::kMembers},
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <std::size_t N>
bool contains_any(std::string_view text, const std::string_view (&parts)[N]) {
  return std::any_of(std::begin(parts), std::end(parts),
                     [text](std::string_view part) { return contains(text, part); });
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

constexpr std::string_view kControlPrefixes[] = {
    "transfer_back_to_", "transfer_to_",     "handoff_to_",       "hand_off_to_",
    "handoff to ",       "delegate_to_",     "delegate_task_to_", "delegate_work_to_",
    "delegate work to ", "forward_task_to_", "transfer_task_to_", "ask_question_to_",
    "ask question to ",  "switch_to_agent_"};
constexpr std::string_view kControlExact[] = {"handoff",  "hand_off",      "run_member_agent",
                                              "transfer", "delegate_task", "switch_agent"};
// Verbs that make a control tool only before the name of an agent of the run: "ask_critic" is one
// where a critic works, "ask_database" is a tool.
constexpr std::string_view kVerbs[] = {"handoff_", "hand_off_", "delegate_",  "route_to_",
                                       "goto_",    "go_to_",    "switch_to_", "call_",
                                       "invoke_",  "run_",      "ask_",       "assign_to_",
                                       "assign_",  "consult_",  "query_",     "send_to_"};
// What follows a prefix where the name does not name the agent.
constexpr std::string_view kAnyTarget[] = {"agent",     "member",    "members", "coworker",
                                           "co-worker", "co_worker", "agents",  "another_agent"};

}  // namespace

Conventions::Conventions() {
  rules_.push_back({"none", Role::kNone, Convention::kNone, 0, true});
  std::uint16_t rank = 0;
  for (const KeyRow& row : builtin_keys()) {
    keys_.emplace(row.key, Key{row.field, ++rank, row.convention});
  }
  for (const ValueRow& row : builtin_values()) {
    values_.emplace(value_key(row.field, row.value), static_cast<std::uint16_t>(rules_.size()));
    rules_.push_back(
        {std::string(row.id), row.role, row.convention, row.confidence_percent, row.verified});
  }
  first_name_rule_ = rules_.size();
  for (const NameRow& row : builtin_names()) {
    rules_.push_back(
        {std::string(row.id), row.role, row.convention, row.confidence_percent, row.verified});
  }
}

const Conventions& Conventions::builtin() {
  static const Conventions* tables = new Conventions();  // never destroyed: no exit order
  return *tables;
}

base::Result<Conventions> Conventions::create(std::span<const MappingOverride> overrides) {
  Conventions tables;
  for (const MappingOverride& line : overrides) {
    if (line.attribute.empty()) {
      return base::Error{base::ErrorCode::kInvalidArgument, "a mapping needs an 'attribute'"};
    }
    Field field = Field::kOwnKind;
    if (!line.field.empty()) {
      const auto named = field_by_name(line.field);
      if (!named) {
        return base::Error{
            base::ErrorCode::kInvalidArgument,
            "mapping of '" + line.attribute + "': unknown field '" + line.field + "'"};
      }
      field = *named;
    }
    tables.keys_[line.attribute] = Key{field, 0, Convention::kOwn};
    if (line.role.empty()) continue;
    const auto role = role_by_name(line.role);
    if (!role) {
      return base::Error{base::ErrorCode::kInvalidArgument,
                         "mapping of '" + line.attribute + "': unknown role '" + line.role + "'"};
    }
    tables.values_[value_key(field, line.value)] = static_cast<std::uint16_t>(tables.rules_.size());
    tables.rules_.push_back(
        {"file." + line.attribute + "=" + line.value, *role, Convention::kOwn, 100, true});
  }
  return tables;
}

std::optional<Field> field_by_name(std::string_view name) {
  for (int i = 1; i < static_cast<int>(Field::kCount); ++i) {
    if (field_name(static_cast<Field>(i)) == name) return static_cast<Field>(i);
  }
  return std::nullopt;
}

Conventions::Key Conventions::key(std::string_view attribute) const {
  const auto found = keys_.find(std::string(attribute));
  if (found != keys_.end()) return found->second;
  for (const auto& [prefix, field] : kPrefixes) {
    if (attribute.starts_with(prefix)) return {field, 0xffff, Convention::kNone};
  }
  return {};
}

std::uint16_t Conventions::rule_of(Field field, std::string_view value) const {
  const auto found = values_.find(value_key(field, value));
  return found == values_.end() ? 0 : found->second;
}

std::uint16_t Conventions::rule_of_name(std::string_view scope, std::string_view span_name,
                                        std::string_view* middle) const {
  std::size_t rule = first_name_rule_;
  for (const NameRow& row : builtin_names()) {
    const std::size_t index = rule++;
    if (!contains(scope, row.scope)) continue;
    const std::size_t star = row.pattern.find('*');
    const std::string_view head = row.pattern.substr(0, star);
    const std::string_view tail =
        star == std::string_view::npos ? std::string_view() : row.pattern.substr(star + 1);
    if (star == std::string_view::npos
            ? span_name != head
            : span_name.size() <= head.size() + tail.size() || !span_name.starts_with(head) ||
                  !span_name.ends_with(tail)) {
      continue;
    }
    if (star != std::string_view::npos) {
      *middle = span_name.substr(head.size(), span_name.size() - head.size() - tail.size());
    }
    return static_cast<std::uint16_t>(index);
  }
  return 0;
}

bool is_control_tool(std::string_view tool, std::string_view* target) {
  const std::string lower = base::to_lower(tool);
  *target = {};
  if (is_one_of(lower, kControlExact)) return true;
  for (const std::string_view prefix : kControlPrefixes) {
    if (!lower.starts_with(prefix) || lower.size() == prefix.size()) continue;
    const std::string_view rest = tool.substr(prefix.size());
    if (!is_one_of(std::string_view(lower).substr(prefix.size()), kAnyTarget)) *target = rest;
    return true;
  }
  return false;
}

std::string_view named_by_verb(std::string_view tool) {
  const std::string lower = base::to_lower(tool);
  for (const std::string_view verb : kVerbs) {
    if (lower.size() <= verb.size() || !lower.starts_with(verb)) continue;
    std::string_view rest = tool.substr(verb.size());
    if (base::to_lower(rest).ends_with("_agent")) rest.remove_suffix(6);
    return rest;
  }
  return {};
}

bool is_delegation_tool(std::string_view tool) {
  static constexpr std::string_view kAsking[] = {"delegate",      "ask",   "call_",   "invoke_",
                                                 "transfer_task", "run_",  "assign_", "consult_",
                                                 "forward_task",  "query_"};
  const std::string lower = base::to_lower(tool);
  return std::any_of(std::begin(kAsking), std::end(kAsking),
                     [&lower](std::string_view verb) { return lower.starts_with(verb); });
}

bool is_final_tool(std::string_view tool) {
  static constexpr std::string_view kFinal[] = {"final_answer", "finalanswertool", "final_result",
                                                "finish", "return_result"};
  return is_one_of(base::to_lower(tool), kFinal);
}

bool is_control_exception(std::string_view type) {
  static constexpr std::string_view kControl[] = {
      "ParentCommand", "GraphBubbleUp",      "GraphInterrupt", "NodeInterrupt",
      "EndStrategy",   "StopAsyncIteration", "GeneratorExit"};
  return contains_any(type, kControl);
}

bool is_limit_error(std::string_view type, std::string_view message) {
  static constexpr std::string_view kNotOurs[] = {
      "ratelimit",      "rate limit",      "rate_limit",   "context_length",
      "context length", "contextoverflow", "contextwindow"};
  static constexpr std::string_view kLimits[] = {
      "graphrecursion",    "recursion limit",  "maxturns",
      "max turns",         "max_turns",        "maximum turns",
      "usagelimit",        "llmcallslimit",    "max number of llm calls",
      "maxiteration",      "max iteration",    "max_iteration",
      "maximum iteration", "iteration limit",  "iteration_limit",
      "step limit",        "maxsteps",         "max steps",
      "max_steps",         "maximum steps",    "maxmessages",
      "max_handoffs",      "max handoffs",     "request_limit",
      "turn limit",        "budgetexceeded",   "limit_turns",
      "maxstepsexceeded",  "maximum number of"};
  const std::string lower =
      base::to_lower(type) + " " + base::to_lower(message.substr(0, std::size_t{512}));
  return !contains_any(lower, kNotOurs) && contains_any(lower, kLimits);
}

bool is_error_text(std::string_view result) {
  const std::string start = base::to_lower(base::trim(result).substr(0, 48));
  return start.starts_with("error") || start.starts_with("tool error") ||
         start.starts_with("exception") || start.starts_with("traceback") ||
         start.starts_with("failed to ") || start.starts_with("{\"error\"");
}

bool is_model_error(std::string_view type) {
  static constexpr std::string_view kParts[] = {"openai.",
                                                "anthropic.",
                                                "litellm.",
                                                "google.genai",
                                                "groq.",
                                                "mistralai.",
                                                "cohere.",
                                                "BadRequestError",
                                                "RateLimitError",
                                                "APIError",
                                                "APICallError",
                                                "APIStatusError",
                                                "APIConnectionError",
                                                "ModelHTTPError",
                                                "ModelRequest",
                                                "AgentGenerationError",
                                                "ContextOverflow",
                                                "UserError: model"};
  return contains_any(type, kParts);
}

bool is_helper_node(std::string_view node) {
  static constexpr std::string_view kHelpers[] = {"agent",
                                                  "call_agent",
                                                  "model",
                                                  "call_model",
                                                  "model_request",
                                                  "tools",
                                                  "tool",
                                                  "tool_node",
                                                  "toolnode",
                                                  "llm",
                                                  "call_llm",
                                                  "chatbot",
                                                  "should_continue",
                                                  "__start__",
                                                  "__end__",
                                                  "generate",
                                                  "respond",
                                                  "generate_structured_response",
                                                  "pre_model_hook",
                                                  "post_model_hook",
                                                  "action",
                                                  "default"};
  return is_one_of(base::to_lower(node), kHelpers) || node.starts_with("_") ||
         contains(node, ".before_") || contains(node, ".after_");
}

bool is_plumbing_name(std::string_view agent) {
  static constexpr std::string_view kNames[] = {
      "chat_manager", "groupchatmanager", "group_chat_manager", "unknown",
      "default",      "agent workflow",   "agentworkflow"};
  return agent.starts_with("_") || is_one_of(base::to_lower(agent), kNames) ||
         contains(agent, "GroupChatManager");
}

std::span<const std::string_view> target_argument_keys() {
  static constexpr std::string_view kKeys[] = {
      "agent_name", "to_agent", "coworker",   "member_id", "target_agent", "agent", "target",
      "recipient",  "agent_id", "next_agent", "assignee",  "destination",  "to"};
  return kKeys;
}

}  // namespace honeyguide::agents
