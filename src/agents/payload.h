// What JSON inside attributes says: the only place that parses it. Hostile input: depth is bounded
// by kJsonDepthMax, and text beyond kPayloadBytesMax is not parsed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agents/fact.h"

namespace honeyguide::agents {

inline constexpr std::size_t kPayloadBytesMax = 1 << 20;
inline constexpr int kJsonDepthMax = 64;

// Stable hash of a tool's arguments or result: equal for equal content, whatever the key order;
// leaves out what instrumentations add to each call (ids, step numbers, times). 0 if `text` is
// empty.
std::uint64_t content_hash(std::string_view text);
// Hash of an id; 0 if empty. The prefixes that one framework adds to another's ids are left out.
std::uint64_t id_hash(std::string_view id);

// The agent that a control tool's arguments name; empty if none.
std::string target_of_arguments(std::string_view json);

struct GraphPlace {
  std::string path;         // node names from the root, joined by '|'
  std::string agent;        // what the framework calls the agent
  std::string destination;  // of a hand-off
};
// LangGraph's metadata: {"langgraph_node": ..., "langgraph_checkpoint_ns": "a:uuid|b:uuid", ...}.
GraphPlace graph_place_of_metadata(std::string_view json);
// "a:uuid|b:uuid" as "a|b".
std::string graph_path_of_namespace(std::string_view checkpoint_ns);

// Tool calls in a model's answer, in any of the known JSON forms.
void read_planned_calls(std::string_view json, std::vector<PlannedCall>& calls);
// True if the answer holds words.
bool has_text_answer(std::string_view json);
// Ids of the tool calls whose results stand in a model's input, and of those that tell an error.
struct Answers {
  std::vector<std::uint64_t> answered;
  std::vector<std::uint64_t> failed;
};
void read_answered_calls(std::string_view json, Answers& answers);

struct TokenUsage {
  std::int64_t input = -1;
  std::int64_t output = -1;
  std::int64_t cached = -1;
  std::int64_t reasoning = -1;
  std::int64_t total = -1;
};
// Usage objects of MLflow, Langfuse, Gemini and OpenAI.
TokenUsage read_usage(std::string_view json);
// The usage inside a whole model response ("usage_metadata").
TokenUsage read_response_usage(std::string_view json);

// AutoGen's message JSON: messages with their usage, calls, results, hand-off targets.
void read_autogen_messages(std::string_view json, std::vector<MessageFact>& messages);

// Names of declared agents: a crew's JSON list of objects with "role" or "name", or a list of
// names, or names separated by commas.
std::vector<std::string> read_members(std::string_view text);

// The value of `key` in a JSON object if it is a text, else empty.
std::string json_text(std::string_view json, std::string_view key);

}  // namespace honeyguide::agents
