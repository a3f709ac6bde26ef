#include "server/api_alerts.h"

#include <algorithm>
#include <limits>
#include <map>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "server/alert_json.h"
#include "server/api_trace_view.h"

namespace honeyguide::server {
namespace {

using alerts::Alert;
using alerts::AlertBook;
using alerts::AlertKind;
using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using nlohmann::json;

constexpr std::size_t kRowsPerPageMax = 200;
constexpr std::size_t kChartCells = 120;

Result<json> body_object(const ApiRequest& request) {
  json body = json::parse(request.http->body, nullptr, false);
  if (!body.is_object())
    return Error{ErrorCode::kInvalidArgument, "the body: a JSON object, {} at least"};
  return body;
}

Result<std::string> text_field(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) return std::string();
  if (!found->is_string()) {
    return Error{ErrorCode::kInvalidArgument, std::string(name) + ": a text is needed"};
  }
  return found->get<std::string>();
}

bool is_prediction(const Alert& alert) {
  return alert.finding.kind == AlertKind::kPrediction;
}

struct ListCounts {
  std::size_t active = 0, predicted = 0, anomalies = 0, silences = 0;
};

struct ListData {
  std::vector<Alert> alerts;
  std::map<std::string, std::size_t> by_rule;
  std::map<std::string, base::UnixNanos> silence_ends;
  ListCounts counts;
  alerts::AlertBookStats means;
};

std::optional<double> milliseconds(std::optional<std::int64_t> ns) {
  return ns ? std::optional(static_cast<double>(*ns) / base::kNanosPerMilli) : std::nullopt;
}

ListData collect(const AlertRouteDeps& deps, store::TenantId tenant, std::string_view view,
                 store::TimeRange range, base::UnixNanos now) {
  ListData out;
  deps.alerts.read(tenant, [&](const AlertBook& book) {
    out.alerts = book.open_alerts();
    out.means = book.stats();
    for (const Alert& alert : out.alerts) {
      ++out.by_rule[alert.finding.rule];
      ++out.counts.active;
      out.counts.predicted += is_prediction(alert) ? 1 : 0;
      out.counts.anomalies += alert.finding.kind == AlertKind::kAnomaly ? 1 : 0;
    }
    for (const alerts::Silence& silence : book.silences()) {
      out.counts.silences += silence.expired(now) ? 0 : 1;
      out.silence_ends[silence.id] = silence.ends;
    }
    if (view == "history") out.alerts = book.history(range.begin, range.end);
    if (view == "pending") out.alerts = book.pending_alerts();
  });
  if (view == "predicted")
    std::erase_if(out.alerts, [](const Alert& a) { return !is_prediction(a); });
  return out;
}

// Words of `q` that the alert's labels, rule and sentence all contain.
bool matches_words(const Alert& alert, std::string_view q) {
  std::string all = alert.finding.rule + " " + alert_sentence(alert).plain();
  for (const auto& [name, value] : alert.labels) all += " " + name + ":" + value;
  all = base::to_lower(all);
  for (const std::string_view word : base::split(q, ' ')) {
    if (!word.empty() && all.find(base::to_lower(word)) == std::string::npos) return false;
  }
  return true;
}

Result<net::HttpResponse> list_alerts(const AlertRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  const auto view = request.param("view");
  if (!view.empty() && view != "active" && view != "predicted" && view != "history" &&
      view != "pending") {
    return Error{ErrorCode::kInvalidArgument, "view: active, predicted, pending or history"};
  }
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  HG_ASSIGN_OR_RETURN(const Page page, page_param(request, 50, kRowsPerPageMax));
  ListData data = collect(deps, request.tenant, view, range, now);
  const auto q = request.param("q");
  std::erase_if(data.alerts, [&](const Alert& alert) { return !matches_words(alert, q); });
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter out;
  out.begin_object().key("items").begin_array();
  for (std::size_t i = page.offset; i < std::min(data.alerts.size(), page.offset + page.limit);
       ++i) {
    const Alert& alert = data.alerts[i];
    const auto ends = data.silence_ends.find(alert.silenced_by);
    write_alert(out, alert, slots, std::max<std::size_t>(data.by_rule[alert.finding.rule], 1),
                ends != data.silence_ends.end() ? ends->second : 0);
  }
  out.end_array().key("counts").begin_object().field("active", data.counts.active);
  out.field("predicted", data.counts.predicted).field("anomalies", data.counts.anomalies);
  out.field("mitigations", 0).field("silences", data.counts.silences).end_object();
  out.key("means").begin_object();
  write_optional(out, "acknowledge_ms", milliseconds(data.means.mean_acknowledge_ns));
  write_optional(out, "resolve_ms", milliseconds(data.means.mean_resolve_ns));
  out.end_object();
  write_total(out, data.alerts.size());
  write_next_cursor(out, page, data.alerts.size());
  out.key("partial").null().end_object();
  return json_response(out.take());
}

// The measured series around the alert, for its chart.
void write_chart(JsonWriter& out, const AlertRouteDeps& deps, store::TenantId tenant,
                 const Alert& alert, base::UnixNanos now) {
  out.key("chart");
  const alerts::Finding& finding = alert.finding;
  telemetry::SeriesKey key;
  key.name = finding.measure;
  for (const auto& [name, value] : finding.labels) key.labels.push_back({name, value});
  key.normalise();
  const auto found = deps.series.find_series(tenant, key.name, {}, 20'000);
  bool known = false;
  if (found && !key.name.empty()) {
    for (const store::SeriesInfo& info : *found) known |= info.key == key;
  }
  if (!known) {
    out.null();
    return;
  }
  const base::UnixNanos end =
      alert.resolved != 0 ? std::min(now, alert.resolved + base::kNanosPerHour / 2) : now;
  const store::TimeRange range{std::min(alert.since, end) - base::kNanosPerHour, end};
  out.begin_object().field("title", finding.measure).field("unit", finding.unit).key("series");
  write_series(
      out, range,
      read_cells(deps.series, tenant, key, telemetry::SeriesKind::kGauge, range, kChartCells));
  out.key("forecast").null();
  write_optional(out, "threshold", finding.threshold);
  out.key("threshold_label").null();
  out.field("below", finding.threshold && finding.value && *finding.value < *finding.threshold);
  out.key("marks").begin_array().end_array();
  write_time(out, "onset_unix_ns", alert.since);
  write_time(out, "end_unix_ns", alert.resolved);
  out.key("refractory_until_unix_ns").null().end_object();
}

void write_timeline(JsonWriter& out, const Alert& alert, const alerts::AlertingConfig& config) {
  out.key("timeline").begin_array();
  for (const alerts::TimelineEntry& entry : alert.timeline) {
    out.begin_object().key("at_unix_ns").value_as_string(entry.at);
    out.field("kind", entry.kind).field("text", entry.text).field("planned", false);
    write_text(out, "by", entry.by);
    out.end_object();
  }
  if (alert.escalation && alert.escalation->next != 0 && alert.open()) {
    for (const alerts::EscalationPolicy& policy : config.policies) {
      if (policy.name != alert.escalation->policy ||
          alert.escalation->step >= policy.steps.size()) {
        continue;
      }
      const alerts::EscalationStep& step = policy.steps[alert.escalation->step];
      out.begin_object().key("at_unix_ns").value_as_string(alert.escalation->next);
      out.field("kind", "escalated");
      out.field("text", step.title.empty() ? "next step of " + policy.name : step.title);
      out.field("planned", true).key("by").null().end_object();
    }
  }
  out.end_array();
}

Result<net::HttpResponse> one_alert(const AlertRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  const std::string& id = request.path_param("id");
  std::optional<Alert> alert;
  std::optional<Alert> cause;
  deps.alerts.read(request.tenant, [&](const AlertBook& book) {
    alert = book.find(id);
    if (alert && !alert->inhibited_by.empty()) cause = book.find(alert->inhibited_by);
  });
  if (!alert) return Error{ErrorCode::kNotFound, "no alert '" + id + "' is known"};
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter out;
  out.begin_object().key("alert");
  write_alert(out, *alert, slots);
  write_chart(out, deps, request.tenant, *alert, now);
  out.key("why").begin_array();
  if (cause) {
    out.begin_object().key("sentence");
    alert_sentence(*cause).write(out, slots);
    out.key("share_ratio").null().key("link").begin_object().field("kind", "alert");
    out.field("id", cause->id).end_object().end_object();
  }
  out.end_array().key("change").null().key("record").null();
  const LikelyCulprits culprits = deps.culprits.of(request.tenant, *alert);
  write_culprits(out, culprits, slots);
  out.key("action").null();
  write_text(out, "what_to_do", alert->finding.what_to_do);
  write_text(out, "runbook_url", alert->finding.runbook_url);
  write_timeline(out, *alert, deps.alerts.config());
  write_partial_reason(out, culprits.partial);
  out.end_object();
  return json_response(out.take());
}

using Change = Result<Alert> (*)(AlertBook&, const std::string& id, const std::string& by,
                                 const json& body, base::UnixNanos now);

Result<net::HttpResponse> change_alert(const AlertRouteDeps& deps, const ApiRequest& request,
                                       Change change) {
  HG_ASSIGN_OR_RETURN(const json body, body_object(request));
  Alert alert;
  HG_RETURN_IF_ERROR(deps.alerts.change(request.tenant, [&](AlertBook& book) -> Result<void> {
    HG_ASSIGN_OR_RETURN(alert, change(book, request.path_param("id"), request.principal.name, body,
                                      deps.clock.now()));
    return {};
  }));
  JsonWriter out;
  write_alert(out, alert, deps.slot_of(request.tenant));
  return json_response(out.take());
}

void write_predictions(JsonWriter& out, const std::vector<Alert>& alerts) {
  constexpr std::size_t kPredictionsShown = 5;
  std::size_t shown = 0;
  out.key("next_predictions").begin_array();
  for (const Alert& alert : alerts) {
    const auto& forecast = alert.finding.forecast;
    if (!is_prediction(alert) || !forecast || shown++ >= kPredictionsShown) continue;
    out.begin_object().field("metric", alert.finding.measure);
    out.field("predicted_value", forecast->threshold).key("eta_ms");
    if (forecast->eta_q50_ms) {
      out.value(*forecast->eta_q50_ms);
    } else {
      out.null();
    }
    out.field("confidence", forecast->breach_ratio).end_object();
  }
  out.end_array();
}

// The alert section of the library's health dashboard, with its keys.
Result<net::HttpResponse> dashboard(const AlertRouteDeps& deps, const ApiRequest& request) {
  std::vector<Alert> open;
  deps.alerts.read(request.tenant, [&](const AlertBook& book) { open = book.open_alerts(); });
  std::map<std::string, std::map<std::string, std::size_t>> counts;
  std::size_t critical = 0, conditions = 0;
  for (const Alert& alert : open) {
    const bool severe = alert.finding.severity >= alerts::Severity::kCritical;
    critical += severe ? 1 : 0;
    conditions += severe && alert.finding.kind == AlertKind::kCondition ? 1 : 0;
    ++counts[alert.finding.category][std::string(alerts::severity_name(alert.finding.severity))];
  }
  const auto watched = deps.engine.watch().stats().series;
  JsonWriter out;
  out.begin_object().key("timestamp_unix_ns").value_as_string(deps.clock.now());
  out.field("total_active_alerts", open.size()).field("critical_alerts", critical);
  out.key("alert_counts_by_category").begin_object();
  for (const auto& [category, severities] : counts) {
    out.key(category).begin_object();
    for (const auto& [severity, count] : severities) out.field(severity, count);
    out.end_object();
  }
  out.end_object().field("critical_conditions_active", conditions);
  out.field("prediction_engine_status", watched.detectors > watched.cold ? "active" : "training");
  write_predictions(out, open);
  out.end_object();
  return json_response(out.take());
}

}  // namespace

std::vector<Alert> attention_alerts(AlertService& service, store::TenantId tenant,
                                    std::size_t limit, std::size_t& total) {
  std::vector<Alert> out;
  service.read(tenant, [&](const AlertBook& book) { out = book.open_alerts(); });
  std::erase_if(out, [](const Alert& alert) { return alert.quiet() || alert.acknowledged; });
  total = out.size();
  if (out.size() > limit) out.resize(limit);
  return out;
}

void write_alert_metrics(MetricsPage& page, AlertService& service) {
  const alerts::AlertBookStats stats = service.stats();
  page.family("honeyguide_alerts", "gauge", "Alerts by state.");
  page.sample(static_cast<double>(stats.pending), {{"state", "pending"}});
  page.sample(static_cast<double>(stats.firing), {{"state", "firing"}});
  page.sample(static_cast<double>(stats.acknowledged), {{"state", "acknowledged"}});
  page.sample(static_cast<double>(stats.quiet), {{"state", "quiet"}});
  page.sample(static_cast<double>(stats.flapping), {{"state", "flapping"}});
  const auto counter = [&](const char* name, const char* help, std::uint64_t value) {
    page.single(name, "counter", help, static_cast<double>(value));
  };
  counter("honeyguide_alerts_fired_total", "Alerts that began to fire.", stats.fired_total);
  counter("honeyguide_alerts_resolved_total", "Alerts that were resolved.", stats.resolved_total);
  counter("honeyguide_alerts_left_out_total", "Alerts beyond the limit of open ones.",
          stats.left_out_total);
  counter("honeyguide_outbox_delivered_total", "Notifications delivered.", stats.notified_total);
  counter("honeyguide_outbox_retried_total", "Attempts after a failed one.", stats.retried_total);
  counter("honeyguide_outbox_refused_total", "Notifications a receiver refused for good.",
          stats.refused_total);
  counter("honeyguide_outbox_given_up_total", "Notifications given up after a day.",
          stats.given_up_total);
  page.single("honeyguide_outbox_waiting", "gauge", "Notifications in the outbox.",
              static_cast<double>(stats.outbox));
  page.single("honeyguide_alert_storm", "gauge", "1 while alerts come as a storm.",
              stats.storm ? 1 : 0);
  page.single("honeyguide_alert_evaluation_seconds", "gauge", "Length of the last evaluation.",
              static_cast<double>(service.evaluation_ns()) / 1e9);
}

void add_alert_routes(RouteTable& routes, const AlertRouteDeps& deps) {
  const auto get = [&](const char* pattern, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  const auto post = [&](const char* pattern, Change change) {
    routes.add({.method = "POST",
                .pattern = pattern,
                .role = kRoleOperate,
                .handler = [deps, change](const ApiRequest& request) {
                  return change_alert(deps, request, change);
                }});
  };
  get("/api/v1/dashboard/alerts", dashboard);
  get("/api/v1/alerts", list_alerts);
  get("/api/v1/alerts/{id}", one_alert);
  post("/api/v1/alerts/{id}/ack",
       [](AlertBook& book, const std::string& id, const std::string& by, const json& body,
          base::UnixNanos now) -> Result<Alert> {
         HG_ASSIGN_OR_RETURN(const std::string note, text_field(body, "note"));
         return book.acknowledge(id, by, note, now);
       });
  post("/api/v1/alerts/{id}/unack",
       [](AlertBook& book, const std::string& id, const std::string& by, const json& body,
          base::UnixNanos now) -> Result<Alert> {
         HG_RETURN_IF_ERROR(text_field(body, "note"));
         return book.unacknowledge(id, by, now);
       });
  post("/api/v1/alerts/{id}/assign",
       [](AlertBook& book, const std::string& id, const std::string& by, const json& body,
          base::UnixNanos now) -> Result<Alert> {
         HG_ASSIGN_OR_RETURN(const std::string to, text_field(body, "to"));
         return book.assign(id, to, by, now);
       });
}

}  // namespace honeyguide::server
