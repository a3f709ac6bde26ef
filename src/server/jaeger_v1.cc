#include <numeric>
#include <set>

#include "base/strings.h"
#include "server/api_traces.h"
#include "server/jaeger_http.h"
#include "server/jaeger_model.h"
#include "server/jaeger_query.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::int64_t kDefaultLookbackNs = 48 * base::kNanosPerHour;
constexpr std::uint64_t kAnswerBytesMax = 256ull << 20;

struct V1Deps {
  store::TraceStore& traces;
  const base::Clock& clock;
};

net::HttpResponse v1_error(int code, std::string_view message, std::string_view trace_id = {}) {
  return json_response(jaeger_error(code, message, trace_id), code);
}

net::HttpResponse v1_error(const Error& error) {
  return v1_error(error_response(error).status, error.message);
}

std::vector<std::uint32_t> all_rows(const telemetry::SpanBatch& batch) {
  std::vector<std::uint32_t> rows(batch.size());
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

// "key:value" of a `tag` parameter; the value may hold further colons.
Result<std::pair<std::string, std::string>> parse_tag(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) {
    return Error{ErrorCode::kInvalidArgument,
                 "malformed 'tag' parameter, expecting key:value, got '" + std::string(text) + "'"};
  }
  return std::pair<std::string, std::string>(text.substr(0, colon), text.substr(colon + 1));
}

Result<std::int64_t> query_duration(const ApiRequest& request, std::string_view name) {
  HG_ASSIGN_OR_RETURN(const std::int64_t ns, duration_param(request, name, 0));
  return ns;
}

Result<JaegerQuery> read_query(const V1Deps& deps, const ApiRequest& request) {
  JaegerQuery query;
  query.search.service = request.param("service");
  query.search.operation = request.param("operation");
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(query.time.begin, time_param(request, "start", now - kDefaultLookbackNs));
  HG_ASSIGN_OR_RETURN(query.time.end, time_param(request, "end", now));
  // Jaeger's ranges include their end.
  if (query.time.end < std::numeric_limits<base::UnixNanos>::max() - 1000) query.time.end += 1000;
  HG_ASSIGN_OR_RETURN(query.search.duration_min_ns, query_duration(request, "minDuration"));
  HG_ASSIGN_OR_RETURN(query.search.duration_max_ns, query_duration(request, "maxDuration"));
  if (query.search.duration_max_ns > 0 &&
      query.search.duration_max_ns < query.search.duration_min_ns) {
    return Error{ErrorCode::kInvalidArgument, "'maxDuration' should be greater than 'minDuration'"};
  }
  HG_ASSIGN_OR_RETURN(const std::int64_t limit,
                      int_param(request, "limit", 100, 1, kJaegerDepthMax));
  query.depth = static_cast<std::uint32_t>(limit);
  for (const std::string_view text : request.query.get_all("tag")) {
    HG_ASSIGN_OR_RETURN(auto tag, parse_tag(text));
    query.search.tags.push_back(std::move(tag));
  }
  for (const std::string_view text : request.query.get_all("tags")) {
    if (text.empty()) continue;
    HG_ASSIGN_OR_RETURN(const auto tags, parse_json_tags(text));
    query.search.tags.insert(query.search.tags.end(), tags.begin(), tags.end());
  }
  return query;
}

