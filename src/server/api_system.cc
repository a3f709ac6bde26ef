#include "server/api_system.h"

#include "base/file_system.h"
#include "base/json_writer.h"
#include "base/strings.h"
#include "server/self_metrics.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;

constexpr int kSnapshotFormat = 1;
constexpr std::string_view kSignalNames[] = {"traces", "logs", "metrics"};

void write_receiver(JsonWriter& json, const ReceiverStats& stats) {
  json.key("ingest").begin_object();
  for (int i = 0; i < 3; ++i) {
    json.key(kSignalNames[i]).begin_object();
    json.field("requests", stats.requests[i].load())
        .field("accepted", stats.accepted_items[i].load());
    json.field("rejected", stats.rejected_items[i].load()).end_object();
  }
  json.field("malformed_requests", stats.malformed_requests.load());
  json.field("overloaded_requests", stats.overloaded_requests.load());
  json.field("unavailable_requests", stats.unavailable_requests.load());
  json.field("body_bytes", stats.body_bytes.load()).end_object();
}

// Every named share of --memory.
std::vector<store::PoolUse> memory_pools(const SystemRouteDeps& deps,
                                         const store::TraceStoreStats& traces) {
  std::vector<store::PoolUse> out{
      {"ingest", deps.ingest_budget.used_bytes(), deps.ingest_budget.limit_bytes()}};
  out.insert(out.end(), traces.pools.begin(), traces.pools.end());
  out.push_back(deps.engine.live_runs_pool());
  out.push_back(deps.engine.stores().state.pool());
  return out;
}

void write_pools(JsonWriter& json, const SystemRouteDeps& deps,
                 const store::TraceStoreStats& traces) {
  json.key("memory").begin_array();
  for (const store::PoolUse& pool : memory_pools(deps, traces)) {
    json.begin_object().field("pool", pool.name).field("used_bytes", pool.used_bytes);
    json.field("limit_bytes", pool.limit_bytes).end_object();
  }
  json.end_array();
}

void write_analytics(JsonWriter& json, const agents::MetricsStats& stats) {
  json.field("live_runs", stats.runs.live_runs).field("live_bytes", stats.runs.live_bytes);
  json.field("evicted_runs", stats.runs.evicted_runs);
  json.field("evictions", stats.runs.evictions_total);
  json.field("rehydrations", stats.runs.rehydrations_total);
  json.field("entities", stats.entities).field("overflowed", stats.overflowed);
  json.field("late_spans", stats.late_spans_total).field("demoted_keys", stats.runs.demoted_keys);
}

Result<net::HttpResponse> stats_handler(const SystemRouteDeps& deps, const ApiRequest& request) {
  const store::TraceStoreStats traces = deps.traces.stats();
  const store::SeriesStoreStats series = deps.series.stats();
  const engine::EngineStats engine = deps.engine.stats();
  JsonWriter json;
  json.begin_object();
  json.key("now_unix_ns").value_as_string(deps.clock.now());
  json.key("traces").begin_object();
  json.field("spans", traces.spans).field("logs", traces.logs).field("bytes", traces.bytes);
  json.field("young_bytes", traces.young_bytes).field("young_blocks", traces.young_blocks);
  json.field("settled_blocks", traces.settled_blocks).field("partitions", traces.partitions);
  json.field("quarantined_records", traces.quarantined_records);
  json.field("memory_bytes", traces.memory_bytes);
  json.field("last_sequence", traces.last_position.sequence).end_object();
  write_pools(json, deps, traces);
  json.key("series").begin_object();
  json.field("series", series.series).field("points", series.points).field("bytes", series.bytes);
  json.field("refused_series", series.refused_series).end_object();
  write_receiver(json, deps.receiver.stats());
  json.field("ingest_bytes_in_flight", deps.ingest_budget.used_bytes());
  json.field("ingest_bytes_limit", deps.ingest_budget.limit_bytes());
  json.key("analytics").begin_object();
  json.field("batches", engine.feed.batches_total).field("spans", engine.feed.spans_total);
  json.field("replayed", engine.feed.replayed_total);
  json.field("queued_bytes", engine.feed.queued_bytes);
  deps.engine.analytics().read(
      request.tenant, deps.clock.now(),
      [&json](const agents::AgentMetrics& metrics) { write_analytics(json, metrics.stats()); });
  json.field("sequence", engine.analysed.sequence).end_object();
  json.end_object();
  return json_response(json.take());
}

