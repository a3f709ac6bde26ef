// Receiver: takes the body of an OTLP request to its acknowledgement, the same for HTTP and gRPC:
// decode, bound, commit. One bad span never costs the batch.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/byte_budget.h"
#include "otlp/decode.h"
#include "otlp/response.h"
#include "store/trace_store.h"
#include "telemetry/metric_batch.h"

namespace honeyguide::server {

struct IngestRequest {
  otlp::Signal signal = otlp::Signal::kTraces;
  otlp::Encoding encoding = otlp::Encoding::kProtobuf;
  store::TenantId tenant = 0;
  bool backfill = false;  // old event times are meant: nothing is judged, no alert fires
  std::string body;
  net::ByteReservation reservation;  // held until the acknowledgement
};

enum class IngestVerdict : std::uint8_t {
  kAccepted,     // durable; `rejected` items were refused with `message`
  kMalformed,    // fix the request; never retry
  kOverloaded,   // retry after `retry_ms`: more is on its way than fits
  kUnavailable,  // retry after `retry_ms`: the store cannot write at the moment
};

struct IngestOutcome {
  IngestVerdict verdict = IngestVerdict::kAccepted;
  std::uint64_t rejected = 0;
  std::string message;
  std::int64_t retry_ms = 1000;
};
// Called exactly once, from any thread; must not block.
using IngestDone = std::function<void(IngestOutcome)>;

// What the receiver hands on.
class IngestSink {
 public:
  virtual ~IngestSink() = default;
  virtual void append(store::AppendRequest request, bool backfill, store::AppendDone done) = 0;
  // Points of metrics; gives the number that was refused (cardinality) and why.
  struct MetricOutcome {
    std::uint64_t rejected = 0;
    std::string message;
  };
  virtual base::Result<MetricOutcome> append_metrics(store::TenantId tenant,
                                                     telemetry::MetricBatchPtr metrics,
                                                     base::UnixNanos arrival, bool backfill) = 0;
};

// Counters since the start, by signal where an array.
struct ReceiverStats {
  std::atomic<std::uint64_t> requests[3] = {};
  std::atomic<std::uint64_t> accepted_items[3] = {};
  std::atomic<std::uint64_t> rejected_items[3] = {};
  std::atomic<std::uint64_t> malformed_requests{0};
  std::atomic<std::uint64_t> overloaded_requests{0};
  std::atomic<std::uint64_t> unavailable_requests{0};
  std::atomic<std::uint64_t> body_bytes{0};
};

// Thread-safe.
class Receiver {
 public:
  Receiver(IngestSink& sink, const base::Clock& clock, otlp::DecodeLimits limits);

  // Decodes on the calling thread; `done` may run within the call only for outcomes other than
  // kAccepted.
  void receive(IngestRequest request, IngestDone done);

  // A request that was refused before its body was read, because the ingest budget is used up.
  void count_overloaded() { stats_.overloaded_requests += 1; }

  const ReceiverStats& stats() const { return stats_; }

 private:
  void receive_spans(IngestRequest request, IngestDone done);
  void receive_logs(IngestRequest request, IngestDone done);
  void receive_metrics(IngestRequest request, IngestDone done);
  void commit(IngestRequest request, store::AppendRequest append, std::uint64_t item_count,
              std::uint64_t rejected, std::string message, IngestDone done);
  void finish_malformed(const base::Error& error, const IngestDone& done);
  // False (and answered) if the decoded batch does not fit into the ingest budget.
  bool hold(IngestRequest& request, std::size_t batch_bytes, const IngestDone& done);
  base::Hash128 batch_id(const IngestRequest& request) const;

  IngestSink& sink_;
  const base::Clock& clock_;
  const otlp::DecodeLimits limits_;
  const std::uint64_t batch_id_seed_;
  ReceiverStats stats_;
};

}  // namespace honeyguide::server
