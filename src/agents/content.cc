#include "agents/content.h"

#include <algorithm>
#include <map>

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "agents/payload.h"
#include "agents/payload_json.h"
#include "base/strings.h"

namespace honeyguide::agents {
namespace {

using Json = rapidjson::Value;

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

const Json* first_of(const Json& object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (const Json* value = member(object, key)) return value;
  }
  return nullptr;
}

// A text as it is, everything else as compact JSON.
std::string plain(const Json& value) {
  if (value.IsString()) return std::string(text_of(value));
  if (value.IsNull()) return {};
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

void append_text(std::string& out, std::string_view more) {
  if (more.empty()) return;
  if (!out.empty()) out += '\n';
  out += more;
}

// {"name","arguments"}, {"function": {"name","arguments"}}, {"tool_call": {...}}, Anthropic's
// {"name","input"}, Vercel's {"toolName","args"}.
void add_call(const Json& call, ChatMessage& message) {
  const Json* inner = first_of(call, {"function", "tool_call"});
  const Json& body = inner != nullptr && inner->IsObject() ? *inner : call;
  if (&body != &call && member(body, "function") != nullptr) return add_call(body, message);
  ToolUse use;
  for (const char* key : {"name", "toolName", "tool_name"}) {
    if (use.name.empty()) use.name = text_at(body, key);
  }
  if (const Json* arguments = first_of(body, {"arguments", "input", "args"})) {
    use.arguments = plain(*arguments);
  }
  if (!use.name.empty()) message.calls.push_back(std::move(use));
}

void add_media(const Json& part, std::string_view type, ChatMessage& message) {
  MediaPart media;
  for (const char* key : {"mime_type", "mediaType", "mimeType", "media_type"}) {
    if (media.type.empty()) media.type = text_at(part, key);
  }
  if (media.type.empty() && (type == "blob" || type == "uri")) {
    media.type = text_at(part, "modality");
  }
  if (media.type.empty()) {
    media.type = type.find("audio") != std::string_view::npos   ? "audio"
                 : type.find("image") != std::string_view::npos ? "image"
                                                                : "file";
  }
  for (const char* key : {"content", "data", "blob", "image"}) {
    const Json* data = member(part, key);
    if (data == nullptr || !data->IsString()) continue;
    media.size_bytes = data->GetStringLength();
    break;
  }
  message.media.push_back(std::move(media));
}

void add_part(const Json& part, ChatMessage& message) {
  if (part.IsString()) return append_text(message.text, text_of(part));
  if (!part.IsObject()) return;
  std::string_view type = text_at(part, "type");
  if (type.empty()) type = text_at(part, "kind");
  if (type == "reasoning" || type == "thinking") {
    for (const char* key : {"content", "text", "thinking"}) {
      append_text(message.reasoning, text_at(part, key));
    }
  } else if (type == "tool_call" || type == "tool_use" || type == "tool-call" ||
             type == "function_call") {
    add_call(part, message);
  } else if (type == "tool_call_response" || type == "tool_result" || type == "tool-result" ||
             type == "tool-return") {
    const Json* body = first_of(part, {"response", "result", "content", "output"});
    if (body != nullptr) append_text(message.text, plain(*body));
  } else if (type == "blob" || type == "uri" || type == "file" ||
             type.find("image") != std::string_view::npos ||
             type.find("audio") != std::string_view::npos) {
    add_media(part, type, message);
  } else if (const Json* text = first_of(part, {"content", "text", "value"})) {
    append_text(message.text, plain(*text));
  } else if (const Json* call = member(part, "functionCall")) {
    add_call(*call, message);
  }
}

void add_parts(const Json& content, ChatMessage& message) {
  if (!content.IsArray()) {
    if (content.IsObject()) return add_part(content, message);
    return append_text(message.text, plain(content));
  }
  for (const Json& part : content.GetArray()) add_part(part, message);
}

ChatMessage message_of(const Json& object, std::string_view fallback_role) {
  const Json* inner = member(object, "message");
  const Json& body = inner != nullptr && inner->IsObject() ? *inner : object;
  ChatMessage message;
  message.role = text_at(body, "role");
  if (message.role.empty()) message.role = fallback_role;
  if (message.role == "model" || message.role == "ai") message.role = "assistant";
  if (message.role == "human") message.role = "user";
  if (const Json* content = first_of(body, {"parts", "content", "contents", "text"})) {
    add_parts(*content, message);
  }
  const Json* calls = first_of(body, {"tool_calls", "toolCalls"});
  if (calls != nullptr && calls->IsArray()) {
    for (const Json& call : calls->GetArray()) add_call(call, message);
  }
  for (const char* key : {"reasoning", "reasoning_content"}) {
    append_text(message.reasoning, text_at(body, key));
  }
  return message;
}

bool is_message(const Json& value) {
  return value.IsObject() &&
         (member(value, "role") != nullptr || member(value, "parts") != nullptr ||
          member(value, "message") != nullptr);
}

void read_list(const Json& list, std::string_view role, std::vector<ChatMessage>& out) {
  for (const Json& item : list.GetArray()) {
    if (out.size() >= kMessagesPerTextMax) return;
    if (item.IsArray()) {
      read_list(item, role, out);
      continue;
    }
    ChatMessage message;
    if (is_message(item)) {
      message = message_of(item, role);
    } else {
      message.role = role;
      if (item.IsObject() && first_of(item, {"toolName", "function", "args"}) != nullptr) {
        add_call(item, message);
      } else {
        add_part(item, message);
      }
    }
    if (!message.empty()) out.push_back(std::move(message));
  }
}

ChatMessage one_text(std::string_view text, std::string_view role) {
  ChatMessage message;
  message.role = role;
  message.text = text;
  return message;
}

// "llm.input_messages.3.message.role" and "gen_ai.prompt.0.content": messages spread over keys.
struct SpreadKey {
  bool input = false;
  int index = 0;
  std::string_view field;  // "role", "content", "tool_calls.0.…"
};
std::optional<SpreadKey> spread_key(std::string_view key) {
  static constexpr std::pair<std::string_view, bool> kPrefixes[] = {{"llm.input_messages.", true},
                                                                    {"llm.output_messages.", false},
                                                                    {"gen_ai.prompt.", true},
                                                                    {"gen_ai.completion.", false}};
  for (const auto& [prefix, input] : kPrefixes) {
    if (!key.starts_with(prefix)) continue;
    key.remove_prefix(prefix.size());
    const std::size_t dot = key.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto index = base::parse_int64(key.substr(0, dot));
    if (!index || *index < 0 || *index >= static_cast<std::int64_t>(kMessagesPerTextMax)) {
      return std::nullopt;
    }
    SpreadKey out{input, static_cast<int>(*index), key.substr(dot + 1)};
    if (out.field.starts_with("message.")) out.field.remove_prefix(8);
    return out;
  }
  return std::nullopt;
}

void set_spread(ChatMessage& message, std::string_view field, std::string text) {
  if (field == "role") {
    message.role = std::move(text);
  } else if (field == "content" || field.ends_with(".text")) {
    append_text(message.text, text);
  } else if (field.starts_with("tool_calls.") || field == "function_call_name") {
    if (field.ends_with("name")) message.calls.push_back({std::move(text), {}});
    if (field.ends_with("arguments") && !message.calls.empty()) {
      message.calls.back().arguments = std::move(text);
    }
  }
}

struct Collector {
  const Conventions& conventions;
  const telemetry::SpanBatch& batch;
  bool is_tool;
  SpanContent content;
  std::map<int, ChatMessage> spread_in;
  std::map<int, ChatMessage> spread_out;
  std::string plain_input;
  std::string plain_output;

  void read(const telemetry::Attribute& attribute) {
    const std::string_view key = batch.key(attribute);
    if (const auto spread = spread_key(key)) {
      auto& messages = spread->input ? spread_in : spread_out;
      set_spread(messages[spread->index], spread->field,
                 telemetry::canonical_text(attribute.value));
      return;
    }
    const Field field = conventions.key(key).field;
    const auto take_once = [&](std::string& into) {
      if (into.empty()) into = telemetry::canonical_text(attribute.value);
    };
    const auto read_once = [&](std::vector<ChatMessage>& into, std::string_view role) {
      if (into.empty()) into = read_messages(telemetry::canonical_text(attribute.value), role);
    };
    if (field == Field::kArguments) take_once(content.arguments);
    if (field == Field::kResult) take_once(content.result);
    if (field == Field::kInputMessages) read_once(content.input, "user");
    if (field == Field::kOutputMessages) read_once(content.output, "assistant");
    if (field == Field::kInput) take_once(plain_input);
    if (field == Field::kOutput) take_once(plain_output);
  }

  void read(telemetry::Range range) {
    for (const auto& attribute : batch.attributes(range)) read(attribute);
  }

  void finish() {
    const auto move_spread = [](std::map<int, ChatMessage>& from, std::vector<ChatMessage>& to,
                                std::string_view role) {
      if (!to.empty()) return;
      for (auto& [index, message] : from) {
        if (message.role.empty()) message.role = role;
        if (!message.empty()) to.push_back(std::move(message));
      }
    };
    move_spread(spread_in, content.input, "user");
    move_spread(spread_out, content.output, "assistant");
    if (is_tool) {
      if (content.arguments.empty()) content.arguments = std::move(plain_input);
      if (content.result.empty()) content.result = std::move(plain_output);
      return;
    }
    if (content.input.empty()) content.input = read_messages(plain_input, "user");
    if (content.output.empty()) content.output = read_messages(plain_output, "assistant");
  }
};

}  // namespace

std::vector<ChatMessage> read_messages(std::string_view text, std::string_view role) {
  std::vector<ChatMessage> out;
  if (base::trim(text).empty()) return out;
  const auto document = parse_payload(text);
  if (document) {
    const Json* list = &*document;
    if (const Json* inner = first_of(*list, {"messages", "choices"})) list = inner;
    if (list->IsArray()) {
      read_list(*list, role, out);
    } else if (is_message(*list)) {
      out.push_back(message_of(*list, role));
    } else if (list->IsString()) {
      out.push_back(one_text(text_of(*list), role));
    }
  }
  std::erase_if(out, [](const ChatMessage& message) { return message.empty(); });
  if (out.empty()) out.push_back(one_text(text, role));
  return out;
}

SpanContent span_content(const Conventions& conventions, const telemetry::SpanBatch& batch,
                         const telemetry::Span& span, bool is_tool) {
  Collector collector{conventions, batch, is_tool, {}, {}, {}, {}, {}};
  collector.read(span.attributes);
  for (const telemetry::Event& event : batch.events(span.events)) {
    collector.read(event.attributes);
  }
  collector.finish();
  return std::move(collector.content);
}

}  // namespace honeyguide::agents
