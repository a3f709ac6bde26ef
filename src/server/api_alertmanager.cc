// Alertmanager's API v2 over the alert book: Prometheus sends its alerts here, amtool reads and
// silences. Format: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "server/api_alerts.h"

namespace honeyguide::server {
namespace {

using alerts::Alert;
using alerts::AlertBook;
using alerts::Finding;
using alerts::LabelMatcher;
using alerts::Matchers;
using alerts::Silence;
using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using nlohmann::json;

// An alert without endsAt holds that long unless it is sent again (Alertmanager's resolve_timeout).
constexpr std::int64_t kResolveTimeoutNs = 5 * base::kNanosPerMinute;
constexpr std::size_t kAlertsPerRequestMax = 10'000;
constexpr std::size_t kLabelsMax = 64;

Error wrong(const std::string& what) {
  return Error{ErrorCode::kInvalidArgument, what};
}

Result<alerts::Labels> labels_of(const json& item, const char* name) {
  alerts::Labels out;
  const auto found = item.find(name);
  if (found == item.end() || found->is_null()) return out;
  if (!found->is_object() || found->size() > kLabelsMax) {
    return wrong(std::string(name) + ": at most 64 pairs of texts");
  }
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string()) return wrong(std::string(name) + "." + key + ": a text");
    if (!value.get<std::string>().empty()) out[key] = value.get<std::string>();
  }
  return out;
}

Result<base::UnixNanos> time_of(const json& item, const char* name) {
  const auto found = item.find(name);
  if (found == item.end() || found->is_null()) return base::UnixNanos{0};
  const auto time = found->is_string() ? parse_time(found->get<std::string>()) : std::nullopt;
  if (!time) return wrong(std::string(name) + ": RFC 3339");
  return std::max<base::UnixNanos>(*time, 0);  // year 1 means none
}

alerts::Severity severity_of(const std::string& word) {
  if (const auto known = alerts::parse_severity(word)) return *known;
  if (word == "page" || word == "error") return alerts::Severity::kCritical;
  if (word == "warning") return alerts::Severity::kMedium;
  return word == "info" || word == "none" ? alerts::Severity::kLow : alerts::Severity::kMedium;
}

Result<Finding> finding_of(const json& item, base::UnixNanos now) {
  if (!item.is_object()) return wrong("each alert is an object");
  Finding out;
  HG_ASSIGN_OR_RETURN(out.labels, labels_of(item, "labels"));
  HG_ASSIGN_OR_RETURN(out.annotations, labels_of(item, "annotations"));
  const auto name = out.labels.find("alertname");
  if (out.labels.empty()) return wrong("labels: at least one is needed");
  out.rule = name != out.labels.end() ? name->second : "external";
  out.labels.erase("alertname");
  out.kind = alerts::AlertKind::kExternal;
  out.category = "external";
  if (const auto severity = out.labels.find("severity"); severity != out.labels.end()) {
    out.severity = severity_of(severity->second);
  }
  if (const auto agent = out.labels.find("agent"); agent != out.labels.end()) {
    out.agents = {agent->second};
  }
  if (const auto url = out.annotations.find("runbook_url"); url != out.annotations.end()) {
    out.runbook_url = url->second;
  }
  HG_ASSIGN_OR_RETURN(out.since, time_of(item, "startsAt"));
  HG_ASSIGN_OR_RETURN(out.ends, time_of(item, "endsAt"));
  if (out.ends == 0) out.ends = now + kResolveTimeoutNs;
  out.bound_sender = false;
  return out;
}

Result<net::HttpResponse> post_alerts(const AlertRouteDeps& deps, const ApiRequest& request) {
  const json body = json::parse(request.http->body, nullptr, false);
  if (!body.is_array()) return wrong("the body: a JSON list of alerts");
  if (body.size() > kAlertsPerRequestMax) return wrong("at most 10,000 alerts in one request");
  const base::UnixNanos now = deps.clock.now();
  std::vector<Finding> findings;
  for (const json& item : body) {
    HG_ASSIGN_OR_RETURN(Finding finding, finding_of(item, now));
    findings.push_back(std::move(finding));
  }
  HG_RETURN_IF_ERROR(deps.alerts.change(request.tenant, [&](AlertBook& book) -> Result<void> {
    book.add_external(std::move(findings), now);
    return {};
  }));
  net::HttpResponse response;
  response.status = 200;
  return response;
}

