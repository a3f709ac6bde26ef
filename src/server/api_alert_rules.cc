#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "server/alert_json.h"
#include "server/api_alerts.h"

namespace honeyguide::server {
namespace {

using alerts::Alert;
using alerts::AlertBook;
using alerts::LabelMatcher;
using alerts::Matchers;
using alerts::Rule;
using alerts::Silence;
using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using nlohmann::json;

constexpr std::int64_t kPreviewNs = 7 * base::kNanosPerDay;
constexpr std::int64_t kPreviewMaxNs = 15 * base::kNanosPerDay;  // as long as minutes are kept
constexpr std::size_t kPreviewCells = 168;

Error wrong(const char* what) {
  return Error{ErrorCode::kInvalidArgument, what};
}

Result<json> body_of(const ApiRequest& request) {
  json body = json::parse(request.http->body, nullptr, false);
  if (!body.is_object()) return wrong("the body: a JSON object");
  return body;
}

// [{"name","value","is_regex","is_equal"}]
Result<Matchers> matchers_of(const json& body) {
  const auto list = body.find("matchers");
  if (list == body.end() || !list->is_array()) return wrong("matchers: a list");
  std::vector<LabelMatcher> out;
  for (const json& item : *list) {
    if (!item.is_object() || !item.contains("name") || !item["name"].is_string() ||
        !item.contains("value") || !item["value"].is_string()) {
      return wrong("matchers: each has a name and a value");
    }
    const bool regex = item.contains("is_regex") && item["is_regex"] == json(true);
    const bool equal = !item.contains("is_equal") || item["is_equal"] != json(false);
    using Op = LabelMatcher::Op;
    out.push_back(
        {item["name"].get<std::string>(),
         regex ? (equal ? Op::kMatches : Op::kNotMatches) : (equal ? Op::kEqual : Op::kNotEqual),
         item["value"].get<std::string>()});
  }
  return Matchers::compile(std::move(out));
}

// A decimal string or number of nanoseconds, null for none.
Result<base::UnixNanos> time_of(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) return base::UnixNanos{0};
  std::optional<base::UnixNanos> time;
  if (found->is_string()) time = parse_time(found->get<std::string>());
  if (found->is_number_integer()) time = found->get<std::int64_t>();
  if (!time || *time <= 0) {
    return Error{ErrorCode::kInvalidArgument, std::string(name) + ": a time in nanoseconds"};
  }
  return *time;
}

// Empty if absent or null.
Result<std::string> text_of(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) return std::string();
  if (!found->is_string()) {
    return Error{ErrorCode::kInvalidArgument, std::string(name) + ": a text is needed"};
  }
  return found->get<std::string>();
}

void write_matchers(JsonWriter& out, const Matchers& matchers) {
  using Op = LabelMatcher::Op;
  out.key("matchers").begin_array();
  for (const LabelMatcher& matcher : matchers.list()) {
    out.begin_object().field("name", matcher.label).field("value", matcher.value);
    out.field("is_regex", matcher.op == Op::kMatches || matcher.op == Op::kNotMatches);
    out.field("is_equal", matcher.op == Op::kEqual || matcher.op == Op::kMatches).end_object();
  }
  out.end_array();
}

void write_silence(JsonWriter& out, const Silence& silence, std::size_t hides,
                   base::UnixNanos now) {
  out.begin_object().field("id", silence.id);
  write_matchers(out, silence.matchers);
  out.key("starts_unix_ns").value_as_string(silence.starts);
  write_time(out, "ends_unix_ns", silence.ends);
  out.field("state", silence.expired(now) ? "expired" : silence.active(now) ? "active" : "pending");
  out.field("created_by", silence.created_by).field("reason", silence.comment);
  out.field("hides", hides).end_object();
}

Result<net::HttpResponse> list_silences(const AlertRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  std::vector<std::pair<Silence, std::size_t>> rows;
  deps.alerts.read(request.tenant, [&](const AlertBook& book) {
    for (Silence& silence : book.silences()) {
      const std::size_t hides = silence.active(now) ? book.hidden_by(silence.matchers) : 0;
      rows.emplace_back(std::move(silence), hides);
    }
  });
  JsonWriter out;
  out.begin_object().key("items").begin_array();
  for (const auto& [silence, hides] : rows) write_silence(out, silence, hides, now);
  out.end_array();
  write_total(out, rows.size());
  out.key("next_cursor").null().key("partial").null().end_object();
  return json_response(out.take());
}

