#include "cli/cmd_alerts.h"

#include <ostream>

#include <nlohmann/json.hpp>

#include "alerts/matcher.h"
#include "base/clock.h"
#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/flags.h"
#include "net/http_text.h"

namespace honeyguide::cli {
namespace {

using base::Result;
using nlohmann::json;

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return "-";
  return base::strip_control(found->is_string() ? found->get<std::string>() : found->dump());
}

bool has(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && !found->is_null();
}

std::string pad(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text + " ";
}

std::string whole_seconds(std::int64_t ns) {
  return base::format_duration_ns(ns / base::kNanosPerSecond * base::kNanosPerSecond);
}

// "14m ago", "in 5m" of a decimal instant.
std::string when(const json& object, const char* name) {
  const auto time = base::parse_int64(text_of(object, name));
  if (!time) return "-";
  const std::int64_t passed = base::SystemClock().now() - *time;
  return passed >= 0 ? whole_seconds(passed) + " ago" : "in " + whole_seconds(-passed);
}

std::string sentence_of(const json& object) {
  const auto found = object.find("sentence");
  return found != object.end() && found->is_object() ? text_of(*found, "text") : "-";
}

void print_alert(const json& alert, CommandIo& io) {
  io.out << pad(text_of(alert, "id"), 16) << pad(text_of(alert, "severity"), 9)
         << pad(text_of(alert, "state"), 12) << pad(when(alert, "since_unix_ns"), 12)
         << text_of(alert, "rule") << ": " << sentence_of(alert);
  if (has(alert, "acknowledged")) {
    io.out << "; acknowledged by " << text_of(alert["acknowledged"], "by");
  }
  if (has(alert, "caused_by")) io.out << "; a consequence of " << text_of(alert, "caused_by");
  io.out << "\n";
}

void print_detail(const json& page, CommandIo& io) {
  print_alert(page["alert"], io);
  if (has(page, "what_to_do")) io.out << "  do: " << text_of(page, "what_to_do") << "\n";
  if (has(page, "runbook_url")) io.out << "  runbook: " << text_of(page, "runbook_url") << "\n";
  for (const json& culprit : page.value("culprits", json::array())) {
    io.out << "  likely: ";
    if (has(culprit, "agent")) io.out << text_of(culprit["agent"], "id") << ", ";
    io.out << sentence_of(culprit) << "\n";
  }
  for (const json& line : page["timeline"]) {
    io.out << "  " << pad(when(line, "at_unix_ns"), 12) << pad(text_of(line, "kind"), 12)
           << text_of(line, "text");
    if (has(line, "by")) io.out << " (" << text_of(line, "by") << ")";
    if (line.value("planned", false)) io.out << " (planned)";
    io.out << "\n";
  }
}

// How long people took, over the alerts that the server still remembers.
void print_means(const json& answer, CommandIo& io) {
  const json means = answer.value("means", json::object());
  const auto time = [&](const char* name) {
    return whole_seconds(static_cast<std::int64_t>(means[name].get<double>() * 1e6));
  };
  std::string text;
  if (has(means, "acknowledge_ms")) text += "mean time to acknowledge " + time("acknowledge_ms");
  if (has(means, "resolve_ms")) {
    text += (text.empty() ? "" : ", ") + ("mean time to resolve " + time("resolve_ms"));
  }
  if (!text.empty()) io.out << text << "\n";
}

// Prints what the server answered: as it came for --output json, else through `print`.
template <typename Print>
int answer_with(const char* command, const ApiFlags& api, const Result<json>& answer, CommandIo& io,
                const Print& print) {
  if (!answer) return report(io, command, answer.error());
  if (api.output == "json") {
    io.out << answer->dump() << "\n";
  } else {
    print(*answer);
  }
  return kExitOk;
}

Result<json> send_json(ApiClient& client, const char* method, const std::string& path,
                       const json& body) {
  HG_ASSIGN_OR_RETURN(const std::string text, client.send(method, path, body.dump()));
  json parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) {
    return base::Error{base::ErrorCode::kDataLoss, "the answer is no JSON"};
  }
  return parsed;
}

// `team=ops`, `agent=~"coder-.*"` as the API takes them.
Result<json> matchers_json(const std::vector<std::string>& words) {
  using Op = alerts::LabelMatcher::Op;
  json out = json::array();
  for (const std::string& word : words) {
    HG_ASSIGN_OR_RETURN(const auto matcher, alerts::parse_matcher(word));
    out.push_back({{"name", matcher.label},
                   {"value", matcher.value},
                   {"is_regex", matcher.op == Op::kMatches || matcher.op == Op::kNotMatches},
                   {"is_equal", matcher.op == Op::kEqual || matcher.op == Op::kMatches}});
  }
  return out;
}

