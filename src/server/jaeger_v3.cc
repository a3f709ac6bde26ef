#include "base/json_writer.h"
#include "base/strings.h"
#include "otlp/encode.h"
#include "server/api_traces.h"
#include "server/jaeger_http.h"
#include "server/jaeger_query.h"
#include "store/jaeger_query.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;

constexpr std::uint64_t kAnswerBytesMax = 256ull << 20;

struct V3Deps {
  store::TraceStore& traces;
};

net::HttpResponse v3_error(int code, std::string_view message) {
  JsonWriter json;
  json.begin_object().key("error").begin_object();
  json.field("httpCode", code).field("message", message).end_object().end_object();
  return json_response(json.take(), code);
}

net::HttpResponse v3_error(const Error& error) {
  return v3_error(error_response(error).status, error.message);
}

// A query parameter under its camelCase name or the deprecated snake_case one, with "query." before
// either.
std::string_view query_param(const ApiRequest& request, std::string_view camel,
                             std::string_view snake) {
  for (const std::string_view name : {camel, snake}) {
    if (const auto value = request.query.get("query." + std::string(name))) return *value;
  }
  return {};
}

Result<base::UnixNanos> required_time(const ApiRequest& request, std::string_view camel,
                                      std::string_view snake) {
  const std::string_view text = query_param(request, camel, snake);
  if (text.empty()) {
    return Error{ErrorCode::kInvalidArgument, "query." + std::string(camel) + " is required"};
  }
  const auto time = parse_time(text);
  if (!time) {
    return Error{
        ErrorCode::kInvalidArgument,
        "query." + std::string(camel) + ": expected RFC 3339, got '" + std::string(text) + "'"};
  }
  return *time;
}

Result<std::int64_t> optional_duration(const ApiRequest& request, std::string_view camel,
                                       std::string_view snake) {
  const std::string_view text = query_param(request, camel, snake);
  if (text.empty()) return 0;
  const auto duration = base::parse_duration_ns(text);
  if (!duration || *duration < 0) {
    return Error{ErrorCode::kInvalidArgument,
                 "query." + std::string(camel) + ": expected a duration such as 1.5s"};
  }
  return *duration;
}

Result<std::uint32_t> search_depth(const ApiRequest& request) {
  std::string_view text = query_param(request, "searchDepth", "search_depth");
  if (text.empty()) text = query_param(request, "numTraces", "num_traces");
  if (text.empty()) return 100u;
  const auto depth = base::parse_int64(text);
  if (!depth || *depth < 1 || *depth > kJaegerDepthMax) {
    return Error{ErrorCode::kInvalidArgument, "query.searchDepth: expected a number from 1 to " +
                                                  std::to_string(kJaegerDepthMax)};
  }
  return static_cast<std::uint32_t>(*depth);
}

Result<JaegerQuery> read_query(const ApiRequest& request) {
  JaegerQuery query;
  query.search.service = query_param(request, "serviceName", "service_name");
  query.search.operation = query_param(request, "operationName", "operation_name");
  HG_ASSIGN_OR_RETURN(query.time.begin, required_time(request, "startTimeMin", "start_time_min"));
  HG_ASSIGN_OR_RETURN(query.time.end, required_time(request, "startTimeMax", "start_time_max"));
  if (query.time.begin >= query.time.end) {
    return Error{ErrorCode::kInvalidArgument,
                 "query.startTimeMin must be before query.startTimeMax"};
  }
  query.time.end += 1;  // Jaeger's ranges include their end
  HG_ASSIGN_OR_RETURN(query.search.duration_min_ns,
                      optional_duration(request, "durationMin", "duration_min"));
  HG_ASSIGN_OR_RETURN(query.search.duration_max_ns,
                      optional_duration(request, "durationMax", "duration_max"));
  HG_ASSIGN_OR_RETURN(query.depth, search_depth(request));
  const std::string_view attributes = query_param(request, "attributes", "attributes");
  if (!attributes.empty()) {
    HG_ASSIGN_OR_RETURN(query.search.tags, parse_json_tags(attributes));
  }
  const std::string_view filter = query_param(request, "filter", "filter");
  if (!filter.empty()) {
    HG_ASSIGN_OR_RETURN(query.filter, store::parse_jaeger_filter(filter));
  }
  return query;
}

// {"result":{"resourceSpans":[…]}} of one or many OTLP JSON texts {"resourceSpans":[…]}.
class ResultWriter {
 public:
  void add(const telemetry::SpanBatch& trace) {
    constexpr std::string_view kHead = "{\"resourceSpans\":[";
    const std::string json = otlp::encode_traces_json(trace);
    const std::string_view inner =
        std::string_view(json).substr(kHead.size(), json.size() - kHead.size() - 2);
    if (inner.empty()) return;
    if (!out_.empty()) out_.push_back(',');
    out_.append(inner);
  }
  bool empty() const { return out_.empty(); }
  std::string take() { return "{\"result\":{\"resourceSpans\":[" + out_ + "]}}"; }

