// The reports for a person.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "agents/analyze.h"
#include "base/strings.h"

namespace honeyguide::agents {
namespace {

std::string padded(std::string_view text, std::size_t width, bool right = false) {
  std::string clean = base::strip_control(text);
  std::size_t columns = 0;
  for (const char c : clean) columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  const std::string gap(width > columns ? width - columns : 0, ' ');
  return right ? gap + clean : clean + gap;
}

std::string money(std::int64_t micro, std::int64_t unpriced) {
  if (micro == 0 && unpriced > 0) return "unknown";
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, micro < 10'000 ? "$%.6f" : "$%.4f",
                static_cast<double>(micro) / 1e6);
  return unpriced > 0 ? std::string(buffer) + "+" : buffer;
}

// A table whose columns are as wide as their content; the first is left-aligned.
class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void left(std::size_t column) { left_.push_back(column); }

  std::string render() const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
      widths.resize(std::max(widths.size(), row.size()));
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string out;
    for (const auto& row : rows_) {
      std::string line = "  ";
      for (std::size_t i = 0; i < row.size(); ++i) {
        const bool left = i == 0 || std::find(left_.begin(), left_.end(), i) != left_.end();
        line += padded(row[i], widths[i], !left);
        if (i + 1 < row.size()) line += "  ";
      }
      while (!line.empty() && line.back() == ' ') line.pop_back();
      out += line + "\n";
    }
    return out;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> left_;
};

std::string num(std::int64_t value) {
  return std::to_string(value);
}

void write_agents(const Analysis& analysis, std::string& out) {
  out += "\nAgents\n";
  if (analysis.agents.empty()) out += "  none recognised\n";
  if (analysis.agents.empty()) return;
  Table table({"name", "runs", "llm", "failed", "in", "out", "cost", "tools", "failed", "tasks ok",
               "busy"});
  for (const AgentSummary& agent : analysis.agents) {
    table.row({agent.name, num(agent.invocations), num(agent.llm_calls), num(agent.llm_errors),
               num(agent.tokens.input), num(agent.tokens.output),
               money(agent.cost_micro_usd, agent.unpriced_calls), num(agent.tool_calls),
               num(agent.tool_errors), num(agent.tasks.succeeded) + "/" + num(agent.tasks.total),
               base::format_duration_ns(agent.busy_ns)});
  }
  out += table.render();
}

void write_edges(const Analysis& analysis, std::string& out) {
  if (!analysis.handoffs.empty()) {
    out += "\nHand-offs\n";
    Table table({"from", "to", "kind", "count", "evidence"});
    for (const std::size_t column : {1, 2, 4}) table.left(column);
    for (const HandoffSummary& edge : analysis.handoffs) {
      table.row({edge.from.empty() ? "?" : edge.from, edge.to,
                 std::string(handoff_kind_name(edge.kind)), num(edge.count),
                 edge.evidence + " (" + num(edge.confidence_percent) + " %)"});
    }
    out += table.render();
  }
  if (analysis.tools.empty()) return;
  out += "\nTools\n";
  Table table({"name", "calls", "failed", "by"});
  table.left(3);
  for (const ToolSummary& tool : analysis.tools) {
    std::string by;
    for (const auto& [agent, calls] : tool.by) {
      if (!by.empty()) by += ", ";
      by += (agent.empty() ? "?" : agent) + " " + num(calls);
    }
    table.row({tool.name, num(tool.calls), num(tool.errors), by});
  }
  out += table.render();
}

void write_runs(const Analysis& analysis, std::string& out) {
  if (analysis.runs.empty()) return;
  out += "\nRuns\n";
  Table table({"name", "outcome", "traces", "llm", "took", "why"});
  table.left(1);
  table.left(5);
  for (const RunFacts& run : analysis.runs) {
    std::int64_t calls = 0;
    for (const ModelCall& call : run.model_calls) calls += call.calls;
    table.row({run.name, std::string(outcome_name(run.outcome)),
               num(static_cast<std::int64_t>(run.trace_ids.size())), num(calls),
               run.end > run.start ? base::format_duration_ns(run.end - run.start) : "?",
               run.reason});
  }
  out += table.render();
}

void write_troubles(const Analysis& analysis, std::string& out) {
  std::string lines;
  for (const RunFacts& run : analysis.runs) {
    for (const Loop& loop : run.loops) {
      lines += "  " + base::strip_control(loop.agent) +
               (loop.tool.empty()
                    ? " and " + base::strip_control(loop.peer) + " hand over to each other "
                    : " calls " + base::strip_control(loop.tool) + " ") +
               num(loop.repeats) + " times: " + loop.evidence +
               (loop.progress ? " (results change)" : "") + "\n";
    }
  }
  if (!lines.empty()) out += "\nLoops\n" + lines;
  std::map<std::string, TaskCounts> types;
  std::int64_t conflicts = 0;
  std::int64_t resolved = 0;
  for (const RunFacts& run : analysis.runs) {
    for (const Task& task : run.tasks) {
      if (task.explicit_task) types[task.type].add(task.state);
    }
    for (const Conflict& conflict : run.conflicts) {
      ++conflicts;
      if (conflict.state == ConflictState::kResolved) ++resolved;
    }
  }
  if (!types.empty()) {
    out += "\nTasks\n";
    Table table({"type", "total", "ok", "failed", "open"});
    for (const auto& [type, count] : types) {
      table.row({type, num(count.total), num(count.succeeded), num(count.failed), num(count.open)});
    }
    out += table.render();
  }
  if (conflicts > 0) {
    out += "\nConflicts\n  " + num(conflicts) + ", " + num(resolved) + " resolved\n";
  }
}

}  // namespace

std::string analysis_text(const Analysis& analysis) {
  const Totals& totals = analysis.totals;
  std::string out =
      num(totals.spans) + " spans in " + num(totals.traces) + " traces, " +
      num(static_cast<std::int64_t>(analysis.runs.size())) + " runs; " + num(totals.llm_calls) +
      " model calls (" + num(totals.llm_errors) + " failed), " + num(totals.tokens.input) +
      " tokens in, " + num(totals.tokens.output) + " out, cost " +
      money(totals.cost_micro_usd, totals.unpriced_calls) + "; " + num(totals.tool_calls) +
      " tool calls (" + num(totals.tool_errors) + " failed)\n";
  write_agents(analysis, out);
  write_edges(analysis, out);
  write_runs(analysis, out);
  write_troubles(analysis, out);
  if (!analysis.unrecognised.empty()) {
    out += "\nNot understood\n";
    for (const auto& [what, count] : analysis.unrecognised) {
      out += "  " + base::strip_control(what) + ": " + num(count) + "\n";
    }
  }
  return out;
}

std::string explain_text(const RunFacts& run, const Conventions& conventions) {
  std::string out = base::strip_control(run.name) + ": " + std::string(outcome_name(run.outcome)) +
                    " (" + base::strip_control(run.reason) + ")\n";
  for (const SpanNote& note : run.notes) {
    const Conventions::Rule& rule =
        conventions.rules()[static_cast<std::size_t>(std::stoul(note.rule))];
    out += std::string(static_cast<std::size_t>(std::min(note.depth, 40)) * 2, ' ') +
           base::strip_control(note.name) + "  [" + std::string(role_name(note.role));
    if (!note.agent.empty()) out += ", " + base::strip_control(note.agent);
    out += "]  " + rule.id;
    if (!note.note.empty()) out += "; " + base::strip_control(note.note);
    out += "\n";
  }
  return out;
}

}  // namespace honeyguide::agents
