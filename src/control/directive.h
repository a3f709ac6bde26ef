// Directives: what an agent can be told, and what is known of one that was given.
//
// A directive is in force until it expires or a newer one of the same agent replaces it; `run` puts
// everything back to normal. Whatever expires means `run`: an agent that cannot reach the server
// goes on by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace honeyguide::control {

enum class DirectiveKind : std::uint8_t {
  kRun = 0,          // work as usual
  kThrottle = 1,     // params: at least one of max_concurrency, tokens_per_min, ratio (0..1]
  kPause = 2,        // begin no new turn, keep the state
  kStop = 3,         // end the current work and accept no more
  kReassign = 4,     // params: to (agent), optional task_id
  kBreakWait = 5,    // params: waits_for (agent): give up that wait
  kSwitchModel = 6,  // params: model
};
inline constexpr int kDirectiveKinds = 7;

// "run", "throttle", "pause", "stop", "reassign", "break_wait", "switch_model".
std::string_view directive_name(DirectiveKind kind);
std::optional<DirectiveKind> parse_directive(std::string_view name);

// What one knows of a kind without an agent at hand.
struct DirectiveTraits {
  std::int64_t expiry_default_ns = 0;
  std::int64_t expiry_max_ns = 0;  // longer wishes are cut to this
  bool reversible = true;          // `run` undoes it and nothing is lost
  std::string_view does;           // one sentence for people
};
const DirectiveTraits& directive_traits(DirectiveKind kind);

// How far the agent got with it. Only the agent's own acknowledgements move it.
enum class AckState : std::uint8_t { kNone = 0, kReceived = 1, kObeyed = 2, kRefused = 3 };
// "none", "received", "obeyed", "refused".
std::string_view ack_name(AckState state);
std::optional<AckState> parse_ack(std::string_view name);  // not for "none"

inline constexpr std::size_t kAgentIdBytesMax = 256;
inline constexpr std::size_t kDirectiveParamsBytesMax = 4096;
inline constexpr std::size_t kDirectiveReasonBytesMax = 500;  // longer ones are cut
// An agent that has not obeyed or refused within this time is overdue.
inline constexpr std::int64_t kObeyDeadlineNs = base::kNanosPerMinute;

struct Directive {
  std::uint64_t seq = 0;    // of the agent, rising by one, never given twice
  std::uint64_t epoch = 0;  // of the server when it was issued; see DirectiveBook
  DirectiveKind kind = DirectiveKind::kRun;
  std::string params = "{}";  // a JSON object
  std::string reason;
  std::string issued_by;  // a principal, "rule NAME", "policy NAME"
  base::UnixNanos issued = 0;
  base::UnixNanos expires = 0;
  base::UnixNanos obey_by = 0;  // issued + kObeyDeadlineNs, at most `expires`
  AckState ack = AckState::kNone;
  std::string ack_detail;
  base::UnixNanos received_at = 0;  // 0: not yet
  base::UnixNanos settled_at = 0;   // obeyed or refused; 0: not yet

  bool expired(base::UnixNanos now) const { return now >= expires; }
  bool overdue(base::UnixNanos now) const { return settled_at == 0 && now >= obey_by; }
};

// What a caller asks for.
struct DirectiveRequest {
  DirectiveKind kind = DirectiveKind::kRun;
  std::string params = "{}";
  std::string reason;
  std::string issued_by;
  std::int64_t expires_in_ns = 0;  // 0: the kind's default
};

// kInvalidArgument: params that are no JSON object, too long, or lack what the kind needs. The
// message names the parameter.
base::Result<void> check_directive(const DirectiveRequest& request);

}  // namespace honeyguide::control
