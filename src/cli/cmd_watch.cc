#include "cli/cmd_watch.h"

#include <cmath>
#include <ostream>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/flags.h"

namespace honeyguide::cli {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return "-";
  return base::strip_control(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string number_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return "-";
  const double value = found->get<double>();
  if (value == 0) return "0";
  const double unit = std::pow(10, std::floor(std::log10(std::abs(value))) - 3);
  return base::format_double(std::round(value / unit) * unit);
}

std::string pad(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text + " ";
}

// "14m ago" of a decimal instant.
std::string ago(const json& object, const char* name) {
  const auto time = base::parse_int64(text_of(object, name));
  if (!time) return "-";
  const std::int64_t passed = base::SystemClock().now() - *time;
  const std::int64_t whole = passed / base::kNanosPerSecond * base::kNanosPerSecond;
  return base::format_duration_ns(whole) + " ago";
}

std::string joined(const json& list, const char* name) {
  std::string out;
  for (const json& item : list) {
    out += (out.empty() ? "" : ", ") +
           (item.is_string() ? item.get<std::string>() : text_of(item, name));
  }
  return base::strip_control(out);
}

void print_anomaly(const json& item, CommandIo& io) {
  io.out << pad(text_of(item, "id"), 19) << pad(text_of(item, "severity"), 8)
         << pad(item["end_unix_ns"].is_null() ? "open" : "over", 5)
         << pad(ago(item, "onset_unix_ns"), 12) << text_of(item, "title") << "\n    ";
  io.out << number_of(item, "value") << " " << text_of(item, "unit") << ", expected "
         << number_of(item, "expected_low") << " to " << number_of(item, "expected_high") << "; p "
         << number_of(item, "p_value") << "; by " << joined(item["reasons"], "name");
  if (item.value("similar", 0) > 0) io.out << "; " << item["similar"] << " like it before";
  if (!item["feedback"].is_null()) io.out << "; marked " << text_of(item, "feedback");
  if (!item["trace_id"].is_null()) io.out << "; trace " << text_of(item, "trace_id");
  io.out << "\n";
}

}  // namespace

int run_anomalies(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::string id;
  std::string verdict;
  std::string agent;
  bool open = false;
  std::int64_t since_ns = base::kNanosPerHour;
  std::int64_t limit = 50;
  Flags flags("anomalies", "What is unusual: series and agents that left their expected band");
  flags.positional("id", id, "One anomaly", false);
  flags.choice("--verdict", verdict, {"anomaly", "not_anomaly", "none"},
               "Say what it was; moves the bar of its series for 14 days");
  flags.text("--agent", agent, "Only of this agent");
  flags.flag("--open", open, "Only those that are not over");
  flags.duration("--since", since_ns, "Open within this time before now");
  flags.integer("--limit", limit, "Anomalies");
  api.add_to(flags);
  flags.footer("Example: honeyguide anomalies --since 6h");
  if (const auto code = flags.parse(args, io)) return *code;
  auto client = ApiClient::create(api);
  if (!client) return report(io, "anomalies", client.error());
  if (flags.given("--verdict")) {
    if (id.empty()) {
      io.err << "honeyguide anomalies: --verdict needs the id of an anomaly\n";
      return kExitUsage;
    }
    const json body = {{"verdict", verdict == "none" ? json(nullptr) : json(verdict)}};
    const auto answer = client->send("POST", "/api/v1/anomalies/" + id + "/feedback", body.dump());
    if (!answer) return report(io, "anomalies", answer.error());
    io.out << (api.output == "json" ? *answer : "noted") << "\n";
    return kExitOk;
  }
  std::string path = "/api/v1/anomalies";
  if (!id.empty()) {
    path += "/" + id;
  } else {
    add_query(path, "limit", std::to_string(limit));
    add_query(path, "start", std::to_string(base::SystemClock().now() - since_ns));
    if (!agent.empty()) add_query(path, "agent", agent);
    if (open) add_query(path, "open", "true");
  }
  const auto answer = client->get_json(path);
  if (!answer) return report(io, "anomalies", answer.error());
  if (api.output == "json") {
    io.out << answer->dump() << "\n";
  } else if (!id.empty()) {
    print_anomaly(*answer, io);
  } else {
    for (const json& item : (*answer)["items"]) print_anomaly(item, io);
    if ((*answer)["items"].empty()) io.out << "nothing unusual\n";
  }
  return kExitOk;
}

