#include "base/check.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace honeyguide::base {
namespace {

void print_and_abort(const char* file, int line, const char* expression) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, expression);
}

std::atomic<CheckHandler> g_handler{&print_and_abort};

}  // namespace

void set_check_handler(CheckHandler handler) {
  g_handler.store(handler != nullptr ? handler : &print_and_abort);
}

void check_failed(const char* file, int line, const char* expression) {
  g_handler.load()(file, line, expression);
  std::abort();
}

}  // namespace honeyguide::base
