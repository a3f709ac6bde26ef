#include "server/api_mitigation.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using control::ActionPhase;
using control::ActionRecord;
using control::ActionState;
using control::ActionType;
using nlohmann::json;

constexpr std::size_t kActionsPerPageMax = 200;
// The effect chart: from that long before the action, to that long after it.
constexpr std::int64_t kChartBeforeNs = 30 * base::kNanosPerMinute;
constexpr std::int64_t kChartAfterNs = 60 * base::kNanosPerMinute;
constexpr std::size_t kChartCells = 45;

std::string_view directive_word(const ActionRecord& record) {
  if (record.action.type != ActionType::kDirective) {
    return control::action_type_name(record.action.type);
  }
  return control::directive_name(record.action.directive);
}

void write_action_fields(JsonWriter& out, const ActionRecord& record, const SlotOf& slots) {
  const bool pending = record.state == ActionState::kProposed;
  out.field("id", record.id).field("directive", directive_word(record)).key("agent");
  write_agent(out, record.target, slots);
  out.field("title", control::action_title(record.action, record.target));
  out.field("state", control::action_state_name(record.state));
  out.field("reversible", record.action.reversible()).field("needs_approval", pending);
  write_time(out, "expires_unix_ns", record.expires);
  write_text(out, "alert_id", record.trigger.alert_id);
  write_time(out, "created_unix_ns", record.created);
}

void write_progress(JsonWriter& out, const ActionRecord& record) {
  out.key("progress").begin_object();
  write_time(out, "requested_unix_ns", record.requested);
  write_time(out, "delivered_unix_ns", record.delivered);
  write_time(out, "obeyed_unix_ns", record.obeyed);
  write_time(out, "verified_unix_ns", record.state == ActionState::kVerified ? record.ended : 0);
  out.end_object();
}

void write_decided(JsonWriter& out, const ActionRecord& record) {
  out.key("decided");
  if (record.decided == 0) {
    out.null();
    return;
  }
  out.begin_object().field("by", record.decided_by);
  out.key("at_unix_ns").value_as_string(record.decided);
  out.field("note", record.decision_note).field("decision", record.decision).end_object();
}

void write_verification(JsonWriter& out, const ActionRecord& record) {
  out.key("verification");
  if (record.verdict.empty()) {
    out.null();
    return;
  }
  out.begin_object().field("verdict", record.verdict).field("text", record.verdict_text);
  write_time(out, "at_unix_ns", record.ended);
  out.field("recurred", record.recurred).end_object();
}

void write_rollback(JsonWriter& out, const ActionRecord& record) {
  std::string reason;
  if (record.state == ActionState::kRolledBack) {
    reason = "rolled back already";
  } else if (!record.action.reversible()) {
    reason = "it cannot be taken back";
  } else if (record.requested == 0) {
    reason = "not applied yet";
  }
  out.key("rollback").begin_object().field("possible", reason.empty());
  out.field("reason", reason).end_object();
}

// What the agent cost around the action.
void write_effect_chart(JsonWriter& out, const MitigationRouteDeps& deps,
                        const ActionRecord& record) {
  out.key("effect_chart");
  if (record.requested == 0 || record.dry_run_text.size() > 0) {
    out.null();
    return;
  }
  const store::TimeRange range{record.requested - kChartBeforeNs,
                               std::min(deps.clock.now(), record.requested + kChartAfterNs)};
  telemetry::SeriesKey key{"honeyguide_agent_cost_usd_total", {{"agent", record.target}}};
  key.normalise();
  auto cells = read_cells(deps.series, record.trigger.tenant, key, telemetry::SeriesKind::kCounter,
                          range, kChartCells);
  const double per_hour = static_cast<double>(base::kNanosPerHour) * kChartCells /
                          static_cast<double>(range.end - range.begin);
  for (auto& cell : cells) {
    if (cell) *cell *= per_hour;
  }
  out.begin_object().field("title", "Cost of " + record.target).field("unit", "usd_per_h");
  out.key("at_unix_ns").value_as_string(record.requested).key("series");
  write_series(out, range, cells);
  out.end_object();
}