void write_store_metrics(MetricsPage& page, const SystemRouteDeps& deps) {
  const store::TraceStoreStats traces = deps.traces.stats();
  page.single("honeyguide_store_spans", "gauge", "Stored spans, duplicates included.",
              static_cast<double>(traces.spans));
  page.single("honeyguide_store_logs", "gauge", "Stored log records.",
              static_cast<double>(traces.logs));
  page.single("honeyguide_store_bytes", "gauge", "Bytes of segments on disk.",
              static_cast<double>(traces.bytes));
  page.single("honeyguide_store_young_bytes", "gauge", "Bytes not yet settled.",
              static_cast<double>(traces.young_bytes));
  page.single("honeyguide_store_memory_bytes", "gauge", "Memory of indexes and directories.",
              static_cast<double>(traces.memory_bytes));
  page.family("honeyguide_memory_pool_bytes", "gauge", "Use of each share of --memory.");
  for (const store::PoolUse& pool : memory_pools(deps, traces)) {
    page.sample(static_cast<double>(pool.used_bytes), {{"pool", pool.name}});
  }
  page.family("honeyguide_memory_pool_limit_bytes", "gauge", "Their bounds.");
  for (const store::PoolUse& pool : memory_pools(deps, traces)) {
    page.sample(static_cast<double>(pool.limit_bytes), {{"pool", pool.name}});
  }
  page.single("honeyguide_store_quarantined_records_total", "counter",
              "Records that failed their checksum.",
              static_cast<double>(traces.quarantined_records));
  const store::SeriesStoreStats series = deps.series.stats();
  page.single("honeyguide_series", "gauge", "Known series.", static_cast<double>(series.series));
  page.single("honeyguide_series_refused_total", "counter", "Series beyond the limit of a tenant.",
              static_cast<double>(series.refused_series));
}

void write_ingest_metrics(MetricsPage& page, const SystemRouteDeps& deps) {
  const ReceiverStats& stats = deps.receiver.stats();
  page.family("honeyguide_ingest_requests_total", "counter", "OTLP requests, by signal.");
  for (int i = 0; i < 3; ++i) {
    page.sample(static_cast<double>(stats.requests[i].load()), {{"signal", kSignalNames[i]}});
  }
  page.family("honeyguide_ingest_accepted_total", "counter", "Items acknowledged, by signal.");
  for (int i = 0; i < 3; ++i) {
    page.sample(static_cast<double>(stats.accepted_items[i].load()), {{"signal", kSignalNames[i]}});
  }
  page.family("honeyguide_ingest_rejected_total", "counter", "Items refused, by signal.");
  for (int i = 0; i < 3; ++i) {
    page.sample(static_cast<double>(stats.rejected_items[i].load()), {{"signal", kSignalNames[i]}});
  }
  page.family("honeyguide_ingest_failed_requests_total", "counter",
              "Requests that were not taken, by reason.");
  page.sample(static_cast<double>(stats.malformed_requests.load()), {{"reason", "malformed"}});
  page.sample(static_cast<double>(stats.overloaded_requests.load()), {{"reason", "overloaded"}});
  page.sample(static_cast<double>(stats.unavailable_requests.load()), {{"reason", "unavailable"}});
  page.single("honeyguide_ingest_body_bytes_total", "counter", "Bytes of decoded bodies.",
              static_cast<double>(stats.body_bytes.load()));
  page.single("honeyguide_ingest_in_flight_bytes", "gauge", "Bytes between socket and answer.",
              static_cast<double>(deps.ingest_budget.used_bytes()));
  page.single("honeyguide_ingest_in_flight_limit_bytes", "gauge", "Their bound.",
              static_cast<double>(deps.ingest_budget.limit_bytes()));
}

