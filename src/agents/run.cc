#include "agents/run.h"

#include <iterator>

namespace honeyguide::agents {
namespace {

template <std::size_t N, typename Enum>
std::string_view name_at(const std::string_view (&names)[N], Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : names[0];
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  static constexpr std::string_view kNames[] = {"unknown", "success", "failed", "limit"};
  return name_at(kNames, outcome);
}

std::string_view handoff_kind_name(HandoffKind kind) {
  static constexpr std::string_view kNames[] = {"handoff", "delegation", "message", "selection"};
  return name_at(kNames, kind);
}

std::string_view task_state_name(TaskState state) {
  static constexpr std::string_view kNames[] = {"open", "succeeded", "failed", "cancelled",
                                                "unknown"};
  return name_at(kNames, state);
}

std::string_view conflict_state_name(ConflictState state) {
  static constexpr std::string_view kNames[] = {"open", "resolved", "failed", "timed_out"};
  return name_at(kNames, state);
}

void Tokens::add(const Tokens& other, std::int64_t sign) {
  input += sign * other.input;
  output += sign * other.output;
  cached += sign * other.cached;
  reasoning += sign * other.reasoning;
}

bool RunFacts::empty() const {
  return invocations.empty() && model_calls.empty() && tool_calls.empty() && tasks.empty() &&
         conflicts.empty() && messages.empty() && handoffs.empty() && dependencies.empty();
}

}  // namespace honeyguide::agents