std::optional<ActionPhase> phase_of(std::string_view word) {
  for (int i = 0; i < 4; ++i) {
    const auto phase = static_cast<ActionPhase>(i);
    if (control::action_phase_name(phase) == word) return phase;
  }
  return std::nullopt;
}

Result<net::HttpResponse> list_actions(const MitigationRouteDeps& deps, const ApiRequest& request) {
  const std::string_view word = request.param("state");
  const auto phase = phase_of(word);
  if (!word.empty() && !phase) {
    return Error{ErrorCode::kInvalidArgument, "state: pending, running, done or refused"};
  }
  HG_ASSIGN_OR_RETURN(const Page page, page_param(request, 50, kActionsPerPageMax));
  std::vector<ActionRecord> records = deps.service.engine().list(request.tenant);
  std::array<std::int64_t, 4> counts{};
  for (const auto& record : records) ++counts[static_cast<std::size_t>(record.phase())];
  std::erase_if(records, [&](const auto& record) { return phase && record.phase() != *phase; });
  const auto fleet = deps.service.fleet(request.tenant);
  JsonWriter out;
  out.begin_object().key("items").begin_array();
  for (std::size_t i = page.offset; i < std::min(records.size(), page.offset + page.limit); ++i) {
    out.raw(action_detail_json(deps, records[i], fleet));
  }
  out.end_array().key("counts").begin_object();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    out.field(control::action_phase_name(static_cast<ActionPhase>(i)), counts[i]);
  }
  out.end_object();
  out.field("breaker", control::breaker_name(deps.service.engine().breaker(request.tenant)));
  write_total(out, records.size());
  write_next_cursor(out, page, records.size());
  out.key("partial").null().end_object();
  return json_response(out.take());
}

// A text of the request's JSON body; empty without one.
Result<std::string> body_text(const ApiRequest& request, const char* name) {
  if (request.http->body.empty()) return std::string();
  const json body = json::parse(request.http->body, nullptr, false);
  if (!body.is_object()) return Error{ErrorCode::kInvalidArgument, "the body: a JSON object"};
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) return std::string();
  if (!found->is_string()) {
    return Error{ErrorCode::kInvalidArgument, std::string(name) + ": a text is needed"};
  }
  return found->get<std::string>();
}

Result<net::HttpResponse> decide(const MitigationRouteDeps& deps, const ApiRequest& request,
                                 const std::string& verb) {
  auto& engine = deps.service.engine();
  const std::string& id = request.path_param("id");
  const std::string& who = request.principal.name;
  HG_ASSIGN_OR_RETURN(const std::string note, body_text(request, "note"));
  HG_ASSIGN_OR_RETURN(const std::string reason, body_text(request, "reason"));
  HG_ASSIGN_OR_RETURN(const std::string confirm, body_text(request, "confirm_name"));
  Result<ActionRecord> record = Error{ErrorCode::kNotFound, verb};
  if (verb == "approve") record = engine.approve(request.tenant, id, who, note, confirm);
  if (verb == "deny") record = engine.deny(request.tenant, id, who, reason.empty() ? note : reason);
  if (verb == "dry-run") record = engine.dry_run(request.tenant, id);
  if (verb == "rollback") record = engine.roll_back(request.tenant, id, who, reason);
  if (!record) return guard_response(record.error());
  return json_response(action_detail_json(deps, *record, deps.service.fleet(request.tenant)));
}

Result<net::HttpResponse> breaker(const MitigationRouteDeps& deps, const ApiRequest& request) {
  if (request.http->method == "POST") {
    HG_RETURN_IF_ERROR(deps.service.engine().reset_breaker(request.tenant, request.principal.name));
  }
  JsonWriter out;
  out.begin_object();
  out.field("state", control::breaker_name(deps.service.engine().breaker(request.tenant)));
  out.end_object();
  return json_response(out.take());
}

}  // namespace

net::HttpResponse guard_response(const Error& error) {
  auto response = error_response(error);
  if (!error.message.starts_with("guard ")) return response;
  JsonWriter out;
  out.begin_object().key("error").begin_object().field("code", "guard");
  out.field("message", error.message).end_object().end_object();
  response.body = out.take();
  return response;
}

