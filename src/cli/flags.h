// Flags: a command's flags and positional words over CLI11, without its headers.
//
//   Flags flags("search", "Find traces");
//   flags.text("--service", service, "Only this service");
//   if (const auto code = flags.parse(args, io)) return *code;
//
// Defaults shown in the help are the values that the variables hold when they are declared. Every
// variable must outlive parse().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"

namespace honeyguide::cli {

class Flags {
 public:
  Flags(const std::string& command, const std::string& description);
  ~Flags();

  void text(const std::string& name, std::string& value, const std::string& help);
  // May be given many times.
  void texts(const std::string& name, std::vector<std::string>& values, const std::string& help);
  void flag(const std::string& name, bool& value, const std::string& help);
  void integer(const std::string& name, std::int64_t& value, const std::string& help);
  void real(const std::string& name, double& value, const std::string& help);
  // A duration such as 30s or 24h, in nanoseconds.
  void duration(const std::string& name, std::int64_t& value_ns, const std::string& help);
  // A size such as 192MB or 1.5GiB, in bytes.
  void size(const std::string& name, std::int64_t& value_bytes, const std::string& help);
  // One of the listed words.
  void choice(const std::string& name, std::string& value, const std::vector<std::string>& choices,
              const std::string& help);
  void positional(const std::string& name, std::string& value, const std::string& help,
                  bool required = true);
  void positionals(const std::string& name, std::vector<std::string>& values,
                   const std::string& help, bool required = true);
  // Text after the flags in the help: examples.
  void footer(const std::string& text);

  // True if the flag was on the command line (not just its default).
  bool given(const std::string& name) const;

  // Nothing if the command may go on, else the exit code: help was printed, or the error was.
  std::optional<int> parse(const std::vector<std::string>& args, CommandIo& io);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Reads "192MB", "1.5GiB", "4096" (bytes): decimal and binary units. Nothing on malformed text.
std::optional<std::int64_t> parse_size(const std::string& text);

}  // namespace honeyguide::cli
