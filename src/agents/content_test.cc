// Proves that messages, arguments and results are read in each form that frameworks write, and that
// text in no known form comes through as it is.
#include "agents/content.h"

#include <gtest/gtest.h>

#include "agents/test_spans.h"

namespace honeyguide::agents {
namespace {

using test::attr;

std::string shown(const std::vector<ChatMessage>& messages) {
  std::string out;
  for (const ChatMessage& message : messages) {
    out += message.role + ":" + message.text;
    if (!message.reasoning.empty()) out += " (thinks " + message.reasoning + ")";
    for (const ToolUse& call : message.calls) out += " " + call.name + call.arguments;
    for (const MediaPart& media : message.media) {
      out += " <" + media.type + " " + std::to_string(media.size_bytes.value_or(0)) + ">";
    }
    out += "|";
  }
  return out;
}

struct Case {
  const char* name;
  const char* text;
  const char* expect;
};

TEST(ContentTest, MessagesInEveryKnownForm) {
  const Case kCases[] = {
      {"otel parts",
       R"([{"role":"user","parts":[{"type":"text","content":"hi"}]},
           {"role":"assistant","parts":[{"type":"reasoning","content":"hm"},
            {"type":"tool_call","name":"sum","arguments":{"a":1}}]}])",
       R"(user:hi|assistant: (thinks hm) sum{"a":1}|)"},
      {"openai",
       R"([{"role":"assistant","content":null,"tool_calls":[{"id":"c","function":
           {"name":"run","arguments":"{}"}}]}])",
       "assistant: run{}|"},
      {"anthropic", R"([{"role":"assistant","content":[{"type":"text","text":"a"},
                         {"type":"tool_use","name":"t","input":{"x":2}}]}])",
       R"(assistant:a t{"x":2}|)"},
      {"a tool's answer", R"([{"role":"tool","parts":[{"type":"tool_call_response",
                               "response":{"ok":true}}]}])",
       R"(tool:{"ok":true}|)"},
      {"an image", R"([{"role":"user","content":[{"type":"blob","mime_type":"image/png",
                        "content":"abcd"}]}])",
       "user: <image/png 4>|"},
      {"vercel calls", R"([{"toolName":"weather","args":{"city":"Rome"}}])",
       R"(user: weather{"city":"Rome"}|)"},
      {"langchain", R"({"messages":[{"role":"human","content":"x"},{"role":"ai","content":"y"}]})",
       "user:x|assistant:y|"},
      {"choices", R"({"choices":[{"message":{"role":"assistant","content":"z"}}]})",
       "assistant:z|"},
      {"plain text", "just words", "user:just words|"},
      {"unknown json", R"({"city":"Rome"})", R"(user:{"city":"Rome"}|)"},
      {"a quoted text", R"("said")", "user:said|"},
      {"nothing", "  ", ""},
      {"nothing inside", "[]", "user:[]|"},
  };
  for (const Case& c : kCases) EXPECT_EQ(shown(read_messages(c.text, "user")), c.expect) << c.name;
}

SpanContent content_of(std::vector<test::Attr> attributes, bool is_tool) {
  test::Spec spec;
  spec.name = "s";
  spec.end_ms = 1;
  spec.attributes = std::move(attributes);
  const auto batch = test::make_batch({spec});
  return span_content(Conventions::builtin(), *batch, batch->spans()[0], is_tool);
}

TEST(ContentTest, MessagesSpreadOverKeysComeInTheirOrder) {
  const auto content = content_of({attr("llm.input_messages.1.message.content", "b"),
                                   attr("llm.input_messages.1.message.role", "user"),
                                   attr("llm.input_messages.0.message.content", "a"),
                                   attr("llm.input_messages.0.message.role", "system"),
                                   attr("gen_ai.completion.0.content", "c")},
                                  false);
  EXPECT_EQ(shown(content.input), "system:a|user:b|");
  EXPECT_EQ(shown(content.output), "assistant:c|");
}

TEST(ContentTest, PlainInputOfAToolIsItsArguments) {
  const auto tool = content_of({attr("input.value", "{\"a\":1}"), attr("output.value", "2")}, true);
  EXPECT_EQ(tool.arguments, "{\"a\":1}");
  EXPECT_EQ(tool.result, "2");
  const auto model = content_of({attr("input.value", "ask"), attr("output.value", "say")}, false);
  EXPECT_EQ(shown(model.input), "user:ask|");
  EXPECT_EQ(shown(model.output), "assistant:say|");
  EXPECT_TRUE(content_of({attr("http.method", "GET")}, false).empty());
}

TEST(ContentTest, MessagesOfOneTextAreBounded) {
  std::string text = "[";
  for (std::size_t i = 0; i < kMessagesPerTextMax + 10; ++i) {
    text += std::string(i == 0 ? "" : ",") + R"({"role":"user","content":"x"})";
  }
  EXPECT_EQ(read_messages(text + "]", "user").size(), kMessagesPerTextMax);
}

}  // namespace
}  // namespace honeyguide::agents
