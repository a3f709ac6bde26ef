#include "agents/payload.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include "agents/conventions.h"
#include "agents/payload_json.h"
#include "base/hash.h"
#include "base/strings.h"

namespace honeyguide::agents {
namespace {

using Json = rapidjson::Value;

// Refuses text that nests deeper than kJsonDepthMax without parsing it (brackets in strings count
// too, which only refuses more).
bool nests_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kJsonDepthMax) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

std::optional<rapidjson::Document> parse(std::string_view text) {
  text = base::trim(text);
  if (text.empty() || text.size() > kPayloadBytesMax) return std::nullopt;
  if (text.front() != '{' && text.front() != '[' && text.front() != '"') return std::nullopt;
  if (nests_too_deep(text)) return std::nullopt;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  if (document.HasParseError()) return std::nullopt;
  return document;
}

std::string_view text_of(const Json& value) {
  return value.IsString() ? std::string_view(value.GetString(), value.GetStringLength())
                          : std::string_view();
}

const Json* member(const Json& object, std::string_view key) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(
      rapidjson::StringRef(key.data(), static_cast<rapidjson::SizeType>(key.size())));
  return found == object.MemberEnd() ? nullptr : &found->value;
}

std::string_view text_at(const Json& object, std::string_view key) {
  const Json* value = member(object, key);
  return value == nullptr ? std::string_view() : text_of(*value);
}

std::int64_t int_at(const Json& object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const Json* value = member(object, key);
    if (value == nullptr) continue;
    if (value->IsInt64()) return value->GetInt64();
    if (value->IsDouble()) return static_cast<std::int64_t>(value->GetDouble());
  }
  return -1;
}

// Keys that differ from call to call although the content does not.
bool is_volatile_key(std::string_view key) {
  static constexpr std::string_view kVolatile[] = {"id",
                                                   "tool_call_id",
                                                   "call_id",
                                                   "toolCallId",
                                                   "run_id",
                                                   "runId",
                                                   "metadata",
                                                   "tags",
                                                   "config",
                                                   "callbacks",
                                                   "created_at",
                                                   "timestamp",
                                                   "artifact",
                                                   "additional_kwargs",
                                                   "response_metadata",
                                                   "langgraph_step",
                                                   "checkpoint_ns",
                                                   "state",
                                                   "runtime",
                                                   "ctx"};
  return std::find(std::begin(kVolatile), std::end(kVolatile), key) != std::end(kVolatile);
}