bool flag(const ApiRequest& request, const char* name) {
  return request.param(name) != "false";
}

Result<Matchers> filter_of(const ApiRequest& request) {
  std::vector<LabelMatcher> out;
  for (const std::string_view text : request.query.get_all("filter")) {
    HG_ASSIGN_OR_RETURN(auto matcher, alerts::parse_matcher(text));
    out.push_back(std::move(matcher));
  }
  return Matchers::compile(std::move(out));
}

void write_labels(JsonWriter& out, const char* name, const alerts::Labels& labels) {
  out.key(name).begin_object();
  for (const auto& [key, value] : labels) out.field(key, value);
  out.end_object();
}

void write_gettable(JsonWriter& out, const AlertBook& book, const Alert& alert) {
  out.begin_object();
  write_labels(out, "labels", alert.labels);
  write_labels(out, "annotations", alert.finding.annotations);
  out.field("startsAt", format_time(alert.fired));
  const base::UnixNanos ends = alert.finding.ends != 0
                                   ? alert.finding.ends
                                   : alert.last_held + 4 * book.config().evaluation_interval_ns;
  out.field("endsAt", format_time(ends)).field("updatedAt", format_time(alert.updated));
  out.field("generatorURL", "").field("fingerprint", alert.id).key("receivers").begin_array();
  for (const alerts::RouteMatch& match : alerts::match_routes(book.config().route, alert.labels)) {
    out.begin_object().field("name", match.receiver).end_object();
  }
  out.end_array().key("status").begin_object();
  out.field("state", alert.quiet() ? "suppressed" : "active").key("silencedBy").begin_array();
  if (!alert.silenced_by.empty()) out.value(alert.silenced_by);
  out.end_array().key("inhibitedBy").begin_array();
  if (!alert.inhibited_by.empty()) out.value(alert.inhibited_by);
  out.end_array().key("mutedBy").begin_array().end_array().end_object().end_object();
}

bool wanted(const ApiRequest& request, const Matchers& filter, const Alert& alert) {
  if (!filter.match(alert.labels)) return false;
  if (!alert.silenced_by.empty()) return flag(request, "silenced");
  if (!alert.inhibited_by.empty()) return flag(request, "inhibited");
  return flag(request, "active");
}

Result<net::HttpResponse> get_alerts(const AlertRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const Matchers filter, filter_of(request));
  JsonWriter out;
  out.begin_array();
  deps.alerts.read(request.tenant, [&](const AlertBook& book) {
    for (const Alert& alert : book.open_alerts()) {
      if (wanted(request, filter, alert)) write_gettable(out, book, alert);
    }
  });
  out.end_array();
  return json_response(out.take());
}

Result<net::HttpResponse> get_groups(const AlertRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const Matchers filter, filter_of(request));
  JsonWriter out;
  out.begin_array();
  deps.alerts.read(request.tenant, [&](const AlertBook& book) {
    for (const alerts::AlertGroup& group : book.groups()) {
      std::vector<Alert> members;
      for (const std::string& id : group.alerts) {
        const auto alert = book.find(id);
        if (alert && wanted(request, filter, *alert)) members.push_back(*alert);
      }
      if (members.empty()) continue;
      out.begin_object();
      write_labels(out, "labels", group.labels);
      out.key("receiver").begin_object().field("name", group.receiver).end_object();
      out.key("alerts").begin_array();
      for (const Alert& alert : members) write_gettable(out, book, alert);
      out.end_array().end_object();
    }
  });
  out.end_array();
  return json_response(out.take());
}

