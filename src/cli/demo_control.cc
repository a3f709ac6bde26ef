#include "cli/demo_control.h"

#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "net/http_text.h"
#include "server/api.h"

namespace honeyguide::cli {
namespace {

constexpr std::int64_t kPollIntervalNs = base::kNanosPerSecond;
constexpr std::chrono::milliseconds kDeadline{2000};

// How the demo's agents take a directive; empty: they do not know it.
std::string how_obeyed(const std::string& word) {
  if (word == "run") return "goes on";
  if (word == "pause") return "stands still after what it is doing";
  if (word == "throttle") return "takes no new work";
  if (word == "stop") return "ended its runs";
  if (word == "break_wait") return "gave up its wait";
  if (word == "switch_model") return "uses the other model from its next task on";
  return {};
}

}  // namespace

DemoControl::DemoControl(net::HttpClient& client, const base::Clock& clock, std::string api,
                         std::string token)
    : client_(client), clock_(clock), api_(std::move(api)), token_(std::move(token)) {
  for (const std::string& agent : demo_agents()) known_[agent] = {};
}

net::ClientRequest DemoControl::request(const char* method, const std::string& path) const {
  net::ClientRequest out;
  out.method = method;
  out.url = api_ + path;
  out.deadline = kDeadline;
  out.headers.add("Authorization", "Bearer " + token_);
  return out;
}

void DemoControl::poll(DemoLive& live) {
  const base::UnixNanos now = clock_.now();
  if (now - asked_ < kPollIntervalNs) return;
  asked_ = now;
  for (auto& [agent, known] : known_) {
    if (known.expires != 0 && now >= known.expires) {
      known.expires = 0;
      live.direct(agent, std::nullopt);
    }
    ask(agent, known, live);
  }
}

void DemoControl::ask(const std::string& agent, Known& known, DemoLive& live) {
  const auto response = client_.send_and_wait(
      request("GET", "/api/v1/agents/" + net::percent_encode(agent) + "/directive?wait_s=0&after=" +
                         std::to_string(known.seq) + "&epoch=" + std::to_string(known.epoch)));
  if (!response || response->status != 200) return;
  const auto json = nlohmann::json::parse(response->body, nullptr, false);
  if (!json.is_object() || !json.contains("seq") || !json.contains("directive")) return;
  known.seq = json.value("seq", std::int64_t{0});
  known.epoch = json.value("epoch", std::int64_t{0});
  known.expires = server::parse_time(json.value("expires_at", std::string())).value_or(0);
  DemoDirective directive;
  directive.word = json.value("directive", std::string());
  if (json.contains("params") && json["params"].is_object()) {
    directive.model = json["params"].value("model", std::string());
  }
  acknowledge(agent, known.seq, "received", "");
  const std::string how = how_obeyed(directive.word);
  if (how.empty()) {
    acknowledge(agent, known.seq, "refused", "the demo's agents cannot " + directive.word);
    return;
  }
  live.direct(agent, directive);
  acknowledge(agent, known.seq, "obeyed", how);
}

void DemoControl::acknowledge(const std::string& agent, std::int64_t seq, const char* state,
                              const std::string& detail) {
  auto ack = request("POST", "/api/v1/agents/" + net::percent_encode(agent) + "/directives/" +
                                 std::to_string(seq) + "/ack");
  ack.headers.add("Content-Type", "application/json");
  base::JsonWriter json;
  json.begin_object().field("state", state).field("detail", detail).end_object();
  ack.body = json.take();
  (void)client_.send_and_wait(std::move(ack));  // asked again anyway when it was lost
}

}  // namespace honeyguide::cli