void append_canonical(const Json& value, std::string& out) {
  if (value.IsObject()) {
    std::vector<std::pair<std::string_view, const Json*>> members;
    for (const auto& entry : value.GetObject()) {
      const std::string_view key = text_of(entry.name);
      if (!is_volatile_key(key)) members.emplace_back(key, &entry.value);
    }
    std::sort(members.begin(), members.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    out += '{';
    for (const auto& [key, content] : members) {
      out += key;
      out += ':';
      append_canonical(*content, out);
      out += ',';
    }
    out += '}';
  } else if (value.IsArray()) {
    out += '[';
    for (const Json& item : value.GetArray()) {
      append_canonical(item, out);
      out += ',';
    }
    out += ']';
  } else if (value.IsString()) {
    out += text_of(value);
  } else if (value.IsBool()) {
    out += value.GetBool() ? "true" : "false";
  } else if (value.IsInt64()) {
    out += std::to_string(value.GetInt64());
  } else if (value.IsNumber()) {
    out += base::format_double(value.GetDouble());
  }
}

// Where an instrumentation wraps the arguments into its own callback record, what is inside.
const Json* unwrap_arguments(const Json& root) {
  for (const std::string_view key : {"inputs", "input_str", "kwargs", "tool_input"}) {
    const Json* inner = member(root, key);
    if (inner == nullptr) continue;
    if (inner->IsObject() && inner->ObjectEmpty()) continue;
    if (inner->IsNull()) continue;
    const bool callback = member(root, "metadata") != nullptr || member(root, "tags") != nullptr ||
                          member(root, "args") != nullptr || key == "tool_input" ||
                          root.MemberCount() == 1;
    if (callback) return inner;
  }
  return &root;
}

std::string_view call_name(const Json& call) {
  for (const std::string_view key : {"name", "toolName", "tool_name"}) {
    const std::string_view name = text_at(call, key);
    if (!name.empty()) return name;
  }
  const Json* function = member(call, "function");
  if (function != nullptr) return text_at(*function, "name");
  return {};
}

const Json* call_arguments(const Json& call) {
  for (const std::string_view key : {"arguments", "input", "args"}) {
    if (const Json* found = member(call, key)) return found;
  }
  const Json* function = member(call, "function");
  return function == nullptr ? nullptr : member(*function, "arguments");
}

std::uint64_t hash_of(const Json& value) {
  if (value.IsString()) return content_hash(text_of(value));
  std::string canonical;
  append_canonical(*unwrap_arguments(value), canonical);
  return base::hash64(canonical) | 1;
}

std::string target_in(const Json& object) {
  for (const std::string_view key : target_argument_keys()) {
    const std::string_view text = text_at(object, key);
    if (!text.empty() && text.size() <= 128) return std::string(text);
  }
  return {};
}

void add_call(const Json& call, std::vector<PlannedCall>& calls) {
  if (calls.size() >= 64) return;  // more in one answer are not told apart
  PlannedCall planned;
  planned.name = call_name(call);
  if (planned.name.empty()) return;
  for (const std::string_view key : {"id", "toolCallId", "toolUseId", "call_id"}) {
    const std::string_view id = text_at(call, key);
    if (id.empty()) continue;
    planned.call_id = id_hash(id);
    break;
  }
  if (const Json* arguments = call_arguments(call)) {
    planned.arguments_hash = hash_of(*arguments);
    planned.target =
        arguments->IsString() ? target_of_arguments(text_of(*arguments)) : target_in(*arguments);
  }
  calls.push_back(std::move(planned));
}

// Walks lists and known containers down to objects that are tool calls.
void collect_calls(const Json& value, std::vector<PlannedCall>& calls, int depth) {
  if (depth > 8) return;
  if (value.IsArray()) {
    for (const Json& item : value.GetArray()) collect_calls(item, calls, depth + 1);
    return;
  }
  if (!value.IsObject()) return;
  const std::string_view type = text_at(value, "type");
  if (type == "tool_call" || type == "tool-call" || type == "function_call" ||
      (member(value, "toolCallId") != nullptr && member(value, "toolName") != nullptr) ||
      (type == "function" && member(value, "function") != nullptr)) {
    add_call(value, calls);
    return;
  }
  if (const Json* use = member(value, "toolUse")) add_call(*use, calls);
  if (const Json* use = member(value, "function_call")) add_call(*use, calls);
  for (const std::string_view key : {"parts", "content", "tool_calls", "message", "choices",
                                     "candidates", "generations", "kwargs", "messages"}) {
    if (const Json* inner = member(value, key)) collect_calls(*inner, calls, depth + 1);
  }
}

bool holds_text(const Json& value, int depth) {
  if (depth > 8) return false;
  if (value.IsString()) return value.GetStringLength() > 0;
  if (value.IsArray()) {
    return std::any_of(value.Begin(), value.End(),
                       [depth](const Json& item) { return holds_text(item, depth + 1); });
  }
  if (!value.IsObject()) return false;
  const std::string_view type = text_at(value, "type");
  if (type == "tool_call" || type == "reasoning") return false;
  for (const std::string_view key :
       {"text", "content", "parts", "message", "generations", "kwargs"}) {
    const Json* inner = member(value, key);
    if (inner != nullptr && holds_text(*inner, depth + 1)) return true;
  }
  return false;
}

void collect_answers(const Json& value, Answers& answers, int depth) {
  if (depth > 8 || answers.answered.size() >= 256) return;
  if (value.IsArray()) {
    for (const Json& item : value.GetArray()) collect_answers(item, answers, depth + 1);
    return;
  }
  if (!value.IsObject()) return;
  const std::string_view type = text_at(value, "type");
  std::string_view id = text_at(value, "tool_call_id");
  if (type == "tool_call_response" && id.empty()) id = text_at(value, "id");
  if (type == "tool-result" && id.empty()) id = text_at(value, "toolCallId");
  if (type == "function_call_output" && id.empty()) id = text_at(value, "call_id");
  if (!id.empty()) {
    answers.answered.push_back(id_hash(id));
    for (const std::string_view key : {"response", "result", "content", "output"}) {
      const std::string_view text = text_at(value, key);
      if (text.empty() || !is_error_text(text)) continue;
      answers.failed.push_back(id_hash(id));
      break;
    }
  }
  for (const std::string_view key : {"parts", "content"}) {
    if (const Json* inner = member(value, key)) collect_answers(*inner, answers, depth + 1);
  }
}

TokenUsage usage_in(const Json& object) {
  TokenUsage usage;
  usage.input = int_at(object, {"input_tokens", "prompt_tokens", "input", "prompt_token_count",
                                "promptTokens", "inputTokens"});
  usage.output = int_at(object, {"output_tokens", "completion_tokens", "output",
                                 "candidates_token_count", "completionTokens", "outputTokens"});
  usage.cached = int_at(object, {"cached_content_token_count", "cache_read_input_tokens",
                                 "input_cache_read", "cached_prompt_tokens"});
  usage.reasoning =
      int_at(object, {"thoughts_token_count", "reasoning_tokens", "output_reasoning"});
  usage.total = int_at(object, {"total_token_count", "total_tokens", "total"});
  return usage;
}

// AutoGen's message object. `kind` by its type; false if it is none.
bool autogen_message(const Json& object, MessageFact& fact) {
  const std::string_view id = text_at(object, "id");
  const std::string_view source = text_at(object, "source");
  const std::string_view type = text_at(object, "type");
  if (source.empty() || type.empty()) return false;
  fact.id = id_hash(id);
  fact.from = source;
  fact.kind = "message";
  const Json* usage = member(object, "models_usage");
  if (usage != nullptr && usage->IsObject()) {
    const TokenUsage tokens = usage_in(*usage);
    fact.input_tokens = std::max<std::int64_t>(0, tokens.input);
    fact.output_tokens = std::max<std::int64_t>(0, tokens.output);
  }
  const Json* content = member(object, "content");
  if (type == "HandoffMessage") {
    fact.kind = "handoff";
    fact.to = text_at(object, "target");
  } else if (type == "ToolCallRequestEvent" && content != nullptr && content->IsArray()) {
    fact.kind = "tool_request";
    for (const Json& call : content->GetArray()) add_call(call, fact.calls);
  } else if (type == "ToolCallExecutionEvent" && content != nullptr && content->IsArray()) {
    fact.kind = "tool_result";
    for (const Json& result : content->GetArray()) {
      fact.answered_calls.push_back(id_hash(text_at(result, "call_id")));
      fact.results.push_back(content_hash(text_at(result, "content")));
    }
  } else if (type == "SelectSpeakerEvent" || type == "SelectorEvent") {
    fact.kind = "select";
    if (content != nullptr && content->IsArray() && !content->Empty()) {
      fact.to = text_of((*content)[0]);
    }
  } else if (type == "StopMessage") {
    fact.kind = "stop";
  }
  return true;
}

void collect_autogen(const Json& value, std::vector<MessageFact>& messages, int depth) {
  if (depth > 6 || messages.size() >= 256) return;
  if (value.IsArray()) {
    for (const Json& item : value.GetArray()) collect_autogen(item, messages, depth + 1);
    return;
  }
  if (!value.IsObject()) return;
  MessageFact fact;
  if (autogen_message(value, fact)) {
    messages.push_back(std::move(fact));
    return;
  }
  for (const std::string_view key :
       {"message", "messages", "response", "chat_message", "inner_messages"}) {
    if (const Json* inner = member(value, key)) collect_autogen(*inner, messages, depth + 1);
  }
}

}  // namespace

