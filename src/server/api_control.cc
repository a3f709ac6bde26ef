#include "server/api_control.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "server/api_audit.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using control::AgentKey;
using control::Directive;
using control::DirectiveKind;
using nlohmann::json;

constexpr std::string_view kHelp =
    "poll GET /api/v1/agents/{id}/directive, or use control() of the library";

// The agent of the path, if the principal speaks for it.
Result<AgentKey> own_agent(const ApiRequest& request) {
  const std::string& agent = request.path_param("id");
  if (!request.principal.speaks_for(agent)) {
    return Error{ErrorCode::kPermissionDenied,
                 "this token does not speak for agent '" + agent + "'; its agents= must name it"};
  }
  return AgentKey{request.tenant, agent};
}

// "EPOCH-SEQ" of an event, or a bare seq.
std::optional<ControlPosition> parse_position(std::string_view text) {
  const auto dash = text.find('-');
  ControlPosition out;
  if (dash != std::string_view::npos) {
    const auto epoch = base::parse_uint64(text.substr(0, dash));
    if (!epoch) return std::nullopt;
    out.epoch = *epoch;
    text.remove_prefix(dash + 1);
  }
  const auto seq = base::parse_uint64(text);
  if (!seq) return std::nullopt;
  out.seq = *seq;
  return out;
}

Result<ControlPosition> position_param(const ApiRequest& request) {
  ControlPosition out;
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  HG_ASSIGN_OR_RETURN(const auto after, int_param(request, "after", 0, 0, kMax));
  HG_ASSIGN_OR_RETURN(const auto epoch, int_param(request, "epoch", 0, 0, kMax));
  out.seq = static_cast<std::uint64_t>(after);
  out.epoch = static_cast<std::uint64_t>(epoch);
  return out;
}

void poll_directive(const ControlRouteDeps& deps, const ApiRequest& request,
                    std::shared_ptr<net::Responder> responder) {
  const auto key = own_agent(request);
  const auto position = position_param(request);
  const auto wait = int_param(request, "wait_s", 0, 0, kControlWaitSecondsMax);
  if (!key || !position || !wait) {
    const Error& error = !key ? key.error() : !position ? position.error() : wait.error();
    responder->send(error_response(error));
    return;
  }
  deps.hub.poll(*key, *position, *wait * base::kNanosPerSecond, std::move(responder));
}

void stream_directives(const ControlRouteDeps& deps, const ApiRequest& request,
                       std::shared_ptr<net::Responder> responder) {
  const auto key = own_agent(request);
  auto position = position_param(request);
  if (!key || !position) {
    responder->send(error_response(!key ? key.error() : position.error()));
    return;
  }
  const auto last = parse_position(request.http->headers.get("last-event-id"));
  deps.hub.stream(*key, last.value_or(*position), std::move(responder));
}

Result<json> body_object(const ApiRequest& request) {
  json body = json::parse(request.http->body, nullptr, false);
  if (!body.is_object()) return Error{ErrorCode::kInvalidArgument, "the body: a JSON object"};
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

Result<control::DirectiveRequest> directive_request(const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const json body, body_object(request));
  HG_ASSIGN_OR_RETURN(const std::string name, text_field(body, "directive"));
  const auto kind = control::parse_directive(name);
  if (!kind) {
    return Error{ErrorCode::kInvalidArgument,
                 "directive: run, throttle, pause, stop, reassign, break_wait or switch_model"};
  }
  control::DirectiveRequest out;
  out.kind = *kind;
  if (const auto params = body.find("params"); params != body.end()) out.params = params->dump();
  HG_ASSIGN_OR_RETURN(out.reason, text_field(body, "reason"));
  if (const auto expires = body.find("expires_in_ms"); expires != body.end()) {
    constexpr std::int64_t kYearMs = 366LL * 24 * 3600 * 1000;
    const auto ms = expires->is_number_integer() ? expires->get<std::int64_t>() : 0;
    if (ms < 1 || ms > kYearMs) {
      return Error{ErrorCode::kInvalidArgument,
                   "expires_in_ms: a whole number from 1 to " + std::to_string(kYearMs)};
    }
    out.expires_in_ns = ms * base::kNanosPerMilli;
  }
  out.issued_by = request.principal.name;
  return out;
}

