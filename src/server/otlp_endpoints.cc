#include "server/otlp_endpoints.h"

#include <memory>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "net/http_text.h"

namespace honeyguide::server {
namespace {

using otlp::Encoding;
using otlp::Signal;

// google.rpc codes that OTLP answers carry.
constexpr int kCodeInvalidArgument = 3;
constexpr int kCodePermissionDenied = 7;
constexpr int kCodeResourceExhausted = 8;
constexpr int kCodeUnavailable = 14;
constexpr int kCodeUnauthenticated = 16;

std::optional<Signal> signal_of_path(std::string_view path) {
  if (path == "/v1/traces") return Signal::kTraces;
  if (path == "/v1/logs") return Signal::kLogs;
  if (path == "/v1/metrics") return Signal::kMetrics;
  return std::nullopt;
}

std::optional<Encoding> encoding_of(const net::HttpRequest& request) {
  const auto type = net::parse_media_type(request.headers.get("content-type"));
  if (!type) return std::nullopt;
  if (type->type == "application/x-protobuf") return Encoding::kProtobuf;
  if (type->type == "application/json") return Encoding::kJson;
  return std::nullopt;
}

std::string_view media_type(Encoding encoding) {
  return encoding == Encoding::kJson ? "application/json" : "application/x-protobuf";
}

net::HttpResponse status_response(int http_status, Encoding encoding, int code,
                                  std::string_view message,
                                  std::optional<std::int64_t> retry_ms = std::nullopt) {
  auto response = net::HttpResponse::with_body(
      http_status, media_type(encoding), otlp::encode_status(encoding, code, message, retry_ms));
  if (retry_ms) {
    response.headers.add("Retry-After", std::to_string((*retry_ms + 999) / 1000));
  }
  return response;
}

bool wants_backfill(const net::Headers& headers) {
  return headers.get(kBackfillHeader) == "1";
}

// What refuses a sender before its body is read; nothing if it may go on.
struct Refusal {
  int http_status = 403;
  int code = kCodePermissionDenied;
  std::string message;
};

std::optional<Refusal> refuse_sender(const Access& access, const net::Headers& headers) {
  const auto principal = access.identify(headers);
  if (!principal) return Refusal{401, kCodeUnauthenticated, principal.error().message};
  if (!principal->has(kRoleIngest)) {
    return Refusal{403, kCodePermissionDenied, "this token lacks the role 'ingest'"};
  }
  if (wants_backfill(headers) && !principal->has(kRoleOperate)) {
    return Refusal{403, kCodePermissionDenied, "backfill needs a token with the role 'operate'"};
  }
  return std::nullopt;
}

class HttpEndpoint {
 public:
  HttpEndpoint(OtlpEndpointDeps deps, const Guard& guard, std::size_t body_bytes_max)
      : deps_(std::move(deps)), guard_(guard), body_bytes_max_(body_bytes_max) {}

  net::Admission admit(const net::HttpRequest& head, std::optional<std::uint64_t> content_length) {
    net::Admission admission;
    admission.refusal = refuse(head, content_length);
    if (admission.refusal) {
      guard_.add_cors_headers(head, *admission.refusal);
      return admission;
    }
    if (!deps_.ingest_budget.reserve(static_cast<std::size_t>(content_length.value_or(0)),
                                     &admission.reservation)) {
      deps_.receiver.count_overloaded();
      admission.refusal =
          status_response(429, encoding_of(head).value_or(Encoding::kProtobuf), kCodeUnavailable,
                          "the ingest queue is full; send again later", 1000);
    }
    return admission;
  }

