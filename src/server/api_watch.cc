#include "server/api_watch.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using watch::Anomaly;

constexpr std::size_t kCells = 60;
constexpr std::size_t kAnomaliesPerPageMax = 200;
constexpr std::size_t kSeriesPerPageMax = 200;

struct Title {
  std::string_view name;  // after the prefix of the entity
  std::string_view title;
  std::string_view unit;
};
constexpr Title kTitles[] = {
    {"task_throughput_per_hour", "Throughput", "tasks/h"},
    {"task_success_ratio", "Success", "ratio"},
    {"task_duration_seconds", "Duration p90", "s"},
    {"run_duration_seconds", "Run duration p90", "s"},
    {"latency_seconds", "Latency p95", "s"},
    {"quality_score", "Quality", "ratio"},
    {"cost_usd_per_hour", "Cost per hour", "USD/h"},
    {"cost_usd_total", "Cost per minute", "USD"},
    {"tokens_per_hour", "Tokens per hour", "tokens/h"},
    {"tokens_total", "Tokens per minute", "tokens"},
    {"call_error_ratio", "Errors of calls", "ratio"},
    {"utilization_ratio", "Utilization", "ratio"},
    {"waiting_seconds_total", "Waiting per minute", "s"},
    {"tasks_total", "Tasks per minute", "tasks"},
    {"llm_calls_total", "Model calls per minute", "calls"},
    {"llm_errors_total", "Failed model calls per minute", "calls"},
    {"tool_calls_total", "Tool calls per minute", "calls"},
    {"tool_errors_total", "Failed tool calls per minute", "calls"},
    {"handoffs_total", "Hand-offs per minute", "hand-offs"},
    {"messages_total", "Messages per minute", "messages"},
    {"conflicts_total", "Conflicts per minute", "conflicts"},
    {"runs_total", "Runs per minute", "runs"},
    {"loops_total", "Loops per minute", "loops"},
    {"loop_repeats_total", "Repeated calls per minute", "calls"},
    {"cpu_percent", "Processor of the machine", "%"},
    {"memory_percent", "Memory of the machine", "%"},
    {"disk_percent", "Disk of the machine", "%"},
};

const Title* title_of(std::string_view name) {
  for (const std::string_view prefix :
       {"honeyguide_task_type_", "honeyguide_workflow_", "honeyguide_agent_", "honeyguide_pair_",
        "honeyguide_system_", "honeyguide_"}) {
    if (!name.starts_with(prefix)) continue;
    const std::string_view rest = name.substr(prefix.size());
    for (const Title& title : kTitles) {
      if (title.name == rest) return &title;
    }
  }
  return nullptr;
}

// The words of the page for a detector's feature.
std::string_view shown_feature(std::string_view feature) {
  if (feature == "above" || feature == "below" || feature == "step") return "level";
  if (feature == "shift" || feature == "drift") return "shift";
  if (feature == "volatility") return "volatility";
  return "novelty";  // stuck, novelty, absence
}

void write_features(JsonWriter& json, const Anomaly& anomaly) {
  std::vector<std::string_view> shown;
  if (anomaly.kind == watch::AnomalyKind::kAgent) {
    shown.push_back("multivariate");
  } else {
    for (const watch::Reason& reason : anomaly.reasons) {
      const auto word = shown_feature(reason.name);
      if (std::find(shown.begin(), shown.end(), word) == shown.end()) shown.push_back(word);
    }
  }
  json.key("features").begin_array();
  for (const auto word : shown) json.value(word);
  json.end_array().key("reasons").begin_array();
  for (const watch::Reason& reason : anomaly.reasons) {
    json.begin_object().field("name", reason.name).field("weight", reason.weight).end_object();
  }
  json.end_array();
}

std::string_view opinion_word(const Anomaly& anomaly, base::UnixNanos now) {
  if (anomaly.opinion == watch::Opinion::kNone || anomaly.opinion_until <= now) return "";
  return anomaly.opinion == watch::Opinion::kAnomaly ? "anomaly" : "not_anomaly";
}

