// HG_CHECK: the end of the line for our own bugs, in release builds too.
//
// Bad input and a bad environment are `Result` errors and never come here. A failed check calls the
// installed handler with file, line and expression; the default prints one line to stderr and
// aborts. A host process may install a handler of its own (for example to log before dying);
// when the handler returns, the process is aborted all the same.
#pragma once

namespace honeyguide::base {

using CheckHandler = void (*)(const char* file, int line, const char* expression);

// Installs `handler` for the whole process, nullptr restores the default. Thread-safe.
void set_check_handler(CheckHandler handler);

[[noreturn]] void check_failed(const char* file, int line, const char* expression);

}  // namespace honeyguide::base

#define HG_CHECK(condition)                                             \
  do {                                                                  \
    if (!(condition)) [[unlikely]]                                      \
      ::honeyguide::base::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)
