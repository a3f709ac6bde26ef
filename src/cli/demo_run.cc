#include "cli/demo_run.h"

#include <memory>
#include <vector>

#include "cli/demo_control.h"
#include "cli/demo_live.h"
#include "cli/demo_swarm.h"
#include "net/http_client.h"
#include "net/io_pool.h"
#include "otlp/encode.h"

namespace honeyguide::cli {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::size_t kRunsPerRequest = 20;

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
                          base::UnixNanos now, const DemoHooks& hooks) {
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
    if (hooks.on_history) hooks.on_history({swarm.runs(), sender.spans()});
    if (hooks.stop_within(0)) break;
  }
  return {};
}

// What ends is sent within half a second.
Result<void> live(DemoSwarm& swarm, Sender& sender, const DemoOptions& options,
                  const base::Clock& clock, const DemoHooks& hooks) {
  const base::UnixNanos begin = clock.now();
  DemoLive live(swarm, begin, options.rate);
  DemoControl control(sender.client(), clock, options.api, options.agent_token);
  for (;;) {
    const base::UnixNanos now = clock.now();
    if (options.duration_ns > 0 && now - begin >= options.duration_ns) return {};
    const telemetry::SpanBatch ended = live.advance(now);
    if (!ended.empty()) HG_RETURN_IF_ERROR(sender.send(ended, false));
    if (!options.agent_token.empty()) control.poll(live);
    if (hooks.stop_within(base::kNanosPerSecond / 2)) return {};
  }
}

}  // namespace

Result<DemoProgress> send_demo(const DemoOptions& options, const base::Clock& clock,
                               const DemoHooks& hooks) {
  HG_ASSIGN_OR_RETURN(Sender sender, Sender::create(options, clock));
  DemoSwarm swarm(static_cast<std::uint64_t>(options.seed));
  if (options.history_ns > 0) {
    HG_RETURN_IF_ERROR(send_history(swarm, sender, options, clock.now(), hooks));
  }
  if (hooks.on_live) hooks.on_live({swarm.runs(), sender.spans()});
  HG_RETURN_IF_ERROR(live(swarm, sender, options, clock, hooks));
  return DemoProgress{swarm.runs(), sender.spans()};
}

}  // namespace honeyguide::cli
