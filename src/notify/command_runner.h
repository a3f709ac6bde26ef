// CommandRunner: runs programs of the configuration file, never anything else: absolute path, fixed
// arguments, no shell, data on stdin. A program gets its own process group, an empty environment
// but PATH, no descriptors of ours, "/" as directory, and is killed with its children at its
// timeout.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace honeyguide::notify {

// Programs at once, and waiting; further ones are refused at once with kResourceExhausted.
inline constexpr std::size_t kCommandsAtOnceMax = 4;
inline constexpr std::size_t kCommandsQueuedMax = 100;
// Bytes of output kept; the rest is read and dropped.
inline constexpr std::size_t kCommandOutputBytesMax = 4096;

struct Command {
  std::vector<std::string> argv;  // argv[0] is an absolute path
  std::string input;              // for stdin
  std::int64_t timeout_ns = 30 * base::kNanosPerSecond;
};

struct CommandOutcome {
  int exit_code = -1;   // -1: killed or not started
  std::string output;   // stdout and stderr
  std::string problem;  // empty if it ran to its end
};

// True for 1 to 128 characters of A-Z a-z 0-9 . _ : -: ids that a program may safely be given.
bool is_safe_id(std::string_view id);

// Thread-safe. Its threads start with the first command.
class CommandRunner {
 public:
  using Done = std::function<void(base::Result<CommandOutcome>)>;

  explicit CommandRunner(const base::Clock& clock) : clock_(clock) {}
  // Kills what runs, calls every callback.
  ~CommandRunner();

  // Calls `done` once, on a thread of the runner (or on this one when refused at once).
  // kInvalidArgument: no absolute path. A program that cannot be started or fails is an outcome.
  void run(Command command, Done done);

 private:
  struct Job {
    Command command;
    Done done;
  };
  void work();
  CommandOutcome execute(const Command& command);
  bool stopping();

  const base::Clock& clock_;
  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<Job> jobs_ HG_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ HG_GUARDED_BY(mutex_);
  std::size_t idle_ HG_GUARDED_BY(mutex_) = 0;
  bool stopping_ HG_GUARDED_BY(mutex_) = false;
};

}  // namespace honeyguide::notify
