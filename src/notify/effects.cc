#include "notify/effects.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace honeyguide::notify {
namespace {

using control::EffectResult;

constexpr std::size_t kDetailBytesMax = 300;

std::string shorten(std::string text) {
  text = base::strip_control(text);
  if (text.size() > kDetailBytesMax) text.resize(kDetailBytesMax);
  return text;
}

EffectResult of_response(const base::Result<net::ClientResponse>& response) {
  if (!response) return {false, response.error().message};
  const bool ok = response->status >= 200 && response->status < 300;
  return {ok, shorten(std::to_string(response->status) + " " + response->body)};
}

EffectResult of_outcome(const base::Result<CommandOutcome>& outcome) {
  if (!outcome) return {false, outcome.error().message};
  if (!outcome->problem.empty()) return {false, shorten(outcome->problem)};
  return {outcome->exit_code == 0,
          shorten("exit code " + std::to_string(outcome->exit_code) + " " + outcome->output)};
}

// Every text of the body that a program may use as a word.
bool has_safe_ids(const std::string& body) {
  const auto object = nlohmann::json::parse(body, nullptr, false);
  if (!object.is_object()) return false;
  const auto agent = object.find("agent");
  return agent != object.end() && agent->is_string() &&
         is_safe_id(agent->get_ref<const std::string&>());
}

}  // namespace

void Effects::start(const control::ActionSpec& action, const std::string& id,
                    const std::string& body, std::function<void(EffectResult)> done) {
  if (action.type == control::ActionType::kCommand) {
    if (!has_safe_ids(body)) {
      return done({false, "the agent's id has characters that no command is given"});
    }
    return runner_.run(
        {action.argv, body, action.timeout_ns},
        [done = std::move(done)](const auto& outcome) { done(of_outcome(outcome)); });
  }
  net::ClientRequest request;
  request.method = "POST";
  request.url = action.url;
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Idempotency-Key", id);
  request.headers.add("User-Agent", "honeyguide");
  request.body = body;
  request.deadline = std::chrono::milliseconds(action.timeout_ns / base::kNanosPerMilli);
  request.retry.attempts_max = kWebhookAttemptsMax;
  client_.send(std::move(request),
               [done = std::move(done)](const auto& response) { done(of_response(response)); });
}

}  // namespace honeyguide::notify
