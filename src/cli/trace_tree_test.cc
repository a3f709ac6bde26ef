// Proves the shape of the tree: order, orphans, running spans, cycles, hostile names.
#include "cli/trace_tree.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace honeyguide::cli {
namespace {

nlohmann::json span(const char* id, const char* parent, const char* name, int start_ms,
                    int end_ms) {
  nlohmann::json out = {{"spanId", id}, {"name", name}};
  if (*parent != 0) out["parentSpanId"] = parent;
  out["startTimeUnixNano"] = std::to_string(start_ms) + "000000";
  out["endTimeUnixNano"] = end_ms == 0 ? "0" : std::to_string(end_ms) + "000000";
  return out;
}

nlohmann::json trace(std::vector<nlohmann::json> spans) {
  return {{"resourceSpans",
           {{{"resource",
              {{"attributes", {{{"key", "service.name"}, {"value", {{"stringValue", "hive"}}}}}}}},
             {"scopeSpans", {{{"spans", spans}}}}}}}};
}

TEST(TraceTreeTest, ChildrenStandBelowTheirParentByStart) {
  auto failed = span("c", "a", "second", 30, 40);
  failed["status"] = {{"code", 2}, {"message", "boom"}};
  const auto text = format_trace_tree(
      trace({failed, span("b", "a", "first\x1b[31m", 10, 20), span("a", "", "root", 1, 100)}),
      false);
  EXPECT_EQ(text,
            "root  99ms  [hive]\n"
            "├─ first[31m  10ms  [hive]\n"
            "└─ second  10ms  [hive]  ERROR: boom\n");
}

TEST(TraceTreeTest, OrphansAndRunningSpansSaySo) {
  const auto text = format_trace_tree(trace({span("b", "gone", "work", 10, 0)}), false);
  EXPECT_EQ(text, "work  running  [hive]  (parent gone not stored)\n");
}

TEST(TraceTreeTest, ACycleOfParentsIsShownOnce) {
  const auto text =
      format_trace_tree(trace({span("a", "b", "x", 1, 2), span("b", "a", "y", 1, 2)}), false);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(TraceTreeTest, NothingGivesNothing) {
  EXPECT_EQ(format_trace_tree(nlohmann::json::object(), true), "");
}

}  // namespace
}  // namespace honeyguide::cli
