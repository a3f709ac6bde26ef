#include "cli/cmd_team.h"

#include <functional>
#include <ostream>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/flags.h"
#include "cli/team_tables.h"
#include "net/http_text.h"

namespace honeyguide::cli {
namespace {

using nlohmann::json;
using Print = std::function<void(const json& answer, CommandIo& io)>;

void print_table(const TextTable& table, CommandIo& io) {
  io.out << (table.empty() ? "nothing\n" : table.text());
}

void print_more(const json& answer, CommandIo& io) {
  const auto partial = answer.find("partial");
  if (partial != answer.end() && partial->is_object()) {
    io.err << "partial answer: " << base::strip_control(word(*partial, "reason")) << "\n";
  }
  const auto cursor = answer.find("next_cursor");
  if (cursor != answer.end() && cursor->is_string()) {
    io.err << "more: --cursor " << base::strip_control(cursor->get<std::string>()) << "\n";
  }
}

// A command over one route: its flags, its range, its table.
class Question {
 public:
  Question(const std::string& name, const std::string& description)
      : name_(name), flags_(name, description) {}

  Flags& flags() { return flags_; }

  void add_range() {
    flags_.duration("--since", since_ns_, "Figures over this time before now");
    ranged_ = true;
  }

  std::optional<int> parse(const std::vector<std::string>& args, CommandIo& io) {
    api_.add_to(flags_);
    return flags_.parse(args, io);
  }

  int ask(std::string path, const std::vector<std::pair<std::string, std::string>>& params,
          CommandIo& io, const Print& print) {
    if (ranged_) {
      add_query(path, "start", std::to_string(base::SystemClock().now() - since_ns_));
    }
    for (const auto& [name, value] : params) {
      if (!value.empty()) add_query(path, name, value);
    }
    auto client = ApiClient::create(api_);
    if (!client) return report(io, name_, client.error());
    const auto answer = client->get_json(path);
    if (!answer) return report(io, name_, answer.error());
    if (api_.output == "json") {
      io.out << answer->dump() << "\n";
      return kExitOk;
    }
    print(*answer, io);
    print_more(*answer, io);
    return kExitOk;
  }

 private:
  const std::string name_;
  Flags flags_;
  ApiFlags api_;
  std::int64_t since_ns_ = base::kNanosPerHour;
  bool ranged_ = false;
};

Print table_of(TextTable (*table)(const json&)) {
  return [table](const json& answer, CommandIo& io) { print_table(table(answer), io); };
}

void print_agent(const json& answer, CommandIo& io) {
  json rows;
  rows["items"] = json::array({answer.value("row", json::object())});
  print_table(agents_table(rows), io);
  for (const json& sentence : answer.value("report", json::array())) {
    io.out << base::strip_control(word(sentence, "text")) << "\n";
  }
  for (const json& fact : answer.value("facts", json::array())) {
    io.out << base::strip_control(word(fact, "name") + ": " + word(fact, "value")) << "\n";
  }
  io.out << "\n";
  const TextTable tasks = tasks_table(answer);
  io.out << (tasks.empty() ? "no tasks in this time\n" : tasks.text());
}

void print_dependencies(const json& answer, CommandIo& io) {
  const TextTable waits = waits_table(answer);
  io.out << (waits.empty() ? "nobody waits now\n" : waits.text()) << "\n";
  print_table(waited_pairs_table(answer), io);
}

}  // namespace

int run_agents(const std::vector<std::string>& args, CommandIo& io) {
  Question question("agents", "List agents with their figures");
  std::string query;
  std::string sort;
  std::string cursor;
  std::int64_t limit = 50;
  question.flags().positional("query", query, "Part of an agent's name", false);
  question.flags().text("--sort", sort, "Figure to sort by, '-' in front for the greatest first");
  question.flags().integer("--limit", limit, "Rows, at most 200");
  question.flags().text("--cursor", cursor, "Go on after an earlier page");
  question.add_range();
  question.flags().footer("Example: honeyguide agents --since 24h --sort -cost_per_h_usd");
  if (const auto code = question.parse(args, io)) return *code;
  return question.ask(
      "/api/v1/agents",
      {{"q", query}, {"sort", sort}, {"limit", std::to_string(limit)}, {"cursor", cursor}}, io,
      table_of(agents_table));
}

int run_agent(const std::vector<std::string>& args, CommandIo& io) {
  Question question("agent", "Show one agent: figures, report, recent tasks");
  std::string id;
  question.flags().positional("id", id, "The agent's id, as 'honeyguide agents' lists it");
  question.add_range();
  if (const auto code = question.parse(args, io)) return *code;
  return question.ask("/api/v1/agents/" + net::percent_encode(id), {}, io, print_agent);
}

int run_workflows(const std::vector<std::string>& args, CommandIo& io) {
  Question question("workflows", "List workflows: rate, success, durations, cost");
  question.add_range();
  if (const auto code = question.parse(args, io)) return *code;
  return question.ask("/api/v1/workflows", {}, io, table_of(workflows_table));
}

int run_runs(const std::vector<std::string>& args, CommandIo& io) {
  Question question("runs", "List runs of workflows, newest first");
  std::string workflow;
  std::string agent;
  std::string outcome;
  std::string cursor;
  std::int64_t limit = 20;
  question.flags().text("--workflow", workflow, "Runs of this workflow");
  question.flags().text("--agent", agent, "Runs in which this agent took part");
  question.flags().choice("--outcome", outcome,
                          {"", "success", "failed", "limit", "running", "unknown"}, "Only these");
  question.flags().integer("--limit", limit, "Rows, at most 200");
  question.flags().text("--cursor", cursor, "Go on after an earlier page");
  if (const auto code = question.parse(args, io)) return *code;
  return question.ask("/api/v1/runs",
                      {{"workflow", workflow},
                       {"agent", agent},
                       {"outcome", outcome},
                       {"limit", std::to_string(limit)},
                       {"cursor", cursor}},
                      io, table_of(runs_table));
}

int run_conflicts(const std::vector<std::string>& args, CommandIo& io) {
  Question question("conflicts", "List conflicts between agents");
  std::string state = "open";
  std::int64_t limit = 50;
  question.flags().choice("--state", state, {"open", "resolved", "review"}, "Which ones");
  question.flags().integer("--limit", limit, "Rows, at most 200");
  question.add_range();
  if (const auto code = question.parse(args, io)) return *code;
  return question.ask("/api/v1/conflicts", {{"state", state}, {"limit", std::to_string(limit)}}, io,
                      [](const json& answer, CommandIo& to) {
                        const json summary = answer.value("summary", json::object());
                        to.out << number_text(summary, "open") << " open, resolution rate "
                               << ratio_text(summary, "resolution_ratio") << ", usually "
                               << ms_text(summary, "median_resolution_ms") << "\n";
                        print_table(conflicts_table(answer), to);
                      });
}

int run_deps(const std::vector<std::string>& args, CommandIo& io) {
  Question question("deps", "Show who waits for whom, deadlocks, and usual waits");
  question.add_range();
  if (const auto code = question.parse(args, io)) return *code;
  return question.ask("/api/v1/dependencies", {}, io, print_dependencies);
}

int run_loops(const std::vector<std::string>& args, CommandIo& io) {
  Question question("loops", "List loops that agents were caught in, newest first");
  if (const auto code = question.parse(args, io)) return *code;
  return question.ask("/api/v1/loops", {}, io, table_of(loops_table));
}

}  // namespace honeyguide::cli
