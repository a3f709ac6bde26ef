#include "control/directive.h"

#include <array>

#include <nlohmann/json.hpp>

#include "base/json_writer.h"

namespace honeyguide::control {
namespace {

using base::Error;
using base::ErrorCode;
using nlohmann::json;

constexpr std::array<std::string_view, kDirectiveKinds> kNames = {
    "run", "throttle", "pause", "stop", "reassign", "break_wait", "switch_model"};
constexpr std::array<std::string_view, 4> kAckNames = {"none", "received", "obeyed", "refused"};

constexpr std::int64_t kQuarter = 15 * base::kNanosPerMinute;
constexpr std::array<DirectiveTraits, kDirectiveKinds> kTraits = {{
    {kQuarter, base::kNanosPerDay, true, "Ends every earlier directive: it works as usual."},
    {base::kNanosPerHour, base::kNanosPerDay, true,
     "Slows its model calls down. Lifted when it expires."},
    {kQuarter, kQuarter, true, "Stops new turns and keeps its state. Resume at any time."},
    {kQuarter, base::kNanosPerHour, false,
     "Ends its current work; what is not saved is lost. It takes no new work."},
    {kQuarter, base::kNanosPerHour, false, "Hands its task to another agent."},
    {5 * base::kNanosPerMinute, kQuarter, false,
     "Gives up one wait, so that the agents in the ring can go on."},
    {base::kNanosPerHour, base::kNanosPerDay, true,
     "Uses another model for its next calls. Lifted when it expires."},
}};

Error wrong(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

base::Result<void> need_text(const json& params, const char* name) {
  const auto found = params.find(name);
  if (found != params.end() && found->is_string() && !found->get_ref<const std::string&>().empty())
    return {};
  return wrong("params." + std::string(name) + ": a text is needed");
}

base::Result<void> check_throttle(const json& params) {
  bool any = false;
  for (const char* name : {"max_concurrency", "tokens_per_min"}) {
    const auto found = params.find(name);
    if (found == params.end()) continue;
    if (!found->is_number_unsigned()) {
      return wrong("params." + std::string(name) + ": a whole number from 0 is needed");
    }
    any = true;
  }
  if (const auto ratio = params.find("ratio"); ratio != params.end()) {
    const double value = ratio->is_number() ? ratio->get<double>() : -1;
    if (!(value > 0 && value <= 1)) return wrong("params.ratio: a number in (0, 1] is needed");
    any = true;
  }
  if (any) return {};
  return wrong("params: throttle needs max_concurrency, tokens_per_min or ratio");
}

}  // namespace

std::string_view directive_name(DirectiveKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<DirectiveKind> parse_directive(std::string_view name) {
  if (name == "resume") return DirectiveKind::kRun;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<DirectiveKind>(i);
  }
  return std::nullopt;
}

const DirectiveTraits& directive_traits(DirectiveKind kind) {
  return kTraits[static_cast<std::size_t>(kind)];
}

std::string_view ack_name(AckState state) {
  return kAckNames[static_cast<std::size_t>(state)];
}

std::optional<AckState> parse_ack(std::string_view name) {
  for (std::size_t i = 1; i < kAckNames.size(); ++i) {
    if (kAckNames[i] == name) return static_cast<AckState>(i);
  }
  return std::nullopt;
}

base::Result<void> check_directive(const DirectiveRequest& request) {
  if (request.params.size() > kDirectiveParamsBytesMax) {
    return wrong("params: at most " + std::to_string(kDirectiveParamsBytesMax) + " bytes");
  }
  const json params = json::parse(request.params, nullptr, false);
  if (!params.is_object()) return wrong("params: a JSON object is needed");
  switch (request.kind) {
    case DirectiveKind::kThrottle:
      return check_throttle(params);
    case DirectiveKind::kReassign:
      return need_text(params, "to");
    case DirectiveKind::kBreakWait:
      return need_text(params, "waits_for");
    case DirectiveKind::kSwitchModel:
      return need_text(params, "model");
    case DirectiveKind::kRun:
    case DirectiveKind::kPause:
    case DirectiveKind::kStop:
      return {};
  }
  return {};
}

}  // namespace honeyguide::control
