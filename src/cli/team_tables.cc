#include "cli/team_tables.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/strings.h"

namespace honeyguide::cli {
namespace {

using nlohmann::json;

const json* find(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const json& items_of(const json& answer, const char* name = "items") {
  static const auto* none = new json(json::array());
  const json* items = find(answer, name);
  return items != nullptr && items->is_array() ? *items : *none;
}

std::optional<double> number(const json& object, const char* name) {
  const json* value = find(object, name);
  return value != nullptr && value->is_number() ? std::optional(value->get<double>())
                                                : std::nullopt;
}

std::string agent_name(const json& object, const char* name) {
  const json* agent = find(object, name);
  if (agent == nullptr) return "-";
  return agent->is_string() ? agent->get<std::string>() : word(*agent, "name");
}

std::string names_of(const json& object, const char* name, std::string_view separator) {
  std::string out;
  for (const json& agent : items_of(object, name)) {
    out += (out.empty() ? std::string() : std::string(separator)) +
           (agent.is_string() ? agent.get<std::string>() : word(agent, "name"));
  }
  return out;
}

// "2026-11-27 12:00:07", UTC.
std::string time_text(const json& object, const char* name) {
  const json* value = find(object, name);
  if (value == nullptr) return "-";
  const auto ns = value->is_string() ? base::parse_int64(value->get<std::string>())
                                     : std::optional(value->get<std::int64_t>());
  if (!ns) return "-";
  const auto seconds = static_cast<std::time_t>(*ns / base::kNanosPerSecond);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &utc);
  return text;
}

}  // namespace

std::string word(const json& object, const char* name) {
  const json* value = find(object, name);
  if (value == nullptr) return "-";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

std::string number_text(const json& object, const char* name) {
  const auto value = number(object, name);
  if (!value) return "-";
  const double size = std::abs(*value);
  if (size >= 1e6) return fmt::format("{:.3g}M", *value / 1e6);
  if (size >= 1e4) return fmt::format("{:.3g}k", *value / 1e3);
  return size >= 100 ? fmt::format("{:.0f}", *value) : fmt::format("{:.3g}", *value);
}

std::string ratio_text(const json& object, const char* name) {
  const auto value = number(object, name);
  return value ? fmt::format("{:.3g} %", *value * 100) : "-";
}

std::string ms_text(const json& object, const char* name) {
  const auto value = number(object, name);
  return value ? base::format_duration_ns(static_cast<std::int64_t>(*value * 1e6)) : "-";
}

std::string usd_text(const json& object, const char* name) {
  const auto value = number(object, name);
  if (!value) return "-";
  return *value != 0 && std::abs(*value) < 0.01 ? fmt::format("${:.2g}", *value)
                                                : fmt::format("${:.2f}", *value);
}

TextTable agents_table(const json& answer) {
  TextTable table({"AGENT", "STATE", ">TASKS/H", ">SUCCESS", ">P50", ">P90", ">TOKENS/H", ">$/H",
                   ">QUALITY", ">WAITING", "MODEL", "TEAM"});
  for (const json& row : items_of(answer)) {
    table.add({agent_name(row, "agent"), word(row, "state"), number_text(row, "throughput_per_h"),
               ratio_text(row, "success_ratio"), ms_text(row, "duration_p50_ms"),
               ms_text(row, "duration_p90_ms"), number_text(row, "tokens_per_h"),
               usd_text(row, "cost_per_h_usd"), number_text(row, "quality"),
               ratio_text(row, "waiting_ratio"), word(row, "model"), word(row, "team")});
  }
  return table;
}

TextTable workflows_table(const json& answer) {
  TextTable table({"WORKFLOW", ">RUNS/H", ">SUCCESS", ">P50", ">P90", ">$/RUN", ">RUNNING",
                   "LAST RUNS", "AGENTS"});
  for (const json& row : items_of(answer)) {
    table.add({word(row, "name"), number_text(row, "runs_per_h"), ratio_text(row, "success_ratio"),
               ms_text(row, "duration_p50_ms"), ms_text(row, "duration_p90_ms"),
               usd_text(row, "cost_per_run_usd"), number_text(row, "running"),
               word(row, "last_runs"), names_of(row, "agents", ", ")});
  }
  return table;
}

TextTable runs_table(const json& answer) {
  TextTable table({"START", "WORKFLOW", "OUTCOME", ">DURATION", ">SPANS", ">ERRORS", ">TOKENS",
                   ">COST", "RUN", "REASON"});
  for (const json& row : items_of(answer)) {
    const std::string workflow = word(row, "workflow");
    table.add({time_text(row, "start_unix_ns"), workflow == "-" ? word(row, "name") : workflow,
               word(row, "outcome"), ms_text(row, "duration_ms"), number_text(row, "spans"),
               number_text(row, "errors"), number_text(row, "tokens"), usd_text(row, "cost_usd"),
               word(row, find(row, "run_id") != nullptr ? "run_id" : "trace_id"),
               word(row, "reason")});
  }
  return table;
}

TextTable conflicts_table(const json& answer) {
  TextTable table({"SINCE", "TYPE", "STATE", "BETWEEN", ">AGE", ">USUALLY", "METHOD", "ABOUT"});
  for (const json& row : items_of(answer)) {
    table.add({time_text(row, "since_unix_ns"), word(row, "type"), word(row, "state"),
               names_of(row, "parties", " / "), ms_text(row, "age_ms"), ms_text(row, "usual_ms"),
               word(row, "method"), word(row, "about")});
  }
  return table;
}

TextTable loops_table(const json& answer) {
  TextTable table(
      {"START", "AGENT", "REPEATS WHAT", ">TIMES", "PROGRESS", ">SURE", "WORKFLOW", "EVIDENCE"});
  for (const json& row : items_of(answer)) {
    const std::string tool = word(row, "tool");
    const json* progress = find(row, "progress");
    table.add(
        {time_text(row, "start_unix_ns"), agent_name(row, "agent"),
         tool == "-" || tool.empty() ? "hand-offs with " + agent_name(row, "peer") : tool,
         number_text(row, "repeats"),
         progress != nullptr && progress->is_boolean() && progress->get<bool>() ? "yes" : "no",
         ratio_text(row, "confidence_ratio"), word(row, "workflow"), word(row, "evidence")});
  }
  return table;
}

TextTable waits_table(const json& dependencies) {
  TextTable table({"WAITING NOW", ">OLDEST", ">USUALLY", ""});
  for (const json& row : items_of(dependencies, "chains")) {
    const json* deadlock = find(row, "deadlock");
    const bool dead = deadlock != nullptr && deadlock->is_boolean() && deadlock->get<bool>();
    table.add({names_of(row, "chain", " > "), ms_text(row, "oldest_ms"), ms_text(row, "usual_ms"),
               dead ? "DEADLOCK" : ""});
  }
  return table;
}

TextTable waited_pairs_table(const json& dependencies) {
  TextTable table({"CONSUMER", "PRODUCER", ">WAITS", ">P50", ">P95", ">NOW"});
  for (const json& row : items_of(dependencies, "edges")) {
    table.add({agent_name(row, "consumer"), agent_name(row, "producer"), number_text(row, "count"),
               ms_text(row, "wait_p50_ms"), ms_text(row, "wait_p95_ms"),
               number_text(row, "waiting_now")});
  }
  return table;
}

TextTable edges_table(const json& topology) {
  std::vector<const json*> edges;
  for (const json& edge : items_of(topology, "edges")) edges.push_back(&edge);
  std::stable_sort(edges.begin(), edges.end(), [](const json* a, const json* b) {
    return number(*a, "count").value_or(0) > number(*b, "count").value_or(0);
  });
  TextTable table({"FROM", "TO", "KIND", ">COUNT", ">P50", ">P95", ">ERRORS"});
  for (const json* edge : edges) {
    table.add({word(*edge, "source"), word(*edge, "target"), word(*edge, "kind"),
               number_text(*edge, "count"), ms_text(*edge, "p50_ms"), ms_text(*edge, "p95_ms"),
               number_text(*edge, "errors")});
  }
  return table;
}

TextTable tasks_table(const json& agent) {
  TextTable table(
      {"START", "TASK", "TYPE", "STATE", ">DURATION", ">TOKENS", ">COST", ">QUALITY", "TRACE"});
  const json* tasks = find(agent, "tasks");
  for (const json& row : items_of(tasks == nullptr ? agent : *tasks)) {
    table.add({time_text(row, "start_unix_ns"), word(row, "name"), word(row, "type"),
               word(row, "state"), ms_text(row, "duration_ms"), number_text(row, "tokens"),
               usd_text(row, "cost_usd"), number_text(row, "quality"), word(row, "trace_id")});
  }
  return table;
}

}  // namespace honeyguide::cli
