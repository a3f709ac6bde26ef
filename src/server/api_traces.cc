#include "server/api_traces.h"

#include <utility>

#include "base/bytes.h"
#include "base/json_writer.h"
#include "base/strings.h"
#include "otlp/encode.h"
#include "server/api_agents.h"
#include "store/query_search.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;

constexpr std::int64_t kTracesPerPageMax = 1000;
constexpr std::int64_t kSummariesPerRequestMax = 1000;
constexpr std::int64_t kValuesMax = 10'000;
constexpr std::int64_t kLogsMax = 10'000;
// A search works in 16 MB; one trace may fill a response of 256 MB.
constexpr std::uint64_t kSearchBytesMax = 16ull << 20;
constexpr std::uint64_t kTraceBytesMax = 256ull << 20;

store::Predicate text_equals(store::Field field, std::string_view text) {
  return store::Predicate::compare(
      {.field = field, .op = store::Op::kEqual, .operand = std::string(text)});
}

store::Predicate duration_is(store::Op op, std::int64_t ns) {
  return store::Predicate::compare({.field = store::Field::kDurationNs, .op = op, .operand = ns});
}

using Runs = std::vector<std::optional<agents::RunRow>>;

Runs runs_of(const TraceRouteDeps& deps, store::TenantId tenant,
             const std::vector<base::TraceId>& ids) {
  return deps.runs_of ? deps.runs_of(tenant, ids) : Runs(ids.size());
}

// What is known of a trace as a run of agents; without a run only what its spans say.
void write_run_fields(JsonWriter& json, const TraceRouteDeps& deps, store::TenantId tenant,
                      const store::TraceSummary& summary,
                      const std::optional<agents::RunRow>& run) {
  if (!run) {
    json.key("run_id").null().key("workflow").null();
    json.field("outcome", summary.error_count > 0 ? "failed" : "unknown").key("reason").null();
    json.key("tokens").null().key("cost_usd").null().key("agents").begin_array().end_array();
    json.field("traces_joined", 1).key("unknown").begin_object();
    json.field("tokens", "no agent was recognised in this trace").end_object();
    return;
  }
  json.field("run_id", run->id);
  write_text(json, "workflow", run->name);
  json.field("outcome", run_outcome(*run));
  write_text(json, "reason", run->reason);
  json.field("tokens", run->tokens.total());
  write_optional(json, "cost_usd", run->cost_usd);
  json.key("agents").begin_array();
  for (const std::string& agent : run->agents) write_agent(json, agent, deps.slots_of(tenant));
  json.end_array().field("traces_joined", run->trace_ids.size()).key("unknown").begin_object();
  if (!run->cost_usd) json.field("cost_usd", "no model call with a known price");
  json.end_object();
}

// The object stays open: hits add what matched.
void write_trace_row(JsonWriter& json, const TraceRouteDeps& deps, store::TenantId tenant,
                     const store::TraceSummary& summary, const std::optional<agents::RunRow>& run) {
  json.begin_object();
  json.field("trace_id", summary.trace_id.to_hex());
  json.field("name", summary.root_name).field("root_service", summary.root_service);
  json.field("has_root", summary.has_root);
  json.key("start_unix_ns").value_as_string(summary.start);
  json.key("end_unix_ns").value_as_string(summary.end);
  json.field("duration_ms", static_cast<double>(summary.end - summary.start) / 1e6);
  json.key("usual_p90_ms").null().key("score").null();
  json.field("spans", summary.span_count).field("errors", summary.error_count);
  write_run_fields(json, deps, tenant, summary, run);
}

void write_partial(JsonWriter& json, store::Partial partial) {
  json.key("partial");
  if (partial == store::Partial::kNo) {
    json.null();
    return;
  }
  json.begin_object().field("reason", store::partial_reason(partial)).end_object();
}

void write_cost(JsonWriter& json, const store::SearchCost& cost) {
  json.key("cost").begin_object();
  json.field("blocks_total", cost.blocks_total).field("blocks_scanned", cost.blocks_scanned);
  json.field("rows_scanned", cost.rows_scanned).field("bytes_read", cost.bytes_read);
  json.end_object();
}