Result<net::HttpResponse> give_directive(const ControlRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const auto wanted, directive_request(request));
  const json body = json::parse(request.http->body, nullptr, false);
  const auto force = body.find("force");
  const AgentKey key{request.tenant, request.path_param("id")};
  auto& service = deps.mitigation.service;
  const auto record = service.engine().order(
      key, wanted, force != body.end() && force->is_boolean() && force->get<bool>());
  if (!record) return guard_response(record.error());
  return json_response(action_detail_json(deps.mitigation, *record, service.fleet(key.tenant)),
                       201);
}

Result<net::HttpResponse> acknowledge(const ControlRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const AgentKey key, own_agent(request));
  const auto seq = base::parse_uint64(request.path_param("seq"));
  if (!seq) return Error{ErrorCode::kInvalidArgument, "the seq of a directive is a number"};
  HG_ASSIGN_OR_RETURN(const json body, body_object(request));
  HG_ASSIGN_OR_RETURN(const std::string word, text_field(body, "state"));
  HG_ASSIGN_OR_RETURN(const std::string detail, text_field(body, "detail"));
  const auto state = control::parse_ack(word);
  if (!state) {
    return Error{ErrorCode::kInvalidArgument, "state: received, obeyed or refused"};
  }
  deps.book.heard_from(key);
  HG_ASSIGN_OR_RETURN(const Directive changed, deps.book.acknowledge(key, *seq, *state, detail));
  JsonWriter out;
  if (changed.ack != control::AckState::kReceived) {
    auto event = audit_event(request, "directive.ack", key.agent, changed.ack_detail);
    event.result = control::ack_name(changed.ack);
    event.after = directive_json(changed);
    HG_ASSIGN_OR_RETURN(const auto entry, deps.audit.append(std::move(event)));
  }
  out.begin_object().field("seq", changed.seq).field("epoch", changed.epoch);
  out.field("state", control::ack_name(changed.ack)).field("detail", changed.ack_detail);
  out.end_object();
  return json_response(out.take());
}

Result<net::HttpResponse> effect(const ControlRouteDeps& deps, const ApiRequest& request) {
  const AgentKey key{request.tenant, request.path_param("id")};
  const auto kind = control::parse_directive(request.param("directive"));
  if (!kind) {
    return Error{ErrorCode::kInvalidArgument,
                 "directive: run, throttle, pause, stop, reassign, break_wait or switch_model"};
  }
  auto& service = deps.mitigation.service;
  const auto fleet = service.fleet(key.tenant);
  const bool listening = deps.book.listening(key);
  const auto agent = fleet.agents.find(key.agent);
  if (agent == fleet.agents.end() && !listening) {
    return Error{ErrorCode::kNotFound, "no agent '" + key.agent + "' was seen"};
  }
  const auto& traits = control::directive_traits(*kind);
  control::ActionRecord preview = service.engine().preview(key, *kind, fleet);
  preview.guards.push_back(
      {"reversible", traits.reversible, traits.reversible ? "Reversible" : "Cannot be taken back"});
  preview.guards.push_back(
      {"listening", listening, listening ? "The agent listens" : "Nobody listens"});
  const SlotOf slots = deps.mitigation.slot_of(key.tenant);
  JsonWriter out;
  out.begin_object().field("directive", control::directive_name(*kind)).key("agent");
  write_agent(out, key.agent, slots);
  out.field("does", traits.does).field("reversible", traits.reversible);
  out.field("supported", listening);
  write_text(out, "unsupported_reason",
             listening ? "" : "this agent does not ask for directives; " + std::string(kHelp));
  write_reach(out, key.agent, fleet, slots);
  preview.created = deps.mitigation.clock.now();
  write_dry_run(out, preview);
  write_guards(out, preview.guards);
  out.end_object();
  return json_response(out.take());
}

}  // namespace