// The traces named by `traceID` parameters; unknown ones are errors in the envelope.
net::HttpResponse fetch_traces(const V1Deps& deps, const ApiRequest& request,
                               const std::vector<std::string_view>& ids) {
  base::JsonWriter json;
  std::vector<std::string> missing;
  json.begin_object().key("data").begin_array();
  for (const std::string_view text : ids) {
    const auto id = parse_trace_id(text);
    if (!id) return v1_error(id.error());
    store::ReadTraceOptions options;
    options.budget = budget_of(request, kAnswerBytesMax);
    const auto read = store::read_unique_trace(deps.traces, request.tenant, *id, options);
    if (read) {
      write_jaeger_trace(json, *read->spans, all_rows(*read->spans));
    } else if (read.error().code == ErrorCode::kNotFound) {
      missing.push_back(id->to_hex());
    } else {
      return v1_error(read.error());
    }
  }
  json.end_array().field("total", 0).field("limit", 0).field("offset", 0).key("errors");
  if (missing.empty()) {
    json.null();
  } else {
    json.begin_array();
    for (const std::string& id : missing) {
      json.begin_object().field("code", 404).field("msg", "trace not found").field("traceID", id);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> search(const V1Deps& deps, const ApiRequest& request) {
  if (const auto ids = request.query.get_all("traceID"); !ids.empty()) {
    return fetch_traces(deps, request, ids);
  }
  const auto query = read_query(deps, request);
  if (!query) return v1_error(query.error());
  base::JsonWriter json;
  std::uint64_t count = 0;
  json.begin_object().key("data").begin_array();
  const auto done =
      for_each_trace(deps.traces, request.tenant, *query, budget_of(request, kAnswerBytesMax),
                     [&](const telemetry::SpanBatch& trace) {
                       write_jaeger_trace(json, trace, all_rows(trace));
                       ++count;
                       return !request.stop.stop_requested();
                     });
  if (!done) return v1_error(done.error());
  json.end_array().field("total", count).field("limit", 0).field("offset", 0);
  json.key("errors").null().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> get_trace(const V1Deps& deps, const ApiRequest& request) {
  const auto id = parse_trace_id(request.path_param("trace_id"));
  if (!id) return v1_error(400, id.error().message);
  store::ReadTraceOptions options;
  options.budget = budget_of(request, kAnswerBytesMax);
  const auto read = store::read_unique_trace(deps.traces, request.tenant, *id, options);
  if (!read) {
    if (read.error().code == ErrorCode::kNotFound) {
      return v1_error(404, "trace not found", id->to_hex());
    }
    return v1_error(read.error());
  }
  return json_response(jaeger_envelope(0, [&](base::JsonWriter& json) {
    write_jaeger_trace(json, *read->spans, all_rows(*read->spans));
  }));
}

Result<net::HttpResponse> services(const V1Deps& deps, const ApiRequest& request) {
  const auto names = deps.traces.services(request.tenant);
  if (!names) return v1_error(names.error());
  return json_response(jaeger_envelope(names->size(), [&](base::JsonWriter& json) {
    for (const std::string& name : *names) json.value(name);
  }));
}

// [{name, spanKind}], optionally of one kind.
Result<net::HttpResponse> operations(const V1Deps& deps, const ApiRequest& request) {
  const auto service = request.param("service");
  if (service.empty()) return v1_error(400, "parameter 'service' is required");
  const auto found = deps.traces.operations(request.tenant, service);
  if (!found) return v1_error(found.error());
  const auto kind = request.param("spanKind");
  std::vector<store::Operation> wanted;
  for (const store::Operation& operation : *found) {
    if (kind.empty() || kind == telemetry::span_kind_name(operation.kind)) {
      wanted.push_back(operation);
    }
  }
  return json_response(jaeger_envelope(wanted.size(), [&](base::JsonWriter& json) {
    for (const store::Operation& operation : wanted) {
      const bool known = operation.kind != telemetry::SpanKind::kUnspecified;
      json.begin_object().field("name", operation.name);
      json.field("spanKind", known ? telemetry::span_kind_name(operation.kind) : "").end_object();
    }
  }));
}

// Names only, each once.
Result<net::HttpResponse> service_operations(const V1Deps& deps, const ApiRequest& request) {
  const auto found = deps.traces.operations(request.tenant, request.path_param("service"));
  if (!found) return v1_error(found.error());
  std::set<std::string> names;
  for (const store::Operation& operation : *found) names.insert(operation.name);
  return json_response(jaeger_envelope(names.size(), [&](base::JsonWriter& json) {
    for (const std::string& name : names) json.value(name);
  }));
}

Result<net::HttpResponse> dependencies(const V1Deps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const base::UnixNanos end, time_param(request, "endTs", deps.clock.now()));
  HG_ASSIGN_OR_RETURN(const std::int64_t lookback_ms,
                      int_param(request, "lookback", 86'400'000, 1, 366ll * 86'400'000));
  const store::TimeRange time{end - lookback_ms * base::kNanosPerMilli, end};
  const auto found =
      service_dependencies(deps.traces, request.tenant, time, budget_of(request, kAnswerBytesMax));
  if (!found) return v1_error(found.error());
  const auto service = request.param("service");
  return json_response(jaeger_envelope(found->size(), [&](base::JsonWriter& json) {
    for (const ServiceDependency& one : *found) {
      if (!service.empty() && service != one.parent && service != one.child) continue;
      json.begin_object().field("parent", one.parent).field("child", one.child);
      json.field("callCount", one.call_count).end_object();
    }
  }));
}

}  // namespace

void add_jaeger_v1_routes(RouteTable& routes, store::TraceStore& traces, const base::Clock& clock) {
  const V1Deps deps{traces, clock};
  const auto add = [&](const char* pattern, Lane lane, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .lane = lane,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/services", Lane::kQuick, services);
  add("/api/operations", Lane::kQuick, operations);
  add("/api/services/{service}/operations", Lane::kQuick, service_operations);
  add("/api/traces", Lane::kSearch, search);
  add("/api/traces/{trace_id}", Lane::kQuick, get_trace);
  add("/api/dependencies", Lane::kSearch, dependencies);
}

}  // namespace honeyguide::server
