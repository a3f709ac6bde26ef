#include "cli/validate_run.h"

#include <optional>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "cli/validate_sample.h"
#include "net/grpc_client.h"
#include "net/http_client.h"
#include "net/http_text.h"
#include "net/io_pool.h"
#include "otlp/decode.h"
#include "otlp/encode.h"
#include "otlp/response.h"
#include "server/tokens.h"

namespace honeyguide::cli {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using nlohmann::json;

constexpr std::chrono::milliseconds kRequestDeadline{15'000};
constexpr std::chrono::milliseconds kPoll{100};
constexpr const char* kLookAtLog = "look at the server's log and at 'honeyguide health'";

struct Answer {
  int status = 0;  // 0: none came
  std::string body;

  json document() const { return json::parse(body, nullptr, false); }
};

std::string seen(const Answer& answer) {
  if (answer.status == 0) return "no answer: " + answer.body;
  return "HTTP " + std::to_string(answer.status) + " " + answer.body.substr(0, 200);
}

// Nothing, or what is wrong.
using Fault = std::optional<std::string>;

Fault expect_number(const json& document, const json::json_pointer& at, double wanted) {
  const json found = document.is_object() && document.contains(at) ? document[at] : json();
  if (found.is_number() && found.get<double>() == wanted) return std::nullopt;
  return at.to_string() + " is " + found.dump() + ", not " + json(wanted).dump();
}

std::string random_trace_id() {
  return server::sha256_hex(server::make_token()).substr(0, 32);
}

// The spans of two OTLP documents with equal content, whatever their order and ids of resources.
std::vector<telemetry::SpanHash> hashes_of(const std::string& text) {
  std::vector<telemetry::SpanHash> out;
  const auto decoded = otlp::decode_traces_json(std::make_shared<std::string>(text));
  if (!decoded) return out;
  for (const telemetry::Span& span : decoded->batch.spans()) {
    out.push_back(telemetry::span_content_hash(decoded->batch, span));
  }
  std::sort(out.begin(), out.end());
  return out;
}

class ValidationRunImpl final : public ValidationRun {
 public:
  ValidationRunImpl(ValidationTarget target, std::unique_ptr<net::IoPool> pool,
                    std::unique_ptr<net::HttpClient> http)
      : target_(std::move(target)), pool_(std::move(pool)), http_(std::move(http)) {}

  Result<std::vector<CheckResult>> run(
      const std::function<void(const CheckResult&)>& told) override {
    told_ = &told;
    HG_RETURN_IF_ERROR(begin());
    check(
        "server", [this] { return ready(); },
        "the server says what it waits for; " + std::string(kLookAtLog));
    check(
        "receive OTLP/HTTP protobuf", [this] { return send_http_protobuf(); },
        "another program may hold the port of otlp_http, or a proxy changes bodies");
    check(
        "receive OTLP/HTTP JSON", [this] { return send_http_json(); }, kLookAtLog);
    check(
        "receive OTLP/gRPC", [this] { return send_grpc(); },
        "something between here and otlp_grpc may not speak HTTP/2; connect directly");
    check(
        "store by id", [this] { return read_by_id(); },
        "run 'honeyguide repair --data DIR' on the stopped server and validate again");
    check(
        "search", [this] { return search(); },
        "run 'honeyguide repair --data DIR' on the stopped server and validate again");
    check(
        "Jaeger API", [this] { return jaeger(); }, kLookAtLog);
    check(
        "logs", [this] { return logs(); }, kLookAtLog);
    check(
        "metrics", [this] { return metrics(); }, kLookAtLog);
    check(
        "agent figures", [this] { return figures(); },
        "mappings of the configuration's conventions may hide the attributes of the library");
    check(
        "agents, conflicts, messages, waits", [this] { return lists(); },
        "mappings of the configuration's conventions may hide the attributes of the library");
    check(
        "control channel", [this] { return control(); }, kLookAtLog);
    check(
        "alerting", [this] { return alerting(); },
        "GET /api/v1/alerts and the server's log say whether evaluation hangs");
    check(
        "isolation", [this] { return isolation(); },
        "do not use this server for more than one tenant and report the defect");
    check(
        "refusals", [this] { return refusals(); },
        "a proxy in front may answer in the server's place; validate without it");
    components();
    HG_RETURN_IF_ERROR(finish());
    return results_;
  }

 private:
  // --- the frame ---

  void tell(CheckResult result) {
    (*told_)(result);
    results_.push_back(std::move(result));
  }

  template <typename Make>
  void check(const std::string& name, const Make& make, const std::string& fix) {
    const Fault fault = make();
    tell(fault ? CheckResult{name, "failed", *fault, fix} : CheckResult{name, "ok", "", ""});
  }

  Answer ask(const std::string& method, const std::string& url, const std::string& token,
             std::string body = "", const std::string& type = "application/json",
             bool gzip = false) {
    net::ClientRequest request;
    request.method = method;
    request.url = url;
    request.deadline = kRequestDeadline;
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
    if (!body.empty()) request.headers.add("Content-Type", type);
    request.body = std::move(body);
    request.gzip_body = gzip;
    auto response = http_->send_and_wait(std::move(request));
    if (!response) return {0, response.error().message};
    return {response->status, std::move(response->body)};
  }

  Answer get(const std::string& path) { return ask("GET", target_.url + path, token_); }

  // Asks until nothing is wrong with the answer, for at most `within`.
  Fault eventually(std::chrono::milliseconds within, const std::function<Fault()>& attempt) {
    const std::int64_t end = clock_.steady_ns() + within.count() * base::kNanosPerMilli;
    for (;;) {
      Fault fault = attempt();
      if (!fault || clock_.steady_ns() >= end) return fault;
      std::this_thread::sleep_for(kPoll);
    }
  }

  // Servers that listen on every address say 0.0.0.0 or [::]; they are where the API is.
  std::string reachable(const std::string& address) const {
    const auto parsed = net::parse_host_port(address);
    const auto api = net::parse_url(target_.url);
    if (!parsed || !api || (parsed->host != "0.0.0.0" && parsed->host != "::")) return address;
    return api->host + ":" + std::to_string(parsed->port);
  }

  Result<void> begin() {
    const Answer answer = ask("POST", target_.url + "/api/v1/validation", target_.token, "{}");
    if (answer.status == 0) {
      return Error{ErrorCode::kUnavailable, "no server at " + target_.url + " (" + answer.body +
                                                "); start one with 'honeyguide serve'"};
    }
    const json document = answer.document();
    if (answer.status != 200 || !document.is_object()) {
      const json message = document.is_object() && document.contains("/error/message"_json_pointer)
                               ? document["error"]["message"]
                               : json(seen(answer) + "; is it a honeyguide?");
      return Error{ErrorCode::kUnavailable,
                   "the server does not begin a validation: " + message.get<std::string>()};
    }
    token_ = document.value("token", "");
    otlp_http_ = "http://" + reachable(document.value("otlp_http", ""));
    otlp_grpc_ = reachable(document.value("otlp_grpc", ""));
    for (std::string& id : runs_) id = random_trace_id();
    loop_ = random_trace_id();
    half_bad_ = random_trace_id();
    return {};
  }

  Result<void> finish() {
    json results = json::array();
    for (const CheckResult& one : results_) {
      results.push_back(
          {{"name", one.name}, {"status", one.status}, {"text", one.text}, {"fix", one.fix}});
    }
    const Answer answer = ask("POST", target_.url + "/api/v1/validation/finish", token_,
                              json{{"results", std::move(results)}}.dump());
    check(
        "forget",
        [&]() -> Fault {
          if (answer.status != 200) return "the validation was not ended: " + seen(answer);
          return expect_number(answer.document(), "/deleted_traces"_json_pointer, taken_);
        },
        "what is left of it expires with retention, in a tenant that nobody reads");
    return {};
  }

  // --- ways in ---

  Fault ready() {
    const Answer answer = ask("GET", target_.url + "/readyz", "");
    if (answer.status != 200) return "it is not ready: " + seen(answer);
    return std::nullopt;
  }

  static std::string protobuf_of(const json& request) {
    const auto decoded = otlp::decode_traces_json(std::make_shared<std::string>(request.dump()));
    return decoded ? otlp::encode_traces_protobuf(decoded->batch) : std::string();
  }

  Answer post(const std::string& signal, std::string body, const std::string& type,
              bool gzip = false) {
    return ask("POST", otlp_http_ + "/v1/" + signal, token_, std::move(body), type, gzip);
  }

  Fault taken(const otlp::ExportResponse& answer) {
    ++taken_;
    if (answer.rejected == 0) return std::nullopt;
    return std::to_string(answer.rejected) + " were rejected: " + answer.error_message;
  }

  Fault send_http_protobuf() {
    sent_[0] = sample_run(runs_[0], clock_.now());
    const Answer answer = post("traces", protobuf_of(sent_[0]), "application/x-protobuf");
    if (answer.status != 200) return seen(answer);
    return taken(otlp::decode_export_response_protobuf(answer.body));
  }

  Fault send_http_json() {
    sent_[1] = sample_run(runs_[1], clock_.now());
    const Answer answer = post("traces", sent_[1].dump(), "application/json; charset=utf-8", true);
    if (answer.status != 200) return seen(answer);
    ++taken_;
    if (answer.document() == json::object()) return std::nullopt;
    return "not everything was taken: " + answer.body.substr(0, 200);
  }

  Fault send_grpc() {
    sent_[2] = sample_run(runs_[2], clock_.now());
    const auto address = net::parse_host_port(otlp_grpc_);
    if (!address) return "the server gave no address for gRPC";
    net::GrpcClientOptions options;
    options.host = address->host;
    options.port = address->port;
    auto client = net::GrpcClient::create(*pool_, options);
    if (!client) return client.error().message;
    net::GrpcCall call;
    call.path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    call.metadata.add("authorization", "Bearer " + token_);
    call.message = std::make_shared<std::string>(protobuf_of(sent_[2]));
    call.deadline = kRequestDeadline;
    const net::GrpcReply reply = (*client)->call_and_wait(std::move(call));
    if (!reply.status.ok()) {
      return std::string(net::grpc_code_name(reply.status.code)) + ": " + reply.status.message;
    }
    return taken(otlp::decode_export_response_protobuf(reply.message));
  }

  // --- ways out ---

  Fault read_by_id() {
    for (std::size_t i = 0; i < std::size(runs_); ++i) {
      const Answer answer = get("/api/v1/traces/" + runs_[i]);
      if (answer.status != 200) return "trace " + std::to_string(i + 1) + ": " + seen(answer);
      const auto wanted = hashes_of(sent_[i].dump());
      if (wanted.empty() || hashes_of(answer.body) != wanted) {
        return "trace " + std::to_string(i + 1) + " came back with other spans than were sent";
      }
    }
    return std::nullopt;
  }

  Fault search() {
    const std::string query = net::percent_encode("name:conflict .conflict.type:draft");
    const Answer answer = get("/api/v1/traces?q=" + query);
    if (answer.status != 200) return seen(answer);
    std::size_t found = 0;
    const json document = answer.document();
    for (const std::string& id : runs_) {
      for (const json& row : document.value("items", json::array())) {
        found += row.value("trace_id", "") == id ? 1 : 0;
      }
    }
    if (found == std::size(runs_)) return std::nullopt;
    return std::to_string(found) + " of " + std::to_string(std::size(runs_)) + " traces were found";
  }

  Fault jaeger() {
    const Answer answer = get("/api/traces/" + runs_[0]);
    if (answer.status != 200) return seen(answer);
    const json document = answer.document();
    const json spans = document.value("/data/0/spans"_json_pointer, json::array());
    if (spans.size() == kSampleSpans) return std::nullopt;
    return std::to_string(spans.size()) + " of " + std::to_string(kSampleSpans) + " spans";
  }

  Fault logs() {
    const Answer sent = post("logs", sample_log(runs_[0], clock_.now()).dump(), "application/json");
    if (sent.status != 200) return "sending: " + seen(sent);
    const Answer answer = get("/api/v1/logs?trace_id=" + runs_[0]);
    if (answer.status != 200) return seen(answer);
    const bool found = answer.body.find("a record of the validation") != std::string::npos;
    return found ? Fault() : Fault("the record that was sent is not found by its trace");
  }

  Fault metrics() {
    const base::UnixNanos now = clock_.now();
    const double value = static_cast<double>(now % 1'000'000'007);
    const Answer sent = post("metrics", sample_gauge(value, now).dump(), "application/json");
    if (sent.status != 200) return "sending: " + seen(sent);
    return eventually(target_.figures_within, [&]() -> Fault {
      const Answer answer = get(std::string("/api/v1/series?name=") + kSampleSeries);
      if (answer.status != 200) return seen(answer);
      const bool found = answer.body.find(kSampleSeries) != std::string::npos;
      return found ? Fault() : Fault("the series of the point that was sent is not there");
    });
  }

  Fault figures() {
    return eventually(target_.figures_within, [&]() -> Fault {
      for (const std::string& id : runs_) {
        const Answer answer = get("/api/v1/runs/" + id);
        if (answer.status != 200) return seen(answer);
        const json run = answer.document();
        const std::pair<const char*, double> wanted[] = {
            {"/run/spans", kSampleSpans},
            {"/run/error_spans", 1},
            {"/run/tasks/succeeded", 2},
            {"/run/tasks/failed", 1},
            {"/run/llm_calls", 1},
            {"/run/tokens/input", kSampleInputTokens},
            {"/run/tokens/output", kSampleOutputTokens}};
        for (const auto& [at, number] : wanted) {
          if (Fault fault = expect_number(run, json::json_pointer(at), number)) return fault;
        }
      }
      return std::nullopt;
    });
  }

  Fault lists() {
    return eventually(target_.figures_within, [&]() -> Fault {
      const json tasks = get(std::string("/api/v1/tasks?agent=") + kSampleReviewer).document();
      const json conflicts = get("/api/v1/conflicts?state=resolved").document();
      for (const std::string& id : runs_) {
        int of_run = 0;
        for (const json& row : tasks.value("items", json::array())) {
          of_run += row.value("trace_id", "") == id ? 1 : 0;
        }
        if (of_run != 2) return std::to_string(of_run) + " of the reviewer's 2 tasks of a run";
        int settled = 0;
        for (const json& row : conflicts.value("items", json::array())) {
          settled += row.value("trace_id", "") == id && row.value("method", "") == "vote" ? 1 : 0;
        }
        if (settled != 1) return "the conflict of a run is not among the resolved";
      }
      const json topology = get("/api/v1/topology").document();
      for (const json& edge : topology.value("edges", json::array())) {
        if (edge.value("source", "") == kSampleWriter &&
            edge.value("target", "") == kSampleReviewer && edge.value("count", 0) >= 3) {
          return std::nullopt;
        }
      }
      return "the messages from writer to reviewer make no edge of the topology";
    });
  }

  Fault control() {
    const Answer answer =
        get(std::string("/api/v1/agents/") + kSampleWriter + "/directive?after=0&wait_s=0");
    if (answer.status == 200 || answer.status == 204) return std::nullopt;
    return "an agent that asks for its directive gets " + seen(answer);
  }

  Fault alerting() {
    const Answer sent = post("traces", sample_loop(loop_, clock_.now()).dump(), "application/json");
    if (sent.status != 200) return "sending: " + seen(sent);
    ++taken_;
    return eventually(target_.alert_within, [&]() -> Fault {
      const Answer answer = get("/api/v1/alerts?view=active");
      if (answer.status != 200) return seen(answer);
      for (const json& alert : answer.document().value("items", json::array())) {
        if (alert.dump().find(sample_looper(loop_)) != std::string::npos) return std::nullopt;
      }
      return "an agent that calls one tool " + std::to_string(kSampleLoopCalls) +
             " times with the same arguments raises no alert";
    });
  }

  // --- what must not be ---

  Fault isolation() {
    const Answer answer = ask("GET", target_.url + "/api/v1/traces/" + runs_[0], target_.token);
    if (answer.status == 404) return std::nullopt;
    return "the caller's own tenant must not have the trace, but gets " + seen(answer);
  }

  Fault refusals() {
    const Answer malformed = post("traces", "\xff\xff\xff", "application/x-protobuf");
    if (malformed.status != 400) return "a malformed body gets " + seen(malformed);
    const Answer unknown = ask("POST", otlp_http_ + "/v1/traces", "hg_unknown", "{}");
    if (unknown.status != 401 && unknown.status != 403) {
      return "an unknown token gets " + seen(unknown);
    }
    const Answer half =
        post("traces", sample_half_bad(half_bad_, clock_.now()).dump(), "application/json");
    if (half.status == 200) ++taken_;
    const json partial = half.document();
    if (half.status != 200 || !partial.is_object() ||
        partial.value("/partialSuccess/rejectedSpans"_json_pointer, json()) != json("1")) {
      return "one bad span of two must be rejected and told, but the answer is " + seen(half);
    }
    const Answer kept = get("/api/v1/traces/" + half_bad_);
    if (kept.status != 200) return "the good span beside a bad one is lost: " + seen(kept);
    return std::nullopt;
  }

  // What the server says of its own parts.
  void components() {
    const Answer answer = ask("GET", target_.url + "/api/v1/health", token_);
    const json document = answer.document();
    if (answer.status != 200 || !document.is_object()) {
      return tell({"health", "failed", seen(answer), kLookAtLog});
    }
    CheckResult out{"health", "ok", "", ""};
    for (const json& part : document.value("components", json::array())) {
      const std::string status = part.value("status", "unknown");
      if (status == "ok" || status == "unknown") continue;
      if (status == "critical") out.status = "failed";
      if (out.status == "ok") out.status = "warning";
      const auto text = [&](const char* name) {
        return part.contains(name) && part[name].is_string() ? part[name].get<std::string>() : "";
      };
      out.text += (out.text.empty() ? "" : "; ") + text("name") + ": " + text("text");
      if (out.fix.empty()) out.fix = text("fix");
    }
    tell(std::move(out));
  }

  const ValidationTarget target_;
  const base::SystemClock clock_;
  std::unique_ptr<net::IoPool> pool_;
  std::unique_ptr<net::HttpClient> http_;
  const std::function<void(const CheckResult&)>* told_ = nullptr;
  std::vector<CheckResult> results_;
  std::string token_;
  std::string otlp_http_;
  std::string otlp_grpc_;
  std::string runs_[3];
  json sent_[3];
  std::string loop_;
  std::string half_bad_;
  int taken_ = 0;  // traces that the server said it took
};

}  // namespace

Result<std::unique_ptr<ValidationRun>> ValidationRun::create(ValidationTarget target) {
  while (target.url.ends_with('/')) target.url.pop_back();
  if (!net::parse_url(target.url)) {
    return Error{ErrorCode::kInvalidArgument,
                 "'" + target.url + "' is no address; write http://127.0.0.1:8321"};
  }
  static const base::SystemClock clock;
  HG_ASSIGN_OR_RETURN(auto pool, net::IoPool::create(1, clock));
  HG_ASSIGN_OR_RETURN(auto http, net::HttpClient::create(*pool, {}));
  return std::unique_ptr<ValidationRun>(
      std::make_unique<ValidationRunImpl>(std::move(target), std::move(pool), std::move(http)));
}

}  // namespace honeyguide::cli