void write_control(JsonWriter& json, const control::DirectiveBook& book, const AgentKey& key,
                   base::UnixNanos now) {
  const auto last = book.newest(key);
  const bool listening = book.listening(key);
  const bool in_force = last && !last->expired(now);
  json.begin_object().field("supported", listening);
  json.field("directive", in_force ? control::directive_name(last->kind) : "run");
  write_time(json, "since_unix_ns", in_force ? last->issued : 0);
  write_time(json, "expires_unix_ns", in_force ? last->expires : 0);
  write_text(json, "reason",
             in_force    ? last->reason
             : listening ? ""
                         : "this agent does not ask for directives");
  write_text(json, "by", in_force ? last->issued_by : "");
  write_text(json, "ack_state", last ? control::ack_name(last->ack) : "");
  write_time(json, "acked_unix_ns",
             !last                   ? 0
             : last->settled_at != 0 ? last->settled_at
                                     : last->received_at);
  write_text(json, "help", listening ? "" : kHelp);
  json.end_object();
}

void write_control_metrics(MetricsPage& page, const control::DirectiveBook& book,
                           const ControlHub& hub, control::AuditLog& audit) {
  const control::DirectiveCounts counts = book.counts();
  page.single("honeyguide_directives_issued_total", "counter", "Directives given since the start.",
              static_cast<double>(counts.issued));
  page.family("honeyguide_directive_acks_total", "counter", "Agents' answers, by state.");
  for (const auto state :
       {control::AckState::kReceived, control::AckState::kObeyed, control::AckState::kRefused}) {
    page.sample(static_cast<double>(counts.acks[static_cast<std::size_t>(state)]),
                {{"state", control::ack_name(state)}});
  }
  page.single("honeyguide_directives_in_force", "gauge", "Agents under a directive but run.",
              static_cast<double>(counts.in_force));
  page.single("honeyguide_directives_overdue", "gauge",
              "Directives in force that the agent did not settle in time.",
              static_cast<double>(counts.overdue));
  page.single("honeyguide_control_clients", "gauge", "Polls and streams that wait.",
              static_cast<double>(hub.clients()));
  const control::AuditChain chain = audit.chain();
  page.single("honeyguide_audit_chain_ok", "gauge", "1: no entry was changed or removed.",
              chain.ok ? 1 : 0);
  page.family("honeyguide_audit_head", "gauge",
              "Entries of the audit log; the label is the newest one's hash.");
  page.sample(static_cast<double>(chain.entries), {{"hash", chain.head}});
}

void add_control_routes(RouteTable& routes, const ControlRouteDeps& deps) {
  const std::string agent = "/api/v1/agents/{id}";
  routes.add({.method = "GET",
              .pattern = agent + "/directive",
              .role = kRoleAgent,
              .stream_handler = [deps](const auto& request, auto responder) {
                poll_directive(deps, request, std::move(responder));
              }});
  routes.add({.method = "GET",
              .pattern = agent + "/directives",
              .role = kRoleAgent,
              .stream_handler = [deps](const auto& request, auto responder) {
                stream_directives(deps, request, std::move(responder));
              }});
  routes.add({.method = "POST",
              .pattern = agent + "/directives",
              .role = kRoleOperate,
              .handler = [deps](const auto& request) { return give_directive(deps, request); },
              .writes_audit = true});
  routes.add({.method = "POST",
              .pattern = agent + "/directives/{seq}/ack",
              .role = kRoleAgent,
              .handler = [deps](const auto& request) { return acknowledge(deps, request); }});
  routes.add({.method = "GET",
              .pattern = agent + "/effect",
              .handler = [deps](const auto& request) { return effect(deps, request); }});
}

}  // namespace honeyguide::server
