#include "cli/cmd_demo.h"

#include <csignal>
#include <ctime>
#include <ostream>
#include <vector>

#include <pthread.h>

#include "base/clock.h"
#include "base/file_system.h"
#include "cli/data_directory.h"
#include "cli/demo_run.h"
#include "cli/flags.h"

namespace honeyguide::cli {
namespace {

using base::Error;

// True if a stop signal came within `ns`.
bool wait_for_stop(const sigset_t& signals, std::int64_t ns) {
  timespec time{static_cast<std::time_t>(ns / base::kNanosPerSecond),
                static_cast<long>(ns % base::kNanosPerSecond)};
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

}  // namespace

int run_demo(const std::vector<std::string>& args, CommandIo& io) {
  DemoOptions options;
  std::string token_data;
  Flags flags("demo", "Send a live demo swarm of agents to a server, after some history");
  flags.text("--url", options.url, "OTLP/HTTP address of the server");
  flags.text("--api", options.api, "Address of the API, for directives");
  flags.text("--agent-token", options.agent_token,
             "Token of role agent: the agents hear and obey directives");
  flags.text("--token", options.token, "Token with the roles ingest and operate");
  flags.text("--token-of", token_data, "Use the operator token of this data directory");
  flags.duration("--history", options.history_ns, "History that is sent first; 0 for none");
  flags.duration("--duration", options.duration_ns, "Stop after this time (default: never)");
  flags.real("--rate", options.rate, "Runs a time: 2 sends twice as many");
  flags.integer("--seed", options.seed, "Seed of the simulation");
  flags.footer("Ctrl-C stops it. Try: honeyguide demo --token-of honeyguide-data --history 14d");
  if (const auto code = flags.parse(args, io)) return *code;
  if (!(options.rate > 0 && options.rate <= 100)) {
    io.err << "honeyguide demo: --rate is above 0 and at most 100\n";
    return kExitUsage;
  }
  const auto fail = [&](const Error& error) {
    io.err << "honeyguide demo: " << error.message << "\n";
    return kExitFailed;
  };
  if (!token_data.empty()) {
    const auto token = read_operator_token(base::posix_fs(), token_data);
    if (!token) return fail(token.error());
    options.token = *token;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  base::SystemClock clock;
  DemoHooks hooks;
  hooks.stop_within = [&](std::int64_t ns) { return wait_for_stop(signals, ns); };
  hooks.on_history = [&](DemoProgress sent) {
    if (!io.err_is_terminal) return;
    io.err << "\rhistory: " << sent.runs << " runs, " << sent.spans << " spans" << std::flush;
  };
  hooks.on_live = [&](DemoProgress sent) {
    if (io.err_is_terminal) io.err << "\n";
    io.out << "history: " << sent.runs << " runs, " << sent.spans << " spans" << std::endl;
  };
  const auto done = send_demo(options, clock, hooks);
  if (!done) return fail(done.error());
  io.out << "sent " << done->spans << " spans of " << done->runs << " runs\n";
  return kExitOk;
}

}  // namespace honeyguide::cli