void write_gettable_silence(JsonWriter& out, const Silence& silence, base::UnixNanos now) {
  using Op = LabelMatcher::Op;
  out.begin_object().field("id", silence.id).key("matchers").begin_array();
  for (const LabelMatcher& matcher : silence.matchers.list()) {
    out.begin_object().field("name", matcher.label).field("value", matcher.value);
    out.field("isRegex", matcher.op == Op::kMatches || matcher.op == Op::kNotMatches);
    out.field("isEqual", matcher.op == Op::kEqual || matcher.op == Op::kMatches).end_object();
  }
  // One that waits for its alert has no end; the API needs one.
  const base::UnixNanos ends = silence.ends != 0 ? silence.ends : now + base::kNanosPerDay;
  out.end_array().field("startsAt", format_time(silence.starts));
  out.field("endsAt", format_time(ends)).field("updatedAt", format_time(silence.updated));
  out.field("createdBy", silence.created_by).field("comment", silence.comment);
  out.key("status").begin_object();
  out.field("state", silence.expired(now) ? "expired" : silence.active(now) ? "active" : "pending");
  out.end_object().end_object();
}

Result<net::HttpResponse> get_silences(const AlertRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const Matchers filter, filter_of(request));
  JsonWriter out;
  out.begin_array();
  deps.alerts.read(request.tenant, [&](const AlertBook& book) {
    for (const Silence& silence : book.silences()) {
      alerts::Labels labels;
      for (const LabelMatcher& matcher : silence.matchers.list()) {
        labels[matcher.label] = matcher.value;
      }
      if (filter.match(labels)) write_gettable_silence(out, silence, deps.clock.now());
    }
  });
  out.end_array();
  return json_response(out.take());
}

std::optional<Silence> find_silence(const AlertRouteDeps& deps, store::TenantId tenant,
                                    const std::string& id) {
  std::optional<Silence> out;
  deps.alerts.read(tenant, [&](const AlertBook& book) {
    for (const Silence& silence : book.silences()) {
      if (silence.id == id) out = silence;
    }
  });
  return out;
}

Result<net::HttpResponse> get_silence(const AlertRouteDeps& deps, const ApiRequest& request) {
  const auto silence = find_silence(deps, request.tenant, request.path_param("id"));
  if (!silence) return Error{ErrorCode::kNotFound, "no such silence"};
  JsonWriter out;
  write_gettable_silence(out, *silence, deps.clock.now());
  return json_response(out.take());
}

Result<Silence> silence_of(const json& body) {
  Silence out;
  if (body.contains("id") && body["id"].is_string()) out.id = body["id"].get<std::string>();
  const auto list = body.find("matchers");
  if (list == body.end() || !list->is_array() || list->empty()) {
    return wrong("matchers: at least one");
  }
  std::vector<LabelMatcher> matchers;
  for (const json& item : *list) {
    const bool good = item.is_object() && item.contains("name") && item["name"].is_string() &&
                      item.contains("value") && item["value"].is_string();
    if (!good) return wrong("matchers: each has name, value and isRegex");
    using Op = LabelMatcher::Op;
    const bool regex = item.contains("isRegex") && item["isRegex"] == json(true);
    const bool equal = !item.contains("isEqual") || item["isEqual"] != json(false);
    matchers.push_back(
        {item["name"].get<std::string>(),
         regex ? (equal ? Op::kMatches : Op::kNotMatches) : (equal ? Op::kEqual : Op::kNotEqual),
         item["value"].get<std::string>()});
  }
  HG_ASSIGN_OR_RETURN(out.matchers, Matchers::compile(std::move(matchers)));
  HG_ASSIGN_OR_RETURN(out.starts, time_of(body, "startsAt"));
  HG_ASSIGN_OR_RETURN(out.ends, time_of(body, "endsAt"));
  if (out.ends == 0) return wrong("endsAt: needed");
  for (const auto& [name, text] :
       {std::pair{"createdBy", &out.created_by}, {"comment", &out.comment}}) {
    if (!body.contains(name) || !body[name].is_string()) {
      return wrong(std::string(name) + ": needed");
    }
    *text = body[name].get<std::string>();
  }
  return out;
}

