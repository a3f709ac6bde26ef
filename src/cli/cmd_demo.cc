#include "cli/cmd_demo.h"

#include <cmath>
#include <csignal>
#include <ctime>
#include <memory>
#include <ostream>
#include <vector>

#include <pthread.h>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/hash.h"
#include "base/strings.h"
#include "cli/data_directory.h"
#include "cli/demo_control.h"
#include "cli/demo_live.h"
#include "cli/demo_swarm.h"
#include "cli/flags.h"
#include "net/http_client.h"
#include "net/io_pool.h"
#include "otlp/encode.h"

namespace honeyguide::cli {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::size_t kRunsPerRequest = 20;

struct DemoOptions {
  std::string url = "http://127.0.0.1:4318";
  std::string api = "http://127.0.0.1:8321";
  std::string token;
  std::string agent_token;  // empty: the agents hear no directives
  std::int64_t history_ns = 2 * base::kNanosPerHour;
  std::int64_t duration_ns = 0;
  double rate = 1.0;
  std::int64_t seed = 1;
};

class Sender {
 public:
  static Result<Sender> create(const DemoOptions& options, const base::Clock& clock) {
    Sender out;
    out.options_ = options;
    HG_ASSIGN_OR_RETURN(out.pool_, net::IoPool::create(1, clock));
    HG_ASSIGN_OR_RETURN(out.client_, net::HttpClient::create(*out.pool_, {}));
    return out;
  }

  Result<void> send(const telemetry::SpanBatch& batch, bool history) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = options_.url + "/v1/traces";
    request.headers.add("Content-Type", "application/x-protobuf");
    if (!options_.token.empty()) request.headers.add("Authorization", "Bearer " + options_.token);
    if (history) request.headers.add("honeyguide-backfill", "1");
    request.body = otlp::encode_traces_protobuf(batch);
    const auto response = client_->send_and_wait(std::move(request));
    if (!response) {
      return Error{response.error().code, "no server at " + options_.url + " (" +
                                              response.error().message +
                                              "); start one with 'honeyguide serve'"};
    }
    if (response->status != 200) {
      return Error{ErrorCode::kUnavailable, options_.url + " answered " +
                                                std::to_string(response->status) +
                                                (history ? "; history needs --token-of DIR" : "")};
    }
    spans_ += batch.size();
    return {};
  }
  std::uint64_t spans() const { return spans_; }
  net::HttpClient& client() { return *client_; }

 private:
  DemoOptions options_;
  std::unique_ptr<net::IoPool> pool_;
  std::unique_ptr<net::HttpClient> client_;
  std::uint64_t spans_ = 0;
};

void append_all(telemetry::SpanBatch& out, const telemetry::SpanBatch& batch) {
  std::vector<std::uint32_t> rows(batch.size());
  for (std::uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
  out.append_copy(batch, rows);
}

Result<void> send_history(DemoSwarm& swarm, Sender& sender, const DemoOptions& options,
                          base::UnixNanos now, CommandIo& io) {
  base::UnixNanos start = now - options.history_ns;
  while (start < now) {
    telemetry::SpanBatch batch;
    for (std::size_t i = 0; i < kRunsPerRequest && start < now; ++i) {
      const DemoRun run = swarm.next_run(start);
      if (run.end <= now) append_all(batch, run.batch);
      start +=
          static_cast<std::int64_t>(static_cast<double>(swarm.interval_ns(start)) / options.rate);
    }
    HG_RETURN_IF_ERROR(sender.send(batch, true));
    if (io.err_is_terminal) {
      io.err << "\rhistory: " << swarm.runs() << " runs, " << sender.spans() << " spans"
             << std::flush;
    }
  }
  if (io.err_is_terminal) io.err << "\n";
  return {};
}

// True if a stop signal came within `ns`.
bool wait_for_stop(const sigset_t& signals, std::int64_t ns) {
  timespec time{static_cast<std::time_t>(ns / base::kNanosPerSecond),
                static_cast<long>(ns % base::kNanosPerSecond)};
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

// What ends is sent within half a second.
Result<void> live(DemoSwarm& swarm, Sender& sender, const DemoOptions& options,
                  const base::Clock& clock, const sigset_t& signals) {
  const base::UnixNanos begin = clock.now();
  DemoLive live(swarm, begin, options.rate);
  DemoControl control(sender.client(), clock, options.api, options.agent_token);
  for (;;) {
    const base::UnixNanos now = clock.now();
    if (options.duration_ns > 0 && now - begin >= options.duration_ns) return {};
    const telemetry::SpanBatch ended = live.advance(now);
    if (!ended.empty()) HG_RETURN_IF_ERROR(sender.send(ended, false));
    if (!options.agent_token.empty()) control.poll(live);
    if (wait_for_stop(signals, base::kNanosPerSecond / 2)) return {};
  }
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
  auto sender = Sender::create(options, clock);
  if (!sender) return fail(sender.error());
  DemoSwarm swarm(static_cast<std::uint64_t>(options.seed));
  if (options.history_ns > 0) {
    const auto sent = send_history(swarm, *sender, options, clock.now(), io);
    if (!sent) return fail(sent.error());
  }
  io.out << "history: " << swarm.runs() << " runs, " << sender->spans() << " spans" << std::endl;
  const auto done = live(swarm, *sender, options, clock, signals);
  if (!done) return fail(done.error());
  io.out << "sent " << sender->spans() << " spans of " << swarm.runs() << " runs\n";
  return kExitOk;
}

}  // namespace honeyguide::cli
