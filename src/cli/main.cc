// Wiring only: the streams, the words, the exit code.

#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include <unistd.h>

#include "cli/command.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  honeyguide::cli::CommandIo io{std::cout, std::cerr, isatty(STDOUT_FILENO) != 0,
                                isatty(STDERR_FILENO) != 0};
  const std::vector<std::string> args(argv + 1, argv + argc);
  const int code = honeyguide::cli::run_program(args, io);
  std::cout.flush();
  return code;
}
