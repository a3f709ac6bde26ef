#include "server/receiver.h"

#include <utility>

#include "base/hash.h"

namespace honeyguide::server {
namespace {

int index_of(otlp::Signal signal) {
  return static_cast<int>(signal);
}

}  // namespace

Receiver::Receiver(IngestSink& sink, const base::Clock& clock, otlp::DecodeLimits limits)
    : sink_(sink), clock_(clock), limits_(limits), batch_id_seed_(base::random_seed()) {}

void Receiver::receive(IngestRequest request, IngestDone done) {
  stats_.requests[index_of(request.signal)] += 1;
  stats_.body_bytes += request.body.size();
  switch (request.signal) {
    case otlp::Signal::kTraces:
      return receive_spans(std::move(request), std::move(done));
    case otlp::Signal::kLogs:
      return receive_logs(std::move(request), std::move(done));
    case otlp::Signal::kMetrics:
      return receive_metrics(std::move(request), std::move(done));
  }
}

void Receiver::receive_spans(IngestRequest request, IngestDone done) {
  store::AppendRequest append;
  append.batch_id = batch_id(request);
  auto body = std::make_shared<const std::string>(std::move(request.body));
  auto decoded = request.encoding == otlp::Encoding::kJson
                     ? otlp::decode_traces_json(body, limits_)
                     : otlp::decode_traces_protobuf(body, limits_);
  body.reset();
  if (!decoded) return finish_malformed(decoded.error(), done);
  auto batch = std::make_shared<const telemetry::SpanBatch>(std::move(decoded->batch));
  if (!hold(request, batch->size_bytes(), done)) return;
  const std::uint64_t count = batch->size();
  if (count > 0) append.spans = std::move(batch);
  commit(std::move(request), std::move(append), count, decoded->rejected_spans,
         std::move(decoded->error_message), std::move(done));
}

void Receiver::receive_logs(IngestRequest request, IngestDone done) {
  store::AppendRequest append;
  append.batch_id = batch_id(request);
  auto body = std::make_shared<const std::string>(std::move(request.body));
  auto decoded = request.encoding == otlp::Encoding::kJson
                     ? otlp::decode_logs_json(body, limits_)
                     : otlp::decode_logs_protobuf(body, limits_);
  body.reset();
  if (!decoded) return finish_malformed(decoded.error(), done);
  auto batch = std::make_shared<const telemetry::LogBatch>(std::move(decoded->batch));
  if (!hold(request, batch->context.size_bytes(), done)) return;
  const std::uint64_t count = batch->records.size();
  if (count > 0) append.logs = std::move(batch);
  commit(std::move(request), std::move(append), count, decoded->rejected_records,
         std::move(decoded->error_message), std::move(done));
}

void Receiver::receive_metrics(IngestRequest request, IngestDone done) {
  auto body = std::make_shared<const std::string>(std::move(request.body));
  auto decoded = request.encoding == otlp::Encoding::kJson
                     ? otlp::decode_metrics_json(body, limits_)
                     : otlp::decode_metrics_protobuf(body, limits_);
  body.reset();
  if (!decoded) return finish_malformed(decoded.error(), done);
  auto batch = std::make_shared<const telemetry::MetricBatch>(std::move(decoded->batch));
  if (!hold(request, batch->context.size_bytes(), done)) return;
  const std::uint64_t count = batch->points.size();
  auto outcome =
      sink_.append_metrics(request.tenant, std::move(batch), clock_.now(), request.backfill);
  if (!outcome) {
    stats_.unavailable_requests += 1;
    return done({IngestVerdict::kUnavailable, 0, outcome.error().message});
  }
  const std::uint64_t rejected = decoded->rejected_points + outcome->rejected;
  stats_.accepted_items[index_of(request.signal)] += count - outcome->rejected;
  stats_.rejected_items[index_of(request.signal)] += rejected;
  std::string message = decoded->error_message.empty() ? outcome->message : decoded->error_message;
  done({IngestVerdict::kAccepted, rejected, std::move(message)});
}

void Receiver::commit(IngestRequest request, store::AppendRequest append, std::uint64_t item_count,
                      std::uint64_t rejected, std::string message, IngestDone done) {
  const int signal = index_of(request.signal);
  stats_.rejected_items[signal] += rejected;
  if (item_count == 0) return done({IngestVerdict::kAccepted, rejected, std::move(message)});
  append.tenant = request.tenant;
  append.arrival = clock_.now();
  // The reservation lives in the callback: bytes are given back at the acknowledgement.
  auto reservation = std::make_shared<net::ByteReservation>(std::move(request.reservation));
  sink_.append(std::move(append), request.backfill,
               [this, signal, item_count, rejected, message = std::move(message),
                done = std::move(done), reservation](base::Result<store::Ack> ack) {
                 reservation->release();
                 if (ack) {
                   stats_.accepted_items[signal] += item_count;
                   return done({IngestVerdict::kAccepted, rejected, message});
                 }
                 stats_.unavailable_requests += 1;
                 done({IngestVerdict::kUnavailable, 0, ack.error().message});
               });
}

void Receiver::finish_malformed(const base::Error& error, const IngestDone& done) {
  stats_.malformed_requests += 1;
  done({IngestVerdict::kMalformed, 0, error.message});
}

bool Receiver::hold(IngestRequest& request, std::size_t batch_bytes, const IngestDone& done) {
  // The body is part of the batch now; only what decoding added on top is taken as well.
  const std::size_t held = request.reservation.size_bytes();
  if (batch_bytes <= held || request.reservation.grow(batch_bytes - held)) return true;
  stats_.overloaded_requests += 1;
  done({IngestVerdict::kOverloaded, 0, "the ingest queue is full; send again later"});
  return false;
}

base::Hash128 Receiver::batch_id(const IngestRequest& request) const {
  // Keyed per process: a sender cannot craft a body that collides with somebody else's.
  const std::uint64_t seed = batch_id_seed_ ^ (static_cast<std::uint64_t>(request.tenant) << 8) ^
                             static_cast<std::uint64_t>(request.signal);
  return base::hash128(request.body, seed);
}

}  // namespace honeyguide::server
