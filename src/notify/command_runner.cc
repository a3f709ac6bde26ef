#include "notify/command_runner.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace honeyguide::notify {
namespace {

using base::Error;
using base::ErrorCode;
using base::MutexLock;

// How often a running program's end and its deadline are looked at.
constexpr int kLookMs = 20;

class Pipe {
 public:
  Pipe() { ok_ = ::pipe2(fds_, O_CLOEXEC) == 0; }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool ok() const { return ok_; }
  int read_end() const { return fds_[0]; }
  int write_end() const { return fds_[1]; }
  void close_read() { close_end(0); }
  void close_write() { close_end(1); }

 private:
  void close_end(int end) {
    if (fds_[end] >= 0) ::close(fds_[end]);
    fds_[end] = -1;
  }
  int fds_[2] = {-1, -1};
  bool ok_ = false;
};

// Starts the program; 0 or an errno.
int spawn(const Command& command, const Pipe& in, const Pipe& out, pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, in.read_end(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.write_end(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, out.write_end(), STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawn_file_actions_addchdir_np(&files, "/");
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> argv;
  for (const std::string& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path.data(), nullptr};
  const int code = ::posix_spawn(&pid, argv[0], &files, &attributes, argv.data(), environment);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  return code;
}

// Hands over as much of the input as the program takes.
void feed(Pipe& in, std::string_view& input) {
  while (!input.empty()) {
    const ssize_t sent = ::write(in.write_end(), input.data(), input.size());
    if (sent > 0) {
      input.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      return;
    } else {
      break;  // it closed its stdin
    }
  }
  in.close_write();
  input = {};
}

void collect(const Pipe& out, std::string& output) {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = ::read(out.read_end(), buffer.data(), buffer.size());
    if (got <= 0) return;
    const std::size_t room = kCommandOutputBytesMax - output.size();
    output.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
  }
}

}  // namespace

bool is_safe_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  });
}

CommandRunner::~CommandRunner() {
  std::vector<std::thread> threads;
  std::deque<Job> left;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    left.swap(jobs_);
  }
  changed_.notify_all();
  for (std::thread& thread : threads) thread.join();
  for (const Job& job : left) job.done(Error{ErrorCode::kCancelled, "the server stops"});
}

bool CommandRunner::stopping() {
  MutexLock lock(mutex_);
  return stopping_;
}

void CommandRunner::run(Command command, Done done) {
  if (command.argv.empty() || !command.argv.front().starts_with('/')) {
    return done(Error{ErrorCode::kInvalidArgument, "a command starts with an absolute path"});
  }
  bool refused = false;
  {
    MutexLock lock(mutex_);
    refused = stopping_ || jobs_.size() >= kCommandsQueuedMax;
    if (!refused) {
      jobs_.push_back({std::move(command), std::move(done)});
      if (idle_ < jobs_.size() && threads_.size() < kCommandsAtOnceMax) {
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        threads_.emplace_back([this] { work(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
      }
    }
  }
  if (refused) {
    return done(Error{ErrorCode::kResourceExhausted,
                      std::to_string(kCommandsQueuedMax) + " commands wait already"});
  }
  changed_.notify_one();
}

void CommandRunner::work() {
  for (;;) {
    Job job;
    {
      MutexLock lock(mutex_);
      ++idle_;
      while (jobs_.empty() && !stopping_) changed_.wait(mutex_);
      --idle_;
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job.done(execute(job.command));
  }
}

CommandOutcome CommandRunner::execute(const Command& command) {
  CommandOutcome outcome;
  Pipe in;
  Pipe out;
  pid_t pid = -1;
  const int code = in.ok() && out.ok() ? spawn(command, in, out, pid) : errno;
  if (code != 0) {
    outcome.problem = command.argv.front() + ": " + std::strerror(code);
    return outcome;
  }
  in.close_read();
  out.close_write();
  ::fcntl(in.write_end(), F_SETFL, O_NONBLOCK);
  ::fcntl(out.read_end(), F_SETFL, O_NONBLOCK);
  const std::int64_t deadline = clock_.steady_ns() + command.timeout_ns;
  std::string_view input = command.input;
  int status = 0;
  for (;;) {
    feed(in, input);
    collect(out, outcome.output);
    if (::waitpid(pid, &status, WNOHANG) == pid) break;
    const bool late = clock_.steady_ns() >= deadline;
    if (late || stopping()) {
      ::kill(-pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      outcome.problem = late ? "killed after its timeout" : "killed: the server stops";
      break;
    }
    pollfd wait{out.read_end(), POLLIN, 0};
    ::poll(&wait, 1, kLookMs);
    // Output that ended wakes poll() at once: the program's end follows, do not spin for it.
    if ((wait.revents & (POLLHUP | POLLIN)) == POLLHUP) ::poll(nullptr, 0, kLookMs);
  }
  collect(out, outcome.output);
  ::kill(-pid, SIGKILL);  // children that it left behind
  if (!outcome.problem.empty()) return outcome;
  if (WIFEXITED(status)) {
    outcome.exit_code = WEXITSTATUS(status);
  } else {
    outcome.problem = "ended by signal " + std::to_string(WTERMSIG(status));
  }
  return outcome;
}

}  // namespace honeyguide::notify