void print_silence(const json& silence, CommandIo& io) {
  std::string matchers;
  for (const json& matcher : silence["matchers"]) {
    const bool equal = matcher.value("is_equal", true);
    const bool regex = matcher.value("is_regex", false);
    matchers += (matchers.empty() ? "" : ",") + text_of(matcher, "name") +
                (equal ? (regex ? "=~" : "=") : (regex ? "!~" : "!=")) + text_of(matcher, "value");
  }
  io.out << pad(text_of(silence, "id"), 8) << pad(text_of(silence, "state"), 8)
         << pad(has(silence, "ends_unix_ns") ? when(silence, "ends_unix_ns") : "till it resolves",
                12)
         << "hides " << silence.value("hides", 0) << "  " << matchers << "  by "
         << text_of(silence, "created_by");
  if (const std::string reason = text_of(silence, "reason"); !reason.empty()) {
    io.out << ": " << reason;
  }
  io.out << "\n";
}

int add_silence(ApiClient& client, const ApiFlags& api, const std::vector<std::string>& words,
                const std::string& reason, const std::string& alert_id, std::int64_t for_ns,
                CommandIo& io) {
  auto matchers = matchers_json(words);
  if (!matchers) {
    io.err << "honeyguide silence: " << matchers.error().message << "\n";
    return kExitUsage;
  }
  if (!alert_id.empty() && matchers->empty()) {  // exactly this alert
    const auto page = client.get_json("/api/v1/alerts/" + net::percent_encode(alert_id));
    if (!page) return report(io, "silence", page.error());
    for (const auto& [name, value] : (*page)["alert"]["labels"].items()) {
      matchers->push_back(
          {{"name", name}, {"value", value}, {"is_regex", false}, {"is_equal", true}});
    }
  }
  if (matchers->empty()) {
    io.err << "honeyguide silence add: name labels to match (team=ops) or an alert (--alert ID)\n";
    return kExitUsage;
  }
  json body = {{"matchers", *matchers}, {"reason", reason}, {"ends_unix_ns", nullptr}};
  if (!alert_id.empty()) body["alert_id"] = alert_id;
  if (for_ns > 0) body["ends_unix_ns"] = std::to_string(base::SystemClock().now() + for_ns);
  return answer_with("silence", api, send_json(client, "POST", "/api/v1/silences", body), io,
                     [&](const json& silence) { print_silence(silence, io); });
}

void print_escalations(const json& answer, CommandIo& io) {
  for (const json& policy : answer["policies"]) {
    io.out << "policy " << text_of(policy, "name") << "\n";
    for (const json& step : policy["steps"]) {
      std::string to;
      for (const json& name : step["receivers"]) {
        to += (to.empty() ? "" : ", ") + base::strip_control(name.get<std::string>());
      }
      const std::int64_t after = step.value("after_ms", std::int64_t{0});
      io.out << "  after " << pad(base::format_duration_ns(after * base::kNanosPerMilli), 6) << to
             << "\n";
    }
  }
  for (const json& running : answer["current"]) {
    io.out << pad(text_of(running, "alert_id"), 16) << "step " << text_of(running, "step") << " of "
           << text_of(running, "policy") << ", next ";
    io.out << (has(running, "next_unix_ns") ? when(running, "next_unix_ns") : "none");
    if (has(running, "acknowledged_by")) {
      io.out << ", acknowledged by " << text_of(running, "acknowledged_by");
    }
    io.out << "  " << sentence_of(running) << "\n";
  }
  if (answer["policies"].empty()) io.out << "no escalation policy is configured\n";
}

}  // namespace