// A change of a known silence ends it and makes another one, as Alertmanager does.
Result<void> put_silence(AlertBook& book, Silence& silence, base::UnixNanos now) {
  if (!silence.id.empty()) {
    const auto all = book.silences();
    const auto old =
        std::find_if(all.begin(), all.end(), [&](const Silence& s) { return s.id == silence.id; });
    if (old == all.end()) return Error{ErrorCode::kNotFound, "silence not found"};
    HG_RETURN_IF_ERROR(book.expire_silence(silence.id, now));
    silence.id.clear();
  }
  silence.starts = std::max(silence.starts, now);
  HG_ASSIGN_OR_RETURN(silence, book.add_silence(std::move(silence), now));
  return {};
}

Result<net::HttpResponse> post_silence(const AlertRouteDeps& deps, const ApiRequest& request) {
  const json body = json::parse(request.http->body, nullptr, false);
  if (!body.is_object()) return wrong("the body: a JSON object");
  HG_ASSIGN_OR_RETURN(Silence silence, silence_of(body));
  const base::UnixNanos now = deps.clock.now();
  HG_RETURN_IF_ERROR(deps.alerts.change(
      request.tenant, [&](AlertBook& book) { return put_silence(book, silence, now); }));
  JsonWriter out;
  out.begin_object().field("silenceID", silence.id).end_object();
  return json_response(out.take());
}

Result<net::HttpResponse> delete_silence(const AlertRouteDeps& deps, const ApiRequest& request) {
  HG_RETURN_IF_ERROR(deps.alerts.change(request.tenant, [&](AlertBook& book) {
    return book.expire_silence(request.path_param("id"), deps.clock.now());
  }));
  net::HttpResponse response;
  response.status = 200;
  return response;
}

Result<net::HttpResponse> get_status(const AlertRouteDeps& deps, const ApiRequest&) {
  JsonWriter out;
  out.begin_object().key("cluster").begin_object().field("name", "").field("status", "disabled");
  out.key("peers").begin_array().end_array().end_object();
  out.key("versionInfo").begin_object();
  for (const auto& [name, value] : {std::pair{"version", "honeyguide"},
                                    {"revision", ""},
                                    {"branch", ""},
                                    {"buildUser", ""},
                                    {"buildDate", ""},
                                    {"goVersion", ""}}) {
    out.field(name, value);
  }
  out.end_object().key("config").begin_object().field("original", "").end_object();
  out.field("uptime", format_time(deps.alerts.evaluated())).end_object();
  return json_response(out.take());
}

Result<net::HttpResponse> get_receivers(const AlertRouteDeps& deps, const ApiRequest&) {
  JsonWriter out;
  out.begin_array();
  for (const std::string& name : deps.alerts.receivers()) {
    out.begin_object().field("name", name).end_object();
  }
  out.end_array();
  return json_response(out.take());
}

}  // namespace

void add_alertmanager_routes(RouteTable& routes, const AlertRouteDeps& deps) {
  const auto add = [&](const char* method, const char* pattern, Role role, auto handler) {
    routes.add(
        {.method = method,
         .pattern = pattern,
         .role = role,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("GET", "/api/v2/alerts", kRoleRead, get_alerts);
  add("POST", "/api/v2/alerts", kRoleIngest, post_alerts);
  add("GET", "/api/v2/alerts/groups", kRoleRead, get_groups);
  add("GET", "/api/v2/silences", kRoleRead, get_silences);
  add("POST", "/api/v2/silences", kRoleOperate, post_silence);
  add("GET", "/api/v2/silence/{id}", kRoleRead, get_silence);
  add("DELETE", "/api/v2/silence/{id}", kRoleOperate, delete_silence);
  add("GET", "/api/v2/status", kRoleRead, get_status);
  add("GET", "/api/v2/receivers", kRoleRead, get_receivers);
}

}  // namespace honeyguide::server