Result<net::HttpResponse> add_silence(const AlertRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const json body, body_of(request));
  Silence silence;
  HG_ASSIGN_OR_RETURN(silence.matchers, matchers_of(body));
  HG_ASSIGN_OR_RETURN(silence.ends, time_of(body, "ends_unix_ns"));
  HG_ASSIGN_OR_RETURN(silence.comment, text_of(body, "reason"));
  HG_ASSIGN_OR_RETURN(silence.alert_id, text_of(body, "alert_id"));
  silence.created_by = request.principal.name;
  if (silence.ends == 0 && silence.alert_id.empty()) {
    return wrong("ends_unix_ns: a silence ends, or names the alert_id whose end it waits for");
  }
  const base::UnixNanos now = deps.clock.now();
  std::size_t hides = 0;
  HG_RETURN_IF_ERROR(deps.alerts.change(request.tenant, [&](AlertBook& book) -> Result<void> {
    HG_ASSIGN_OR_RETURN(silence, book.add_silence(std::move(silence), now));
    hides = book.hidden_by(silence.matchers);
    return {};
  }));
  JsonWriter out;
  write_silence(out, silence, hides, now);
  return json_response(out.take(), 201);
}

Result<net::HttpResponse> preview_silence(const AlertRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const json body, body_of(request));
  HG_ASSIGN_OR_RETURN(const Matchers matchers, matchers_of(body));
  std::size_t hides = 0;
  deps.alerts.read(request.tenant,
                   [&](const AlertBook& book) { hides = book.hidden_by(matchers); });
  JsonWriter out;
  out.begin_object().field("hides", hides).end_object();
  return json_response(out.take());
}

Result<net::HttpResponse> end_silence(const AlertRouteDeps& deps, const ApiRequest& request) {
  const std::string& id = request.path_param("id");
  HG_RETURN_IF_ERROR(deps.alerts.change(
      request.tenant, [&](AlertBook& book) { return book.expire_silence(id, deps.clock.now()); }));
  JsonWriter out;
  out.begin_object().field("expired", id).end_object();
  return json_response(out.take());
}

Result<net::HttpResponse> escalations(const AlertRouteDeps& deps, const ApiRequest& request) {
  std::vector<Alert> open;
  std::vector<Alert> waiting;
  deps.alerts.read(request.tenant, [&](const AlertBook& book) { open = book.open_alerts(); });
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter out;
  out.begin_object().key("policies").begin_array();
  for (const alerts::EscalationPolicy& policy : deps.alerts.config().policies) {
    out.begin_object().field("name", policy.name).key("steps").begin_array();
    for (const alerts::EscalationStep& step : policy.steps) {
      out.begin_object().field("after_ms", step.after_ns / base::kNanosPerMilli);
      out.key("receivers").begin_array();
      for (const std::string& name : step.receivers) out.value(name);
      out.end_array().field("title", step.title).end_object();
    }
    out.end_array().key("repeat_ms");
    if (policy.repeat_ns != 0) {
      out.value(policy.repeat_ns / base::kNanosPerMilli);
    } else {
      out.null();
    }
    out.end_object();
  }
  out.end_array().key("current").begin_array();
  for (const Alert& alert : open) {
    if (!alert.escalation) continue;
    out.begin_object().field("alert_id", alert.id).key("sentence");
    alert_sentence(alert).write(out, slots);
    out.field("policy", alert.escalation->policy).field("step", alert.escalation->step);
    write_time(out, "next_unix_ns", alert.escalation->next);
    write_text(out, "acknowledged_by", alert.acknowledged ? alert.acknowledged->by : "");
    out.end_object();
  }
  out.end_array().key("receivers").begin_array();
  for (const std::string& name : deps.alerts.receivers()) {
    out.begin_object().field("name", name).field("type", "").field("status", "unknown");
    out.key("last_success_unix_ns").null().field("failures", 0).end_object();
  }
  out.end_array().end_object();
  return json_response(out.take());
}

Result<net::HttpResponse> list_rules(const AlertRouteDeps& deps, const ApiRequest& request) {
  const auto inert = deps.alerts.inert_rules(request.tenant);
  std::map<std::string, std::string> states;
  std::map<std::string, std::size_t> fired;
  deps.alerts.read(request.tenant, [&](const AlertBook& book) {
    for (const Alert& alert : book.pending_alerts()) states.emplace(alert.finding.rule, "pending");
    for (const Alert& alert : book.open_alerts()) {
      states[alert.finding.rule] = "firing";
      ++fired[alert.finding.rule];
    }
    for (const Alert& alert : book.history(0, std::numeric_limits<base::UnixNanos>::max())) {
      ++fired[alert.finding.rule];
    }
  });
  JsonWriter out;
  out.begin_object().key("items").begin_array();
  for (const Rule& rule : deps.alerts.rules()) {
    const auto why = inert.find(rule.name);
    out.begin_object().field("name", rule.name).field("kind", "threshold");
    out.field("expression", alerts::to_string(rule.expression));
    out.field("for_ms", rule.for_ns / base::kNanosPerMilli);
    out.field("severity", alerts::severity_name(rule.severity)).field("category", rule.category);
    out.field("state", why != inert.end()           ? "inert"
                       : states.contains(rule.name) ? states[rule.name]
                                                    : "inactive");
    out.field("fired", fired[rule.name]).field("source", rule.source);
    write_text(out, "inert_reason", why != inert.end() ? why->second : "");
    out.end_object();
  }
  out.end_array();
  write_total(out, deps.alerts.rules().size());
  out.key("next_cursor").null().key("partial").null().end_object();
  return json_response(out.take());
}

