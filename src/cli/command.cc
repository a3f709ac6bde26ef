#include "cli/command.h"

#include <algorithm>
#include <ostream>
#include <string_view>

#include "cli/cmd_alerts.h"
#include "cli/cmd_analyze.h"
#include "cli/cmd_control.h"
#include "cli/cmd_demo.h"
#include "cli/cmd_detect.h"
#include "cli/cmd_export.h"
#include "cli/cmd_forecast.h"
#include "cli/cmd_import.h"
#include "cli/cmd_load.h"
#include "cli/cmd_query.h"
#include "cli/cmd_serve.h"
#include "cli/cmd_team.h"
#include "cli/cmd_top.h"
#include "cli/cmd_validate.h"
#include "cli/cmd_version.h"
#include "cli/cmd_watch.h"

namespace honeyguide::cli {
namespace {

constexpr Command kCommands[] = {
    {"analyze", "Files", "Tell what agents did, from recorded telemetry", run_analyze},
    {"explain", "Files", "Show which rule recognised what in a run", run_explain},
    {"detect", "Files", "Find anomalies in a CSV file", run_detect},
    {"forecast", "Files", "Forecast when a CSV series crosses a threshold", run_forecast},
    {"serve", "Server", "Receive, keep, analyse and show telemetry", run_serve},
    {"check-config", "Server", "Check a configuration file, errors with line numbers",
     run_check_config},
    {"token", "Server", "Print the operator token, or make a new token", run_token},
    {"repair", "Server", "Rebuild every index of a data directory", run_repair},
    {"snapshot", "Server", "Back a running server up", run_snapshot},
    {"top", "Ask a server", "What agents do now, on a screen that refreshes", run_top},
    {"agents", "Ask a server", "Agents with their figures", run_agents},
    {"agent", "Ask a server", "One agent: figures, report, recent tasks", run_agent},
    {"workflows", "Ask a server", "Workflows with their figures", run_workflows},
    {"runs", "Ask a server", "Runs of workflows, newest first", run_runs},
    {"conflicts", "Ask a server", "Conflicts between agents", run_conflicts},
    {"deps", "Ask a server", "Who waits for whom; deadlocks", run_deps},
    {"loops", "Ask a server", "Loops that agents were caught in", run_loops},
    {"search", "Ask a server", "Find traces", run_search},
    {"trace", "Ask a server", "Show one trace as a tree", run_trace},
    {"services", "Ask a server", "Services that sent spans", run_services},
    {"health", "Ask a server", "How the server is, and what to do about it", run_health},
    {"validate", "Ask a server", "Check a server end to end: write, read back, compare",
     run_validate},
    {"alerts", "Ask a server", "What a server warns of now, or warned of", run_alerts},
    {"ack", "Ask a server", "Say that somebody works on an alert", run_ack},
    {"silence", "Ask a server", "List, add and end silences", run_silence},
    {"escalations", "Ask a server", "Who is told when, and what runs now", run_escalations},
    {"rules", "Ask a server", "List, check, test and backtest alerting rules", run_rules},
    {"anomalies", "Ask a server", "What is unusual, and why", run_anomalies},
    {"predictions", "Ask a server", "What will break, and when", run_predictions},
    {"conditions", "Ask a server", "Critical conditions and what they are judged by",
     run_conditions},
    {"stats", "Ask a server", "What the server holds and how it is doing", run_stats},
    {"directive", "Ask a server", "Tell an agent to pause, slow down or stop", run_directive},
    {"mitigations", "Ask a server", "What was done about alerts; approve, deny, roll back",
     run_mitigations},
    {"receivers", "Ask a server", "Who is notified; send a test", run_receivers},
    {"audit", "Ask a server", "Who did what; verify the log", run_audit},
    {"delete", "Ask a server", "Delete one trace for good", run_delete},
    {"export", "Ask a server", "Write traces as OTLP files", run_export},
    {"import", "Other", "Send recorded OTLP requests to a server as history", run_import},
    {"demo", "Other", "Send a live demo swarm of agents to a server", run_demo},
    {"load", "Other", "Send load to a receiver and measure its answers", run_load},
    {"version", "Other", "Version and build", run_version},
};

void print_help(std::ostream& out) {
  out << "honeyguide watches multi-agent systems: traces, agent metrics, alerts.\n\n"
         "Usage: honeyguide COMMAND [flags]\n"
         "       honeyguide COMMAND --help\n";
  std::string_view group;
  for (const Command& command : commands()) {
    if (group != command.group) {
      group = command.group;
      out << "\n" << group << ":\n";
    }
    const std::string_view name = command.name;
    out << "  " << name << std::string(name.size() < 16 ? 16 - name.size() : 1, ' ')
        << command.summary << "\n";
  }
  out << "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 not found.\n";
}

// The command whose name starts most like `word`, for "did you mean".
const Command* nearest(std::string_view word) {
  const Command* best = nullptr;
  std::size_t best_common = 1;
  for (const Command& command : commands()) {
    const std::string_view name = command.name;
    const auto [end, unused] = std::mismatch(name.begin(), name.end(), word.begin(), word.end());
    const auto common = static_cast<std::size_t>(end - name.begin());
    if (common > best_common) {
      best = &command;
      best_common = common;
    }
  }
  return best;
}

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

int run_program(const std::vector<std::string>& args, CommandIo& io) {
  if (args.empty()) {
    print_help(io.err);
    return kExitUsage;
  }
  std::string word = args.front();
  if (word == "--help" || word == "-h" || word == "help") {
    print_help(io.out);
    return kExitOk;
  }
  if (word == "--version") word = "version";
  for (const Command& command : commands()) {
    if (word == command.name) return command.run({args.begin() + 1, args.end()}, io);
  }
  io.err << "honeyguide: unknown command '" << word << "'";
  if (const Command* close = nearest(word)) io.err << "; did you mean '" << close->name << "'?";
  io.err << "\nRun 'honeyguide --help' for the list.\n";
  return kExitUsage;
}

}  // namespace honeyguide::cli