void write_anomaly_fields(JsonWriter& json, const Anomaly& anomaly, const SlotOf& slot_of,
                          base::UnixNanos now) {
  json.field("id", anomaly.id).field("kind", watch::anomaly_kind_name(anomaly.kind));
  json.field("metric", anomaly.key.name).key("labels").begin_object();
  for (const auto& [name, value] : anomaly.key.labels) json.field(name, value);
  json.end_object().field("title", series_title(anomaly.key, anomaly.agent));
  json.field("unit", anomaly.kind == watch::AnomalyKind::kAbsence ? "s" : series_unit(anomaly.key));
  json.key("agent");
  if (anomaly.agent.empty()) {
    json.null();
  } else {
    write_agent(json, anomaly.agent, slot_of);
  }
  json.field("class", detect::metric_class_name(anomaly.metric_class));
  json.field("severity", watch::severity_of(anomaly))
      .field("direction", anomaly.up ? "up" : "down");
  write_time(json, "onset_unix_ns", anomaly.onset);
  write_time(json, "end_unix_ns", anomaly.end);
  json.field("value", anomaly.value).field("expected", anomaly.expected);
  json.field("expected_low", anomaly.expected_low).field("expected_high", anomaly.expected_high);
  json.field("p_value", anomaly.p);
  const double minutes =
      static_cast<double>(anomaly.step_ns) / static_cast<double>(base::kNanosPerMinute);
  json.field("rarity_minutes", minutes / anomaly.p);
  write_features(json, anomaly);
  write_text(json, "feedback", opinion_word(anomaly, now));
  write_time(json, "feedback_until_unix_ns",
             opinion_word(anomaly, now).empty() ? 0 : anomaly.opinion_until);
  json.key("alert_id").null().field("similar", anomaly.similar.size());
  json.key("similar_ids").begin_array();
  for (const std::string& id : anomaly.similar) json.value(id);
  json.end_array();
  write_text(json, "trace_id", anomaly.trace_id);
  write_time(json, "refractory_until_unix_ns", anomaly.refractory_until);
}

// The series with the band, where a detector has one.
void write_banded_series(JsonWriter& json, const WatchRouteDeps& deps, store::TenantId tenant,
                         const watch::SeriesState& state, store::TimeRange range) {
  const auto values = read_cells(deps.series, tenant, state.key, state.kind, range, kCells);
  const std::int64_t step = (range.end - range.begin) / static_cast<std::int64_t>(kCells);
  json.begin_object().field("start_unix_ms", range.begin / base::kNanosPerMilli);
  json.field("step_ms", step / base::kNanosPerMilli).key("values").begin_array();
  for (const auto& value : values) {
    if (value) {
      json.value(*value);
    } else {
      json.null();
    }
  }
  json.end_array();
  for (const bool high : {false, true}) {
    json.key(high ? "expected_high" : "expected_low").begin_array();
    for (std::size_t i = 0; i < kCells; ++i) {
      const base::UnixNanos middle = range.begin + step * static_cast<std::int64_t>(i) + step / 2;
      const std::int64_t number = middle / watch::kBandCellNs;
      const watch::BandCell& cell =
          state.band[static_cast<std::size_t>(number % watch::kBandCells)];
      if (cell.cell == static_cast<std::int32_t>(number)) {
        json.value(static_cast<double>(high ? cell.high : cell.low));
      } else {
        json.null();
      }
    }
    json.end_array();
  }
  json.end_object();
}

void write_anomaly(JsonWriter& json, const WatchRouteDeps& deps, const Anomaly& anomaly) {
  const base::UnixNanos now = deps.clock.now();
  json.begin_object();
  write_anomaly_fields(json, anomaly, deps.slot_of(anomaly.tenant), now);
  json.key("series");
  const auto state = anomaly.kind == watch::AnomalyKind::kSeries
                         ? deps.engine.watch().series(anomaly.tenant, anomaly.key.id())
                         : std::nullopt;
  if (state) {
    const base::UnixNanos end = std::min(now, anomaly.onset + base::kNanosPerHour / 4);
    write_banded_series(json, deps, anomaly.tenant, *state, {end - base::kNanosPerHour, end});
  } else {
    json.null();
  }
  json.end_object();
}

Result<net::HttpResponse> list_anomalies(const WatchRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  HG_ASSIGN_OR_RETURN(const Page page, page_param(request, 50, kAnomaliesPerPageMax));
  const std::string_view open = request.param("open");
  if (!open.empty() && open != "true" && open != "false") {
    return Error{ErrorCode::kInvalidArgument, "open: 'true' or 'false'"};
  }
  watch::AnomalyFilter filter{range.begin, range.end, std::string(request.param("agent")),
                              std::string(request.param("metric")), open == "true"};
  const auto found = deps.engine.watch().anomalies(request.tenant, filter);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (std::size_t i = page.offset; i < std::min(found.size(), page.offset + page.limit); ++i) {
    write_anomaly(json, deps, found[i]);
  }
  json.end_array();
  write_total(json, found.size());
  write_next_cursor(json, page, found.size());
  json.key("partial").null().end_object();
  return json_response(json.take());
}

