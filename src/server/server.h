// Server: listeners and APIs over one engine. start() leaves it ready; stop() drains.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "server/api_demo.h"
#include "server/config.h"
#include "server/tokens.h"
#include "store/series_store.h"
#include "store/state_store.h"
#include "store/trace_store.h"

namespace honeyguide::server {

struct ServerStores {
  store::TraceStore& traces;
  store::SeriesStore& series;
  store::StateStore& state;
};

struct ServerAddresses {
  std::string http;
  std::string otlp_http;
  std::string otlp_grpc;
};

class Server {
 public:
  // `operator_token` gives every role; made at first start and kept in the data directory.
  // `config` must have passed validate(). `may_purge`: the data directory was made for it.
  // Stores and clock must outlive the server.
  static base::Result<std::unique_ptr<Server>> start(ServeConfig config, TokenSet tokens,
                                                     const std::string& operator_token,
                                                     bool may_purge, ServerStores stores,
                                                     const base::Clock& clock, base::LogSink log);
  virtual ~Server() = default;

  virtual ServerAddresses addresses() const = 0;
  // A URL that opens the page with role operate, once.
  virtual std::string make_login_url() = 0;
  // Lets POST /api/v1/demo start a demo swarm that sends to this server.
  virtual void offer_demo(StartDemo start) = 0;

  // Stops to accept, answers what was taken, commits and checkpoints; true if all was done before
  // the deadline. The stores stay open: close them afterwards. Idempotent.
  virtual bool stop(std::chrono::milliseconds deadline) = 0;
};

}  // namespace honeyguide::server
