// Proves how a file's name, content and flag decide where its requests go.
#include "cli/cmd_import.h"

#include <gtest/gtest.h>

namespace honeyguide::cli {
namespace {

struct Case {
  const char* name;
  const char* bytes;
  const char* signal;
  const char* expect;  // paths, or "error"
};

TEST(CmdImportTest, NameThenFlagThenContentDecide) {
  const Case kCases[] = {
      {"a.traces.pb", "\x0a\x01", "", "/v1/traces "},
      {"a.logs.pb", "\x0a\x01", "traces", "/v1/logs "},
      {"a.pb", "\x0a\x01", "metrics", "/v1/metrics "},
      {"a.pb", "\x0a\x01", "", "error"},
      {"a.json", "{\"resourceSpans\":[\n]}", "", "/v1/traces "},
      {"a.jsonl", "{\"resourceLogs\":[]}\n\n{\"resourceSpans\":[]}\n", "", "/v1/logs /v1/traces "},
      {"a.json", "{\"x\":1}", "", "error"},
  };
  for (const Case& c : kCases) {
    const auto requests = import_requests(c.name, c.bytes, c.signal);
    std::string paths;
    if (requests) {
      for (const ImportRequest& request : *requests) paths += request.path + " ";
    } else {
      EXPECT_NE(requests.error().message.find("--signal"), std::string::npos);
      paths = "error";
    }
    EXPECT_EQ(paths, c.expect) << c.name << " " << c.bytes;
  }
}

}  // namespace
}  // namespace honeyguide::cli