Result<net::HttpResponse> metrics_handler(const SystemRouteDeps& deps, const ApiRequest& request) {
  MetricsPage page;
  write_ingest_metrics(page, deps);
  write_store_metrics(page, deps);
  const engine::EngineStats engine = deps.engine.stats();
  page.single("honeyguide_analytics_spans_total", "counter", "Spans that analytics has seen.",
              static_cast<double>(engine.feed.spans_total));
  page.single("honeyguide_analytics_queued_bytes", "gauge", "Batches waiting for analytics.",
              static_cast<double>(engine.feed.queued_bytes));
  page.single("honeyguide_analytics_lag_rows", "gauge", "Committed rows not yet analysed.",
              static_cast<double>(engine.committed.sequence - engine.analysed.sequence));
  deps.engine.analytics().read(
      request.tenant, deps.clock.now(), [&](const agents::AgentMetrics& metrics) {
        deps.agents_page->write(page, request.tenant, metrics, deps.clock.now());
      });
  for (const auto& write : deps.more_metrics) write(page);
  return net::HttpResponse::with_body(200, "text/plain; version=0.0.4; charset=utf-8", page.take());
}

Result<net::HttpResponse> purge_handler(const SystemRouteDeps& deps, const ApiRequest& request) {
  if (!request.http->peer || !request.http->peer->loopback ||
      request.http->headers.contains("origin")) {
    return Error{ErrorCode::kPermissionDenied, "purge is for programs on this machine only"};
  }
  HG_RETURN_IF_ERROR(deps.traces.purge());
  HG_RETURN_IF_ERROR(deps.series.purge());
  deps.engine.analytics().purge();
  deps.engine.watch().purge();
  return json_response(R"({"purged":true})");
}

// The copy is a data directory of its own. The state comes first: what it covers must be in the
// spans, not the other way round.
Result<void> write_snapshot(const SystemRouteDeps& deps, const std::string& directory) {
  base::FileSystem& fs = base::posix_fs();
  if (fs.exists(directory)) {
    return Error{ErrorCode::kAlreadyExists, directory + " is there already"};
  }
  HG_RETURN_IF_ERROR(fs.create_directories(directory));
  const std::string manifest = directory + "/SNAPSHOT";
  HG_RETURN_IF_ERROR(fs.write_file_atomic(manifest + ".partial", ""));
  HG_RETURN_IF_ERROR(deps.engine.stores().state.snapshot(directory + "/state"));
  HG_RETURN_IF_ERROR(deps.traces.snapshot(directory + "/traces"));
  const store::TraceStoreStats stats = deps.traces.stats();
  JsonWriter json;
  json.begin_object().field("format", std::int64_t{kSnapshotFormat});
  json.field("created_unix_ns", std::to_string(deps.clock.now()));
  json.field("last_sequence", stats.last_position.sequence).end_object();
  HG_RETURN_IF_ERROR(fs.write_file_atomic(manifest, json.take() + "\n"));
  HG_RETURN_IF_ERROR(fs.remove_file(manifest + ".partial"));
  return fs.sync_directory(directory);
}

Result<net::HttpResponse> snapshot_handler(const SystemRouteDeps& deps, const ApiRequest& request) {
  const std::string directory(request.param("directory"));
  if (directory.empty() || directory.front() != '/') {
    return Error{ErrorCode::kInvalidArgument,
                 "directory: give an absolute path that does not exist"};
  }
  HG_RETURN_IF_ERROR(write_snapshot(deps, directory));
  JsonWriter json;
  json.begin_object().field("snapshot", directory).end_object();
  return json_response(json.take());
}

}  // namespace

void add_system_routes(RouteTable& routes, SystemRouteDeps deps) {
  const auto add = [&](const char* method, const char* pattern, Role role, auto handler) {
    routes.add(
        {.method = method,
         .pattern = pattern,
         .role = role,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("GET", "/metrics", kRoleRead, metrics_handler);
  add("GET", "/api/v1/stats", kRoleRead, stats_handler);
  add("POST", "/api/v1/admin/snapshot", kRoleAdmin, snapshot_handler);
  // Guarded by its flag, a marked directory and loopback instead of a token: test suites post to
  // it.
  if (deps.purge_offered) add("POST", "/api/v1/admin/purge", kRoleRead, purge_handler);
}

}  // namespace honeyguide::server
