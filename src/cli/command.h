// What a command of the binary is: a name, a line of help, a function.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <vector>

namespace honeyguide::cli {

// Exit codes, the same for every command.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;    // it was tried and did not work; the reason is on stderr
inline constexpr int kExitUsage = 2;     // the command line is wrong
inline constexpr int kExitNotFound = 3;  // the thing asked for does not exist

struct CommandIo {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;  // progress is shown only then
};

// `args` are the words after the command's name. Gives an exit code.
using CommandFunction = int (*)(const std::vector<std::string>& args, CommandIo& io);

struct Command {
  const char* name;
  const char* group;    // heading in the help
  const char* summary;  // one line
  CommandFunction run;
};

// All commands, in the order of the help.
std::span<const Command> commands();

// The whole program but for main(): picks the command, prints help, gives the exit code.
int run_program(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
