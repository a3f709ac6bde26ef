// Proves that tables line up whatever their text, and that nothing leaves the given width.
#include "cli/text_table.h"

#include <gtest/gtest.h>

namespace honeyguide::cli {
namespace {

TEST(TextTableTest, ColumnsLineUpAndNumbersStandToTheRight) {
  TextTable table({"AGENT", ">CALLS", "STATE"});
  table.add({"planner", "7", "busy"});
  table.add({"rédacteur", "1200", "idle"});
  EXPECT_EQ(table.text(),
            "AGENT      CALLS  STATE\n"
            "planner        7  busy\n"
            "rédacteur   1200  idle\n");
}

TEST(TextTableTest, LinesAndRowsAreLimited) {
  TextTable table({"NAME", ">N"});
  table.add({std::string(60, 'x'), "1"});
  table.add({"y", "2"});
  EXPECT_EQ(table.text(6, 1), "NAME …\nxxxxx…\n");
  EXPECT_EQ(table.text(0, 1),
            "NAME" + std::string(38, ' ') + "N\n" + std::string(39, 'x') + "…  1\n");
}

TEST(TextTableTest, ControlCharactersOfTelemetryDoNotReachTheTerminal) {
  TextTable table({"NAME"});
  table.add({"a\x1b[2Jb\nc"});
  EXPECT_EQ(table.text().find('\x1b'), std::string::npos);
}

TEST(TextTableTest, ClippingCountsCharactersNotBytes) {
  EXPECT_EQ(clipped("äöü", 3), "äöü");
  EXPECT_EQ(clipped("äöüß", 3), "äö…");
  EXPECT_EQ(clipped("abc", 0), "");
}

}  // namespace
}  // namespace honeyguide::cli