 private:
  std::string out_;
};

Result<net::HttpResponse> find_traces(const V3Deps& deps, const ApiRequest& request) {
  const auto query = read_query(request);
  if (!query) return v3_error(query.error());
  ResultWriter result;
  const auto done =
      for_each_trace(deps.traces, request.tenant, *query, budget_of(request, kAnswerBytesMax),
                     [&](const telemetry::SpanBatch& trace) {
                       result.add(trace);
                       return !request.stop.stop_requested();
                     });
  if (!done) return v3_error(done.error());
  if (result.empty()) return v3_error(404, "No traces found");
  return json_response(result.take());
}

Result<net::HttpResponse> get_trace(const V3Deps& deps, const ApiRequest& request) {
  const auto id = parse_trace_id(request.path_param("trace_id"));
  if (!id) return v3_error(id.error());
  store::ReadTraceOptions options;
  options.budget = budget_of(request, kAnswerBytesMax);
  const auto read = store::read_unique_trace(deps.traces, request.tenant, *id, options);
  if (!read) {
    if (read.error().code == ErrorCode::kNotFound) return v3_error(404, "No traces found");
    return v3_error(read.error());
  }
  ResultWriter result;
  result.add(*read->spans);
  return json_response(result.take());
}

void write_count(JsonWriter& json, std::string_view name, std::uint64_t count) {
  if (count > 0) json.field(name, count);
}

void write_summary(JsonWriter& json, const JaegerSummary& summary) {
  const store::TraceSummary& trace = summary.trace;
  json.begin_object().field("traceId", trace.trace_id.to_hex());
  if (!trace.root_service.empty()) json.field("rootServiceName", trace.root_service);
  if (!trace.root_name.empty()) json.field("rootOperationName", trace.root_name);
  json.key("minStartTimeUnixNano").value_as_string(trace.start);
  json.key("maxEndTimeUnixNano").value_as_string(trace.end);
  write_count(json, "spanCount", trace.span_count);
  write_count(json, "errorSpanCount", trace.error_count);
  write_count(json, "orphanSpanCount", summary.orphans);
  json.key("services").begin_array();
  for (const ServiceCount& service : summary.services) {
    json.begin_object().field("name", service.name);
    write_count(json, "spanCount", service.spans);
    write_count(json, "errorSpanCount", service.errors);
    json.end_object();
  }
  json.end_array().end_object();
}

Result<net::HttpResponse> find_summaries(const V3Deps& deps, const ApiRequest& request) {
  const auto query = read_query(request);
  if (!query) return v3_error(query.error());
  JsonWriter json;
  json.begin_object().key("summaries").begin_array();
  const auto done =
      for_each_trace(deps.traces, request.tenant, *query, budget_of(request, kAnswerBytesMax),
                     [&](const telemetry::SpanBatch& trace) {
                       write_summary(json, jaeger_summary(trace));
                       return !request.stop.stop_requested();
                     });
  if (!done) return v3_error(done.error());
  json.end_array().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> services(const V3Deps& deps, const ApiRequest& request) {
  const auto names = deps.traces.services(request.tenant);
  if (!names) return v3_error(names.error());
  JsonWriter json;
  json.begin_object().key("services").begin_array();
  for (const std::string& name : *names) json.value(name);
  json.end_array().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> operations(const V3Deps& deps, const ApiRequest& request) {
  const auto found = deps.traces.operations(request.tenant, request.param("service"));
  if (!found) return v3_error(found.error());
  std::string_view kind = request.param("spanKind");
  if (kind.empty()) kind = request.param("span_kind");
  JsonWriter json;
  json.begin_object().key("operations").begin_array();
  for (const store::Operation& operation : *found) {
    const std::string_view name = telemetry::span_kind_name(operation.kind);
    if (!kind.empty() && kind != name) continue;
    json.begin_object().field("name", operation.name);
    if (operation.kind != telemetry::SpanKind::kUnspecified) json.field("spanKind", name);
    json.end_object();
  }
  json.end_array().end_object();
  return json_response(json.take());
}

}  // namespace

void add_jaeger_v3_routes(RouteTable& routes, store::TraceStore& traces, const base::Clock&) {
  const V3Deps deps{traces};
  const auto add = [&](const char* pattern, Lane lane, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .lane = lane,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/v3/services", Lane::kQuick, services);
  add("/api/v3/operations", Lane::kQuick, operations);
  add("/api/v3/traces", Lane::kSearch, find_traces);
  add("/api/v3/traces/{trace_id}", Lane::kQuick, get_trace);
  add("/api/v3/trace-summaries", Lane::kSearch, find_summaries);
}

}  // namespace honeyguide::server
