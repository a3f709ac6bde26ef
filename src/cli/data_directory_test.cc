// Proves that a data directory has one owner, keeps its token, and is purgeable only if born so.
#include "cli/data_directory.h"

#include <gtest/gtest.h>

#include "base/mem_fs.h"

namespace honeyguide::cli {
namespace {

TEST(DataDirectoryTest, ASecondOwnerIsToldWhatToDo) {
  base::MemFs fs;
  auto first = DataDirectory::open(fs, "/data", false);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = DataDirectory::open(fs, "/data", false);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("--data"), std::string::npos);
}

TEST(DataDirectoryTest, TheTokenOutlivesARestart) {
  base::MemFs fs;
  std::string token;
  {
    auto first = DataDirectory::open(fs, "/data", false);
    token = first->operator_token();
  }
  const auto again = DataDirectory::open(fs, "/data", false);
  EXPECT_EQ(again->operator_token(), token);
  EXPECT_EQ(*read_operator_token(fs, "/data"), token);
}

TEST(DataDirectoryTest, AnUnfinishedSnapshotIsNotServed) {
  base::MemFs fs;
  ASSERT_TRUE(fs.create_directories("copy"));
  ASSERT_TRUE(fs.write_file_atomic("copy/SNAPSHOT.partial", ""));
  const auto refused = DataDirectory::open(fs, "copy", false);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("not finished"), std::string::npos);
}

TEST(DataDirectoryTest, OnlyADirectoryCreatedForItMayBePurged) {
  base::MemFs fs;
  { ASSERT_TRUE(DataDirectory::open(fs, "/real", false)); }
  EXPECT_FALSE(DataDirectory::open(fs, "/real", true)->may_purge());
  { ASSERT_TRUE(DataDirectory::open(fs, "/scratch", true)); }
  EXPECT_TRUE(DataDirectory::open(fs, "/scratch", true)->may_purge());
}

}  // namespace
}  // namespace honeyguide::cli
