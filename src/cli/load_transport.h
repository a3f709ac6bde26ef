// What the load generator sends through: OTLP/HTTP with one connection a slot at most, or OTLP/gRPC
// over a few connections.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cli/load_run.h"

namespace honeyguide::cli {

struct LoadTarget {
  std::string url;  // "http://127.0.0.1:4318" or, for gRPC, "127.0.0.1:4317"
  bool grpc = false;
  std::string token;
  int connections = 4;  // gRPC
  int slots = 4;
};

// kInvalidArgument for an address that is none.
base::Result<std::unique_ptr<LoadTransport>> make_load_transport(const LoadTarget& target,
                                                                 const base::Clock& clock);

}  // namespace honeyguide::cli
