// Any bytes as the JSON inside attributes: no crash, no hang, and hashes that do not depend on
// where the bytes lie.
#include <cstddef>
#include <cstdint>
#include <string>

#include "agents/content.h"
#include "agents/payload.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace honeyguide::agents;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string copy = text;
  HG_CHECK(content_hash(text) == content_hash(copy));
  std::vector<PlannedCall> calls;
  read_planned_calls(text, calls);
  HG_CHECK(calls.size() <= 64);
  Answers answers;
  read_answered_calls(text, answers);
  std::vector<MessageFact> messages;
  read_autogen_messages(text, messages);
  HG_CHECK(messages.size() <= 256);
  (void)has_text_answer(text);
  (void)target_of_arguments(text);
  (void)graph_place_of_metadata(text);
  (void)graph_path_of_namespace(text);
  (void)read_usage(text);
  (void)read_response_usage(text);
  (void)read_members(text);
  HG_CHECK(read_messages(text, "user").size() <= kMessagesPerTextMax);
  (void)json_text(text, "agent");
  return 0;
}