  void handle(net::HttpRequest request, std::shared_ptr<net::Responder> responder) {
    if (request.method == "OPTIONS") {
      net::HttpResponse preflight;
      preflight.status = 204;
      guard_.add_cors_headers(request, preflight);
      responder->send(std::move(preflight));
      return;
    }
    const auto principal = deps_.access.identify(request.headers);
    const auto signal = signal_of_path(request.path());
    const auto encoding = encoding_of(request);
    if (!principal || !signal || !encoding) {
      responder->send(status_response(400, Encoding::kProtobuf, kCodeInvalidArgument,
                                      "the request changed while it was read"));
      return;
    }
    const auto tenant = deps_.tenant_ids(principal->tenant);
    if (!tenant) {
      responder->send(
          status_response(503, *encoding, kCodeUnavailable, tenant.error().message, 1000));
      return;
    }
    if (deps_.trust != nullptr && !wants_backfill(request.headers)) {
      deps_.trust->saw(*tenant, *principal);
    }
    IngestRequest ingest{*signal,
                         *encoding,
                         *tenant,
                         wants_backfill(request.headers),
                         std::move(request.body),
                         std::move(request.reservation)};
    net::HttpResponse cors;
    guard_.add_cors_headers(request, cors);
    deps_.receiver.receive(std::move(ingest),
                           [responder, signal = *signal, encoding = *encoding,
                            cors_headers = std::move(cors.headers)](IngestOutcome outcome) {
                             net::HttpResponse response = answer(signal, encoding, outcome);
                             for (std::size_t i = 0; i < cors_headers.size(); ++i) {
                               response.headers.add(cors_headers.name(i), cors_headers.value(i));
                             }
                             responder->send(std::move(response));
                           });
  }

  // Answers that the connection makes itself, in the request's encoding.
  void format_error(const net::HttpRequest* request, net::HttpResponse& response) const {
    const Encoding encoding =
        request != nullptr ? encoding_of(*request).value_or(Encoding::kProtobuf) : Encoding::kJson;
    const bool retry = response.status == 503 || response.status == 429;
    const int code = response.status == 413 ? kCodeResourceExhausted
                     : retry                ? kCodeUnavailable
                                            : kCodeInvalidArgument;
    response.body = otlp::encode_status(encoding, code, base::trim(response.body),
                                        retry ? std::optional<std::int64_t>(1000) : std::nullopt);
    response.headers.set("Content-Type", media_type(encoding));
  }

 private:
  static net::HttpResponse answer(Signal signal, Encoding encoding, const IngestOutcome& outcome) {
    switch (outcome.verdict) {
      case IngestVerdict::kAccepted:
        return net::HttpResponse::with_body(
            200, media_type(encoding),
            otlp::encode_export_response(signal, encoding, outcome.rejected, outcome.message));
      case IngestVerdict::kMalformed:
        return status_response(400, encoding, kCodeInvalidArgument, outcome.message);
      case IngestVerdict::kOverloaded:
        return status_response(429, encoding, kCodeUnavailable, outcome.message, outcome.retry_ms);
      case IngestVerdict::kUnavailable:
        return status_response(503, encoding, kCodeUnavailable, outcome.message, outcome.retry_ms);
    }
    return status_response(503, encoding, kCodeUnavailable, outcome.message, outcome.retry_ms);
  }

  std::optional<net::HttpResponse> refuse(const net::HttpRequest& head,
                                          std::optional<std::uint64_t> content_length) const {
    const Encoding encoding = encoding_of(head).value_or(Encoding::kProtobuf);
    if (const auto reason = guard_.refuse(head, false)) {
      return status_response(403, encoding, kCodePermissionDenied, *reason);
    }
    if (!signal_of_path(head.path())) {
      return status_response(404, encoding, kCodeInvalidArgument,
                             "OTLP/HTTP has /v1/traces, /v1/logs and /v1/metrics");
    }
    if (head.method == "OPTIONS" && !guard_.allowed_origin(head).empty()) return std::nullopt;
    if (head.method != "POST") {
      auto response = status_response(405, encoding, kCodeInvalidArgument, "send by POST");
      response.headers.add("Allow", "POST");
      return response;
    }
    if (const auto refusal = refuse_sender(deps_.access, head.headers)) {
      auto response =
          status_response(refusal->http_status, encoding, refusal->code, refusal->message);
      if (refusal->http_status == 401) response.headers.add("WWW-Authenticate", "Bearer");
      return response;
    }
    if (!encoding_of(head)) {
      return status_response(415, encoding, kCodeInvalidArgument,
                             "Content-Type must be application/x-protobuf or application/json");
    }
    if (content_length && *content_length > body_bytes_max_) {
      return status_response(413, encoding, kCodeResourceExhausted,
                             "a request may have at most " + std::to_string(body_bytes_max_) +
                                 " bytes; send less at once");
    }
    return std::nullopt;
  }

