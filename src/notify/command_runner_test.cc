// Proves that a program gets its input and nothing else of ours, and that none outlives its
// timeout, its queue or the runner.
#include "notify/command_runner.h"

#include <csignal>
#include <future>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace honeyguide::notify {
namespace {

using testing::HasSubstr;

class CommandRunnerTest : public testing::Test {
 protected:
  base::Result<CommandOutcome> run(std::vector<std::string> argv, std::string input = "",
                                   std::int64_t timeout_ns = 30 * base::kNanosPerSecond) {
    std::promise<base::Result<CommandOutcome>> done;
    runner_.run({std::move(argv), std::move(input), timeout_ns},
                [&](base::Result<CommandOutcome> outcome) { done.set_value(std::move(outcome)); });
    return done.get_future().get();
  }
  CommandOutcome shell(const std::string& script, std::string input = "") {
    auto outcome = run({"/bin/sh", "-c", script}, std::move(input));
    EXPECT_TRUE(outcome);
    return outcome.value_or(CommandOutcome{});
  }

  base::SystemClock clock_;
  CommandRunner runner_{clock_};
};

TEST_F(CommandRunnerTest, InputReachesTheProgramAndItsOutputComesBack) {
  const std::string large(300'000, 'x');
  const auto outcome = run({"/usr/bin/wc", "-c"}, large);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->exit_code, 0);
  EXPECT_EQ(outcome->output, "300000\n");
}

TEST_F(CommandRunnerTest, ArgumentsAreNeverReadByAShell) {
  const auto outcome = run({"/bin/echo", "$(id) `id` ; id > /x *"});
  EXPECT_EQ(outcome->output, "$(id) `id` ; id > /x *\n");
}

TEST_F(CommandRunnerTest, EnvironmentDirectoryAndDescriptorsOfOursStayBehind) {
  ::setenv("HG_SECRET_OF_TEST", "hidden", 1);
  const int open_file = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  EXPECT_THAT(shell("env").output, testing::Not(HasSubstr("HG_SECRET")));
  EXPECT_EQ(shell("pwd").output, "/\n");
  EXPECT_EQ(shell("for f in /proc/self/fd/*; do [ ${f##*/} -gt 2 ] && readlink $f; done; true")
                .output.find("/dev/null"),
            std::string::npos);
  ::close(open_file);
}

TEST_F(CommandRunnerTest, FailuresAreOutcomes) {
  EXPECT_EQ(shell("exit 7").exit_code, 7);
  EXPECT_THAT(shell("kill -9 $$").problem, HasSubstr("signal 9"));
  EXPECT_THAT(run({"/no/such/program"})->problem, HasSubstr("No such file"));
  EXPECT_EQ(run({"relative"}).error().code, base::ErrorCode::kInvalidArgument);
  EXPECT_EQ(run({}).error().code, base::ErrorCode::kInvalidArgument);
}

TEST_F(CommandRunnerTest, AProgramThatIgnoresItsInputIsNoTrouble) {
  EXPECT_EQ(shell("exec 0<&-; exit 0", std::string(1 << 20, 'x')).exit_code, 0);
}

TEST_F(CommandRunnerTest, OutputBeyondTheLimitIsDroppedAndTheProgramGoesOn) {
  const auto outcome = shell("yes | head -c 1000000; exit 3");
  EXPECT_EQ(outcome.output.size(), kCommandOutputBytesMax);
  EXPECT_EQ(outcome.exit_code, 3);
}

TEST_F(CommandRunnerTest, TheTimeoutKillsTheProgramAndItsChildren) {
  const auto outcome =
      run({"/bin/sh", "-c", "sleep 600 & echo $!; sleep 600"}, "", 300 * base::kNanosPerMilli);
  EXPECT_THAT(outcome->problem, HasSubstr("timeout"));
  const pid_t child = std::atoi(outcome->output.c_str());
  ASSERT_GT(child, 1);
  // Gone, or a zombie that init has not fetched yet.
  const std::string left =
      shell("cut -d ' ' -f 3 /proc/" + std::to_string(child) + "/stat 2>/dev/null || echo gone")
          .output;
  EXPECT_THAT(left, testing::AnyOf("gone\n", "Z\n", ""));
}

TEST_F(CommandRunnerTest, BeyondTheQueueACommandIsRefusedAndTheEndCallsEveryCallback) {
  std::atomic<int> ended{0};
  std::atomic<int> refused{0};
  {
    CommandRunner runner(clock_);
    for (std::size_t i = 0; i < kCommandsAtOnceMax + kCommandsQueuedMax + 50; ++i) {
      runner.run({{"/bin/sleep", "600"}, ""}, [&](const base::Result<CommandOutcome>& outcome) {
        ++ended;
        if (!outcome && outcome.error().code == base::ErrorCode::kResourceExhausted) ++refused;
      });
    }
    EXPECT_GE(refused.load(), 50);
  }
  EXPECT_EQ(ended.load(), static_cast<int>(kCommandsAtOnceMax + kCommandsQueuedMax + 50));
}

TEST(SafeIdTest, OnlyPlainIdsAreGivenToPrograms) {
  for (const char* id : {"coder-2", "a", "A.b_c:d-9"}) EXPECT_TRUE(is_safe_id(id)) << id;
  EXPECT_TRUE(is_safe_id(std::string(128, 'a')));
  EXPECT_FALSE(is_safe_id(std::string(129, 'a')));
  for (const char* id : {"", "a b", "a/b", "a;b", "$x", "a\nb", "ü"}) {
    EXPECT_FALSE(is_safe_id(id)) << id;
  }
}

}  // namespace
}  // namespace honeyguide::notify