Error unknown_anomaly(const std::string& id) {
  return {ErrorCode::kNotFound, "there is no anomaly '" + id + "'"};
}

Result<net::HttpResponse> one_anomaly(const WatchRouteDeps& deps, const ApiRequest& request) {
  const auto found = deps.engine.watch().anomaly(request.tenant, request.path_param("id"));
  if (!found) return unknown_anomaly(request.path_param("id"));
  JsonWriter json;
  write_anomaly(json, deps, *found);
  return json_response(json.take());
}

Result<net::HttpResponse> give_feedback(const WatchRouteDeps& deps, const ApiRequest& request) {
  const auto body = nlohmann::json::parse(request.http->body, nullptr, false);
  const Error wrong{ErrorCode::kInvalidArgument,
                    R"(the body: {"verdict": "anomaly", "not_anomaly" or null})"};
  if (!body.is_object() || !body.contains("verdict")) return wrong;
  const auto& verdict = body["verdict"];
  watch::Opinion opinion = watch::Opinion::kNone;
  if (verdict == "anomaly") {
    opinion = watch::Opinion::kAnomaly;
  } else if (verdict == "not_anomaly") {
    opinion = watch::Opinion::kNotAnomaly;
  } else if (!verdict.is_null()) {
    return wrong;
  }
  HG_ASSIGN_OR_RETURN(const Anomaly changed,
                      deps.engine.watch().opine(request.tenant, request.path_param("id"), opinion));
  JsonWriter json;
  write_anomaly(json, deps, changed);
  return json_response(json.take());
}

void write_series_item(JsonWriter& json, const WatchRouteDeps& deps, store::TenantId tenant,
                       const watch::SeriesState& state, store::TimeRange range, bool values) {
  const detect::Judgement& last = state.judgement;
  json.begin_object().field("id", state.key.canonical()).field("name", state.key.name);
  json.key("labels").begin_object();
  for (const auto& [name, value] : state.key.labels) json.field(name, value);
  json.end_object().field("title", series_title(state.key, std::string(state.key.label("agent"))));
  json.field("unit", series_unit(state.key));
  json.field("class", detect::metric_class_name(state.metric_class));
  json.field("state", !state.open_anomaly.empty() ? "anomalous" : state.cold ? "cold" : "usual");
  json.field("points", state.points).field("step_ms", state.step_ns / base::kNanosPerMilli);
  write_time(json, "judged_unix_ns", state.judged);
  json.field("value", last.value);
  const bool known = last.judged;
  write_optional(json, "expected", known ? std::optional(last.expected) : std::nullopt);
  write_optional(json, "expected_low", known ? std::optional(last.expected_low) : std::nullopt);
  write_optional(json, "expected_high", known ? std::optional(last.expected_high) : std::nullopt);
  write_optional(json, "p_value", known ? std::optional(last.p) : std::nullopt);
  write_text(json, "anomaly_id", state.open_anomaly);
  json.key("series");
  if (values) {
    write_banded_series(json, deps, tenant, state, range);
  } else {
    json.null();
  }
  json.end_object();
}

Result<net::HttpResponse> list_series(const WatchRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  HG_ASSIGN_OR_RETURN(const Page page, page_param(request, 50, kSeriesPerPageMax));
  const std::string_view name = request.param("name");
  const std::string_view agent = request.param("agent");
  const std::string_view filter = request.param("q");
  std::vector<watch::SeriesState> found;
  deps.engine.watch().each_series(request.tenant, [&](const watch::SeriesState& state) {
    if (!name.empty() && state.key.name != name) return;
    if (!agent.empty() && state.key.label("agent") != agent) return;
    if (!filter.empty() && state.key.canonical().find(filter) == std::string::npos) return;
    found.push_back(state);
  });
  // The strangest first.
  std::sort(found.begin(), found.end(),
            [](const watch::SeriesState& a, const watch::SeriesState& b) {
              if (a.open_anomaly.empty() != b.open_anomaly.empty()) return b.open_anomaly.empty();
              if (a.judgement.p != b.judgement.p) return a.judgement.p < b.judgement.p;
              return a.key.canonical() < b.key.canonical();
            });
  const watch::WatchStats stats = deps.engine.watch().stats();
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (std::size_t i = page.offset; i < std::min(found.size(), page.offset + page.limit); ++i) {
    write_series_item(json, deps, request.tenant, found[i], range, !name.empty());
  }
  json.end_array().key("detectors").begin_object();
  json.field("count", stats.series.detectors).field("limit", watch::kDetectorsMax);
  json.field("cold", stats.series.cold).field("waiting_series", stats.series.candidates);
  json.field("dropped_points", stats.dropped_points_total).end_object();
  write_total(json, found.size());
  write_next_cursor(json, page, found.size());
  json.key("partial").null().end_object();
  return json_response(json.take());
}