std::string search_json(const TraceRouteDeps& deps, store::TenantId tenant,
                        const store::TraceSearchResult& result) {
  std::vector<base::TraceId> ids;
  for (const store::TraceHit& hit : result.traces) ids.push_back(hit.summary.trace_id);
  const Runs runs = runs_of(deps, tenant, ids);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const store::TraceHit& hit = result.traces[i];
    write_trace_row(json, deps, tenant, hit.summary, runs[i]);
    json.field("matched", hit.matched_count).key("matched_spans").begin_array();
    for (const store::SpanHit& span : hit.matched) {
      json.begin_object().field("span_id", span.span_id.to_hex());
      json.key("start_unix_ns").value_as_string(span.start);
      json.field("duration_ms", static_cast<double>(span.duration_ns) / 1e6).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
  json.key("total").begin_object().field("count", result.traces.size());
  json.field("exact", !result.next.has_value()).end_object();
  json.key("next_cursor");
  if (result.next) {
    json.value(encode_cursor(*result.next));
  } else {
    json.null();
  }
  write_partial(json, result.partial);
  json.key("query").begin_object().key("errors").begin_array().end_array();
  json.key("exclusions").begin_array().end_array().end_object();
  write_cost(json, result.cost);
  json.end_object();
  return json.take();
}

Result<net::HttpResponse> search_handler(const TraceRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const store::TraceSearch search, trace_search_of(request));
  HG_ASSIGN_OR_RETURN(const store::Query query, query_of(request));
  HG_ASSIGN_OR_RETURN(const auto result,
                      store::search_traces(deps.traces, request.tenant, query, search));
  return json_response(search_json(deps, request.tenant, result));
}

Result<net::HttpResponse> trace_handler(const TraceRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const base::TraceId id, parse_trace_id(request.path_param("trace_id")));
  store::ReadTraceOptions options;
  options.budget = budget_of(request, kTraceBytesMax);
  auto read = store::read_unique_trace(deps.traces, request.tenant, id, options);
  if (!read) {
    if (read.error().code != ErrorCode::kNotFound) return std::move(read).error();
    if (const auto run = runs_of(deps, request.tenant, {id}).front()) {
      return expired_response(id, *run);
    }
    return Error{ErrorCode::kNotFound, "no span of trace " + id.to_hex() +
                                           " is stored; it may have expired or not arrived yet"};
  }
  auto response = json_response(otlp::encode_traces_json(*read->spans));
  if (read->partial != store::Partial::kNo) {
    response.headers.add("Honeyguide-Partial", store::partial_reason(read->partial));
  }
  return response;
}

