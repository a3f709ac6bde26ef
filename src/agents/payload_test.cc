// Proves what is read from JSON inside attributes, in tables.
#include "agents/payload.h"

#include <gtest/gtest.h>

namespace honeyguide::agents {
namespace {

TEST(ContentHashTest, EqualContentHasEqualHashes) {
  const struct {
    const char* name;
    const char* a;
    const char* b;
    bool equal;
  } cases[] = {
      {"key order", R"({"a": 1, "b": 2})", R"({"b":2,"a":1})", true},
      {"other value", R"({"a": 1})", R"({"a": 2})", false},
      {"call ids differ", R"({"q": "x", "tool_call_id": "1"})",
       R"({"q": "x", "tool_call_id": "2"})", true},
      {"a callback's wrapping", R"({"inputs": {"q": "x"}, "metadata": {"langgraph_step": 3}})",
       R"({"inputs": {"q": "x"}, "metadata": {"langgraph_step": 5}})", true},
      {"kwargs of a tool", R"({"args": [], "kwargs": {"q": "x"}})", R"({"q": "x"})", true},
      {"plain text", "x", " x ", true},
      {"no JSON", "{broken", "{broken too", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(content_hash(c.a) == content_hash(c.b), c.equal);
  }
  EXPECT_EQ(content_hash(""), 0u);
}

TEST(PlannedCallsTest, AllForms) {
  const struct {
    const char* name;
    const char* json;
    const char* tool;
    const char* target;
  } cases[] = {
      {"gen_ai parts",
       R"([{"role":"assistant","parts":[{"type":"tool_call","name":"f","id":"1"}]}])", "f", ""},
      {"Vercel", R"([{"toolCallId":"1","toolName":"f","input":"{\"agent_name\":\"b\"}"}])", "f",
       "b"},
      {"OpenAI", R"([{"type":"function","id":"1","function":{"name":"f","arguments":"{}"}}])", "f",
       ""},
      {"Bedrock", R"([{"toolUse":{"toolUseId":"1","name":"f","input":{"to_agent":"b"}}}])", "f",
       "b"},
      {"Gemini", R"({"content":{"parts":[{"function_call":{"name":"f","args":{}}}]}})", "f", ""},
      {"LangChain",
       R"({"generations":[[{"message":{"kwargs":{"tool_calls":)"
       R"([{"name":"f","args":{},"type":"tool_call"}]}}}]]})",
       "f", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<PlannedCall> calls;
    read_planned_calls(c.json, calls);
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].name, c.tool);
    EXPECT_EQ(calls[0].target, c.target);
  }
}

TEST(PayloadTest, DeepAndLongTextIsNotParsed) {
  const std::string deep =
      std::string(kJsonDepthMax + 1, '[') + std::string(kJsonDepthMax + 1, ']');
  EXPECT_TRUE(read_members(deep).size() <= 1);
  const std::string long_text = "{\"agent_name\": \"" + std::string(kPayloadBytesMax, 'x') + "\"}";
  EXPECT_EQ(target_of_arguments(long_text), "");
}

TEST(PayloadTest, GraphPlaceComesFromTheNamespace) {
  const GraphPlace place = graph_place_of_metadata(
      R"({"langgraph_checkpoint_ns": "a:75-x|agent:61", "lc_agent_name": "a"})");
  EXPECT_EQ(place.path, "a|agent");
  EXPECT_EQ(place.agent, "a");
}

}  // namespace
}  // namespace honeyguide::agents