Result<std::int64_t> duration_of(const json& body, const char* name, std::int64_t fallback) {
  HG_ASSIGN_OR_RETURN(const std::string text, text_of(body, name));
  if (text.empty()) return fallback;
  const auto ns = base::parse_duration_ns(text);
  if (!ns || *ns < 0) {
    return Error{ErrorCode::kInvalidArgument, std::string(name) + ": a duration such as 5m"};
  }
  return *ns;
}

// {"rule","threshold"?} or {"expr","for"?,"keep_firing_for"?,"clear"?}.
Result<Rule> previewed_rule(const AlertRouteDeps& deps, const json& body) {
  HG_ASSIGN_OR_RETURN(const std::string expression, text_of(body, "expr"));
  HG_ASSIGN_OR_RETURN(const std::string name, text_of(body, "rule"));
  Rule rule;
  if (!expression.empty()) {
    rule.name = "preview";
    HG_ASSIGN_OR_RETURN(rule.expression, alerts::parse_expression(expression));
    HG_ASSIGN_OR_RETURN(rule.for_ns, duration_of(body, "for", 0));
    HG_ASSIGN_OR_RETURN(rule.keep_firing_ns, duration_of(body, "keep_firing_for", 0));
    if (const auto clear = body.find("clear"); clear != body.end() && !clear->is_null()) {
      if (!clear->is_number()) return wrong("clear: a number");
      rule.clear = clear->get<double>();
    }
    HG_RETURN_IF_ERROR(alerts::check_rule(rule));
  } else {
    const auto& rules = deps.alerts.rules();
    const auto found =
        std::find_if(rules.begin(), rules.end(), [&](const Rule& r) { return r.name == name; });
    if (found == rules.end()) return Error{ErrorCode::kNotFound, "no rule '" + name + "'"};
    rule = *found;
  }
  if (const auto threshold = body.find("threshold"); threshold != body.end()) {
    if (!threshold->is_number()) return wrong("threshold: a number");
    rule.expression.threshold = threshold->get<double>();
    rule.clear.reset();
  }
  return rule;
}

// What it would have done over the time before now: "over", seven days by default.
Result<net::HttpResponse> preview_rule(const AlertRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const json body, body_of(request));
  HG_ASSIGN_OR_RETURN(const Rule rule, previewed_rule(deps, body));
  HG_ASSIGN_OR_RETURN(const std::int64_t over_ns, duration_of(body, "over", kPreviewNs));
  if (over_ns < base::kNanosPerHour || over_ns > kPreviewMaxNs) return wrong("over: 1h to 15d");
  const base::UnixNanos now = deps.clock.now();
  const store::TimeRange range{now - over_ns, now};
  HG_ASSIGN_OR_RETURN(const auto result,
                      alerts::backtest(rule, request.tenant, deps.series, range));
  std::vector<std::optional<double>> cells(kPreviewCells);
  for (const telemetry::Point& point : result.example) {
    if (point.time < range.begin || point.time >= range.end) continue;
    const auto cell = static_cast<std::size_t>(
        (point.time - range.begin) / (over_ns / static_cast<std::int64_t>(kPreviewCells)));
    if (cell < cells.size()) cells[cell] = std::max(cells[cell].value_or(point.value), point.value);
  }
  JsonWriter out;
  out.begin_object().field("fired", result.fired.size());
  out.field("over_ms", over_ns / base::kNanosPerMilli).field("series_judged", result.series);
  out.field("firing_ms", result.firing_ns / base::kNanosPerMilli).key("series");
  write_series(out, range, cells);
  out.key("fired_at_unix_ns").begin_array();
  for (std::size_t i = 0; i < std::min<std::size_t>(result.fired.size(), 1000); ++i) {
    out.value_as_string(result.fired[i]);
  }
  out.end_array().field("threshold", rule.expression.threshold).end_object();
  return json_response(out.take());
}

}  // namespace

void add_alert_rule_routes(RouteTable& routes, const AlertRouteDeps& deps) {
  const auto add = [&](const char* method, const char* pattern, Role role, Lane lane,
                       auto handler) {
    routes.add(
        {.method = method,
         .pattern = pattern,
         .role = role,
         .lane = lane,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("GET", "/api/v1/silences", kRoleRead, Lane::kQuick, list_silences);
  add("POST", "/api/v1/silences", kRoleOperate, Lane::kQuick, add_silence);
  add("POST", "/api/v1/silences/preview", kRoleOperate, Lane::kQuick, preview_silence);
  add("DELETE", "/api/v1/silences/{id}", kRoleOperate, Lane::kQuick, end_silence);
  add("GET", "/api/v1/escalations", kRoleRead, Lane::kQuick, escalations);
  add("GET", "/api/v1/rules", kRoleRead, Lane::kQuick, list_rules);
  add("POST", "/api/v1/rules/preview", kRoleRead, Lane::kSearch, preview_rule);
}

}  // namespace honeyguide::server
