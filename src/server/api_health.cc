// GET /api/v1/health, /healthz, /readyz: how the server is, by the rule of src/health/score.h.
#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "server/api_conditions.h"

namespace honeyguide::server {
namespace {

using base::JsonWriter;
using base::Result;

constexpr std::size_t kHealthCells = 60;
// Without --disk this share of the volume may be used.
constexpr double kDiskShare = 0.8;
constexpr std::size_t kGrowthHoursMin = 3;

std::string_view shown_state(health::State state) {
  switch (state) {
    case health::State::kHealthy:
      return "ok";
    case health::State::kDegraded:
      return "warning";
    case health::State::kUnhealthy:
      return "critical";
    default:
      return "unknown";
  }
}

void write_inputs(JsonWriter& json, const health::HealthReport& report) {
  double sum = 0;
  for (const health::Factor& factor : report.factors) sum += factor.weight;
  json.key("inputs").begin_array();
  for (const health::Factor& factor : report.factors) {
    json.begin_object().field("name", factor.name).field("score", factor.value);
    json.field("weight", sum > 0 ? factor.weight / sum : 0.0);
    json.field("text", base::format_double(std::round(factor.reading * 100) / 100));
    json.key("unknown_reason").null().end_object();
  }
  for (const std::string& name : report.unknown_factors) {
    json.begin_object().field("name", name).key("score").null().field("weight", 0);
    json.key("text").null().field("unknown_reason", "nothing was measured yet").end_object();
  }
  json.end_array().key("components").begin_array();
  for (const health::ComponentStatus& component : report.components) {
    json.begin_object().field("name", component.name);
    json.field("status", shown_state(component.state));
    write_text(json, "text", component.detail);
    write_text(json, "fix", component.state == health::State::kHealthy ? "" : component.advice);
    json.end_object();
  }
  json.end_array().key("recommendations").begin_array();
  for (const std::string& text : report.recommendations) {
    json.begin_object().field("text", text);
    json.field("severity", report.status == "critical" ? "high" : "medium").end_object();
  }
  json.end_array();
}

void write_stages(JsonWriter& json, const std::vector<Stage>& stages) {
  json.key("stages").begin_array();
  for (const Stage& stage : stages) {
    json.begin_object().field("name", stage.name);
    write_optional(json, "rate_per_s", stage.rate_per_s);
    write_optional(json, "lag_ms", stage.lag_ms);
    write_optional(json, "drops", stage.drops);
    json.key("p99_ms").null().field("status", shown_state(stage.state)).end_object();
  }
  json.end_array();
}

std::vector<std::optional<double>> own_cells(const ConditionRouteDeps& deps, const char* name,
                                             store::TimeRange range, std::size_t cells) {
  const telemetry::SeriesKey key{"honeyguide_system_" + std::string(name), {}};
  return read_cells(deps.series, kOwnTenant, key, telemetry::SeriesKind::kGauge, range, cells);
}

struct DiskRoom {
  std::optional<double> cap;     // bytes that may be used
  std::optional<double> growth;  // bytes a day, median of the hours
  std::vector<double> hourly;    // growth of each hour, ascending
};

DiskRoom disk_room(const ConditionRouteDeps& deps, const health::ResourceSample& sample,
                   const std::vector<std::optional<double>>& hours) {
  DiskRoom out;
  if (deps.config.disk_bytes > 0) {
    out.cap = static_cast<double>(deps.config.disk_bytes);
  } else if (sample.disk_free_bytes && sample.disk_percent && *sample.disk_percent < 100) {
    const double free_share = 1 - *sample.disk_percent / 100;
    out.cap = kDiskShare * static_cast<double>(*sample.disk_free_bytes) / free_share;
  }
  for (std::size_t i = 1; i < hours.size(); ++i) {
    if (hours[i] && hours[i - 1]) out.hourly.push_back(*hours[i] - *hours[i - 1]);
  }
  std::sort(out.hourly.begin(), out.hourly.end());
  if (out.hourly.size() >= kGrowthHoursMin) out.growth = 24 * out.hourly[out.hourly.size() / 2];
  return out;
}

void write_storage(JsonWriter& json, const ConditionRouteDeps& deps,
                   const health::ResourceSample& sample, base::UnixNanos now) {
  const store::TraceStoreStats traces = deps.traces.stats();
  const store::SeriesStoreStats series = deps.series.stats();
  const store::TimeRange day{now - base::kNanosPerDay, now};
  const auto hours = own_cells(deps, "store_bytes", day, 24);
  const DiskRoom room = disk_room(deps, sample, hours);
  json.key("storage").begin_object().field("bytes", traces.bytes + series.bytes);
  write_optional(json, "cap_bytes", room.cap);
  write_optional(json, "growth_bytes_per_day", room.growth);
  json.key("full_in");
  if (room.growth && *room.growth > 0 && room.cap) {
    const double left = std::max(0.0, *room.cap - static_cast<double>(traces.bytes));
    const auto at = [&](double share) {
      const auto index = static_cast<std::size_t>(share * static_cast<double>(room.hourly.size()));
      return room.hourly[std::min(index, room.hourly.size() - 1)];
    };
    const auto put = [&](const char* name, double growth) {
      write_optional(json, name, growth > 0 ? std::optional(left / growth * 3.6e6) : std::nullopt);
    };
    json.begin_object();
    put("q10_ms", at(0.9));
    put("q50_ms", at(0.5));
    put("q90_ms", at(0.1));
    json.end_object();
  } else {
    json.null();
  }
  json.key("classes").begin_array();
  json.begin_object().field("name", "traces");
  json.field("retention_ms", deps.config.retention_ns / base::kNanosPerMilli);
  json.field("bytes", traces.bytes).end_object();
  json.begin_object().field("name", "series");
  json.field("retention_ms", deps.config.series_hour_ns / base::kNanosPerMilli);
  json.field("bytes", series.bytes).end_object().end_array().key("series");
  write_series(json, day, hours);
  json.end_object();
}

struct ResourceRow {
  const char* name;
  const char* unit;
  const char* series;  // of honeyguide_system_*, or nullptr
  std::optional<double> used;
  std::optional<double> limit;
  double warning = 0;  // of used, or of used / limit where there is one
  double critical = 0;
};

std::string_view resource_status(const ResourceRow& row) {
  if (!row.used) return "unknown";
  const double judged = row.limit && row.warning < 1 ? *row.used / *row.limit : *row.used;
  if (row.warning == 0 || (row.warning < 1 && !row.limit)) return "ok";
  return judged >= row.critical ? "critical" : judged >= row.warning ? "warning" : "ok";
}

template <typename T>
std::optional<double> number(const std::optional<T>& value) {
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

void write_resources(JsonWriter& json, const ConditionRouteDeps& deps,
                     const health::ResourceSample& sample, base::UnixNanos now) {
  const double memory = static_cast<double>(deps.config.memory_bytes) + 60e6;
  const ResourceRow rows[] = {
      {"Processor of the machine", "%", "cpu_percent", sample.cpu_percent, 100.0, 0.8, 0.95},
      {"Memory of the machine", "%", "memory_percent", sample.memory_percent, 100.0, 0.85, 0.95},
      {"Disk", "%", "disk_percent", sample.disk_percent, 100.0, 0.9, 0.98},
      {"Memory", "bytes", "process_memory_bytes", number(sample.process_memory_rss_bytes), memory,
       0.99, 1.5},
      {"Processor", "%", "process_cpu_percent", sample.process_cpu_percent, std::nullopt, 0, 0},
      {"Open files", "", nullptr, number(sample.process_open_files), std::nullopt, 0, 0},
      {"Memory of the control group", "%", nullptr, sample.cgroup_memory_percent, 100.0, 0.85,
       0.95},
  };
  const store::TimeRange hour{now - base::kNanosPerHour, now};
  json.key("resources").begin_array();
  for (const ResourceRow& row : rows) {
    if (!row.used) continue;
    json.begin_object().field("name", row.name).field("unit", row.unit).field("used", *row.used);
    write_optional(json, "limit", row.limit);
    json.field("status", resource_status(row)).key("series");
    if (row.series != nullptr) {
      write_series(json, hour, own_cells(deps, row.series, hour, kHealthCells));
    } else {
      json.null();
    }
    json.end_object();
  }
  json.end_array();
}

void write_validation(JsonWriter& json, const ValidationReport& report) {
  json.key("validation").begin_array();
  for (const ValidationResult& result : report.results) {
    json.begin_object().field("name", result.name).field("status", result.status);
    json.field("text", result.text).key("fix");
    if (result.fix.empty()) {
      json.null();
    } else {
      json.value(result.fix);
    }
    json.key("spans").null().end_object();
  }
  json.end_array();
}

Result<net::HttpResponse> health_document(const ConditionRouteDeps& deps,
                                          const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  const health::HealthReport report = deps.vitals.report(request.tenant);
  const health::ResourceSample sample = deps.vitals.resources();
  JsonWriter json;
  json.begin_object().field("score", report.score).field("status", shown_status(report.status));
  json.key("now_unix_ns").value_as_string(now);
  write_inputs(json, report);
  write_stages(json, deps.vitals.stages());
  write_storage(json, deps, sample, now);
  write_resources(json, deps, sample, now);
  json.key("clients").begin_array().end_array();
  write_validation(json, deps.validation.report());
  json.key("partial").null().end_object();
  return json_response(json.take());
}

net::HttpResponse plain(int status, std::string text) {
  return net::HttpResponse::with_body(status, "text/plain; charset=utf-8", std::move(text));
}

// The process lives as long as its threads do.
Result<net::HttpResponse> alive(const ConditionRouteDeps& deps, const ApiRequest&) {
  for (const Stage& stage : deps.vitals.stages()) {
    if (stage.name == "detect" && stage.state == health::State::kUnhealthy) {
      return plain(503, "detection hangs\n");
    }
  }
  return plain(200, "ok\n");
}

Result<net::HttpResponse> ready(const ConditionRouteDeps& deps, const ApiRequest&) {
  const std::string reason = deps.vitals.not_ready();
  return reason.empty() ? plain(200, "ok\n") : plain(503, reason + "\n");
}

}  // namespace

std::string_view shown_status(std::string_view status) {
  return status == "healthy" ? "ok" : status == "degraded" ? "warning" : "critical";
}

void add_health_routes(RouteTable& routes, const ConditionRouteDeps& deps) {
  const auto add = [&](const char* pattern, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/v1/health", health_document);
  add("/healthz", alive);
  add("/readyz", ready);
}

}  // namespace honeyguide::server
