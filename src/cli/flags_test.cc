// Proves that command lines become values or an error that names the word, never an exception.
#include "cli/flags.h"

#include <sstream>

#include <gtest/gtest.h>

namespace honeyguide::cli {
namespace {

TEST(FlagsTest, SizesInDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_size("192MB"), 192'000'000);
  EXPECT_EQ(parse_size("1.5GiB"), 1'610'612'736);
  EXPECT_EQ(parse_size("4096"), 4096);
  EXPECT_EQ(parse_size("64m"), 64 << 20);
  for (const char* text : {"", "MB", "1XB", "-1", "1.2.3K"}) EXPECT_FALSE(parse_size(text)) << text;
}

TEST(FlagsTest, ParsesEachKindAndReportsWhatWasGiven) {
  std::string service;
  std::int64_t age_ns = 1'000'000'000;
  std::int64_t limit = 20;
  bool follow = false;
  std::string query;
  Flags flags("search", "Find traces");
  flags.text("--service", service, "Service");
  flags.duration("--age", age_ns, "Age");
  flags.integer("--limit", limit, "Limit");
  flags.flag("--follow", follow, "Follow");
  flags.positional("query", query, "Query", false);
  std::ostringstream out;
  std::ostringstream err;
  CommandIo io{out, err};
  EXPECT_FALSE(flags.parse({"--service", "hive", "--age=24h", "--follow", "status:error"}, io));
  EXPECT_EQ(service, "hive");
  EXPECT_EQ(age_ns, 86'400'000'000'000);
  EXPECT_TRUE(follow);
  EXPECT_EQ(query, "status:error");
  EXPECT_TRUE(flags.given("--age"));
  EXPECT_FALSE(flags.given("--limit"));
}

TEST(FlagsTest, AWrongWordIsAUsageErrorThatSaysWhatToWrite) {
  std::int64_t age_ns = 0;
  Flags flags("search", "Find traces");
  flags.duration("--age", age_ns, "Age");
  std::ostringstream out;
  std::ostringstream err;
  CommandIo io{out, err};
  EXPECT_EQ(flags.parse({"--age", "tomorrow"}, io), kExitUsage);
  EXPECT_NE(err.str().find("write 30s"), std::string::npos) << err.str();
}

TEST(FlagsTest, HelpGoesToTheOutput) {
  Flags flags("search", "Find traces");
  std::ostringstream out;
  std::ostringstream err;
  CommandIo io{out, err};
  EXPECT_EQ(flags.parse({"--help"}, io), kExitOk);
  EXPECT_NE(out.str().find("Find traces"), std::string::npos);
}

}  // namespace
}  // namespace honeyguide::cli