Result<net::HttpResponse> delete_handler(const TraceRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const base::TraceId id, parse_trace_id(request.path_param("trace_id")));
  HG_RETURN_IF_ERROR(deps.traces.delete_trace(request.tenant, id));
  JsonWriter json;
  json.begin_object().field("deleted", id.to_hex()).end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> summaries_handler(const TraceRouteDeps& deps, const ApiRequest& request) {
  std::vector<base::TraceId> ids;
  for (const std::string_view list : request.query.get_all("trace_id")) {
    for (const std::string_view text : base::split(list, ',')) {
      HG_ASSIGN_OR_RETURN(const base::TraceId id, parse_trace_id(text));
      ids.push_back(id);
    }
  }
  if (ids.empty() || static_cast<std::int64_t>(ids.size()) > kSummariesPerRequestMax) {
    return Error{ErrorCode::kInvalidArgument,
                 "trace_id: give 1 to " + std::to_string(kSummariesPerRequestMax) + " ids"};
  }
  HG_ASSIGN_OR_RETURN(const auto summaries, deps.traces.summaries(request.tenant, ids));
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  ids.clear();
  for (const store::TraceSummary& summary : summaries) ids.push_back(summary.trace_id);
  const Runs runs = runs_of(deps, request.tenant, ids);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    write_trace_row(json, deps, request.tenant, summaries[i], runs[i]);
    json.end_object();
  }
  json.end_array().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> services_handler(const TraceRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const auto services, deps.traces.services(request.tenant));
  JsonWriter json;
  json.begin_object().key("services").begin_array();
  for (const std::string& service : services) json.value(service);
  json.end_array().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> operations_handler(const TraceRouteDeps& deps,
                                             const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const auto operations,
                      deps.traces.operations(request.tenant, request.param("service")));
  JsonWriter json;
  json.begin_object().key("operations").begin_array();
  for (const store::Operation& operation : operations) {
    json.begin_object().field("name", operation.name);
    json.field("kind", telemetry::span_kind_name(operation.kind)).end_object();
  }
  json.end_array().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> attributes_handler(const TraceRouteDeps& deps,
                                             const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const auto keys, deps.traces.attribute_keys(request.tenant));
  static constexpr std::pair<std::uint8_t, std::string_view> kNames[] = {
      {store::kScopeSpan, "span"},
      {store::kScopeResource, "resource"},
      {store::kScopeInstrumentation, "scope"},
      {store::kScopeEvent, "event"},
      {store::kScopeLink, "link"}};
  JsonWriter json;
  json.begin_object().key("attributes").begin_array();
  for (const store::AttributeKey& key : keys) {
    json.begin_object().field("key", key.key).field("blocks", key.blocks);
    json.key("scopes").begin_array();
    for (const auto& [bit, name] : kNames) {
      if ((key.scopes & bit) != 0) json.value(name);
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> values_handler(const TraceRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const std::int64_t limit, int_param(request, "limit", 100, 1, kValuesMax));
  HG_ASSIGN_OR_RETURN(const auto values,
                      deps.traces.attribute_values(request.tenant, request.path_param("key"),
                                                   static_cast<std::uint32_t>(limit)));
  JsonWriter json;
  json.begin_object().field("key", request.path_param("key")).key("values").begin_array();
  for (const std::string& value : values) json.value(value);
  json.end_array().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> logs_handler(const TraceRouteDeps& deps, const ApiRequest& request) {
  store::LogSearch search;
  if (const auto text = request.query.get("trace_id"); text && !text->empty()) {
    HG_ASSIGN_OR_RETURN(search.trace_id, parse_trace_id(*text));
  }
  HG_ASSIGN_OR_RETURN(search.time.begin, time_param(request, "start", search.time.begin));
  HG_ASSIGN_OR_RETURN(search.time.end, time_param(request, "end", search.time.end));
  HG_ASSIGN_OR_RETURN(const std::int64_t limit, int_param(request, "limit", 100, 1, kLogsMax));
  search.limit = static_cast<std::uint32_t>(limit);
  search.budget = budget_of(request, kSearchBytesMax);
  HG_ASSIGN_OR_RETURN(const auto read, deps.traces.search_logs(request.tenant, search));
  auto response = json_response(otlp::encode_logs_json(*read.logs));
  if (read.partial != store::Partial::kNo) {
    response.headers.add("Honeyguide-Partial", store::partial_reason(read.partial));
  }
  return response;
}

}  // namespace

store::ReadBudget budget_of(const ApiRequest& request, std::uint64_t bytes_max) {
  store::ReadBudget budget;
  budget.bytes_max = bytes_max;
  budget.deadline_steady_ns = request.deadline_steady_ns;
  budget.stop = request.stop;
  return budget;
}

net::HttpResponse expired_response(const base::TraceId& id, const agents::RunRow& run) {
  JsonWriter json;
  json.begin_object().key("error").begin_object().field("code", "expired");
  json.field("message", "the spans of trace " + id.to_hex() +
                            " have expired or were deleted; its run '" + run.name + "' began at " +
                            format_time(run.start));
  json.end_object().end_object();
  return json_response(json.take(), 410);
}

std::string encode_cursor(const store::SearchCursor& cursor) {
  std::string bytes;
  base::put_fixed(bytes, cursor.start);
  base::put_fixed(bytes, cursor.trace_id.bytes);
  base::put_fixed(bytes, cursor.span_id.bytes);
  base::put_fixed(bytes, cursor.as_of.shard);
  base::put_fixed(bytes, cursor.as_of.sequence);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return out;
}

Result<store::SearchCursor> decode_cursor(std::string_view text) {
  constexpr std::size_t kBytes = 8 + 16 + 8 + 4 + 8;
  const auto raw = base::HexId<kBytes>::from_hex(text);
  if (!raw) {
    return Error{ErrorCode::kInvalidArgument, "cursor: not one that this server gave out"};
  }
  base::ByteReader in({reinterpret_cast<const char*>(raw->bytes.data()), kBytes});
  store::SearchCursor cursor;
  cursor.start = in.fixed<base::UnixNanos>();
  cursor.trace_id.bytes = in.fixed<decltype(cursor.trace_id.bytes)>();
  cursor.span_id.bytes = in.fixed<decltype(cursor.span_id.bytes)>();
  cursor.as_of.shard = in.fixed<std::uint32_t>();
  cursor.as_of.sequence = in.fixed<std::uint64_t>();
  return cursor;
}

Result<store::Query> query_of(const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(store::Query query, store::parse_query(request.param("q")));
  const bool has_time_range = !request.param("start").empty() || !request.param("end").empty();
  HG_RETURN_IF_ERROR(store::check_time_range(query, has_time_range));
  return query;
}

Result<store::TraceSearch> trace_search_of(const ApiRequest& request) {
  store::TraceSearch search;
  HG_ASSIGN_OR_RETURN(search.time.begin, time_param(request, "start", search.time.begin));
  HG_ASSIGN_OR_RETURN(search.time.end, time_param(request, "end", search.time.end));
  HG_ASSIGN_OR_RETURN(const std::int64_t limit,
                      int_param(request, "limit", 20, 1, kTracesPerPageMax));
  search.limit = static_cast<std::uint32_t>(limit);
  std::vector<store::Predicate> parts;
  if (const auto service = request.param("service"); !service.empty()) {
    parts.push_back(text_equals(store::Field::kServiceName, service));
  }
  if (const auto operation = request.param("operation"); !operation.empty()) {
    parts.push_back(text_equals(store::Field::kName, operation));
  }
  HG_ASSIGN_OR_RETURN(const std::int64_t min_ns, duration_param(request, "min_duration", -1));
  HG_ASSIGN_OR_RETURN(const std::int64_t max_ns, duration_param(request, "max_duration", -1));
  if (min_ns >= 0) parts.push_back(duration_is(store::Op::kGreaterEqual, min_ns));
  if (max_ns >= 0) parts.push_back(duration_is(store::Op::kLessEqual, max_ns));
  search.where = store::Predicate::all_of(std::move(parts));
  HG_RETURN_IF_ERROR(store::compile(search.where));
  if (const auto cursor = request.param("cursor"); !cursor.empty()) {
    HG_ASSIGN_OR_RETURN(search.after, decode_cursor(cursor));
  }
  search.budget = budget_of(request, kSearchBytesMax);
  return search;
}

void add_trace_routes(RouteTable& routes, const TraceRouteDeps& deps) {
  const auto add = [&](const char* method, const char* pattern, Role role, Lane lane,
                       auto handler) {
    routes.add(
        {.method = method,
         .pattern = pattern,
         .role = role,
         .lane = lane,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("GET", "/api/v1/traces", kRoleRead, Lane::kSearch, search_handler);
  add("GET", "/api/v1/traces/{trace_id}", kRoleRead, Lane::kQuick, trace_handler);
  add("DELETE", "/api/v1/traces/{trace_id}", kRoleAdmin, Lane::kQuick, delete_handler);
  add("GET", "/api/v1/summaries", kRoleRead, Lane::kQuick, summaries_handler);
  add("GET", "/api/v1/services", kRoleRead, Lane::kQuick, services_handler);
  add("GET", "/api/v1/operations", kRoleRead, Lane::kQuick, operations_handler);
  add("GET", "/api/v1/attributes", kRoleRead, Lane::kQuick, attributes_handler);
  add("GET", "/api/v1/attributes/{key}/values", kRoleRead, Lane::kSearch, values_handler);
  add("GET", "/api/v1/logs", kRoleRead, Lane::kSearch, logs_handler);
}

}  // namespace honeyguide::server
