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

}  // namespace honeyguide::cli
