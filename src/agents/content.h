// What a span says in words: the messages that a model was shown and gave back, a tool's arguments
// and result. Read on demand, for one span at a time; nothing of it is kept in facts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/conventions.h"
#include "telemetry/span_batch.h"

namespace honeyguide::agents {

// A part of a message that is no text: an image, a sound, a file. Its bytes are not decoded.
struct MediaPart {
  std::string type;                       // MIME type, else "image", "audio", "file"
  std::optional<std::size_t> size_bytes;  // of the encoded data; nothing where only an address is
};

struct ToolUse {
  std::string name;
  std::string arguments;
};

struct ChatMessage {
  std::string role;  // "system", "user", "assistant", "tool" or what the sender wrote
  std::string text;
  std::string reasoning;
  std::vector<ToolUse> calls;
  std::vector<MediaPart> media;

  bool empty() const { return text.empty() && reasoning.empty() && calls.empty() && media.empty(); }
};

struct SpanContent {
  std::vector<ChatMessage> input;   // in order
  std::vector<ChatMessage> output;  // of the model, in order
  std::string arguments;
  std::string result;

  bool empty() const {
    return input.empty() && output.empty() && arguments.empty() && result.empty();
  }
};

// Messages of one text beyond this are left out.
inline constexpr std::size_t kMessagesPerTextMax = 2000;

// Messages that a text holds in any known form: a list of {"role","content"|"parts"} objects, one
// such object, {"messages": [...]}; anything else is one message of `role` with the text as it is.
std::vector<ChatMessage> read_messages(std::string_view text, std::string_view role);

// `is_tool`: plain inputs and outputs are a tool's arguments and result, not messages.
SpanContent span_content(const Conventions& conventions, const telemetry::SpanBatch& batch,
                         const telemetry::Span& span, bool is_tool);

}  // namespace honeyguide::agents
