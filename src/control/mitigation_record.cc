#include "control/mitigation_record.h"

#include <array>

#include <nlohmann/json.hpp>

#include "base/json_writer.h"

namespace honeyguide::control {
namespace {

using base::JsonWriter;
using nlohmann::json;

constexpr std::array<std::string_view, kActionStates> kStateNames = {
    "proposed", "approved", "denied",  "requested",   "delivered", "obeyed",
    "verified", "failed",   "refused", "rolled_back", "expired",   "dry_run"};

void write_spec(JsonWriter& out, const ActionSpec& spec) {
  out.key("action").begin_object().field("name", spec.name);
  out.field("type", action_type_name(spec.type));
  out.field("directive", directive_name(spec.directive)).key("params").raw(spec.params);
  out.field("expires_ns", spec.expires_ns).field("url", spec.url).key("argv").begin_array();
  for (const std::string& word : spec.argv) out.value(word);
  out.end_array().field("timeout_ns", spec.timeout_ns);
  out.field("reversible", spec.declared_reversible).field("rollback", spec.rollback).end_object();
}

void write_trigger(JsonWriter& out, const Trigger& trigger) {
  out.key("trigger").begin_object().field("tenant", trigger.tenant);
  out.field("alert_id", trigger.alert_id).field("rule", trigger.rule);
  out.field("category", trigger.category).field("severity", trigger.severity);
  out.field("agent", trigger.agent).field("prediction", trigger.prediction);
  out.field("confidence", trigger.confidence).field("bound", trigger.bound_sender);
  out.field("silenced", trigger.silenced).key("labels").begin_object();
  for (const auto& [name, value] : trigger.labels) out.field(name, value);
  out.end_object().end_object();
}

// Members of a parsed object, with a default where one is missing or of another type.
class Fields {
 public:
  explicit Fields(const json& object) : object_(object) {}

  std::string text(const char* name) const {
    const auto at = object_.find(name);
    return at != object_.end() && at->is_string() ? at->get<std::string>() : std::string();
  }
  std::int64_t number(const char* name) const {
    const auto at = object_.find(name);
    return at != object_.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
  }
  std::optional<double> real(const char* name) const {
    const auto at = object_.find(name);
    if (at == object_.end() || !at->is_number()) return std::nullopt;
    return at->get<double>();
  }
  bool flag(const char* name) const {
    const auto at = object_.find(name);
    return at != object_.end() && at->is_boolean() && at->get<bool>();
  }
  json child(const char* name) const {
    const auto at = object_.find(name);
    return at == object_.end() ? json() : *at;
  }

