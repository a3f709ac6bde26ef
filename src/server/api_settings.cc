#include "server/api_settings.h"

#include <nlohmann/json.hpp>

#include "server/settings_table.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using nlohmann::json;

struct Section {
  std::string_view id;
  std::string_view title;
  std::string_view help;
};
constexpr Section kSections[] = {
    {"thresholds", "Thresholds", "What counts as good, as a warning and as critical."},
    {"rules", "Rules", "What raises an alert."},
    {"actions", "Actions", "What may be done about an alert."},
    {"mappings", "Mappings", "How attributes are understood."},
    {"prices", "Prices", "What model calls cost."},
    {"retention", "Retention", "What is kept, where and for how long."},
    {"access", "Access", "Who may reach the server, and its limits."},
};

void write_entry_head(JsonWriter& out, std::string_view key, std::string_view title,
                      std::string_view help, std::string_view type) {
  out.begin_object().field("key", key).field("title", title).field("help", help);
  out.field("type", type);
}

void write_threshold(JsonWriter& out, const engine::ThresholdEntry& entry) {
  write_entry_head(out, entry.key, entry.title, entry.unit,
                   entry.unit == "ratio" ? "ratio" : "number");
  out.field("value", entry.value).field("unit", entry.unit);
  out.field("default", entry.value_default);
  out.field("source", entry.changed ? "runtime" : "default").key("source_detail");
  if (entry.changed) {
    out.value(entry.changed->by + ", " + format_time(entry.changed->at) +
              (entry.changed->note.empty() ? "" : ": " + entry.changed->note));
  } else {
    out.null();
  }
  out.field("changeable", true).key("why_not").null().field("role", "admin").end_object();
}

void write_setting(JsonWriter& out, const SettingRow& row, const ServeConfig& config) {
  write_entry_head(out, row.name, row.title, row.help, row.type);
  out.key("value").raw(row.value(config)).key("unit").null();
  out.key("default").raw(row.value(ServeConfig{}));
  const auto source = config.sources.find(std::string(row.name));
  out.field("source", source == config.sources.end() ? "default" : source->second.source);
  write_text(out, "source_detail", source == config.sources.end() ? "" : source->second.detail);
  out.field("changeable", false);
  out.field("why_not",
            "set in the file, by a variable or a flag; the server reads it at its start");
  out.field("role", "admin").end_object();
}

Result<net::HttpResponse> get_settings(const SettingsRouteDeps& deps, const ApiRequest& request) {
  JsonWriter out;
  out.begin_object().key("sections").begin_array();
  for (const Section& section : kSections) {
    out.begin_object().field("id", section.id).field("title", section.title);
    out.field("help", section.help).key("entries").begin_array();
    if (section.id == "thresholds") {
      for (const auto& entry : deps.thresholds.list(request.tenant)) write_threshold(out, entry);
    }
    for (const SettingRow& row : settings_table()) {
      if (row.section == section.id) write_setting(out, row, deps.config);
    }
    out.end_array().end_object();
  }
  out.end_array().key("inert_rules").begin_array().end_array();
  out.key("rules").begin_array().end_array().end_object();
  return json_response(out.take());
}

// 409 in the page's own word for "somebody was faster".
net::HttpResponse changed_response(const std::string& message) {
  JsonWriter out;
  out.begin_object().key("error").begin_object().field("code", "changed");
  out.field("message", message).end_object().end_object();
  return json_response(out.take(), 409);
}

Result<std::optional<double>> number_of(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) return std::optional<double>();
  if (found->is_number()) return std::optional<double>(found->get<double>());
  return Error{ErrorCode::kInvalidArgument, std::string(name) + ": a number is needed"};
}

Result<net::HttpResponse> put_setting(const SettingsRouteDeps& deps, const ApiRequest& request) {
  const std::string& key = request.path_param("key");
  for (const SettingRow& row : settings_table()) {
    if (row.name != key) continue;
    return Error{ErrorCode::kFailedPrecondition,
                 key + " is read at the server's start; change it in the file and restart"};
  }
  const json body = json::parse(request.http->body, nullptr, false);
  if (!body.is_object()) return Error{ErrorCode::kInvalidArgument, "the body: a JSON object"};
  HG_ASSIGN_OR_RETURN(const auto value, number_of(body, "value"));
  HG_ASSIGN_OR_RETURN(const auto previous, number_of(body, "previous"));
  if (!value) return Error{ErrorCode::kInvalidArgument, "value: a number is needed"};
  const auto note = body.find("note");
  if (note != body.end() && !note->is_string() && !note->is_null()) {
    return Error{ErrorCode::kInvalidArgument, "note: a text is needed"};
  }
  engine::SettingChange change;
  change.by = request.principal.name;
  change.at = deps.clock.now();
  if (note != body.end() && note->is_string()) {
    change.note = note->get<std::string>().substr(0, 1000);
  }
  const auto entry = deps.thresholds.set(request.tenant, key, *value, previous, change);
  if (!entry && entry.error().code == ErrorCode::kFailedPrecondition) {
    return changed_response(entry.error().message);
  }
  if (!entry) return entry.error();
  JsonWriter out;
  write_threshold(out, *entry);
  return json_response(out.take());
}

}  // namespace

void add_settings_routes(RouteTable& routes, const SettingsRouteDeps& deps) {
  routes.add(
      {.method = "GET",
       .pattern = "/api/v1/settings",
       .handler = [deps](const ApiRequest& request) { return get_settings(deps, request); }});
  routes.add({.method = "PUT",
              .pattern = "/api/v1/settings/{key}",
              .role = kRoleAdmin,
              .handler = [deps](const ApiRequest& request) { return put_setting(deps, request); }});
}

}  // namespace honeyguide::server