std::uint64_t id_hash(std::string_view id) {
  if (id.starts_with("fc_call_")) id.remove_prefix(3);
  return id.empty() ? 0 : base::hash64(id) | 1;
}

std::uint64_t content_hash(std::string_view text) {
  text = base::trim(text);
  if (text.empty()) return 0;
  const auto document = parse(text);
  if (!document) return base::hash64(text) | 1;
  const Json* inner = unwrap_arguments(*document);
  if (inner->IsString()) {
    const std::string_view unwrapped = text_of(*inner);
    if (unwrapped != text) return content_hash(unwrapped);
  }
  std::string canonical;
  append_canonical(*inner, canonical);
  return base::hash64(canonical) | 1;
}

std::string target_of_arguments(std::string_view json) {
  const auto document = parse(json);
  if (!document) return {};
  std::string target = target_in(*document);
  if (target.empty()) target = target_in(*unwrap_arguments(*document));
  return target;
}

std::string graph_path_of_namespace(std::string_view checkpoint_ns) {
  std::string path;
  for (const std::string_view segment : base::split(checkpoint_ns, '|')) {
    const std::string_view node = segment.substr(0, segment.find(':'));
    if (node.empty()) continue;
    if (!path.empty()) path += '|';
    path += node;
  }
  return path;
}

