// Proves one contract on the machine's file system and on the one in memory, and that the faulty
// one tears, loses and fills up as it says.
#include "base/file_system.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/faulty_fs.h"
#include "base/mem_fs.h"

namespace honeyguide::base {
namespace {

class FileSystemTest : public testing::TestWithParam<bool> {
 protected:
  FileSystemTest() {
    if (GetParam()) {
      char name[] = "/tmp/hg_fs_test_XXXXXX";
      root_ = mkdtemp(name);
      fs_ = &posix_fs();
    } else {
      root_ = "/root";
      fs_ = &memory_;
      EXPECT_TRUE(memory_.create_directories(root_));
    }
  }
  ~FileSystemTest() override { EXPECT_TRUE(fs_->remove_tree(root_)); }

  MemFs memory_;
  FileSystem* fs_ = nullptr;
  std::string root_;
};

TEST_P(FileSystemTest, AppendsFollowTheEndAlsoAfterReopenAndTruncate) {
  const std::string path = root_ + "/log";
  {
    auto file = fs_->open_append(path).value();
    ASSERT_TRUE(file->append("hello "));
    ASSERT_TRUE(file->append("world"));
    ASSERT_TRUE(file->sync());
  }
  auto file = fs_->open_append(path).value();
  EXPECT_EQ(file->size_bytes(), 11u);
  ASSERT_TRUE(file->truncate(6));
  ASSERT_TRUE(file->append("hive"));
  EXPECT_EQ(*fs_->read_file(path), "hello hive");
}

TEST_P(FileSystemTest, ReadsStopAtTheEnd) {
  ASSERT_TRUE(fs_->write_file_atomic(root_ + "/f", "abcdef"));
  const auto file = fs_->open_read(root_ + "/f").value();
  char buffer[16];
  EXPECT_EQ(*file->read_at(4, 16, buffer), 2u);
  EXPECT_EQ(std::string(buffer, 2), "ef");
  EXPECT_EQ(*file->read_at(6, 16, buffer), 0u);
}

TEST_P(FileSystemTest, RenameReplacesAndMovesTrees) {
  ASSERT_TRUE(fs_->create_directories(root_ + "/a/b"));
  ASSERT_TRUE(fs_->write_file_atomic(root_ + "/a/b/x", "1"));
  ASSERT_TRUE(fs_->rename(root_ + "/a", root_ + "/c"));
  EXPECT_EQ(*fs_->read_file(root_ + "/c/b/x"), "1");
  EXPECT_FALSE(fs_->exists(root_ + "/a"));
  EXPECT_EQ(*fs_->list(root_), std::vector<std::string>{"c"});
  EXPECT_EQ(fs_->open_read(root_ + "/a/b/x").error().code, ErrorCode::kNotFound);
}

TEST_P(FileSystemTest, ASecondLockNamesTheHolder) {
  auto first = fs_->lock(root_ + "/LOCK").value();
  const auto second = fs_->lock(root_ + "/LOCK");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kAlreadyExists);
  EXPECT_NE(second.error().message.find("in use by process"), std::string::npos);
  first.reset();
  EXPECT_TRUE(fs_->lock(root_ + "/LOCK"));
}

INSTANTIATE_TEST_SUITE_P(PosixAndMemory, FileSystemTest, testing::Bool());

TEST(MemFsTest, AFullDiskRefusesTheWholeWrite) {
  MemFs fs;
  fs.set_capacity_bytes(10);
  auto file = fs.open_append("f").value();
  ASSERT_TRUE(file->append("12345678"));
  EXPECT_EQ(file->append("abc").error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(file->size_bytes(), 8u);
  EXPECT_EQ(fs.disk_space(".")->free_bytes, 2u);
}

TEST(FaultyFsTest, ACrashKeepsWhatWasSyncedAndAPrefixOfTheRest) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    FaultyFs fs(seed);
    auto file = fs.open_append("f").value();
    ASSERT_TRUE(fs.sync_directory("."));
    ASSERT_TRUE(file->append("synced"));
    ASSERT_TRUE(file->sync());
    ASSERT_TRUE(file->append("-unsynced"));
    fs.crash();
    const std::string left = *fs.read_file("f");
    EXPECT_TRUE(std::string("synced-unsynced").starts_with(left));
    EXPECT_GE(left.size(), 6u);
  }
}

TEST(FaultyFsTest, ATornAppendFailsAndLeavesAPrefix) {
  FaultyFs fs(7);
  fs.set_plan({.torn_append_chance = 1.0});
  auto file = fs.open_append("f").value();
  EXPECT_FALSE(file->append("0123456789"));
  EXPECT_LE(file->size_bytes(), 10u);
}

TEST(FaultyFsTest, ACrashTakesBackTheLatestDirectoryChangesThatWereNotSynced) {
  std::set<std::vector<std::string>> outcomes;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    FaultyFs fs(seed);
    ASSERT_TRUE(fs.write_file_atomic("kept", "1"));
    ASSERT_TRUE(fs.rename("kept", "moved"));
    ASSERT_TRUE(fs.remove_file("moved"));
    fs.crash();
    outcomes.insert(*fs.list("."));
  }
  EXPECT_EQ(outcomes, (std::set<std::vector<std::string>>{{}, {"moved"}, {"kept"}}));
}

TEST(FaultyFsTest, AProcessEndsInTheMiddleOfAnAppendAndTheNextOneGoesOn) {
  FaultyFs fs(7);
  auto file = fs.open_append("f").value();
  fs.stop_after(1);
  ASSERT_TRUE(file->append("whole"));
  EXPECT_FALSE(file->append("0123456789"));
  EXPECT_TRUE(fs.stopped());
  EXPECT_FALSE(file->append("x"));
  EXPECT_FALSE(fs.rename("f", "g"));
  fs.restart();
  EXPECT_TRUE(std::string("whole0123456789").starts_with(*fs.read_file("f")));
  EXPECT_TRUE(fs.rename("f", "g"));
}

TEST(FaultyFsTest, ADiskThatFillsUpTakesWhatFits) {
  FaultyFs fs(3);
  fs.set_capacity_bytes(10);
  auto file = fs.open_append("f").value();
  const auto refused = file->append("0123456789abcdef");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_LE(file->size_bytes(), 10u);
}

}  // namespace
}  // namespace honeyguide::base
