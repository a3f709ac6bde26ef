#include "sdk/otlp_exporter.h"

#include "otlp/encode.h"
#include "otlp/response.h"
#include "sdk/fork_generation.h"

namespace honeyguide::sdk {
namespace {

std::string traces_url(std::string server) {
  while (server.ends_with('/')) server.pop_back();
  return server.ends_with("/v1/traces") ? server : server + "/v1/traces";
}

}  // namespace

OtlpExporter::OtlpExporter(std::string server, std::string token, const base::Clock& clock)
    : url_(traces_url(std::move(server))), token_(std::move(token)), clock_(clock) {}

OtlpExporter::~OtlpExporter() {
  if (generation_ == fork_generation()) return;
  // The threads behind these are the parent's.
  (void)client_.release();
  (void)pool_.release();
}

base::Result<void> OtlpExporter::connect() {
  if (client_ != nullptr && generation_ == fork_generation()) return {};
  (void)client_.release();
  (void)pool_.release();
  generation_ = fork_generation();
  HG_ASSIGN_OR_RETURN(pool_, net::IoPool::create(1, clock_));
  HG_ASSIGN_OR_RETURN(client_, net::HttpClient::create(*pool_, net::HttpClientOptions()));
  return {};
}

base::Result<void> OtlpExporter::export_batch(const telemetry::SpanBatchPtr& batch,
                                              std::chrono::milliseconds deadline) {
  HG_RETURN_IF_ERROR(connect());
  net::ClientRequest request;
  request.method = "POST";
  request.url = url_;
  request.headers.add("Content-Type", "application/x-protobuf");
  if (!token_.empty()) request.headers.add("Authorization", "Bearer " + token_);
  request.body = otlp::encode_traces_protobuf(*batch);
  request.gzip_body = request.body.size() > 1024;
  request.deadline = deadline;
  request.retry = net::RetryPolicy::otlp();
  HG_ASSIGN_OR_RETURN(const net::ClientResponse response,
                      client_->send_and_wait(std::move(request)));
  if (response.status / 100 != 2) {
    return base::Error{base::ErrorCode::kUnavailable,
                       url_ + " answered " + std::to_string(response.status)};
  }
  const auto answer = otlp::decode_export_response_protobuf(response.body);
  if (answer.rejected > 0) {
    return base::Error{
        base::ErrorCode::kInvalidArgument,
        url_ + " rejected " + std::to_string(answer.rejected) + " spans: " + answer.error_message};
  }
  return {};
}

}  // namespace honeyguide::sdk
