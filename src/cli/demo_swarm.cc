#include "cli/demo_swarm.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "cli/demo_writer.h"

namespace honeyguide::cli {
namespace {

constexpr std::int64_t kMs = base::kNanosPerMilli;
// Mean time between runs at the busiest hour, at rate 1.
constexpr double kBusiestIntervalS = 12;
// The long context of a loop: what makes it dear.
constexpr std::int64_t kLoopContext = 6;
constexpr const char* kFailingTest = R"({"path":"tests/test_retry.py"})";

struct Step {
  const char* agent;
  const char* task;
  const char* tool;
  double failure;  // probability
  const char* asked;
  const char* answered;
};
constexpr Step kCoding[] = {
    {"planner", "plan", "read_issue", 0.002, "Plan the fix for: ",
     "Three steps: reproduce it with a test, change the retry loop, run the suite."},
    {"coder-1", "implement", "edit_file", 0.01, "Implement the plan for: ",
     "Changed the back-off to grow up to 30 s and to give up after five attempts."},
    {"tester", "test", "run_tests", 0.016,
     "Test the change for: ", "Ran the suite: what failed before passes now."},
    {"reviewer", "review", "read_diff", 0.004,
     "Review the change for: ", "Reads well; the constant deserves a name."}};
constexpr Step kNewsroom[] = {
    {"researcher", "research", "web_search", 0.012,
     "Find sources on: ", "Four sources agree on the dates, one contradicts the cost."},
    {"writer", "draft", "write_draft", 0.004,
     "Write 600 words on: ", "Draft of 612 words is done."},
    {"editor", "edit", "edit_draft", 0.006,
     "Edit the draft on: ", "Cut the second section by half and moved the quote up."},
    {"fact-checker", "check", "look_up", 0.008,
     "Check the facts of: ", "Two of nine statements need a source."}};
constexpr Step kHelpDesk[] = {
    {"triage", "classify", "read_ticket", 0.002, "Classify the ticket: ", "Billing, not urgent."},
    {"answerer", "answer", "search_docs", 0.01,
     "Answer the ticket: ", "Sent the steps to change the invoice address."}};

struct Team {
  const char* service;
  const char* name;
  const char* workflow;
  const char* key;  // of run ids
  std::span<const Step> steps;
  std::span<const char* const> topics;
};
constexpr const char* kIssues[] = {
    "the uploader retries for ever", "the cache forgets its size limit",
    "dates before 1970 are refused", "the parser accepts a trailing comma",
    "two workers take one job",      "the log rotates twice a day"};
constexpr const char* kTopics[] = {"rate limits of object stores", "why bees dance",
                                   "the price of glass", "night trains in Europe",
                                   "a history of the fax"};
constexpr const char* kTickets[] = {"cannot change the invoice address", "export never ends",
                                    "second factor is lost", "wrong plan was charged"};
constexpr Team kTeams[] = {
    {"coder", "code", "fix-issue", "issue-", kCoding, kIssues},
    {"newsroom", "research", "write-article", "article-", kNewsroom, kTopics},
    {"helpdesk", "support", "answer-ticket", "ticket-", kHelpDesk, kTickets}};
// Of eight runs four are the coders', two the newsroom's, two the help desk's.
constexpr int kTeamOfRun[] = {0, 1, 0, 2, 0, 1, 0, 2};

struct Work {
  const Team& team;
  const Step& step;
  std::string agent;
  std::string run_id;
  std::string topic;
};

std::string model_of(const std::string& agent, const DemoMood& mood) {
  const auto found = mood.models.find(agent);
  if (found != mood.models.end()) return found->second;
  return agent == "triage" || agent == "tester" ? "gpt-4o-mini" : "gpt-4o";
}

// One agent's turn: a task with a model call and a tool call or two. False if it failed.
bool work(DemoWriter& run, const base::SpanId& root, const Work& what, const DemoMood& mood) {
  const base::SpanId id = run.new_id();
  const base::UnixNanos start = run.now();
  const std::string model = model_of(what.agent, mood);
  run.chat(id, {what.agent, model, what.step.asked + what.topic, what.step.answered});
  const auto calls = run.between(1, 2);
  for (std::int64_t i = 0; i < calls; ++i) {
    const double slowness = what.agent == "researcher" ? mood.research_slowness : 1;
    const auto lasts =
        static_cast<std::int64_t>(static_cast<double>(run.between(200, 3000) * kMs) * slowness);
    const bool failed = run.chance(what.step.failure);
    run.tool(id, {what.agent, what.step.tool,
                  R"({"about":")" + what.topic + R"(","step":)" + std::to_string(i) + "}",
                  failed ? "the tool gave no answer" : "ok", lasts, failed});
  }
  const bool failed = run.chance(what.step.failure);
  run.span(id, root, what.agent, std::string("task ") + what.step.task, {start, run.now()},
           {{"span.type", "task"},
            {"agent.id", what.agent},
            {"task.id", what.run_id + "/" + what.step.task},
            {"task.type", what.step.task},
            {"task.status", failed ? "failed" : "completed"}},
           {}, failed ? "TaskFailed" : nullptr);
  if (what.agent == "reviewer" || what.agent == "writer" || what.agent == "answerer") {
    const double mean = what.agent == "writer" ? mood.draft_quality : 0.9;
    const double score = mean + static_cast<double>(run.between(-60, 60)) / 1000;
    run.add_score("task.quality", std::clamp(score, 0.0, 1.0));
  }
  return !failed;
}

void disagree(DemoWriter& run, const base::SpanId& root, const std::string& run_id,
              const std::string& one, const std::string& other) {
  const base::UnixNanos start = run.now();
  run.pass(run.between(1000, 20'000) * kMs);
  run.span(run.new_id(), root, one, "conflict review", {start, run.now()},
           {{"honeyguide.kind", "conflict"},
            {"agent.id", one},
            {"conflict.id", run_id + "/conflict"},
            {"conflict.type", "rejected change"},
            {"conflict.agents", one + "," + other},
            {"conflict.resolved", run.chance(0.85) ? "true" : "false"},
            {"conflict.resolution_method", "review"}});
}

void end_root(DemoWriter& run, const base::SpanId& root, const Team& team, base::UnixNanos start,
              const std::string& run_id, const char* error) {
  DemoWriter::Attributes texts = {
      {"span.type", "root"}, {"workflow.id", run_id}, {"workflow.type", team.workflow}};
  if (team.service == std::string("helpdesk")) {
    texts.emplace_back("session.id", "customer-" + std::to_string(run.between(1, 12)));
  }
  run.span(root, {}, "", std::string("workflow ") + team.workflow, {start, run.now()}, texts, {},
           error);
}

}  // namespace

DemoRun DemoSwarm::next_run(base::UnixNanos start, const DemoMood& mood) {
  const Team& team = kTeams[kTeamOfRun[runs_ % std::size(kTeamOfRun)]];
  const std::string run_id = team.key + std::to_string(4000 + runs_);
  DemoRun out;
  DemoWriter run(out, random_, {team.service, team.name, "1.8.1"}, start);
  const std::string topic =
      team.topics[static_cast<std::size_t>(run.between(0, std::ssize(team.topics) - 1))];
  const base::SpanId root = run.new_id();
  bool succeeded = true;
  std::string before;
  for (const Step& step : team.steps) {
    std::string agent = step.agent;
    if (agent == "coder-1" && !mood.coder_2_takes_no_work && run.chance(0.4)) agent = "coder-2";
    if (!before.empty()) run.handoff(root, before, agent);
    succeeded = work(run, root, {team, step, agent, run_id, topic}, mood) && succeeded;
    before = agent;
  }
  if (team.steps.size() > 2 && run.chance(0.15)) {
    const bool coding = team.workflow == std::string("fix-issue");
    disagree(run, root, run_id, coding ? "reviewer" : "editor", coding ? "coder-1" : "writer");
  }
  end_root(run, root, team, start, run_id, succeeded ? nullptr : "RunFailed");
  ++runs_;
  return out;
}

DemoRun DemoSwarm::loop_run(base::UnixNanos start, int calls) {
  const std::string run_id = "issue-" + std::to_string(4000 + runs_);
  DemoRun out;
  DemoWriter run(out, random_, {"coder", "code", "1.8.2"}, start);
  const base::SpanId root = run.new_id();
  const DemoMood mood;
  const std::string topic = kIssues[0];
  work(run, root, {kTeams[0], kCoding[0], "planner", run_id, topic}, mood);
  run.handoff(root, "planner", "coder-2");
  const base::SpanId task = run.new_id();
  const base::UnixNanos task_start = run.now();
  for (int i = 0; i < calls; ++i) {
    run.chat(task, {"coder-2", "gpt-4o", "The test still fails. Try again: " + topic,
                    "I will run the test once more.", kLoopContext});
    run.tool(task, {"coder-2", "run_tests", kFailingTest, "1 failed, 11 passed",
                    run.between(900, 1800) * kMs, true});
  }
  run.span(task, root, "coder-2", "task implement", {task_start, run.now()},
           {{"span.type", "task"},
            {"agent.id", "coder-2"},
            {"task.id", run_id + "/implement"},
            {"task.type", "implement"},
            {"task.status", "failed"}},
           {}, "TaskFailed");
  end_root(run, root, kTeams[0], start, run_id, "RunFailed");
  ++runs_;
  return out;
}

DemoRun DemoSwarm::deadlock(base::UnixNanos since, std::uint64_t number, base::UnixNanos until) {
  std::mt19937_64 random(number);
  DemoRun out;
  DemoWriter run(out, random, {"newsroom", "research", "1.8.1"}, since);
  const base::SpanId root = run.new_id();
  const std::string run_id = "article-stuck-" + std::to_string(number);
  run.span(root, {}, "", "workflow write-article", {since, until},
           {{"span.type", "root"}, {"workflow.id", run_id}, {"workflow.type", "write-article"}}, {},
           until != 0 ? "RunFailed" : nullptr);
  constexpr std::pair<const char*, const char*> kRing[] = {
      {"writer", "editor"}, {"editor", "fact-checker"}, {"fact-checker", "writer"}};
  for (const auto& [consumer, producer] : kRing) {
    run.pass(run.between(500, 4000) * kMs);
    run.span(
        run.new_id(), root, consumer, "wait", {run.now(), until},
        {{"honeyguide.kind", "dependency"}, {"agent.id", consumer}, {"dependency.on", producer}});
  }
  return out;
}

std::int64_t DemoSwarm::interval_ns(base::UnixNanos now) {
  const double hour =
      static_cast<double>(now % base::kNanosPerDay) / static_cast<double>(base::kNanosPerHour);
  const std::int64_t weekday = (now / base::kNanosPerDay + 4) % 7;  // 1970 began on a Thursday
  const double daylight = std::max(0.0, std::sin((hour - 6) / 14 * std::numbers::pi));
  double share = 0.4 + 0.6 * (hour > 6 && hour < 20 ? daylight : 0);
  if (weekday == 0 || weekday == 6) share *= 0.6;
  const double jitter = std::uniform_real_distribution<double>(0.6, 1.4)(random_);
  return static_cast<std::int64_t>(kBusiestIntervalS / share * jitter * 1e9);
}

std::vector<std::string> demo_agents() {
  std::vector<std::string> names = {"coder-2"};
  for (const Team& team : kTeams) {
    for (const Step& step : team.steps) names.emplace_back(step.agent);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace honeyguide::cli