namespace {

// Asks one path and prints the answer as JSON or through `print`, which gives the exit code.
template <typename Print>
int ask(const std::string& name, const ApiFlags& api, const std::string& path, CommandIo& io,
        Print print) {
  auto client = ApiClient::create(api);
  if (!client) return report(io, name, client.error());
  const auto answer = client->get_json(path);
  if (!answer) return report(io, name, answer.error());
  if (api.output != "json") return print(*answer);
  io.out << answer->dump() << "\n";
  return kExitOk;
}

std::string percent(const json& object, const char* name) {
  if (!object[name].is_number()) return "-";
  return base::format_double(std::round(object[name].get<double>() * 1000) / 10) + " %";
}

}  // namespace

int run_predictions(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  bool accuracy = false;
  Flags flags("predictions", "What will cross its threshold, and when");
  flags.flag("--accuracy", accuracy, "How right such predictions were, by class of metric");
  api.add_to(flags);
  if (const auto code = flags.parse(args, io)) return *code;
  if (!accuracy) {
    return ask("predictions", api, "/api/v1/predictions", io, [&](const json& answer) {
      for (const json& item : answer["items"]) {
        io.out << pad(text_of(item, "severity"), 8) << text_of(item["sentence"], "text") << "\n    "
               << text_of(item["detail"], "text") << "\n";
      }
      if (answer["items"].empty()) io.out << "no breach is predicted\n";
      return kExitOk;
    });
  }
  return ask("predictions", api, "/api/v1/predictions/accuracy", io, [&](const json& answer) {
    io.out << pad("class", 12) << pad("series", 7) << pad("scored", 9) << pad("predicted", 10)
           << pad("breaches", 9) << pad("precision", 10) << pad("recall", 8) << pad("coverage", 9)
           << "lead\n";
    for (const json& of : answer["classes"]) {
      io.out << pad(text_of(of, "class"), 12) << pad(text_of(of, "series"), 7)
             << pad(text_of(of, "scored_forecasts"), 9) << pad(text_of(of, "predictions"), 10)
             << pad(text_of(of, "breaches"), 9) << pad(percent(of, "precision_ratio"), 10)
             << pad(percent(of, "recall_ratio"), 8) << pad(percent(of, "coverage_ratio"), 9);
      const json& lead = of["lead_median_ms"];
      io.out << (lead.is_number()
                     ? base::format_duration_ns(static_cast<std::int64_t>(lead.get<double>() * 1e6))
                     : "-")
             << "\n";
    }
    return kExitOk;
  });
}

int run_conditions(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  Flags flags("conditions", "Critical conditions and what they are judged by");
  api.add_to(flags);
  if (const auto code = flags.parse(args, io)) return *code;
  return ask("conditions", api, "/api/v1/conditions", io, [&](const json& answer) {
    for (const json& item : answer["items"]) {
      io.out << pad(text_of(item, "state"), 8) << pad(text_of(item, "severity"), 10)
             << pad(text_of(item, "name"), 26) << text_of(item, "when");
      for (const json& input : item["inputs"]) {
        io.out << "\n"
               << std::string(46, ' ') << text_of(input, "name") << " = "
               << (input["value"].is_null() ? "unknown" : number_of(input, "value"));
      }
      io.out << "\n";
    }
    return answer.value("firing", 0) > 0 ? kExitFailed : kExitOk;
  });
}

int run_health(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  Flags flags("health", "How the server is, and what to do about it");
  api.add_to(flags);
  if (const auto code = flags.parse(args, io)) return *code;
  return ask("health", api, "/api/v1/health", io, [&](const json& answer) {
    io.out << text_of(answer, "status") << ", score " << number_of(answer, "score") << "\n";
    for (const json& item : answer["recommendations"]) {
      io.out << "  ! " << text_of(item, "text") << "\n";
    }
    for (const json& item : answer["components"]) {
      io.out << "  " << pad(text_of(item, "name"), 12) << text_of(item, "status");
      if (!item["text"].is_null()) io.out << ": " << text_of(item, "text");
      io.out << "\n";
    }
    for (const json& item : answer["resources"]) {
      io.out << "  " << pad(text_of(item, "name"), 30) << number_of(item, "used") << " "
             << text_of(item, "unit") << "\n";
    }
    return answer.value("status", "") == "critical" ? kExitFailed : kExitOk;
  });
}

}  // namespace honeyguide::cli
