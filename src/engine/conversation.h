// Conversation: a trace as a text to read: who said what, which tool answered what, who handed over
// to whom, with repetitions folded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agents/content.h"
#include "engine/trace_view.h"

namespace honeyguide::engine {

struct Turn {
  enum class Kind : std::uint8_t { kMessage, kTool, kHandoff, kFold };
  Kind kind = Kind::kMessage;
  int number = 0;  // from 1, in reading order, folded turns counted
  int agent = -1;  // index into TraceView::agents
  int span = -1;   // row, -1: none
  base::UnixNanos time = 0;
  std::int64_t duration_ns = 0;
  agents::ChatMessage message;  // kMessage
  std::string tool;             // kTool
  std::string arguments;
  std::string result;
  std::string error;        // kTool; empty: none
  int same_as_before = 0;   // equal calls of the agent before this one in a row
  int handoff_to = -1;      // kHandoff
  int fold_count = 0;       // kFold: turns left out, the numbers [number, number + count)
  bool has_content = true;  // false: the sender recorded none
  std::string model;
  std::int64_t tokens = -1;
  std::int64_t cost_micro_usd = -1;
};

// Turns that repeat in a row this often, in blocks of up to kFoldPeriodMax turns, are folded: the
// first block stays, the others become one turn.
inline constexpr int kFoldRepeatsMin = 3;
inline constexpr int kFoldPeriodMax = 6;
// Turns that are read; a longer trace is cut and says so.
inline constexpr std::size_t kTurnsMax = 20'000;

struct Conversation {
  std::vector<Turn> turns;
  bool cut = false;
};

Conversation conversation_of(const TraceView& view, const agents::Conventions& conventions);

}  // namespace honeyguide::engine
