#include "server/alert_json.h"

#include <algorithm>

namespace honeyguide::server {
namespace {

using alerts::Alert;
using alerts::AlertKind;
using base::JsonWriter;

// Splits a text at the names that it contains: the longest name first, so that "coder-2" is not
// read as "coder".
Sentence with_names(std::string_view text, std::vector<std::string> agents,
                    const std::string& workflow) {
  std::sort(agents.begin(), agents.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  Sentence out;
  std::string plain;
  const auto flush = [&] {
    if (!plain.empty()) out.text(plain);
    plain.clear();
  };
  while (!text.empty()) {
    const auto agent = std::find_if(agents.begin(), agents.end(), [&](const std::string& name) {
      return !name.empty() && text.starts_with(name);
    });
    if (agent != agents.end()) {
      flush();
      out.agent(*agent);
      text.remove_prefix(agent->size());
    } else if (!workflow.empty() && text.starts_with(workflow)) {
      flush();
      out.workflow(workflow);
      text.remove_prefix(workflow.size());
    } else {
      plain.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  flush();
  return out;
}

void write_prediction(JsonWriter& json, const Alert& alert) {
  json.key("prediction");
  if (!alert.finding.forecast) {
    json.null();
    return;
  }
  const alerts::BreachForecast& forecast = *alert.finding.forecast;
  json.begin_object().field("eta_q10_ms", forecast.eta_q10_ms).key("eta_q50_ms");
  if (forecast.eta_q50_ms) {
    json.value(*forecast.eta_q50_ms);
  } else {
    json.null();
  }
  json.field("eta_q90_ms", forecast.eta_q90_ms).field("breach_ratio", forecast.breach_ratio);
  json.field("threshold", forecast.threshold).field("unit", forecast.unit);
  write_time(json, "stays_until_unix_ns", forecast.stays_until);
  json.end_object();
}

void write_measure(JsonWriter& json, const alerts::Finding& finding) {
  json.key("measure");
  if (finding.measure.empty()) {
    json.null();
  } else {
    json.begin_object().field("name", finding.measure);
    write_optional(json, "value", finding.value);
    write_optional(json, "usual", finding.usual);
    json.field("unit", finding.unit).end_object();
  }
  json.key("impact").begin_object();
  write_optional(json, "cost_usd", finding.cost_usd);
  write_optional(json, "cost_per_h_usd", finding.cost_per_h_usd);
  for (const char* name : {"cost_per_h_usual_usd", "runs_blocked", "throughput_change_per_h"}) {
    json.key(name).null();
  }
  json.end_object();
}

void write_people(JsonWriter& json, const Alert& alert, base::UnixNanos silence_ends) {
  json.key("acknowledged");
  if (alert.acknowledged) {
    json.begin_object().field("by", alert.acknowledged->by);
    write_time(json, "at_unix_ns", alert.acknowledged->at);
    json.end_object();
  } else {
    json.null();
  }
  write_text(json, "assigned_to", alert.assigned_to);
  json.key("escalation");
  if (alert.escalation && alert.open()) {
    json.begin_object().field("policy", alert.escalation->policy);
    json.field("step", alert.escalation->step);
    write_time(json, "next_unix_ns", alert.escalation->next);
    json.end_object();
  } else {
    json.null();
  }
  json.key("silence");
  if (alert.silenced_by.empty()) {
    json.null();
    return;
  }
  json.begin_object().field("id", alert.silenced_by);
  write_time(json, "ends_unix_ns", silence_ends);
  json.end_object();
}

}  // namespace

std::string_view alert_state_word(const Alert& alert) {
  if (alert.open() && !alert.silenced_by.empty()) return "silenced";
  if (alert.state == alerts::AlertState::kFiring) {
    if (alert.finding.kind == AlertKind::kPrediction) return "predicted";
    if (alert.finding.kind == AlertKind::kInertRule) return "inert";
  }
  return alerts::state_name(alert.state);
}

Sentence alert_sentence(const Alert& alert) {
  const auto summary = alert.finding.annotations.find("summary");
  return with_names(
      summary != alert.finding.annotations.end() ? summary->second : alert.finding.rule,
      alert.finding.agents, alert.finding.workflow);
}

void write_alert(JsonWriter& json, const Alert& alert, const SlotOf& slots, std::size_t group_count,
                 base::UnixNanos silence_ends) {
  const alerts::Finding& finding = alert.finding;
  const bool external = finding.kind == AlertKind::kExternal;
  json.begin_object().field("id", alert.id);
  json.field("kind", external ? "threshold" : alerts::kind_name(finding.kind));
  json.field("severity", alerts::severity_name(finding.severity));
  json.field("state", alert_state_word(alert)).field("category", finding.category);
  json.field("rule", finding.rule).key("sentence");
  alert_sentence(alert).write(json, slots);
  json.key("detail");
  const auto description = finding.annotations.find("description");
  if (description != finding.annotations.end()) {
    with_names(description->second, finding.agents, finding.workflow).write(json, slots);
  } else {
    json.null();
  }
  json.key("agents").begin_array();
  for (const std::string& agent : finding.agents) write_agent(json, agent, slots);
  json.end_array();
  write_text(json, "workflow", finding.workflow);
  json.key("since_unix_ns").value_as_string(alert.since);
  write_time(json, "resolved_unix_ns", alert.resolved);
  write_measure(json, finding);
  write_prediction(json, alert);
  json.key("action").null();
  write_people(json, alert, silence_ends);
  json.field("group_count", group_count);
  write_text(json, "caused_by", alert.inhibited_by);
  json.key("evidence");
  if (finding.trace_id.empty()) {
    json.null();
  } else {
    json.begin_object().field("trace_id", finding.trace_id);
    write_text(json, "span_id", finding.span_id);
    json.end_object();
  }
  json.key("labels").begin_object();
  for (const auto& [name, value] : alert.labels) json.field(name, value);
  json.end_object().field("flapping", alert.flapping).field("unknown", alert.unknown);
  json.field("episodes", alert.episodes).end_object();
}

}  // namespace honeyguide::server