GraphPlace graph_place_of_metadata(std::string_view json) {
  GraphPlace place;
  if (json.find("lang") == std::string_view::npos && json.find("lc_") == std::string_view::npos) {
    return place;
  }
  const auto document = parse(json);
  if (!document) return place;
  place.path = graph_path_of_namespace(text_at(*document, "langgraph_checkpoint_ns"));
  if (place.path.empty()) place.path = text_at(*document, "langgraph_node");
  place.agent = text_at(*document, "lc_agent_name");
  place.destination = text_at(*document, "__handoff_destination");
  return place;
}

void read_planned_calls(std::string_view json, std::vector<PlannedCall>& calls) {
  if (json.find("ool") == std::string_view::npos && json.find("function") == std::string_view::npos)
    return;
  if (const auto document = parse(json)) collect_calls(*document, calls, 0);
}

bool has_text_answer(std::string_view json) {
  json = base::trim(json);
  if (json.empty()) return false;
  const auto document = parse(json);
  return document ? holds_text(*document, 0) : true;
}

void read_answered_calls(std::string_view json, Answers& answers) {
  if (json.find("ool") == std::string_view::npos && json.find("call") == std::string_view::npos)
    return;
  if (const auto document = parse(json)) collect_answers(*document, answers, 0);
}

TokenUsage read_usage(std::string_view json) {
  const auto document = parse(json);
  return document ? usage_in(*document) : TokenUsage{};
}

TokenUsage read_response_usage(std::string_view json) {
  const auto document = parse(json);
  if (!document) return {};
  for (const std::string_view key : {"usage_metadata", "usage"}) {
    if (const Json* usage = member(*document, key)) return usage_in(*usage);
  }
  return {};
}

void read_autogen_messages(std::string_view json, std::vector<MessageFact>& messages) {
  if (json.find("\"source\"") == std::string_view::npos) return;
  if (const auto document = parse(json)) collect_autogen(*document, messages, 0);
}

std::vector<std::string> read_members(std::string_view text) {
  std::vector<std::string> names;
  const auto add = [&names](std::string_view name) {
    name = base::trim(name);
    if (!name.empty() && names.size() < 64) names.emplace_back(name);
  };
  const auto document = parse(text);
  if (!document) {
    for (const std::string_view name : base::split(text, ',')) add(name);
    return names;
  }
  if (!document->IsArray()) return names;
  for (const Json& item : document->GetArray()) {
    if (item.IsString()) {
      add(text_of(item));
    } else {
      const std::string_view role = text_at(item, "role");
      add(role.empty() ? text_at(item, "name") : role);
    }
  }
  return names;
}

std::string json_text(std::string_view json, std::string_view key) {
  if (json.find(key) == std::string_view::npos) return {};
  const auto document = parse(json);
  return document ? std::string(text_at(*document, key)) : std::string();
}

std::optional<rapidjson::Document> parse_payload(std::string_view text) {
  return parse(text);
}

}  // namespace honeyguide::agents