  OtlpEndpointDeps deps_;
  const Guard& guard_;
  const std::size_t body_bytes_max_;
};

net::GrpcStatus grpc_status(const IngestOutcome& outcome) {
  if (outcome.verdict == IngestVerdict::kMalformed) {
    return {net::GrpcCode::kInvalidArgument, outcome.message, {}};
  }
  return {net::GrpcCode::kUnavailable, outcome.message,
          net::grpc_retry_info(net::GrpcCode::kUnavailable, outcome.message,
                               static_cast<long>(outcome.retry_ms))};
}

net::GrpcHandler grpc_export(OtlpEndpointDeps deps, Signal signal) {
  return [deps = std::move(deps), signal](net::GrpcRequest request,
                                          std::shared_ptr<net::GrpcResponder> responder) {
    const auto principal = deps.access.identify(request.metadata);
    if (!principal) {
      responder->finish({net::GrpcCode::kUnauthenticated, principal.error().message, {}}, {});
      return;
    }
    const auto tenant = deps.tenant_ids(principal->tenant);
    if (!tenant) {
      responder->finish({net::GrpcCode::kUnavailable, tenant.error().message, {}}, {});
      return;
    }
    if (deps.trust != nullptr && !wants_backfill(request.metadata)) {
      deps.trust->saw(*tenant, *principal);
    }
    IngestRequest ingest{signal,
                         Encoding::kProtobuf,
                         *tenant,
                         wants_backfill(request.metadata),
                         std::move(request.message),
                         std::move(request.reservation)};
    deps.receiver.receive(std::move(ingest), [responder, signal](IngestOutcome outcome) {
      if (outcome.verdict == IngestVerdict::kAccepted) {
        responder->finish_ok(otlp::encode_export_response(signal, Encoding::kProtobuf,
                                                          outcome.rejected, outcome.message));
      } else {
        responder->finish(grpc_status(outcome), {});
      }
    });
  };
}

}  // namespace

OtlpHttpEndpoint make_otlp_http_endpoint(OtlpEndpointDeps deps, const Guard& guard,
                                         std::size_t body_bytes_max) {
  auto endpoint = std::make_shared<HttpEndpoint>(std::move(deps), guard, body_bytes_max);
  return {
      [endpoint](const net::HttpRequest& head, std::optional<std::uint64_t> content_length) {
        return endpoint->admit(head, content_length);
      },
      [endpoint](net::HttpRequest request, std::shared_ptr<net::Responder> responder) {
        endpoint->handle(std::move(request), std::move(responder));
      },
      [endpoint](const net::HttpRequest* request, net::HttpResponse& response) {
        endpoint->format_error(request, response);
      },
  };
}

OtlpGrpcEndpoint make_otlp_grpc_endpoint(OtlpEndpointDeps deps) {
  OtlpGrpcEndpoint endpoint;
  endpoint.admission = [deps](const net::GrpcRequest& head, std::size_t message_bytes) {
    net::GrpcAdmission admission;
    if (const auto refusal = refuse_sender(deps.access, head.metadata)) {
      admission.status = {static_cast<net::GrpcCode>(refusal->code), refusal->message, {}};
    } else if (!deps.ingest_budget.reserve(message_bytes, &admission.reservation)) {
      deps.receiver.count_overloaded();
      constexpr std::string_view kMessage = "the ingest queue is full; send again later";
      admission.status = {net::GrpcCode::kUnavailable, std::string(kMessage),
                          net::grpc_retry_info(net::GrpcCode::kUnavailable, kMessage, 1000)};
    }
    return admission;
  };
  endpoint.methods = {
      {"/opentelemetry.proto.collector.trace.v1.TraceService/Export",
       grpc_export(deps, Signal::kTraces)},
      {"/opentelemetry.proto.collector.logs.v1.LogsService/Export",
       grpc_export(deps, Signal::kLogs)},
      {"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
       grpc_export(deps, Signal::kMetrics)},
  };
  return endpoint;
}

}  // namespace honeyguide::server
