#include "cli/load_transport.h"

#include <vector>

#include "base/strings.h"
#include "net/grpc_client.h"
#include "net/http_client.h"
#include "net/http_text.h"
#include "net/io_pool.h"
#include "otlp/response.h"

namespace honeyguide::cli {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

LoadOutcome taken(std::string_view body) {
  const otlp::ExportResponse answer = otlp::decode_export_response_protobuf(body);
  LoadOutcome outcome;
  outcome.rejected_spans = static_cast<std::uint64_t>(answer.rejected);
  outcome.message = answer.error_message;
  return outcome;
}

class HttpTransport final : public LoadTransport {
 public:
  HttpTransport(LoadTarget target, std::unique_ptr<net::IoPool> pool,
                std::unique_ptr<net::HttpClient> client)
      : target_(std::move(target)), pool_(std::move(pool)), client_(std::move(client)) {}

  void send(std::shared_ptr<std::string> body, int,
            std::function<void(LoadOutcome)> done) override {
    net::ClientRequest request;
    request.method = "POST";
    request.url = target_.url + "/v1/traces";
    request.headers.add("Content-Type", "application/x-protobuf");
    if (!target_.token.empty()) request.headers.add("Authorization", "Bearer " + target_.token);
    request.body = std::move(*body);
    client_->send(std::move(request), [done = std::move(done)](auto response) {
      done(response ? outcome_of(*response)
                    : LoadOutcome{LoadAnswer::kLost, 0, -1, response.error().message});
    });
  }

 private:
  static LoadOutcome outcome_of(const net::ClientResponse& response) {
    if (response.status == 200) return taken(response.body);
    const bool retry = response.status == 429 || (response.status >= 502 && response.status <= 504);
    LoadOutcome outcome{retry ? LoadAnswer::kRetryable : LoadAnswer::kRefused, 0, -1,
                        "HTTP " + std::to_string(response.status)};
    if (const auto delay = otlp::decode_retry_delay_ms(response.body)) {
      outcome.retry_delay_ms = *delay;
    }
    return outcome;
  }

  const LoadTarget target_;
  std::unique_ptr<net::IoPool> pool_;
  std::unique_ptr<net::HttpClient> client_;
};

class GrpcTransport final : public LoadTransport {
 public:
  GrpcTransport(LoadTarget target, std::unique_ptr<net::IoPool> pool,
                std::vector<std::unique_ptr<net::GrpcClient>> clients)
      : target_(std::move(target)), pool_(std::move(pool)), clients_(std::move(clients)) {}

  void send(std::shared_ptr<std::string> body, int slot,
            std::function<void(LoadOutcome)> done) override {
    net::GrpcCall call;
    call.path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    if (!target_.token.empty()) call.metadata.add("authorization", "Bearer " + target_.token);
    call.message = std::move(body);
    auto& client = clients_[static_cast<std::size_t>(slot) % clients_.size()];
    client->call(std::move(call),
                 [done = std::move(done)](net::GrpcReply reply) { done(outcome_of(reply)); });
  }

 private:
  static LoadOutcome outcome_of(const net::GrpcReply& reply) {
    if (reply.status.ok()) return taken(reply.message);
    LoadOutcome outcome{
        LoadAnswer::kRefused, 0, -1,
        std::string(net::grpc_code_name(reply.status.code)) + ": " + reply.status.message};
    if (const auto delay = otlp::decode_retry_delay_ms(reply.status.details)) {
      outcome.answer = LoadAnswer::kRetryable;
      outcome.retry_delay_ms = *delay;
    } else if (reply.status.code == net::GrpcCode::kUnavailable) {
      outcome.answer = LoadAnswer::kLost;
    }
    return outcome;
  }

  const LoadTarget target_;
  std::unique_ptr<net::IoPool> pool_;
  std::vector<std::unique_ptr<net::GrpcClient>> clients_;
};

}  // namespace

Result<std::unique_ptr<LoadTransport>> make_load_transport(const LoadTarget& target,
                                                           const base::Clock& clock) {
  HG_ASSIGN_OR_RETURN(auto pool, net::IoPool::create(1, clock));
  if (!target.grpc) {
    if (!net::parse_url(target.url)) {
      return Error{ErrorCode::kInvalidArgument,
                   "--url: '" + target.url + "' is no address; write http://127.0.0.1:4318"};
    }
    net::HttpClientOptions options;
    options.idle_connections_max = static_cast<std::size_t>(target.slots);
    HG_ASSIGN_OR_RETURN(auto client, net::HttpClient::create(*pool, options));
    return std::unique_ptr<LoadTransport>(
        std::make_unique<HttpTransport>(target, std::move(pool), std::move(client)));
  }
  const auto address = net::parse_host_port(target.url);
  if (!address || address->port == 0) {
    return Error{ErrorCode::kInvalidArgument,
                 "--url: '" + target.url + "' is no HOST:PORT; write 127.0.0.1:4317"};
  }
  std::vector<std::unique_ptr<net::GrpcClient>> clients;
  for (int i = 0; i < target.connections; ++i) {
    net::GrpcClientOptions options;
    options.host = address->host;
    options.port = address->port;
    HG_ASSIGN_OR_RETURN(auto client, net::GrpcClient::create(*pool, options));
    clients.push_back(std::move(client));
  }
  return std::unique_ptr<LoadTransport>(
      std::make_unique<GrpcTransport>(target, std::move(pool), std::move(clients)));
}

}  // namespace honeyguide::cli