int run_alerts(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::string id;
  std::string view = "active";
  std::string words;
  std::int64_t since_ns = base::kNanosPerDay;
  std::int64_t limit = 50;
  Flags flags("alerts", "What a server warns of now, or warned of");
  flags.positional("id", id, "One alert, with its record", false);
  flags.choice("--view", view, {"active", "pending", "predicted", "history"}, "Which ones");
  flags.text("--match", words, "Only those whose labels or sentence have these words");
  flags.duration("--since", since_ns, "history: open within this time before now");
  flags.integer("--limit", limit, "Alerts (at most 200)");
  api.add_to(flags);
  flags.footer("Example: honeyguide alerts --view history --since 7d");
  if (const auto code = flags.parse(args, io)) return *code;
  auto client = ApiClient::create(api);
  if (!client) return report(io, "alerts", client.error());
  if (!id.empty()) {
    return answer_with("alerts", api, client->get_json("/api/v1/alerts/" + net::percent_encode(id)),
                       io, [&](const json& page) { print_detail(page, io); });
  }
  std::string path = "/api/v1/alerts";
  add_query(path, "view", view);
  add_query(path, "limit", std::to_string(limit));
  if (!words.empty()) add_query(path, "q", words);
  if (view == "history") {
    add_query(path, "start", std::to_string(base::SystemClock().now() - since_ns));
  }
  return answer_with("alerts", api, client->get_json(path), io, [&](const json& answer) {
    for (const json& alert : answer["items"]) print_alert(alert, io);
    if (answer["items"].empty()) io.out << "no alerts\n";
    if (view == "history") print_means(answer, io);
  });
}

int run_ack(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::vector<std::string> ids;
  std::string note;
  bool undo = false;
  Flags flags("ack", "Say that somebody works on alerts: their escalations stop");
  flags.positionals("id", ids, "Alerts");
  flags.text("--note", note, "For those who read the record");
  flags.flag("--undo", undo, "Take it back: escalations start anew");
  api.add_to(flags);
  flags.footer("Needs role operate: --token, HONEYGUIDE_TOKEN or --token-of DATA.");
  if (const auto code = flags.parse(args, io)) return *code;
  auto client = ApiClient::create(api);
  if (!client) return report(io, "ack", client.error());
  int worst = kExitOk;
  for (const std::string& id : ids) {
    const std::string path =
        "/api/v1/alerts/" + net::percent_encode(id) + (undo ? "/unack" : "/ack");
    const json body = undo ? json::object() : json{{"note", note}};
    const int code = answer_with("ack", api, send_json(*client, "POST", path, body), io,
                                 [&](const json& alert) { print_alert(alert, io); });
    worst = std::max(worst, code);
  }
  return worst;
}

int run_silence(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::string verb;
  std::vector<std::string> words;
  std::string reason;
  std::string alert_id;
  std::int64_t for_ns = 0;
  bool all = false;
  Flags flags("silence", "Keep alerts from being told: list, add or end silences");
  flags.positional("verb", verb, "list, add or end");
  flags.positionals("words", words, "add: matchers such as team=ops or 'agent=~coder-.*'; end: ids",
                    false);
  flags.text("--reason", reason, "add: why");
  flags.duration("--for", for_ns, "add: for so long (without --alert: 2h)");
  flags.text("--alert", alert_id, "add: this alert; without --for until it is resolved");
  flags.flag("--all", all, "list: expired ones too");
  api.add_to(flags);
  flags.footer("Example: honeyguide silence add team=ops --for 2h --reason 'vendor works'");
  if (const auto code = flags.parse(args, io)) return *code;
  auto client = ApiClient::create(api);
  if (!client) return report(io, "silence", client.error());
  if (verb == "list") {
    return answer_with("silence", api, client->get_json("/api/v1/silences"), io,
                       [&](const json& answer) {
                         for (const json& silence : answer["items"]) {
                           if (all || text_of(silence, "state") != "expired")
                             print_silence(silence, io);
                         }
                       });
  }
  if (verb == "add") {
    if (for_ns == 0 && alert_id.empty()) for_ns = 2 * base::kNanosPerHour;
    return add_silence(*client, api, words, reason, alert_id, for_ns, io);
  }
  if (verb != "end" || words.empty()) {
    io.err << "honeyguide silence: write 'list', 'add MATCHER...' or 'end ID...'\n";
    return kExitUsage;
  }
  int worst = kExitOk;
  for (const std::string& id : words) {
    const auto ended = client->send("DELETE", "/api/v1/silences/" + net::percent_encode(id), "");
    if (!ended) {
      worst = std::max(worst, report(io, "silence", ended.error()));
      continue;
    }
    io.out << (api.output == "json" ? *ended : id + " is over") << "\n";
  }
  return worst;
}

int run_escalations(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  Flags flags("escalations", "Escalation policies, and which of them run now");
  api.add_to(flags);
  if (const auto code = flags.parse(args, io)) return *code;
  auto client = ApiClient::create(api);
  if (!client) return report(io, "escalations", client.error());
  return answer_with("escalations", api, client->get_json("/api/v1/escalations"), io,
                     [&](const json& answer) { print_escalations(answer, io); });
}

}  // namespace honeyguide::cli