 private:
  const json& object_;
};

ActionSpec read_spec(const json& object) {
  ActionSpec spec;
  if (!object.is_object()) return spec;
  const Fields in(object);
  spec.name = in.text("name");
  const std::string type = in.text("type");
  for (const ActionType candidate :
       {ActionType::kDirective, ActionType::kWebhook, ActionType::kCommand}) {
    if (action_type_name(candidate) == type) spec.type = candidate;
  }
  spec.directive = parse_directive(in.text("directive")).value_or(DirectiveKind::kRun);
  spec.params = in.child("params").is_object() ? in.child("params").dump() : "{}";
  spec.expires_ns = in.number("expires_ns");
  spec.url = in.text("url");
  for (const json& word : in.child("argv")) {
    if (word.is_string()) spec.argv.push_back(word.get<std::string>());
  }
  spec.timeout_ns = in.number("timeout_ns");
  spec.declared_reversible = in.flag("reversible");
  spec.rollback = in.text("rollback");
  return spec;
}

Trigger read_trigger(const json& object) {
  Trigger trigger;
  if (!object.is_object()) return trigger;
  const Fields in(object);
  trigger.tenant = static_cast<store::TenantId>(in.number("tenant"));
  trigger.alert_id = in.text("alert_id");
  trigger.rule = in.text("rule");
  trigger.category = in.text("category");
  trigger.severity = in.text("severity");
  trigger.agent = in.text("agent");
  trigger.prediction = in.flag("prediction");
  trigger.confidence = in.real("confidence").value_or(0);
  trigger.bound_sender = in.flag("bound");
  trigger.silenced = in.flag("silenced");
  const json labels = in.child("labels");
  for (const auto& [name, value] : labels.items()) {
    if (value.is_string()) trigger.labels[name] = value.get<std::string>();
  }
  return trigger;
}

void read_times(ActionRecord& record, const Fields& in) {
  record.onset = in.number("onset");
  record.created = in.number("created");
  record.expires = in.number("expires");
  record.requested = in.number("requested");
  record.delivered = in.number("delivered");
  record.obeyed = in.number("obeyed");
  record.ended = in.number("ended");
  record.decided = in.number("decided");
  record.clear_since = in.number("clear_since");
}

}  // namespace

std::string_view action_state_name(ActionState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

std::string_view action_phase_name(ActionPhase phase) {
  static constexpr std::array<std::string_view, 4> kNames = {"pending", "running", "done",
                                                             "refused"};
  return kNames[static_cast<std::size_t>(phase)];
}

bool ActionRecord::open() const {
  switch (state) {
    case ActionState::kProposed:
    case ActionState::kApproved:
    case ActionState::kRequested:
    case ActionState::kDelivered:
      return true;
    case ActionState::kObeyed:
      return !policy.empty();  // a person's own directive has no condition to watch
    default:
      return false;
  }
}

ActionPhase ActionRecord::phase() const {
  switch (state) {
    case ActionState::kProposed:
      return ActionPhase::kPending;
    case ActionState::kRefused:
      return ActionPhase::kRefused;
    default:
      return open() ? ActionPhase::kRunning : ActionPhase::kDone;
  }
}

std::string to_json(const ActionRecord& r) {
  JsonWriter out;
  out.begin_object().field("id", r.id).field("state", action_state_name(r.state));
  out.field("policy", r.policy).field("proposed_by", r.proposed_by);
  write_spec(out, r.action);
  write_trigger(out, r.trigger);
  out.field("target", r.target).field("reason", r.reason).field("refused_by", r.refused_by);
  out.key("guards").begin_array();
  for (const GuardResult& guard : r.guards) {
    out.begin_object().field("name", guard.name).field("passed", guard.passed);
    out.field("text", guard.text).end_object();
  }
  out.end_array().field("onset", r.onset).field("created", r.created).field("expires", r.expires);
  out.field("requested", r.requested).field("delivered", r.delivered).field("obeyed", r.obeyed);
  out.field("ended", r.ended).field("decision", r.decision).field("decided_by", r.decided_by);
  out.field("decision_note", r.decision_note).field("decided", r.decided);
  out.field("condition_firing", r.condition_firing).field("clear_since", r.clear_since);
  out.field("verdict", r.verdict).field("verdict_text", r.verdict_text);
  out.field("sick_peers", r.sick_peers).field("recurred", r.recurred);
  out.field("dry_run_text", r.dry_run_text).key("saves_usd");
  if (r.saves_usd) {
    out.value(*r.saves_usd);
  } else {
    out.null();
  }
  out.field("saves_over_ns", r.saves_over_ns).field("directive_seq", r.directive_seq);
  out.field("directive_epoch", r.directive_epoch).end_object();
  return out.take();
}

std::optional<ActionRecord> action_from_json(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const Fields in(object);
  ActionRecord r;
  r.id = in.text("id");
  const std::string state = in.text("state");
  bool known = false;
  for (std::size_t i = 0; i < kStateNames.size(); ++i) {
    if (kStateNames[i] != state) continue;
    r.state = static_cast<ActionState>(i);
    known = true;
  }
  if (!known || r.id.empty()) return std::nullopt;
  r.policy = in.text("policy");
  r.proposed_by = in.text("proposed_by");
  r.action = read_spec(in.child("action"));
  r.trigger = read_trigger(in.child("trigger"));
  r.target = in.text("target");
  r.reason = in.text("reason");
  r.refused_by = in.text("refused_by");
  for (const json& guard : in.child("guards")) {
    if (!guard.is_object()) continue;
    const Fields g(guard);
    r.guards.push_back({g.text("name"), g.flag("passed"), g.text("text")});
  }
  read_times(r, in);
  r.decision = in.text("decision");
  r.decided_by = in.text("decided_by");
  r.decision_note = in.text("decision_note");
  r.condition_firing = in.flag("condition_firing");
  r.verdict = in.text("verdict");
  r.verdict_text = in.text("verdict_text");
  r.sick_peers = in.number("sick_peers");
  r.recurred = in.flag("recurred");
  r.dry_run_text = in.text("dry_run_text");
  r.saves_usd = in.real("saves_usd");
  r.saves_over_ns = in.number("saves_over_ns");
  r.directive_seq = static_cast<std::uint64_t>(in.number("directive_seq"));
  r.directive_epoch = static_cast<std::uint64_t>(in.number("directive_epoch"));
  return r;
}

std::string action_title(const ActionSpec& action, const std::string& target) {
  if (action.type == ActionType::kWebhook) return "Call " + action.name + " for " + target;
  if (action.type == ActionType::kCommand) return "Run " + action.name + " for " + target;
  static constexpr std::array<std::string_view, kDirectiveKinds> kVerbs = {
      "Resume",          "Throttle",           "Pause", "Stop", "Reassign a task of",
      "Break a wait of", "Switch the model of"};
  return std::string(kVerbs[static_cast<std::size_t>(action.directive)]) + " " + target;
}

std::string action_does(const ActionSpec& action) {
  if (action.type == ActionType::kWebhook) return "Calls a webhook of the configuration file.";
  if (action.type == ActionType::kCommand) return "Runs a command of the configuration file.";
  return std::string(directive_traits(action.directive).does);
}

}  // namespace honeyguide::control
