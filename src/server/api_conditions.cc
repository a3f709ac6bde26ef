#include "server/api_conditions.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "server/api_watch.h"
#include "server/attention.h"

namespace honeyguide::server {
namespace {

using base::JsonWriter;
using base::Result;

void write_ms(JsonWriter& json, std::string_view name, double seconds) {
  json.key(name);
  if (std::isfinite(seconds)) {
    json.value(std::round(seconds * 1000));
  } else {
    json.null();
  }
}

std::string title_of(const watch::Prediction& prediction) {
  if (const auto budget = prediction.key.label("budget"); !budget.empty()) {
    return "Budget " + std::string(budget);
  }
  return series_title(prediction.key, prediction.agent);
}

Sentence sentence_of(const watch::Prediction& prediction) {
  Sentence out;
  out.text(title_of(prediction) + (prediction.target.below ? " falls to " : " reaches "));
  out.number(prediction.target.threshold, series_unit(prediction.key));
  out.text(" in about ").duration_ms(prediction.forecast.eta_q50_s * 1000);
  return out;
}

Sentence detail_of(const watch::Prediction& prediction) {
  Sentence out;
  out.text("Now ").number(prediction.value, series_unit(prediction.key));
  out.text("; with ").number(std::round(prediction.forecast.p_breach * 100), "%");
  out.text(" within ").duration_ms(static_cast<double>(prediction.target.horizon_ns) / 1e6);
  out.text(", most likely between ").duration_ms(prediction.forecast.eta_q10_s * 1000);
  out.text(" and ").duration_ms(prediction.forecast.eta_q90_s * 1000);
  return out;
}

// As an Alert; what an alerting module would add is null.
void write_prediction(JsonWriter& json, const watch::Prediction& prediction,
                      const SlotOf& slot_of) {
  const std::string unit = series_unit(prediction.key);
  json.begin_object().field("id", prediction.id).field("kind", "prediction");
  json.field("severity", prediction.forecast.p_breach >= 0.5 ? "high" : "medium");
  json.field("state", "predicted").field("category", "predictive");
  json.field("rule", prediction.target.metric_class).key("sentence");
  sentence_of(prediction).write(json, slot_of);
  json.key("detail");
  detail_of(prediction).write(json, slot_of);
  json.key("agents").begin_array();
  if (!prediction.agent.empty()) write_agent(json, prediction.agent, slot_of);
  json.end_array().key("workflow").null();
  json.key("since_unix_ns").value_as_string(prediction.since);
  json.key("resolved_unix_ns").null().key("measure").begin_object();
  json.field("name", prediction.key.name).field("value", prediction.value).key("usual").null();
  json.field("unit", unit).end_object().key("impact").begin_object();
  for (const char* name : {"cost_usd", "cost_per_h_usd", "cost_per_h_usual_usd", "runs_blocked",
                           "throughput_change_per_h"}) {
    json.key(name).null();
  }
  json.end_object().key("prediction").begin_object();
  write_ms(json, "eta_q10_ms", prediction.forecast.eta_q10_s);
  write_ms(json, "eta_q50_ms", prediction.forecast.eta_q50_s);
  write_ms(json, "eta_q90_ms", prediction.forecast.eta_q90_s);
  json.field("breach_ratio", prediction.forecast.p_breach);
  json.field("threshold", prediction.target.threshold).field("unit", unit);
  json.key("made_unix_ns").value_as_string(prediction.at);
  json.key("stays_until_unix_ns").value_as_string(prediction.at + prediction.target.horizon_ns);
  json.end_object();
  for (const char* name :
       {"action", "acknowledged", "assigned_to", "escalation", "silence", "caused_by"}) {
    json.key(name).null();
  }
  json.field("group_count", 1).key("evidence").null().end_object();
}

// A share of nothing is unknown.
void write_share(JsonWriter& json, std::string_view name, double share, std::uint64_t of) {
  json.key(name);
  if (of > 0) {
    json.value(share);
  } else {
    json.null();
  }
}

void write_accuracy(JsonWriter& json, const std::vector<watch::ClassAccuracy>& classes) {
  json.begin_array();
  for (const watch::ClassAccuracy& of : classes) {
    const detect::ForecastAccuracy& accuracy = of.accuracy;
    json.begin_object().field("class", of.metric_class).field("series", of.series);
    json.field("predictions", accuracy.episodes).field("breaches", accuracy.breaches);
    json.field("scored_forecasts", accuracy.scored).field("waiting_forecasts", of.pending);
    write_share(json, "precision_ratio", accuracy.precision(), accuracy.episodes);
    write_share(json, "recall_ratio", accuracy.recall(), accuracy.breaches);
    write_share(json, "f1_ratio", accuracy.f1(), std::min(accuracy.episodes, accuracy.breaches));
    write_share(json, "coverage_ratio", accuracy.coverage(), accuracy.timed);
    write_share(json, "brier", accuracy.brier(), accuracy.scored);
    write_share(json, "lead_median_ms", accuracy.lead_median_s() * 1000, accuracy.lead_s.size());
    json.end_object();
  }
  json.end_array();
}

Result<net::HttpResponse> list_predictions(const ConditionRouteDeps& deps,
                                           const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const Page page, page_param(request, 50, 200));
  const auto found = deps.engine.watch().predictions(request.tenant);
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (std::size_t i = page.offset; i < std::min(found.size(), page.offset + page.limit); ++i) {
    write_prediction(json, found[i], slots);
  }
  json.end_array().key("accuracy");
  write_accuracy(json, deps.engine.watch().accuracy(request.tenant));
  write_total(json, found.size());
  write_next_cursor(json, page, found.size());
  json.key("partial").null().end_object();
  return json_response(json.take());
}

Result<net::HttpResponse> accuracy(const ConditionRouteDeps& deps, const ApiRequest& request) {
  const watch::WatchStats stats = deps.engine.watch().stats();
  JsonWriter json;
  json.begin_object().key("classes");
  write_accuracy(json, deps.engine.watch().accuracy(request.tenant));
  json.key("forecasters").begin_object().field("count", stats.forecasters);
  json.field("limit", watch::kForecastersMax).field("refused_points", stats.refused_forecasts);
  json.end_object().key("series").begin_array();
  for (const watch::Prediction& of : deps.engine.watch().forecasts(request.tenant)) {
    json.begin_object().field("id", of.id).field("series", of.key.canonical());
    json.field("title", title_of(of)).field("class", of.target.metric_class);
    json.field("value", of.value).field("threshold", of.target.threshold);
    json.field("direction", of.target.below ? "down" : "up");
    json.field("horizon_ms", of.target.horizon_ns / base::kNanosPerMilli);
    json.field("breached", of.forecast.breached).field("breach_ratio", of.forecast.p_breach);
    json.field("expected_peak", of.forecast.expected_peak);
    write_time(json, "made_unix_ns", of.at);
    json.end_object();
  }
  json.end_array().end_object();
  return json_response(json.take());
}

std::string_view meaning_of(const std::string& input) {
  for (const watch::InputDoc& doc : watch::input_docs()) {
    if (doc.name == input) return doc.meaning;
  }
  return "";
}

// Whom it is about, where that is known.
const alerts::Finding* about(const watch::ConditionStatus& status,
                             const std::vector<alerts::Finding>& findings) {
  const std::string_view rule =
      status.spec.name == "coordination_deadlock" ? "deadlock" : std::string_view(status.spec.name);
  for (const alerts::Finding& finding : findings) {
    if (finding.rule == rule) return &finding;
  }
  return nullptr;
}

void write_condition(JsonWriter& json, const watch::ConditionStatus& status,
                     const alerts::Finding* item, const SlotOf& slot_of) {
  json.begin_object().field("name", status.spec.name);
  json.field("description", status.spec.description).field("severity", status.spec.severity);
  json.field("category", status.spec.category);
  json.field("state", watch::condition_state_name(status.state));
  write_time(json, "since_unix_ns", status.since);
  write_time(json, "evaluated_unix_ns", status.evaluated);
  json.field("when", status.spec.when);
  json.field("for_ms", status.spec.for_ns / base::kNanosPerMilli);
  json.key("inputs").begin_array();
  for (const auto& [name, value] : status.inputs) {
    json.begin_object().field("name", name);
    write_optional(json, "value", value);
    json.field("meaning", meaning_of(name)).end_object();
  }
  json.end_array().key("missing").begin_array();
  for (const std::string& name : status.missing) json.value(name);
  json.end_array().key("agents").begin_array();
  const bool firing = status.state == watch::ConditionState::kFiring && item != nullptr;
  if (firing) {
    for (const std::string& agent : item->agents) write_agent(json, agent, slot_of);
  }
  json.end_array();
  write_text(json, "trace_id", firing ? item->trace_id : "");
  write_text(json, "what_to_do", status.spec.what_to_do);
  json.end_object();
}

Result<net::HttpResponse> list_conditions(const ConditionRouteDeps& deps,
                                          const ApiRequest& request) {
  const auto statuses = deps.vitals.conditions(request.tenant);
  const auto findings =
      attention_findings(deps.engine.analytics(), request.tenant, deps.clock.now());
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  std::size_t firing = 0;
  for (const watch::ConditionStatus& status : statuses) {
    firing += status.state == watch::ConditionState::kFiring ? 1 : 0;
    write_condition(json, status, about(status, findings), slots);
  }
  json.end_array().field("firing", firing);
  write_total(json, statuses.size());
  json.key("next_cursor").null().key("partial").null().end_object();
  return json_response(json.take());
}

}  // namespace

void add_condition_routes(RouteTable& routes, const ConditionRouteDeps& deps) {
  const auto add = [&](const char* pattern, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/v1/predictions", list_predictions);
  add("/api/v1/predictions/accuracy", accuracy);
  add("/api/v1/conditions", list_conditions);
}

}  // namespace honeyguide::server