std::string number(double value) {
  const double size = std::abs(value);
  const double unit = size >= 100 ? 1 : size >= 1 ? 0.1 : 0.001;
  return base::format_double(std::round(value / unit) * unit);
}

// "Duration p90 128 s, expected 60 to 95 s".
std::string difference_text(const Anomaly& anomaly) {
  if (anomaly.kind == watch::AnomalyKind::kAbsence) return "Fell silent";
  if (anomaly.kind == watch::AnomalyKind::kAgent) {
    std::string text = "Unusual together:";
    for (std::size_t i = 0; i < std::min<std::size_t>(2, anomaly.reasons.size()); ++i) {
      text += (i > 0 ? ", " : " ") + anomaly.reasons[i].name;
    }
    return text;
  }
  return series_title(anomaly.key, "") + " " + number(anomaly.value) + " " +
         series_unit(anomaly.key) + ", expected " + number(anomaly.expected_low) + " to " +
         number(anomaly.expected_high);
}

}  // namespace

std::string series_title(const telemetry::SeriesKey& key, const std::string& agent) {
  const Title* known = title_of(key.name);
  std::string out(known != nullptr ? known->title : std::string_view(key.name));
  if (key.name == "agent") out = "Figures together";
  if (!agent.empty()) {
    out += " of " + agent;
  } else if (const auto source = key.label("source"); !source.empty()) {
    out += " from " + std::string(source) + " to " + std::string(key.label("target"));
  }
  for (const auto& [label, value] : key.labels) {
    if (label == "agent" || label == "source" || label == "target" || label == "quantile") continue;
    out += " (" + value + ")";
  }
  return out;
}

std::string series_unit(const telemetry::SeriesKey& key) {
  if (const Title* known = title_of(key.name)) return std::string(known->unit);
  if (key.name.ends_with("_ms") || key.name.ends_with(".ms")) return "ms";
  if (key.name.ends_with("_seconds")) return "s";
  if (key.name.ends_with("_bytes")) return "bytes";
  if (key.name.ends_with("_ratio")) return "ratio";
  if (key.name.ends_with("_percent")) return "%";
  return "";
}

std::string anomaly_event_json(const Anomaly& anomaly, const SlotOf& slot_of) {
  JsonWriter json;
  json.begin_object();
  write_anomaly_fields(json, anomaly, slot_of, anomaly.onset);
  json.key("series").null().end_object();
  return json.take();
}

std::map<std::string, AgentOddity> agent_oddities(watch::Watch& watch, store::TenantId tenant,
                                                  const std::vector<std::string>& agents,
                                                  base::UnixNanos now) {
  std::map<std::string, AgentOddity> out;
  for (const std::string& agent : agents) {
    const auto state = watch.agent(tenant, agent);
    if (state && !state->cold) out[agent].surprise = state->surprise;
  }
  std::map<std::string, const Anomaly*> strongest;
  const auto anomalies =
      watch.anomalies(tenant, {now - kOddityNs, now + base::kNanosPerHour, "", "", false});
  for (const Anomaly& anomaly : anomalies) {
    if (anomaly.agent.empty() || anomaly.opinion == watch::Opinion::kNotAnomaly) continue;
    const Anomaly*& best = strongest[anomaly.agent];
    if (best == nullptr || anomaly.p < best->p) best = &anomaly;
  }
  for (const auto& [agent, anomaly] : strongest) {
    AgentOddity& oddity = out[agent];
    oddity.text = difference_text(*anomaly);
    oddity.severity = watch::severity_of(*anomaly);
    oddity.surprise = std::max(oddity.surprise.value_or(0), 1 - anomaly->p);
  }
  return out;
}

void add_watch_routes(RouteTable& routes, const WatchRouteDeps& deps) {
  const auto add = [&](const char* method, const char* pattern, Role role, auto handler) {
    routes.add(
        {.method = method,
         .pattern = pattern,
         .role = role,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("GET", "/api/v1/anomalies", kRoleRead, list_anomalies);
  add("GET", "/api/v1/anomalies/{id}", kRoleRead, one_anomaly);
  add("POST", "/api/v1/anomalies/{id}/feedback", kRoleOperate, give_feedback);
  add("GET", "/api/v1/series", kRoleRead, list_series);
}

}  // namespace honeyguide::server
