#include "server/api_audit.h"

#include <utility>

#include "base/json_writer.h"
#include "base/strings.h"
#include "server/api_json.h"

namespace honeyguide::server {
namespace {

using base::JsonWriter;
using base::Result;

constexpr std::int64_t kAuditPageMax = 1000;
// The chain is read again when the last verification is older than this.
constexpr std::int64_t kReverifyNs = base::kNanosPerHour;
constexpr std::size_t kShortHashDigits = 8;

Result<control::AuditFilter> filter_of(const ApiRequest& request) {
  control::AuditFilter filter;
  filter.tenant = request.tenant;
  filter.actor = request.param("actor");
  HG_ASSIGN_OR_RETURN(filter.begin, time_param(request, "start", 0));
  HG_ASSIGN_OR_RETURN(filter.end, time_param(request, "end", filter.end));
  HG_ASSIGN_OR_RETURN(const auto limit, int_param(request, "limit", 100, 1, kAuditPageMax));
  HG_ASSIGN_OR_RETURN(const auto cursor, int_param(request, "cursor", INT64_MAX, 1, INT64_MAX));
  filter.limit = static_cast<std::size_t>(limit);
  filter.before_seq = static_cast<std::uint64_t>(cursor);
  return filter;
}

void write_entry(JsonWriter& json, const control::AuditEntry& entry) {
  json.begin_object().field("id", entry.seq);
  json.key("at_unix_ns").value_as_string(entry.at);
  json.field("actor", entry.event.actor).field("action", entry.event.action);
  json.field("target", entry.event.target).field("detail", entry.event.detail);
  json.field("result", entry.event.result);
  json.field("hash", entry.hash.substr(0, kShortHashDigits)).field("full_hash", entry.hash);
  json.key("before").raw(entry.event.before).key("after").raw(entry.event.after).end_object();
}

void write_chain(JsonWriter& json, const control::AuditChain& chain) {
  json.key("chain").begin_object().field("status", chain.ok ? "ok" : "broken");
  write_time(json, "verified_unix_ns", chain.verified);
  json.field("entries", chain.entries).field("head", chain.head);
  write_text(json, "problem", chain.problem);
  json.end_object();
}

Result<net::HttpResponse> list_audit(control::AuditLog& audit, const base::Clock& clock,
                                     const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const auto filter, filter_of(request));
  HG_ASSIGN_OR_RETURN(const auto page, audit.list(filter));
  control::AuditChain chain = audit.chain();
  if (clock.now() - chain.verified > kReverifyNs) {
    HG_ASSIGN_OR_RETURN(chain, audit.verify());
  }
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (const auto& entry : page.entries) write_entry(json, entry);
  json.end_array();
  write_chain(json, chain);
  json.key("actors").begin_array();
  for (const std::string& actor : audit.actors(request.tenant)) json.value(actor);
  json.end_array();
  const bool all = !page.more && filter.before_seq == INT64_MAX;
  write_total(json, all ? page.entries.size() : chain.entries, all);
  json.key("next_cursor");
  if (page.more) {
    json.value(std::to_string(page.entries.back().seq));
  } else {
    json.null();
  }
  json.key("partial").null().end_object();
  return json_response(json.take());
}

}  // namespace

void add_audit_routes(RouteTable& routes, control::AuditLog& audit, const base::Clock& clock) {
  routes.add({.method = "GET",
              .pattern = "/api/v1/audit",
              .lane = Lane::kSearch,
              .handler = [&](const auto& request) { return list_audit(audit, clock, request); }});
}

control::AuditEvent audit_event(const ApiRequest& request, std::string action, std::string target,
                                std::string detail) {
  control::AuditEvent event;
  event.tenant = request.tenant;
  event.actor = request.principal.name;
  event.action = std::move(action);
  event.target = std::move(target);
  event.detail = std::move(detail);
  return event;
}

void audit_change(control::AuditLog& audit, const ApiRequest& request, const Route& route,
                  int status) {
  std::string target;
  for (const auto& [name, value] : request.path) target += (target.empty() ? "" : " ") + value;
  auto event =
      audit_event(request, base::to_lower(route.method) + " " + route.pattern, std::move(target));
  event.result = status < 400 ? "ok" : "failed " + std::to_string(status);
  event.after = request.http->body.empty() ? "null" : base::json_quote(request.http->body);
  // What happened has happened; the log's own state is shown by /metrics and GET /api/v1/audit.
  (void)audit.append(std::move(event));
}

}  // namespace honeyguide::server