void write_reach(JsonWriter& out, const std::string& target, const control::FleetView& fleet,
                 const SlotOf& slots) {
  const auto agent = fleet.agents.find(target);
  out.field("running_tasks",
            agent == fleet.agents.end() ? std::int64_t{0} : agent->second.running_tasks);
  out.key("waiting_agents").begin_array();
  std::set<std::string> waiting;
  for (const control::FleetWait& wait : fleet.waits) {
    if (wait.producer == target) waiting.insert(wait.consumer);
  }
  for (const std::string& name : waiting) write_agent(out, name, slots);
  out.end_array();
}

void write_dry_run(JsonWriter& out, const ActionRecord& record) {
  out.key("dry_run");
  if (record.dry_run_text.empty()) {
    out.null();
    return;
  }
  out.begin_object().key("at_unix_ns").value_as_string(record.created);
  out.field("text", record.dry_run_text);
  write_optional(out, "saves_usd", record.saves_usd);
  out.field("over_ms", record.saves_over_ns / base::kNanosPerMilli).end_object();
}

void write_guards(JsonWriter& out, const std::vector<control::GuardResult>& guards) {
  out.key("guards").begin_array();
  for (const control::GuardResult& guard : guards) {
    out.begin_object().field("name", guard.name).field("passed", guard.passed);
    out.field("text", guard.text).end_object();
  }
  out.end_array();
}

void write_action(JsonWriter& out, const ActionRecord& record, const SlotOf& slot_of) {
  out.begin_object();
  write_action_fields(out, record, slot_of);
  out.end_object();
}

std::string action_detail_json(const MitigationRouteDeps& deps, const ActionRecord& record,
                               const control::FleetView& now_fleet) {
  const SlotOf slots = deps.slot_of(record.trigger.tenant);
  JsonWriter out;
  out.begin_object();
  write_action_fields(out, record, slots);
  out.field("proposed_by", record.proposed_by).field("reason", record.reason);
  out.field("does", control::action_does(record.action));
  write_reach(out, record.target, now_fleet, slots);
  write_dry_run(out, record);
  write_guards(out, record.guards);
  write_progress(out, record);
  write_decided(out, record);
  write_verification(out, record);
  write_rollback(out, record);
  write_text(out, "refused_by", record.refused_by);
  write_effect_chart(out, deps, record);
  out.field("confirm_name", !record.action.reversible());
  out.field("seq", record.directive_seq).field("epoch", record.directive_epoch);
  out.end_object();
  return out.take();
}

void write_mitigation_metrics(MetricsPage& page, const control::MitigationEngine& engine) {
  const control::MitigationCounts counts = engine.counts();
  page.family("honeyguide_mitigations", "gauge", "Actions of the kept history, by state.");
  for (int i = 0; i < control::kActionStates; ++i) {
    page.sample(static_cast<double>(counts.by_state[i]),
                {{"state", control::action_state_name(static_cast<ActionState>(i))}});
  }
  page.single("honeyguide_mitigation_triggers_refused_total", "counter",
              "Alerts beyond the number that mitigation watches.",
              static_cast<double>(counts.triggers_refused));
  page.single("honeyguide_mitigation_breaker_open", "gauge",
              "1: actions of the default tenant are held until they may be tried again or a person "
              "resets the breaker.",
              engine.breaker(0) == control::BreakerState::kClosed ? 0 : 1);
}

void add_mitigation_routes(RouteTable& routes, const MitigationRouteDeps& deps) {
  const std::string base = "/api/v1/mitigations";
  routes.add({.method = "GET", .pattern = base, .handler = [deps](const auto& request) {
                return list_actions(deps, request);
              }});
  for (const char* verb : {"approve", "deny", "dry-run", "rollback"}) {
    routes.add(
        {.method = "POST",
         .pattern = base + "/{id}/" + verb,
         .role = kRoleOperate,
         .handler = [deps, verb](const auto& request) { return decide(deps, request, verb); },
         .writes_audit = true});
  }
  routes.add({.method = "GET",
              .pattern = base + "/breaker",
              .handler = [deps](const auto& request) { return breaker(deps, request); }});
  routes.add({.method = "POST",
              .pattern = base + "/breaker",
              .role = kRoleOperate,
              .handler = [deps](const auto& request) { return breaker(deps, request); },
              .writes_audit = true});
}

}  // namespace honeyguide::server
