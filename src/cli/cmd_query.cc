#include "cli/cmd_query.h"

#include <algorithm>
#include <filesystem>
#include <ostream>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/flags.h"
#include "cli/trace_tree.h"

namespace honeyguide::cli {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return "-";
  return base::strip_control(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string pad(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

void print_rows(const json& answer, CommandIo& io) {
  for (const json& row : answer["items"]) {
    const auto ns = static_cast<std::int64_t>(row.value("duration_ms", 0.0) * 1e6);
    io.out << text_of(row, "trace_id") << "  " << pad(base::format_duration_ns(ns), 9)
           << pad(text_of(row, "spans") + " spans", 13)
           << pad(text_of(row, "errors") + " errors", 12) << text_of(row, "root_service") << ": "
           << text_of(row, "name") << "\n";
  }
  if (answer["items"].empty()) io.out << "nothing found\n";
  if (answer.contains("partial") && answer["partial"].is_object()) {
    io.err << "partial answer: " << text_of(answer["partial"], "reason") << "\n";
  }
  if (answer.contains("next_cursor") && answer["next_cursor"].is_string()) {
    io.err << "more: --cursor " << text_of(answer, "next_cursor") << "\n";
  }
}

// A command that sends one request and prints its answer as JSON or through `print`.
template <typename Print>
int ask(const std::string& name, const ApiFlags& flags, const std::string& path, CommandIo& io,
        Print print) {
  auto client = ApiClient::create(flags);
  if (!client) return report(io, name, client.error());
  const auto answer = client->get_json(path);
  if (!answer) return report(io, name, answer.error());
  if (flags.output == "json") {
    io.out << answer->dump() << "\n";
  } else {
    print(*answer);
  }
  return kExitOk;
}

}  // namespace

int run_search(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::string query;
  std::string service;
  std::string operation;
  std::string min_duration;
  std::string max_duration;
  std::string cursor;
  std::string start;
  std::string end;
  std::int64_t since_ns = 0;
  std::int64_t limit = 20;
  Flags flags("search", "Find traces, newest first");
  flags.positional("query", query,
                   "TraceQL ({ span.x = 1 }) or filter words (agent:planner status:error dur>2s)",
                   false);
  flags.text("--service", service, "Spans of this service");
  flags.text("--operation", operation, "Spans with this name");
  flags.text("--min-duration", min_duration, "Spans of at least this duration: 500ms");
  flags.text("--max-duration", max_duration, "Spans of at most this duration");
  flags.duration("--since", since_ns, "Spans that started within this time before now");
  flags.text("--start", start, "Spans that start at or after this time (RFC 3339 or Unix)");
  flags.text("--end", end, "Spans that start before this time");
  flags.integer("--limit", limit, "Traces");
  flags.text("--cursor", cursor, "Go on after an earlier page");
  api.add_to(flags);
  flags.footer("Example: honeyguide search 'status:error dur>2s' --since 1h");
  if (const auto code = flags.parse(args, io)) return *code;
  std::string path = "/api/v1/traces?limit=" + std::to_string(limit);
  if (since_ns > 0 && start.empty()) start = std::to_string(base::SystemClock().now() - since_ns);
  const std::pair<const char*, const std::string&> params[] = {
      {"q", query},
      {"service", service},
      {"operation", operation},
      {"start", start},
      {"end", end},
      {"min_duration", min_duration},
      {"cursor", cursor},
      {"max_duration", max_duration},
  };
  for (const auto& [name, value] : params) {
    if (!value.empty()) add_query(path, name, value);
  }
  return ask("search", api, path, io, [&](const json& answer) { print_rows(answer, io); });
}

int run_trace(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::string id;
  bool attributes = false;
  Flags flags("trace", "Show one trace as a tree with times and errors");
  flags.positional("id", id, "Trace id, 32 hex digits");
  flags.flag("--attributes", attributes, "Also the attributes of each span");
  api.add_to(flags);
  if (const auto code = flags.parse(args, io)) return *code;
  return ask("trace", api, "/api/v1/traces/" + id, io,
             [&](const json& answer) { io.out << format_trace_tree(answer, attributes); });
}

int run_services(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  Flags flags("services", "Services that sent spans");
  api.add_to(flags);
  if (const auto code = flags.parse(args, io)) return *code;
  return ask("services", api, "/api/v1/services", io, [&](const json& answer) {
    for (const json& name : answer["services"]) {
      io.out << base::strip_control(name.get<std::string>()) << "\n";
    }
  });
}

int run_stats(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  Flags flags("stats", "What the server holds and how it is doing");
  api.add_to(flags);
  if (const auto code = flags.parse(args, io)) return *code;
  return ask("stats", api, "/api/v1/stats", io, [&](const json& answer) {
    for (const auto& [section, values] : answer.items()) {
      if (!values.is_object()) {
        io.out << pad(section, 34) << text_of(answer, section.c_str()) << "\n";
        continue;
      }
      for (const auto& [name, value] : values.items()) {
        io.out << pad(section + "." + name, 34) << base::strip_control(value.dump()) << "\n";
      }
    }
  });
}

int run_delete(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::string id;
  Flags flags("delete", "Delete one trace for good; needs role admin");
  flags.positional("id", id, "Trace id, 32 hex digits");
  api.add_to(flags);
  if (const auto code = flags.parse(args, io)) return *code;
  auto client = ApiClient::create(api);
  if (!client) return report(io, "delete", client.error());
  const auto answer = client->send("DELETE", "/api/v1/traces/" + id, "");
  if (!answer) return report(io, "delete", answer.error());
  io.out << (api.output == "json" ? *answer : "deleted " + base::strip_control(id)) << "\n";
  return kExitOk;
}

int run_snapshot(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::string directory;
  Flags flags("snapshot", "Back a running server up into a new directory; needs role admin");
  flags.positional("directory", directory, "Directory that does not exist yet, on the server");
  api.add_to(flags);
  if (const auto code = flags.parse(args, io)) return *code;
  auto client = ApiClient::create(api);
  if (!client) return report(io, "snapshot", client.error());
  std::string path = "/api/v1/admin/snapshot";
  add_query(path, "directory", std::filesystem::absolute(directory).string());
  const auto answer = client->send("POST", path, "");
  if (!answer) return report(io, "snapshot", answer.error());
  io.out << (api.output == "json" ? *answer : "snapshot in " + directory) << "\n";
  return kExitOk;
}

}  // namespace honeyguide::cli
