// Proves that `analyze` tells what really happened in recordings of real frameworks: every fact of
// truth.json that the telemetry holds, in the words of not_visible.txt; prints score and ceiling.
#include "cli/cmd_analyze.h"

#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "base/file_system.h"
#include "base/strings.h"

namespace honeyguide::cli {
namespace {

using Json = rapidjson::Value;
using Facts = std::map<std::string, bool>;
using Pair = std::pair<std::string, std::string>;

const std::string kFolder = "tests/golden/frameworks";

std::string text(const Json& value, const char* key) {
  return value[key].GetString();
}

rapidjson::Document parse(const std::string& json) {
  rapidjson::Document document;
  document.Parse(json.c_str());
  EXPECT_FALSE(document.HasParseError());
  return document;
}

rapidjson::Document analyze(const std::string& folder) {
  std::ostringstream out;
  std::ostringstream err;
  CommandIo io{out, err};
  EXPECT_EQ(run_analyze({folder, "--output", "json"}, io), kExitOk) << err.str();
  return parse(out.str());
}

const Json* named(const Json& list, const std::string& name) {
  for (const Json& item : list.GetArray()) {
    if (text(item, "name") == name) return &item;
  }
  return nullptr;
}

void agent_facts(const Json& truth, const Json& said, Facts& facts) {
  std::set<std::string> known;
  for (const Json& agent : truth["agents"].GetArray()) {
    known.insert(agent.GetString());
    facts["agent " + std::string(agent.GetString())] = named(said["agents"], agent.GetString());
  }
  for (const Json& agent : said["agents"].GetArray()) {
    const std::string name = text(agent, "name");
    if (!known.contains(name)) facts["agent " + name + " does not exist"] = false;
  }
  const Json& totals = said["totals"];
  facts["llm_calls"] = totals["llm_calls"] == truth["llm_calls"];
  facts["llm_errors"] = totals["llm_errors"] == truth["failed_llm_calls"];
  for (const char* side : {"input", "output"}) {
    facts[std::string("tokens ") + side] = totals["tokens"][side] == truth["tokens"][side];
    for (const auto& entry : truth["per_agent"].GetObject()) {
      const std::string name = entry.name.GetString();
      if (!known.contains(name)) continue;
      const Json* agent = named(said["agents"], name);
      facts[std::string("tokens ") + side + " of " + name] =
          agent != nullptr && (*agent)["tokens"][side] == entry.value[side];
    }
  }
}

void tool_facts(const Json& truth, const Json& said, Facts& facts) {
  for (const auto& entry : truth["tool_calls"].GetObject()) {
    const std::string name = entry.name.GetString();
    const Json* tool = named(said["tools"], name);
    facts["tool " + name + " calls"] = tool != nullptr && (*tool)["calls"] == entry.value["calls"];
    facts["tool " + name + " errors"] =
        tool != nullptr && (*tool)["errors"] == entry.value["errors"];
  }
  for (const Json& tool : said["tools"].GetArray()) {
    const std::string name = text(tool, "name");
    if (!truth["tool_calls"].HasMember(name.c_str())) {
      facts["tool " + name + " is not a tool"] = false;
    }
  }
}

void handoff_facts(const Json& truth, const Json& said, Facts& facts) {
  std::map<Pair, int> expected;
  std::map<Pair, int> seen;
  for (const Json& edge : truth["handoffs"].GetArray()) {
    expected[{edge[0].GetString(), edge[1].GetString()}] += edge[2].GetInt();
  }
  for (const Json& edge : said["handoffs"].GetArray()) {
    seen[{text(edge, "from"), text(edge, "to")}] += edge["count"].GetInt();
  }
  std::string returns_to;  // control comes back without a model call or span
  if (truth.HasMember("implicit_returns") && truth["implicit_returns"].IsObject()) {
    returns_to = text(truth["implicit_returns"], "to");
  }
  for (const auto& [pair, count] : expected) {
    facts["hand-off " + pair.first + " " + pair.second] = seen[pair] == count;
  }
  for (const auto& [pair, count] : seen) {
    if (expected.contains(pair) || pair.second == returns_to || count == 0) continue;
    facts["hand-off " + pair.first + " " + pair.second + " did not happen"] = false;
  }
}

void run_facts(const Json& truth, const Json& said, Facts& facts) {
  for (const Json& loop : truth["loops"].GetArray()) {
    bool found = false;
    for (const Json& other : said["loops"].GetArray()) {
      found = found || (other["tool"] == loop["tool"] && other["agent"] == loop["agent"] &&
                        other["repeats"].GetInt() >= 4);
    }
    facts["loop " + text(loop, "agent") + " " + text(loop, "tool")] = found;
  }
  for (const Json& run : truth["runs"].GetArray()) {
    const std::string verdict = text(run, "verdict");
    const char* expected = verdict.starts_with("ok")      ? "success"
                           : verdict.starts_with("stuck") ? "limit"
                                                          : "failed";
    std::set<std::string> ids;
    for (const Json& id : run["trace_ids"].GetArray()) ids.insert(id.GetString());
    std::string outcome;
    for (const Json& other : said["runs"].GetArray()) {
      for (const Json& id : other["trace_ids"].GetArray()) {
        if (outcome.empty() && ids.contains(id.GetString())) outcome = text(other, "outcome");
      }
    }
    facts["outcome of " + text(run, "name")] = outcome == expected;
  }
}

std::set<std::string> not_visible(const std::string& recording) {
  std::set<std::string> facts;
  const auto file = base::posix_fs().read_file(recording + "/not_visible.txt");
  if (!file) return facts;  // everything is visible
  for (const std::string_view line : base::split(*file, '\n')) {
    const std::string_view fact = base::trim(line.substr(0, line.find("  #")));
    if (!fact.empty() && fact.front() != '#') facts.emplace(fact);
  }
  return facts;
}

TEST(AnalyzeGoldenTest, EveryVisibleFactOfEachRecordingIsRight) {
  const auto recordings = base::posix_fs().list(kFolder);
  ASSERT_TRUE(recordings) << recordings.error().to_string();
  std::size_t right = 0;
  std::size_t visible = 0;
  std::size_t all = 0;
  for (const std::string& name : *recordings) {
    const std::string recording = kFolder + "/" + name;
    const auto json = base::posix_fs().read_file(recording + "/truth.json");
    if (!json) continue;
    const auto truth = parse(*json);
    const auto said = analyze(recording);
    Facts facts;
    agent_facts(truth, said, facts);
    tool_facts(truth, said, facts);
    handoff_facts(truth, said, facts);
    run_facts(truth, said, facts);
    const std::set<std::string> hidden = not_visible(recording);
    std::size_t right_here = 0;
    for (const auto& [fact, is_right] : facts) {
      right_here += is_right ? 1 : 0;
      EXPECT_TRUE(is_right || hidden.contains(fact)) << name << ": " << fact;
    }
    for (const std::string& fact : hidden) {
      EXPECT_TRUE(facts.contains(fact))
          << name << ": not_visible.txt names no fact '" << fact << "'";
    }
    std::cout << name << ": " << right_here << " of " << facts.size() << ", ceiling "
              << facts.size() - hidden.size() << "\n";
    right += right_here;
    all += facts.size();
    visible += facts.size() - hidden.size();
  }
  std::cout << "all: " << right << " of " << all << ", ceiling " << visible << "\n";
  EXPECT_GE(all, 300u);
}

TEST(AnalyzeTest, WrongInputIsAnErrorAndNoCrash) {
  std::ostringstream out;
  std::ostringstream err;
  CommandIo io{out, err};
  EXPECT_EQ(run_analyze({"no/such/file.pb"}, io), kExitNotFound);
  EXPECT_EQ(run_analyze({}, io), kExitUsage);
  EXPECT_EQ(run_explain({"ffff", kFolder + "/strands-builtin"}, io), kExitNotFound);
}

TEST(ExplainTest, EverySpanIsShownWithItsRule) {
  std::ostringstream out;
  std::ostringstream err;
  CommandIo io{out, err};
  ASSERT_EQ(run_explain({"485503ea", kFolder + "/strands-builtin"}, io), kExitOk) << err.str();
  EXPECT_NE(out.str().find("strands.swarm"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("passes control, no tool"), std::string::npos) << out.str();
}

}  // namespace
}  // namespace honeyguide::cli
